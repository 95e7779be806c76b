"""What a measure is, in plain values."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from lake.periods import GRAINS

Kind = Literal["simple", "ratio", "weighted_mean", "percentile", "distinct_count", "semi_additive", "cumulative"]
TimeRule = Literal["last", "average", "min", "max"]
NEEDS: dict[str, tuple[str, ...]] = {
    "ratio": ("denominator",),
    "weighted_mean": ("weight",),
    "percentile": ("percentile",),
    "semi_additive": ("time_rule",),
    "cumulative": ("window",),
}


class MeasureError(ValueError):
    """A measure that cannot be computed as it is written; says which and why."""


@dataclass(frozen=True, slots=True)
class UnitLevel:
    """Unit `unit_id` is the unit of `code` or one of its ancestors, for events from `valid_from` to before `valid_to`.

    depth 0 is the root; at any day a code has at most one unit at a depth, and a unit has one depth on all days: one
    that moves up or down the tree keeps a number that none of its line has (`kpis.recompute.levels`).
    `code` None tells where rows belong whose code is empty or unknown on their day: the dataset's home unit and its
    ancestors.
    """

    code: str | None
    unit_id: int
    depth: int
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Which days count towards a period: to date within a coarser grain (MTD, QTD, YTD), or the last N periods.

    `to_date="year"` on a monthly measure gives the year through that month; `rolling=12` its last 12 complete months,
    the month itself included.
    """

    to_date: Literal["week", "month", "quarter", "year"] | None = None
    rolling: int | None = None

    def __post_init__(self) -> None:
        if (self.to_date is None) == (self.rolling is None):
            raise MeasureError("a window is either to date or rolling")
        if self.rolling is not None and self.rolling < 1:
            raise MeasureError(f"a rolling window covers one period or more, not {self.rolling}")


@dataclass(frozen=True, slots=True)
class Cut:
    """Results for periods of these grains, per unit (of these depths, if given), split by one dimension or none."""

    grains: tuple[str, ...]
    dimension: str | None = None
    depths: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """How a number is computed from rows; `kind` alone decides how it aggregates.

    value: simple, semi_additive, cumulative: an SQL aggregate expression, such as `sum(cost) / count(*)`;
           ratio: the numerator's; weighted_mean, percentile, distinct_count: a row expression.
    denominator: the ratio's aggregate expression. weight: the weighted mean's row expression.
    where: row expression; only rows for which it is true count. percentile: 0 to 1, linear between ranks.
    time_column: the date or timestamp by whose local day a row belongs to a period.
    time_rule: semi_additive: how the snapshot days of a period combine. Units are summed on each day first. `last` and
           `average` use the days on which the dataset has any row, the same for all units, so that units add up.
    window: which days count towards a period; required for cumulative, possible for all but semi_additive.
    dimensions: columns by whose members each unit's number is also split. cuts: in place of grains and dimensions.
    zero_when_empty: a period in which the dataset has rows, but not this measure, gives 0 (for true counts).
    """

    code: str
    kind: Kind
    value: str
    time_column: str
    denominator: str | None = None
    weight: str | None = None
    where: str | None = None
    percentile: float | None = None
    grains: tuple[str, ...] = ("month",)
    dimensions: tuple[str, ...] = ()
    window: Window | None = None
    time_rule: TimeRule | None = None
    cuts: tuple[Cut, ...] = ()
    zero_when_empty: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise MeasureError(f"{self.code}: a measure's kind is one of {', '.join(get_args(Kind))}")
        for name in NEEDS.get(self.kind, ()):
            if getattr(self, name) is None:
                raise MeasureError(f"{self.code}: a measure of kind {self.kind} needs a {name}")
        if self.percentile is not None and not 0 <= self.percentile <= 1:
            raise MeasureError(f"{self.code}: a percentile is from 0 to 1, not {self.percentile}")
        if self.kind == "semi_additive" and self.window:
            raise MeasureError(f"{self.code}: a semi-additive measure has a time rule in place of a window")
        if unknown := self.grains_wanted - {*GRAINS, "span"}:
            raise MeasureError(f"{self.code}: a grain is one of {', '.join(GRAINS)}, not {min(unknown)!r}")

    @property
    def wanted(self) -> tuple[Cut, ...]:
        """The cuts to compute: those given, or every grain by unit, and again by each dimension."""
        return self.cuts or tuple(Cut(self.grains, dimension) for dimension in (None, *self.dimensions))

    @property
    def grains_wanted(self) -> frozenset[str]:
        return frozenset(grain for cut in self.wanted for grain in cut.grains)
