"""How series are to be charted: settings, approved phases and exclusions, looked up for many series at once."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from . import control
from .measures import Kind, base_of, scale_of
from .models import ChartPhase, ChartSetting, ExcludedPoint, KpiVersion

BETTER = {KpiVersion.Direction.HIGHER: "higher", KpiVersion.Direction.LOWER: "lower"}
Key = tuple[int, int, str]  # KPI, unit, grain


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows of one series: its setting (None: the defaults), approved phases, excluded points by period."""

    setting: ChartSetting | None = None
    phases: tuple[ChartPhase, ...] = ()
    excluded: dict[date, ExcludedPoint] | None = None

    @property
    def rule_set(self) -> str:
        return self.setting.rule_set if self.setting else ChartSetting.RuleSet.NHS

    @property
    def chart(self) -> str:
        return self.setting.chart if self.setting else ChartSetting.Chart.AUTO

    @property
    def baseline(self) -> str:
        return self.setting.baseline if self.setting else ChartSetting.Baseline.FIRST

    def layout(self, starts: Sequence[date]) -> control.Layout:
        """The plan over the periods of a series: a phase begins with its first period on or after its day."""
        days = np.array(starts, dtype="datetime64[D]")
        places = {int(np.searchsorted(days, np.datetime64(phase.starts_on))) for phase in self.phases}
        lock = None
        if self.baseline == ChartSetting.Baseline.LOCKED:
            lock = (
                int(np.searchsorted(days, np.datetime64(self.setting.baseline_from))),
                int(np.searchsorted(days, np.datetime64(self.setting.baseline_to), side="right")) - 1,
            )
        left_out = self.excluded or {}
        return control.Layout(
            rule_set=self.rule_set,
            chart=self.chart,
            baseline=self.baseline,
            phases=tuple(sorted(place for place in places if 0 < place < len(starts))),
            lock=lock,
            excluded=frozenset(place for place, start in enumerate(starts) if start in left_out),
        )

    def fingerprint(self) -> str:
        """Changes with whatever a person changed about the limits, and with nothing else."""
        words = [self.chart, self.baseline, *(phase.starts_on for phase in self.phases), *sorted(self.excluded or ())]
        if self.setting:
            words += [self.setting.baseline_from, self.setting.baseline_to]
        return hashlib.sha256(repr([str(word) for word in words]).encode()).hexdigest()[:16]


DEFAULT = Plan()


def plans_of(kpis: Iterable[int]) -> dict[Key, Plan]:
    """The plans of all series of some KPIs that have one. Three queries."""
    kpis = list(kpis)
    settings = {one.series: one for one in ChartSetting.objects.filter(kpi__in=kpis)}
    phases: dict[Key, list[ChartPhase]] = defaultdict(list)
    for phase in ChartPhase.objects.filter(kpi__in=kpis, state=ChartPhase.State.APPROVED).order_by("starts_on"):
        phases[phase.series].append(phase)
    excluded: dict[Key, dict[date, ExcludedPoint]] = defaultdict(dict)
    for point in ExcludedPoint.objects.filter(kpi__in=kpis):
        excluded[point.series][point.period_start] = point
    keys = {*settings, *phases, *excluded}
    return {key: Plan(settings.get(key), tuple(phases.get(key, ())), excluded.get(key, {})) for key in keys}


def refusal_of(version: KpiVersion) -> str:
    """Why no control chart of this KPI can be read, or nothing."""
    if version.window:
        return (
            "This KPI is to date or rolling: neighbouring periods share their rows, so limits would call ordinary "
            "periods special. Chart the KPI of the single periods instead."
        )
    return ""


def series_of(key: Key, version: KpiVersion, rows: Sequence, plan: Plan) -> control.Series:
    """The series of complete rows with a value, oldest first. rows have period_start, value, numerator, denominator and
    target.
    """
    values = np.array([row.value for row in rows], dtype=float)
    counts, sizes = _counts(version, rows, values)
    return control.Series(
        key=key,
        values=values,
        counts=counts,
        sizes=sizes,
        scale=float(scale_of(version)),
        better=BETTER.get(version.direction, "neither"),
        target=rows[-1].target,
        layout=plan.layout([row.period_start for row in rows]),
    )


def _counts(version: KpiVersion, rows: Sequence, values: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Numerators and denominators where both are counts of things and the value is their quotient."""
    if base_of(version) != Kind.RATIO or not (_counts_things(version.formula) and _counts_things(version.denominator)):
        return None, None
    if any(row.numerator is None or row.denominator is None for row in rows):
        return None, None
    above, below = (np.array([getattr(r, name) for r in rows], dtype=float) for name in ("numerator", "denominator"))
    whole = (above >= 0).all() and (below > 0).all() and (above == np.round(above)).all() and (below % 1 == 0).all()
    if not whole or not np.allclose(above / below * scale_of(version), values):
        return None, None
    if (above > below).any() and not version.formula.lower().lstrip(" (").startswith("count"):
        return None, None  # a sum of hours over a count is an average, not a rate of events
    return above, below


def _counts_things(formula: str) -> bool:
    """A count or a plain sum, without a factor: 100.0 * sum(met) counts per cents, not things."""
    words = formula.lower().replace("count(*)", "count()").lstrip(" (")
    return words.startswith(("count", "sum")) and "*" not in words and "/" not in words
