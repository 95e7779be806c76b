"""The values that a page or the API shows of one control chart."""

from dataclasses import dataclass
from datetime import datetime

from .models import ChartPhase, ChartSetting, ExcludedPoint, Forecast
from .selectors.verdicts import Verdict
from .selectors.words import KpiRef, PeriodRef, UnitRef

CHARTS = {
    "individuals": "Individuals chart (XmR)",
    "p": "p chart of shares",
    "laney_p": "Laney p′ chart of shares",
    "u": "u chart of rates",
    "laney_u": "Laney u′ chart of rates",
}


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One period. Limits are None where the phase has none; of an open period, always: it is in no chart."""

    period: PeriodRef
    value: float | None
    is_open: bool
    target: float | None
    red_limit: float | None
    status: str
    centre: float | None = None
    lower: float | None = None
    upper: float | None = None
    phase: int | None = None
    in_limits: bool = False
    excluded: ExcludedPoint | None = None
    rules: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule in words with its points. kind: good, bad or neutral; is_new: it fires at the last complete period."""

    rule: str
    words: str
    side: str
    kind: str
    period: PeriodRef
    first: PeriodRef
    points: int
    is_new: bool = False

    @property
    def said(self) -> str:
        """2 of 3 ..., above the centre: Jan 2025 to Mar 2025."""
        where = {"high": ", high side", "low": ", low side"}.get(self.side, "")
        span = self.period.label if self.first == self.period else f"{self.first.label} to {self.period.label}"
        return f"{self.words}{where}: {span}"


@dataclass(frozen=True, slots=True)
class Movement:
    """When the limits last became others, and why."""

    at: datetime
    because: str
    centre: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ChartView:
    """The control chart of one series; without `points` there is none, and `why_not` says why.

    fired: the newest first. proposals: re-bases that wait. suggested_from: where a re-base is suggested.
    """

    kpi: KpiRef
    unit: UnitRef
    grain: str
    why_not: str = ""
    chart: str = ""
    rule_set: str = "nhs"
    estimator: str = ""
    sigma_z: float | None = None
    offers_laney: bool = False
    points: tuple[ChartPoint, ...] = ()
    fired: tuple[FiredRule, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    verdict: Verdict | None = None
    setting: ChartSetting | None = None
    phases: tuple[ChartPhase, ...] = ()
    proposals: tuple[ChartPhase, ...] = ()
    rejected: tuple[ChartPhase, ...] = ()
    excluded: tuple[ExcludedPoint, ...] = ()
    suggested_from: PeriodRef | None = None
    moved: Movement | None = None
    notes: tuple[str, ...] = ()
    landing: Forecast | None = None

    @property
    def is_drawn(self) -> bool:
        return bool(self.points) and not self.why_not

    @property
    def chart_name(self) -> str:
        return CHARTS.get(self.chart, "")

    @property
    def rule_set_name(self) -> str:
        return ChartSetting.RuleSet(self.rule_set).label

    @property
    def last(self) -> ChartPoint | None:
        """The last point with limits."""
        return next((point for point in reversed(self.points) if point.centre is not None), None)
