"""The values that selectors return: what a page shows, ready to be written down."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from .verdicts import Verdict

SPARKLINE_PERIODS = 13


class NotYours(LookupError):
    """The unit, KPI or scorecard does not exist for this person; a door answers 404."""


@dataclass(frozen=True, slots=True)
class UnitRef:
    id: int
    code: str
    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class KpiRef:
    """A KPI with how its numbers are written; `is_certified` is that of the version in force on the day asked about."""

    id: int
    code: str
    name: str
    unit_of_measure: str
    decimals: int
    direction: str
    grain: str
    is_certified: bool
    owner_name: str = ""


@dataclass(frozen=True, slots=True)
class PeriodRef:
    """`end` is not included."""

    grain: str
    start: date
    end: date
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a line. `value` None is a gap. `target` is that of its period."""

    period: PeriodRef
    value: float | None
    status: str
    target: float | None = None
    target_low: float | None = None
    target_high: float | None = None
    red_limit: float | None = None
    stretch: float | None = None
    score: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    rows: int = 0
    is_open: bool = False
    is_provisional: bool = False
    result_id: int | None = None
    version_id: int | None = None


class Past(NamedTuple):
    """One period of a sparkline: its first day and its value (None is a gap)."""

    start: date
    value: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One number as a row, a tile or a cell shows it.

    `status` and `score` are those of a complete period; of an open one only when open periods were asked for, else
    `status` is "open". `variance` is favourable when positive; `variance_pct` is of the target's size, None for a
    percentage (whose difference is in points) and where the target is 0. `change` is value less `previous`, in points
    for a percentage; `change_is_good` follows the direction. `sparkline` ends with this reading's period. `verdict`:
    what the control chart says of this very period, None where it does not.
    """

    kpi: KpiRef
    unit: UnitRef
    period: PeriodRef | None
    value: float | None
    status: str
    score: float | None
    target: float | None = None
    target_low: float | None = None
    target_high: float | None = None
    red_limit: float | None = None
    stretch: float | None = None
    variance: float | None = None
    variance_pct: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    rows: int = 0
    reason: str = ""
    is_open: bool = False
    is_provisional: bool = False
    previous: float | None = None
    change: float | None = None
    change_is_good: bool | None = None
    previous_status: str = ""
    last_year: float | None = None
    sparkline: tuple[Past, ...] = ()
    complete_through: date | None = None
    result_id: int | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class NodeView:
    """A row of a scorecard: a perspective or objective with its children, or a KPI with its reading.

    `weight` is relative; `share_pct` is its part among its siblings; `share_used_pct` the part after those without a
    score were left out (None: it did not count). `counts` is {status: number of KPIs} below, itself included.
    `carried_from` names the earlier period whose score counts. `note` says what a reader must know: capped by a gate,
    insufficient data, carried.
    """

    id: int
    kind: str
    name: str
    depth: int
    weight: float
    share_pct: float | None
    share_used_pct: float | None
    score: float | None
    status: str
    coverage_pct: float | None
    counts: dict[str, int]
    roll_up: str
    note: str = ""
    carried_from: PeriodRef | None = None
    gate_cap: int | None = None
    reading: Reading | None = None
    objective_id: int | None = None
    children: tuple["NodeView", ...] = ()

    def walk(self):
        """This node, then everything below it, as the page lists them."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class ScorecardView:
    """A scorecard at one unit. `period` None means `latest`: each row names its own period.

    path: from the highest unit at which the person may open this scorecard down to `unit`.
    """

    id: int
    code: str
    name: str
    unit: UnitRef
    grain: str
    period: PeriodRef | None
    day: date
    nodes: tuple[NodeView, ...]
    score: float | None
    status: str
    coverage_pct: float | None
    counts: dict[str, int]
    note: str
    complete_through: date | None
    units_below: tuple[UnitRef, ...] = ()
    path: tuple[UnitRef, ...] = ()

    def rows(self):
        """All nodes in the order of the page."""
        for node in self.nodes:
            yield from node.walk()


class HeatCell(NamedTuple):
    """`period` may differ between cells when the latest complete one is shown. A tuple: a map has thousands."""

    unit_id: int
    kpi_id: int
    value: float | None
    status: str
    score: float | None
    period: PeriodRef | None
    is_provisional: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class HeatMap:
    units: tuple[UnitRef, ...]
    kpis: tuple[KpiRef, ...]
    cells: dict[tuple[int, int], HeatCell]

    def cell(self, unit_id: int, kpi_id: int) -> HeatCell | None:
        return self.cells.get((unit_id, kpi_id))


@dataclass(frozen=True, slots=True)
class Series:
    """A KPI at one unit over time. `last_year` holds, for each point, the value of the same period a year before."""

    kpi: KpiRef
    unit: UnitRef
    grain: str
    dimension: str
    member: str
    points: tuple[Point, ...]
    last_year: tuple[float | None, ...]
    complete_through: date | None

    @property
    def last_complete(self) -> Point | None:
        return next((p for p in reversed(self.points) if not p.is_open and p.value is not None), None)


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """A member of a dimension, or a unit below. `share_pct` is of the parts' rows, so it adds up to 100."""

    key: str
    name: str
    value: float | None
    status: str
    target: float | None
    numerator: float | None
    denominator: float | None
    rows: int
    share_pct: float | None
    previous: float | None
    result_id: int | None
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """`total` is the whole, computed from its rows; `hidden` counts parts that the person may not see."""

    kpi: KpiRef
    unit: UnitRef
    period: PeriodRef | None
    dimension: str
    rows: tuple[BreakdownRow, ...]
    total: Reading | None
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class NewRed:
    """`before`: the status of the period before, or what the same period said first."""

    kpi: KpiRef
    unit: UnitRef
    period: PeriodRef
    before: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Stale:
    """A dataset whose refresh promise is broken: `hours_late` beyond it."""

    dataset_id: int
    code: str
    name: str
    loaded_at: datetime | None
    hours_late: int
    complete_through: date | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for this person: kind is draft, in_review, manual_entry or review_due."""

    kind: str
    id: int
    kpi_code: str
    name: str
    since: datetime | date | None
    by_name: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """What needs this person, on this day."""

    reds: tuple[Reading, ...]
    new_reds: tuple[NewRed, ...]
    stale: tuple[Stale, ...]
    my_drafts: tuple[Waiting, ...]
    to_approve: tuple[Waiting, ...]
    counts: dict[str, int]
    special: tuple[Reading, ...] = ()
    rebases: tuple = ()
