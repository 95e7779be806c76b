"""Whether a corrective plan has worked: so many consecutive periods at target. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .scoring import HIGHER


@dataclass(frozen=True, slots=True)
class Period:
    """One complete period of the KPI; `value` or `target` None: it cannot be judged, and breaks a row."""

    start: date
    label: str
    value: float | None
    target: float | None

    def is_met(self, direction: str) -> bool:
        """A target just met is met."""
        if self.value is None or self.target is None:
            return False
        return self.value >= self.target if direction == HIGHER else self.value <= self.target


@dataclass(frozen=True, slots=True)
class Verification:
    """`in_a_row`: the periods at target up to the newest; `longest`: the best row that there was.

    It is verified once a row was long enough, whatever came after: what comes after is a new miss.
    """

    periods: tuple[tuple[Period, bool], ...]
    needed: int
    in_a_row: int
    longest: int

    @property
    def is_verified(self) -> bool:
        return self.longest >= self.needed

    @property
    def missed(self) -> int:
        return sum(not met for _, met in self.periods)


def verify(periods: Sequence[Period], direction: str, needed: int) -> Verification:
    """periods: without a gap, oldest first. direction: higher or lower is better."""
    judged = tuple((period, period.is_met(direction)) for period in periods)
    run = longest = 0
    for _, met in judged:
        run = run + 1 if met else 0
        longest = max(longest, run)
    return Verification(judged, needed, run, longest)
