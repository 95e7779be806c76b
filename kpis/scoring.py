"""Status, variance and score of one number. Pure: plain values in, plain values out.

The conventions are those of measures.md section 5 (RAG defaults, score); in short:

- A target that is just met counts as met; numbers are compared unrounded.
- Without bands of its own a KPI is green from its target on, amber up to its red limit, red beyond it. The red limit is
  the one that was set; else 90 % of the target where higher is better and 110 % where lower is; else, for a KPI that
  must stay within a band, 10 % of the band's width beyond either edge.
- A per cent of a target that is 0 or negative says nothing: there the limits must be absolute (`NeedsAbsoluteLimits`).
- The score is 0 at the red limit and 100 at the target, in a straight line; with a stretch the target gives 80 and the
  stretch 100. Within a band it is 100. It never leaves 0 to 100.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HIGHER, LOWER, BAND, NONE = "higher", "lower", "band", "none"
GREEN, AMBER, RED, NO_TARGET, NO_DATA, INFO = "green", "amber", "red", "no_target", "no_data", "info"
ABSOLUTE, PERCENT, POINTS = "absolute", "percent_of_target", "points"
BASES = (ABSOLUTE, PERCENT, POINTS)

DEFAULT_RED_PCT = {HIGHER: 90.0, LOWER: 110.0}
DEFAULT_TOLERANCE_PCT = 10.0
TARGET_SCORE_WITH_STRETCH = 80.0


class BandError(ValueError):
    """Bands that cannot be used; `position` is the band's place in the list, from 0."""

    def __init__(self, message: str, position: int | None = None):
        self.position = position
        super().__init__(message if position is None else f"Band {position + 1}: {message}")


class NeedsAbsoluteLimits(ValueError):
    """A per cent of this target is meaningless."""

    def __init__(self, target: float):
        super().__init__(
            f"The target is {target:g}: a per cent of it says nothing. Set a red limit, or bands with absolute limits."
        )


@dataclass(frozen=True, slots=True)
class Goals:
    """What a number is compared with; a KPI within a band has `low` and `high` in place of `target`."""

    target: float | None = None
    low: float | None = None
    high: float | None = None
    red_limit: float | None = None
    stretch: float | None = None

    def __bool__(self) -> bool:
        return self.target is not None or self.low is not None


@dataclass(frozen=True, slots=True)
class Band:
    """`status` holds when the value reaches `at`: as it is, in per cent of the target, or in points from the target.

    Higher is better: from the limit upwards. Lower: from it downwards. Within a band: up to `at` points (or per cent of
    the band's width) outside. `at` None is "otherwise".
    """

    status: str
    at: float | None = None
    basis: str = ABSOLUTE


@dataclass(frozen=True, slots=True)
class Rating:
    """`variance` is favourable when positive, in the number's own unit; `reason` says why there is no status."""

    status: str
    score: float | None = None
    variance: float | None = None
    reason: str = ""


def read_bands(plain: Sequence[Mapping], direction: str) -> tuple[Band, ...]:
    """The bands of `Kpi.bands` (a list of {status, at, basis}), checked. Raises BandError."""
    bands = []
    for position, entry in enumerate(plain):
        if not isinstance(entry, Mapping) or set(entry) - {"status", "at", "basis"}:
            raise BandError("it has the entries status, at and basis.", position)
        status, at, basis = entry.get("status"), entry.get("at"), entry.get("basis", ABSOLUTE)
        if status not in (GREEN, AMBER, RED):
            raise BandError("its status is green, amber or red.", position)
        if basis not in BASES:
            raise BandError(f"its basis is one of {', '.join(BASES)}.", position)
        if at is not None and (isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at)):
            raise BandError("its limit is a number.", position)
        if at is None and position != len(plain) - 1:
            raise BandError("only the last band can be the one for everything else.", position)
        if direction == BAND and basis == ABSOLUTE and at is not None:
            raise BandError("a KPI within a band counts points or per cent outside the band.", position)
        bands.append(Band(status, None if at is None else float(at), basis))
    if bands and bands[-1].at is not None:
        raise BandError("The last band must be the one for everything else: leave its limit out.")
    return tuple(bands)


