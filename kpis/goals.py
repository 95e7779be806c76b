"""What a target may be: what a person wants to set, what is wrong with it, and whether the limits beside it agree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from organization.models import Unit

from . import scoring
from .calendars import calendars_of
from .measures import adds_up_over_time
from .models import Kpi, KpiVersion, StandingTarget, Target
from .models.targets import Comparator
from .target_book import TargetBook

LARGEST = Decimal(10) ** 17


class TargetError(Exception):
    """A target that cannot be set; `field` names what to change."""

    def __init__(self, message: str, field: str = ""):
        self.field = field
        super().__init__(message)


class TargetOverlap(TargetError):
    """Another target holds on some of the days; `other` is it. can_split: it may be kept before and after."""

    def __init__(self, other: Target, *, can_split: bool = False):
        self.other, self.can_split = other, can_split
        until = f"to {other.valid_to - timedelta(days=1):%-d %b %Y}" if other.valid_to else "without an end"
        segment = f", {other.dimension} {other.member}" if other.dimension else ""
        first = "take that total back" if other.as_total else "end that one"
        steps = "choose other days, or split it around these days" if can_split else "or choose other days"
        super().__init__(
            f"{other.get_comparator_display()} {amount(other)} of {other.kpi.name} for {other.unit}{segment} holds "
            f"from {other.valid_from:%-d %b %Y} {until}: {first} first, {steps}.",
            "valid_from",
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """What a person wants to set: one value, or `low` and `high`, from `valid_from` up to (not on) `valid_to`.

    as_total: of these days together, instead of each period that begins in them; for what adds up over time.
    split_standing: one that holds on all these days and on others is kept before and after, instead of in the way.
    """

    kpi: Kpi
    unit: Unit
    valid_from: date
    valid_to: date | None = None
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    comparator: str = Comparator.TARGET
    dimension: str = ""
    member: str = ""
    basis: str = ""
    as_total: bool = False
    split_standing: bool = False


def check(goal: Goal, *, is_phase: bool = False) -> None:
    if goal.comparator not in Comparator.values:
        raise TargetError(f"A comparator is one of {', '.join(Comparator.values)}.", "comparator")
    if goal.valid_to and goal.valid_to <= goal.valid_from:
        raise TargetError("A target must end after it starts.", "valid_to")
    if bool(goal.dimension) != bool(goal.member):
        raise TargetError("A segment is a dimension and one of its members: give both or neither.", "member")
    numbers = [number for number in (goal.value, goal.low, goal.high) if number is not None]
    if not all(Decimal(number).is_finite() and abs(number) < LARGEST for number in numbers):
        raise TargetError("A target is a finite number below 10^17.", "value")
    is_band = goal.value is None and goal.low is not None and goal.high is not None
    if not is_band and (goal.value is None or goal.low is not None or goal.high is not None):
        raise TargetError("Give one value, or a low and a high end for a band.", "value")
    if is_band and goal.low > goal.high:
        raise TargetError("The band's low end is above its high end.", "low")
    _check_direction(goal, is_band)
    if goal.as_total and not is_phase:
        _check_total(goal)


def _check_total(goal: Goal) -> None:
    version = version_on(goal.kpi, goal.valid_from)
    if version is None or not adds_up_over_time(version):
        raise TargetError(f"{goal.kpi} does not add up over time: its target holds for each period.", "as_total")
    if goal.valid_to is None:
        raise TargetError("A total is that of its days: say up to which day.", "valid_to")


def _check_direction(goal: Goal, is_band: bool) -> None:
    direction = direction_of(goal.kpi, goal.valid_from)
    if goal.comparator == Comparator.TARGET and direction not in (None, scoring.NONE):
        if direction == scoring.BAND and not is_band:
            raise TargetError(f"{goal.kpi} stays within a band: give a low and a high end.", "low")
        if direction != scoring.BAND and is_band:
            raise TargetError(f"{goal.kpi} is {direction} is better: give one value.", "value")
    if goal.comparator in (Comparator.RED_LIMIT, Comparator.STRETCH) and is_band:
        raise TargetError("A red limit and a stretch are single values.", "value")


def direction_of(kpi: Kpi, day: date) -> str | None:
    """The direction of the version in force on `day`, or of the newest; None without a version."""
    version = version_on(kpi, day)
    return version.direction if version else None


def version_on(kpi: Kpi, day: date) -> KpiVersion | None:
    """The version in force on `day`, or the newest; None without a version."""
    return kpi.versions.in_force(day).order_by("-number").first() or kpi.versions.newest()


def limit_faults(targets: Sequence[Target]) -> Iterator[tuple[Target, TargetError]]:
    """Targets whose red limit or stretch lies on the wrong side, or that are 0 and have no absolute limit."""
    book = TargetBook({target.kpi_id for target in targets})
    first = min((target.valid_from for target in targets), default=date.max)
    calendars = calendars_of({target.kpi.unit_id for target in targets}, first)
    versions: dict[tuple[int, date], KpiVersion | None] = {}
    for target in targets:
        key = (target.kpi_id, target.valid_from)
        if key not in versions:
            versions[key] = version_on(target.kpi, target.valid_from)
        version = versions[key]
        is_rated = version is not None and version.direction in (scoring.HIGHER, scoring.LOWER)
        if is_rated and target.comparator not in (Comparator.FLOOR, Comparator.BUDGET):
            end, only_totals = _judged(target, version, calendars[target.kpi.unit_id])
            place = (target.kpi_id, target.unit_id, target.valid_from, end, target.dimension, target.member)
            try:
                _check_goals(book.goals(*place, only_totals=only_totals), version.direction, target)
            except TargetError as fault:
                yield target, fault


def _judged(target: Target, version: KpiVersion, calendar) -> tuple[date | None, bool]:
    """(end, only totals) of a period in which `target` holds: a month's total never stands beside a limit of days."""
    if not adds_up_over_time(version):
        return None, False
    own_end = calendar.period_of(target.valid_from, version.grain).end
    return (target.valid_to, target.valid_to != own_end) if target.as_total else (own_end, False)


def _check_goals(goals: scoring.Goals, direction: str, target: Target) -> None:
    if goals.target is None:
        return
    sign = 1 if direction == scoring.HIGHER else -1
    field = "value"
    if goals.red_limit is not None and sign * (goals.target - goals.red_limit) <= 0:
        raise TargetError(f"The red limit {goals.red_limit:g} is not worse than the target {goals.target:g}.", field)
    if goals.stretch is not None and sign * (goals.stretch - goals.target) <= 0:
        raise TargetError(f"The stretch {goals.stretch:g} is not better than the target {goals.target:g}.", field)
    try:
        scoring.status_of(goals.target - sign, direction, goals, scoring.read_bands(target.kpi.bands, direction))
    except scoring.NeedsAbsoluteLimits as fault:
        raise TargetError(str(fault), field) from None


def plain(target: Target) -> dict:
    """What the audit trail keeps of it."""
    names = ("comparator", "dimension", "member", "value", "low", "high", "valid_from", "valid_to", "as_total", "basis")
    return {name: getattr(target, name) for name in names}


def amount(target: Target | StandingTarget) -> str:
    """What it says, as one reads it."""
    if target.value is not None:
        return f"{target.value.normalize():f}"
    return f"{target.low.normalize():f} to {target.high.normalize():f}"
