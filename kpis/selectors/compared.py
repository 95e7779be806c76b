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
    """A complete period: the value and status that count now, and the status that the definition would give it.

    unit_of_measure, decimals: of that value, by its own version. is_other: whether the definition gives another value.
    """

    start: date
    value: float | None
    status: str
    becomes: str
    is_other: bool
    unit_of_measure: str
    decimals: int

    @property
    def turns(self) -> bool:
        return self.status != self.becomes


@dataclass(frozen=True, slots=True)
class Comparison:
    """The periods that have a complete result now."""

    periods: tuple[Compared, ...] = ()

    @property
    def other_values(self) -> int:
        return sum(one.is_other for one in self.periods)

    @property
    def other_statuses(self) -> int:
        return sum(one.turns for one in self.periods)

    def of(self, start: date) -> Compared | None:
        return next((one for one in self.periods if one.start == start), None)


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
    now = {result.period_start: result for result in found.select_related("version")}
    if not now:
        return Comparison()
    book, bands = TargetBook([version.kpi.pk]), _bands(version)
    periods = []
    for start, end, value in numbers:
        if (was := now.get(start)) is not None:
            goals = book.goals(version.kpi.pk, unit, start, end)
            status = scoring.rate(value, version.direction, goals, bands).status
            is_other, by = not alike(was.value, value), was.version
            read_as = (by.unit_of_measure, by.decimals)
            periods.append(Compared(start, was.value, was.status, status, is_other, *read_as))
    return Comparison(tuple(periods))


def _bands(version: KpiVersion) -> tuple[scoring.Band, ...]:
    try:
        return scoring.read_bands(version.kpi.bands, version.direction)
    except scoring.BandError:  # they are being written, too
        return ()
