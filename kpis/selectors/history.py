"""What was said of a KPI over time: its versions, what changed between them, and what was recorded for one period."""

from dataclasses import dataclass
from datetime import date, datetime

from kpis.definitions import FIELDS
from kpis.models import Kpi, KpiVersion, Result
from organization.models import AuditEntry

WORDS = sorted(FIELDS)
NEWEST = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One field that two versions say differently."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version, what it says otherwise than the one before it, and whether it holds on the day."""

    version: KpiVersion
    changes: tuple[Change, ...]
    in_force: bool


def versions_of(kpi: Kpi, day: date) -> list[VersionEntry]:
    """All versions, the newest first; each beside the last one before it that was not discarded. Two queries."""
    people = ("created_by", "submitted_by", "certified_by", "dataset", "kpi")
    versions = list(kpi.versions.select_related(*people).prefetch_related("authors").order_by("number"))
    found, earlier = [], None
    for version in versions:
        found.append(VersionEntry(version, changes_between(earlier, version), _holds(version, day)))
        earlier = earlier if version.is_discarded else version
    return found[::-1]


def changes_between(before: KpiVersion | None, after: KpiVersion) -> tuple[Change, ...]:
    """The fields that the two say differently; none where there is nothing before."""
    if before is None:
        return ()
    return tuple(
        Change(name.replace("_", " "), _word(before, name), _word(after, name))
        for name in WORDS
        if _plain(before, name) != _plain(after, name)
    )


def recorded(result: Result) -> list[Result]:
    """Every value that was ever recorded for the same unit, period and member, the newest first. One query."""
    same = Result.objects.ever().filter(
        kpi=result.kpi_id,
        unit=result.unit_id,
        grain=result.grain,
        period_start=result.period_start,
        dimension=result.dimension,
        member=result.member,
    )
    return list(same.select_related("version", "run").order_by("-recorded_at", "-pk")[:NEWEST])


def result_at(
    kpi: Kpi,
    unit_id: int,
    grain: str,
    start: date,
    dimension: str = "",
    member: str = "",
    known: datetime | None = None,
) -> Result | None:
    """The result itself, with all that it came from. One query."""
    results = Result.objects.as_known_at(known) if known else Result.objects.current()
    people = ("version__created_by", "version__certified_by", "version__dataset", "version__kpi", "run", "unit", "kpi")
    return (
        results.filter(kpi=kpi, unit=unit_id, grain=grain, period_start=start, dimension=dimension, member=member)
        .select_related(*people)
        .first()
    )


def trail_of(kpi: Kpi) -> list[AuditEntry]:
    """The last changes of the KPI in the audit trail: who, what, when. One query."""
    entries = AuditEntry.objects.filter(object_type="kpis.kpi", object_id=str(kpi.pk))
    return list(entries.order_by("-seq")[:30])


def _plain(version: KpiVersion, name: str):
    return getattr(version, f"{name}_id" if name == "dataset" else name)


def _word(version: KpiVersion, name: str) -> str:
    value = getattr(version, name)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _holds(version: KpiVersion, day: date) -> bool:
    return version.valid_from <= day and (version.valid_to is None or version.valid_to > day)
