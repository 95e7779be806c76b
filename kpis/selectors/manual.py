"""Numbers entered by hand: which are due, which wait for a second person."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from kpis.calendars import calendars_of
from kpis.models import Kpi, KpiVersion, ManualEntry
from organization.access import UPLOAD, VIEW, Access
from organization.models import AuditEntry

from .readings import Book, versions_on
from .words import PeriodRef


@dataclass(frozen=True, slots=True)
class Due:
    """The last complete period of a manual KPI without an entry that stands or waits."""

    kpi: Kpi
    period: PeriodRef


def visible_entries(access: Access) -> QuerySet[ManualEntry]:
    entries = ManualEntry.objects.filter(unit__in=access.units(VIEW))
    return with_reasons(entries).select_related("kpi", "unit", "entered_by", "decided_by")


def with_reasons(entries: QuerySet[ManualEntry]) -> QuerySet[ManualEntry]:
    """Each with `rejection_reason`: what the second person said when turning it down, as the trail keeps it."""
    number = Cast(OuterRef("pk"), CharField())
    said = AuditEntry.objects.filter(object_type="kpis.manualentry", object_id=number, action="value rejected")
    reason = Subquery(said.values(said=KeyTextTransform("reason", "details"))[:1])
    return entries.annotate(rejection_reason=Coalesce(reason, Value(""), output_field=CharField()))


def written(entries: Iterable[ManualEntry], day: date) -> list[tuple[ManualEntry, str, str]]:
    """Each entry with the name of its period and the format of its KPI on `day`. Two queries."""
    entries = list(entries)
    book = Book({entry.kpi_id for entry in entries}, day)
    lines = []
    for entry in entries:
        kpi = book.refs.get(entry.kpi_id)  # None: it is out of use
        label = book.period(entry).label if kpi else f"{entry.grain} from {entry.period_start:%-d %b %Y}"
        lines.append((entry, label, f"{kpi.unit_of_measure}:{kpi.decimals}" if kpi else "number"))
    return lines


def manual_kpis(access: Access, day: date) -> QuerySet[Kpi]:
    """KPIs that are entered by hand on `day` and that the person may see."""
    versions = KpiVersion.objects.in_force(day).filter(kind=KpiVersion.Kind.MANUAL)
    return Kpi.objects.visible_to(access).filter(pk__in=versions.values("kpi"))


def due(access: Access, day: date) -> list[Due]:
    """At the units that answer for the KPIs and where the person may enter. Five queries."""
    kpis = list(manual_kpis(access, day).filter(unit__in=access.units(UPLOAD)).select_related("unit"))
    versions = versions_on([kpi.pk for kpi in kpis], day)
    counting = _counting([kpi.pk for kpi in kpis])
    calendars = calendars_of({kpi.unit_id for kpi in kpis}, day)
    waiting = {}
    for kpi in kpis:
        calendar, grain = calendars[kpi.unit_id], versions[kpi.pk].grain
        last = calendar.previous(calendar.period_of(day, grain))
        if not any(start <= last.start and (end is None or last.start < end) for start, end in counting[kpi.pk, grain]):
            continue
        waiting[(kpi.pk, kpi.unit_id, last.start)] = Due(kpi, PeriodRef(grain, last.start, last.end, last.label))
    entered = ManualEntry.objects.filter(kpi__in=[kpi.pk for kpi in kpis]).exclude(state=ManualEntry.State.REJECTED)
    done = set(entered.values_list("kpi", "unit", "period_start"))
    return [one for key, one in waiting.items() if key not in done]


def _counting(kpis: list[int]) -> dict[tuple[int, str], list[tuple[date, date | None]]]:
    """(kpi id, grain) -> the days on which a period may begin, from and until, that is entered by hand."""
    days = defaultdict(list)
    versions = KpiVersion.objects.filter(kpi__in=kpis, kind=KpiVersion.Kind.MANUAL)
    for kpi, grain, start, end in versions.values_list("kpi_id", "grain", "valid_from", "valid_to"):
        days[kpi, grain].append((start, end))
    return days
