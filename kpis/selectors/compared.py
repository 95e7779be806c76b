"""What a definition that is being written would change: its numbers and statuses beside those that count now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kpis import scoring
from kpis.alike import alike
from kpis.models import KpiVersion, Result
from kpis.target_book import TargetBook


@dataclass(frozen=True, slots=True)
class Compared:
    """One complete period: the value and status that count now, and the status that the definition would give it."""

    value: float | None
    status: str
    becomes: str
    is_other: bool  # the value

    @property
    def turns(self) -> bool:
        return self.status != self.becomes


@dataclass(frozen=True, slots=True)
class Comparison:
    """first day of a period -> Compared, of those that have a result now."""

    periods: dict[date, Compared]

    @property
    def other_values(self) -> int:
        return sum(one.is_other for one in self.periods.values())

    @property
    def other_statuses(self) -> int:
        return sum(one.turns for one in self.periods.values())


def compared_with_now(
    version: KpiVersion, unit: int, numbers: Sequence[tuple[date, date, float | None]], since: date | None = None
) -> Comparison:
    """`version` (not kept yet, of a KPI that is) at `unit`. numbers: (first day, day after the last one, value).

    since: the day from which it is to hold; earlier periods keep their definition. A period without a complete result
    is left out. One query, three more for targets.
    """
    starts = [start for start, _, _ in numbers if since is None or start >= since]
    found = Result.objects.current().filter(
        kpi=version.kpi.pk, unit=unit, grain=version.grain, dimension="", period_start__in=starts, is_open=False
    )
    now = {result.period_start: result for result in found}
    if not now:
        return Comparison({})
    book = TargetBook([version.kpi.pk])
    bands = _bands(version)
    periods = {}
    for start, end, value in numbers:
        if start in now:
            goals = book.goals(version.kpi.pk, unit, start, end)
            status = scoring.rate(value, version.direction, goals, bands).status
            periods[start] = Compared(now[start].value, now[start].status, status, not alike(now[start].value, value))
    return Comparison(periods)


def _bands(version: KpiVersion) -> tuple[scoring.Band, ...]:
    try:
        return scoring.read_bands(version.kpi.bands, version.direction)
    except scoring.BandError:  # they are being written, too
        return ()
