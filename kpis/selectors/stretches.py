"""A number over several periods, put together from a KPI's finest results without a scan: sums of values, or a sum of
numerators over a sum of denominators."""

from dataclasses import dataclass
from datetime import date, timedelta

from kpis.measures import adds_up_over_time, scale_of
from kpis.models import KpiVersion

from .results import Row

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The number from `start` up to (not on) `end`."""

    start: date
    end: date
    value: float | None
    rows: int = 0

    @property
    def last_day(self) -> date:
        return self.end - ONE_DAY


def stretch_of(rows: list[Row], start: date, end: date, version: KpiVersion) -> Stretch:
    """No value where the results begin only within it: it would be set against more than there is."""
    inside = [row for row in rows if start <= row.period_start < end]
    reaches_back = rows[0].period_start <= start
    value = _together(inside, version) if reaches_back else None
    return Stretch(start, end, value, sum(row.rows for row in inside))


def _together(rows: list[Row], version: KpiVersion) -> float | None:
    if version.kind == KpiVersion.Kind.SIMPLE:
        values = [row.value for row in rows if row.value is not None]
        return sum(values) if values else None
    parts = [(r.numerator, r.denominator) for r in rows if r.numerator is not None and r.denominator is not None]
    below = sum(denominator for _, denominator in parts)
    return scale_of(version) * sum(numerator for numerator, _ in parts) / below if below else None


def adds_up(version: KpiVersion) -> bool:
    """Whether its numbers of several periods can be put together: no percentile, distinct count or cumulative one."""
    if version.window:
        return False
    if version.kind in (KpiVersion.Kind.RATIO, KpiVersion.Kind.WEIGHTED_MEAN):
        return True
    return version.kind == KpiVersion.Kind.SIMPLE and adds_up_over_time(version)


def difference(now: Stretch, before: Stretch | None) -> float | None:
    """None where one of them has no number."""
    return None if before is None or None in (now.value, before.value) else now.value - before.value


def is_good(change: float | None, version: KpiVersion) -> bool | None:
    """Whether the change is in the favourable way; None where nothing changed or no way is favourable."""
    if not change or version.direction not in (KpiVersion.Direction.HIGHER, KpiVersion.Direction.LOWER):
        return None
    return (change > 0) == (version.direction == KpiVersion.Direction.HIGHER)
