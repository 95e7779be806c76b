"""What is spent with a vendor, and the incidents that it caused: KPIs that its entry names, at its unit."""

from datetime import date, timedelta

from kpis.calendars import period_of
from kpis.selectors.readings import Book
from kpis.selectors.results import last_rows

from .models import Vendor


def spend_of(vendor: Vendor, day: date, *, grain: str, at: date) -> dict:
    """The period that holds `at` and its fiscal year so far, by complete periods; empty without a spend KPI."""
    return _numbers(vendor, vendor.spend_kpi_id, day, grain, at)


def incidents_of(vendor: Vendor, day: date, *, grain: str, at: date) -> dict:
    """The same of the incidents that the vendor caused; empty without a KPI that counts them."""
    return _numbers(vendor, vendor.incidents_kpi_id, day, grain, at)


def _numbers(vendor: Vendor, kpi: int | None, day: date, grain: str, at: date) -> dict:
    if kpi is None:
        return {}
    book = Book({kpi}, day)
    if kpi not in book.refs:
        return {}
    grain = book.grain(kpi, grain)
    calendar = book.calendar(kpi)
    period, year = (period_of(calendar, at, wanted) for wanted in (grain, "year"))
    limit = {"day": 366, "week": 53, "month": 12, "quarter": 4, "year": 1}[grain]
    found = last_rows([(kpi, vendor.unit_id, grain)], period.end - timedelta(days=1), limit, complete_by=day)
    rows = [row for row in found.get((kpi, vendor.unit_id), []) if row.period_start >= year.start]
    here = next((row for row in rows if row.period_start == period.start), None)
    ref = book.refs[kpi]
    return {
        "kpi": ref.code,
        "name": ref.name,
        "format": f"{ref.unit_of_measure}:{ref.decimals}",
        "grain": grain,
        "start": period.start,
        "label": period.label,
        "value": here.value if here else None,
        "year_label": year.label,
        "year_to_date": sum(row.value for row in rows if row.value is not None) if rows else None,
    }
