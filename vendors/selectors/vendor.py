"""One vendor's page: its KPIs, contracts on the day, and what is said of it in the trail."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from kpis.models import Kpi, Result
from kpis.selectors.readings import Book
from kpis.selectors.results import last_rows
from kpis.selectors.units import unit_ref
from kpis.selectors.words import SPARKLINE_PERIODS, Reading
from organization.models import AuditEntry
from vendors.contract_dates import Dates, Terms, dates_on
from vendors.models import Contract, Vendor

NEWEST = 30


@dataclass(frozen=True, slots=True)
class ContractRow:
    contract: Contract
    dates: Dates


def readings_of(vendor: Vendor, access, day: date, grain: str = "month") -> list[Reading]:
    """The last complete number of every KPI that has results at the vendor. Six queries."""
    measured = Result.objects.current().filter(unit=vendor.unit_id, dimension="").values("kpi")
    kpis = Kpi.objects.visible_to(access).filter(pk__in=measured).order_by("name")
    book = Book(kpis.values_list("pk", flat=True), day)
    pairs = [(kpi, vendor.unit_id, book.grain(kpi, grain)) for kpi in book.refs]
    rows = last_rows(pairs, day, SPARKLINE_PERIODS + 3)
    unit = unit_ref(vendor.unit)
    readings = [book.reading(kpi, unit, rows.get((kpi, vendor.unit_id), []), period=None) for kpi in book.refs]
    return sorted((r for r in readings if r.period), key=lambda reading: reading.kpi.name)


def contracts_of(vendor: Vendor, day: date) -> list[ContractRow]:
    rows = [ContractRow(c, dates_on(Terms.of(c), day)) for c in vendor.contracts.select_related("owner")]
    return sorted(rows, key=lambda row: (row.dates.state in ("expired", "ended"), row.dates.next or date.max))


def trail_of(vendor: Vendor) -> list[AuditEntry]:
    """The last changes of the vendor and of what hangs on it. One query."""
    mine = Q(unit=vendor.unit_id) & Q(object_type__startswith="vendors.")
    return list(AuditEntry.objects.filter(mine).order_by("-seq")[:NEWEST])