def rate(value: float | None, direction: str, goals: Goals, bands: Sequence[Band] = ()) -> Rating:
    """Status, score and favourable variance of `value`; missing parts are states of their own."""
    if value is None or not math.isfinite(value):
        return Rating(NO_DATA)
    if direction == NONE:
        return Rating(INFO)
    variance = variance_of(value, direction, goals)
    if variance is None:
        return Rating(NO_TARGET)
    try:
        return Rating(
            status_of(value, direction, goals, bands), score_of(value, direction, goals, bands), variance=variance
        )
    except NeedsAbsoluteLimits as fault:
        return Rating(NO_TARGET, variance=variance, reason=str(fault))


def variance_of(value: float | None, direction: str, goals: Goals) -> float | None:
    """The favourable variance of `value`, or None where it is not rated."""
    if value is None or not math.isfinite(value) or direction == NONE or not _usable(direction, goals):
        return None
    return favourable_variance(value, direction, goals)


def status_of(value: float, direction: str, goals: Goals, bands: Sequence[Band] = ()) -> str:
    """The status of the first band that the value reaches. Raises NeedsAbsoluteLimits."""
    for band in bands or _default_bands(direction, goals):
        if band.at is None or _reaches(value, direction, goals, _limit(band, direction, goals)):
            return band.status
    return RED


def score_of(value: float, direction: str, goals: Goals, bands: Sequence[Band] = ()) -> float:
    """0 to 100, piecewise linear. Raises NeedsAbsoluteLimits."""
    if direction == BAND:
        outside = -favourable_variance(value, direction, goals)
        if outside <= 0:
            return 100.0
        tolerance = red_limit(direction, goals, bands)
        return 100.0 * max(0.0, 1 - outside / tolerance) if tolerance > 0 else 0.0
    red, target, stretch = red_limit(direction, goals, bands), goals.target, goals.stretch
    has_stretch = stretch is not None and _better(stretch, target, direction)
    at_target = TARGET_SCORE_WITH_STRETCH if has_stretch else 100.0
    if value == target or _better(value, target, direction):
        if not has_stretch:
            return 100.0
        return min(100.0, at_target + (100.0 - at_target) * (value - target) / (stretch - target))
    if not _better(target, red, direction):
        return 0.0
    return max(0.0, at_target * (value - red) / (target - red))


def favourable_variance(value: float, direction: str, goals: Goals) -> float:
    """Actual less target, positive when good; within a band 0, else minus the distance to the nearer edge."""
    if direction == BAND:
        return min(0.0, value - goals.low, goals.high - value)
    return value - goals.target if direction == HIGHER else goals.target - value


def red_limit(direction: str, goals: Goals, bands: Sequence[Band] = ()) -> float:
    """Where red begins: as set, or where the last band before red ends, or the default.

    For a KPI within a band it is the tolerated distance from the edge. Raises NeedsAbsoluteLimits.
    """
    if goals.red_limit is not None and direction != BAND:
        return goals.red_limit
    tolerated = [
        band for band in bands or _default_bands(direction, goals) if band.at is not None and band.status != RED
    ]
    return _limit(tolerated[-1], direction, goals) if tolerated else (0.0 if direction == BAND else goals.target)


def _default_bands(direction: str, goals: Goals) -> tuple[Band, ...]:
    if direction == BAND:
        return Band(GREEN, 0.0, POINTS), Band(AMBER, DEFAULT_TOLERANCE_PCT, PERCENT), Band(RED)
    if goals.red_limit is not None:
        return Band(GREEN, 0.0, POINTS), Band(AMBER, goals.red_limit), Band(RED)
    return Band(GREEN, 0.0, POINTS), Band(AMBER, DEFAULT_RED_PCT[direction], PERCENT), Band(RED)


def _limit(band: Band, direction: str, goals: Goals) -> float:
    if direction == BAND:
        return band.at if band.basis == POINTS else (goals.high - goals.low) * band.at / 100
    if band.basis == ABSOLUTE:
        return band.at
    if band.basis == POINTS:
        return goals.target + band.at
    if goals.target <= 0:
        raise NeedsAbsoluteLimits(goals.target)
    return goals.target * band.at / 100


def _reaches(value: float, direction: str, goals: Goals, limit: float) -> bool:
    if direction == BAND:
        return -favourable_variance(value, direction, goals) <= limit
    return value >= limit if direction == HIGHER else value <= limit


def _better(value: float, than: float, direction: str) -> bool:
    return value > than if direction == HIGHER else value < than


def _usable(direction: str, goals: Goals) -> bool:
    return (goals.low is not None and goals.high is not None) if direction == BAND else goals.target is not None
