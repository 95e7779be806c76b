"""Control charts of many series in one batch: limits per phase, fired rules, the two icons. Pure.

The page of one KPI and the batch after a recompute call the same function, so that they cannot differ. Each phase of
each series is a row of `analytics.spc.batch`; rows that share a chart and a rule set are computed together.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

INDIVIDUALS, P, U = "individuals", "p", "u"
FEWEST = 12  # complete periods without which there is no control chart
SETTLED = 24  # points of a phase after which its limits stand
SUSTAINED = 8  # points in a row on one side, up to the last, after which a re-base is suggested
FAR_FROM_ONE = (0.8, 1.25)  # sigma_z outside of which Laney's chart is drawn
AUTO, FIRST, ALL, LOCKED = "auto", "first", "all", "locked"


@dataclass(frozen=True, slots=True)
class Layout:
    """phases: index of the first point of each later phase. lock: first and last index whose points make the limits of
    their phase. excluded: indices of points that are drawn, but make no limits and fire no rule.
    """

    rule_set: str = "nhs"
    chart: str = AUTO
    baseline: str = FIRST
    phases: tuple[int, ...] = ()
    lock: tuple[int, int] | None = None
    excluded: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Complete periods with a value, oldest first; every array is (n,).

    values, target: in the KPI's unit. counts, sizes: what the values are the quotient of, times `scale`; None where
    they are no counts. better: "higher", "lower" or "neither".
    """

    key: Hashable
    values: np.ndarray
    counts: np.ndarray | None = None
    sizes: np.ndarray | None = None
    scale: float = 1.0
    better: str = "neither"
    target: float | None = None
    layout: Layout = field(default_factory=Layout)

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """First and end index of each phase."""
        starts = [0, *self.layout.phases]
        return list(zip(starts, [*starts[1:], len(self.values)], strict=True))


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that fired: the point that completes the pattern, and all of the pattern, as indices."""

    rule: str
    words: str
    side: str
    position: int
    pattern: tuple[int, ...]
    rank: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Charted:
    """A series with its limits; (n,) arrays in the KPI's unit. NaN where a phase has too few points for limits.

    phase: 0, 1, ... in_limits: which points made them. sigma_z: per phase, of charts of counts. rebase_at: since which
    index the level has shifted, as it seems. variation, assurance: the icons of the last point.
    """

    series: Series
    chart: str
    estimator: str
    phase: np.ndarray
    excluded: np.ndarray
    in_limits: np.ndarray
    centre: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    sigma: np.ndarray
    sigma_z: tuple[float | None, ...]
    definitions: tuple[tuple[str, str], ...]
    found: tuple[Found, ...]
    variation: str
    assurance: str
    points: int
    rebase_at: int | None

    @property
    def has_limits(self) -> bool:
        """Of the last phase, the one in force."""
        return bool(np.isfinite(self.centre[-1]))

    @property
    def deciding(self) -> Found | None:
        """The signal of the last point that takes precedence."""
        last = [found for found in self.found if found.position == len(self.series.values) - 1]
        return min(last, key=lambda found: found.rank, default=None)


@dataclass(slots=True, eq=False)
class _Row:
    """A phase of a series, and what the batch says of it."""

    series: Series
    start: int
    end: int
    family: str
    keep: np.ndarray
    used: np.ndarray
    factor: float = 1.0
    sigma_z: float | None = None
    centre: float = np.nan
    sigma: np.ndarray | None = None
    found: list[Found] = field(default_factory=list)
    definitions: tuple[tuple[str, str], ...] = ()
    estimator: str = ""
    chart: str = ""


def chart_all(series: Iterable[Series]) -> list[Charted]:
    """The control chart of each series, in their order; every series has a point."""
    series = list(series)
    rows = {id(one): _rows(one) for one in series}
    groups: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for one in series:
        for row in rows[id(one)]:
            groups[(row.family, one.layout.rule_set)].append(row)
    for (family, rule_set), group in groups.items():
        _chart_group(family, rule_set, group, rows)
    return [_charted(one, rows[id(one)]) for one in series]


def family_of(series: Series) -> str:
    """The chart's kind but for Laney's factor: as chosen where the counts allow it, else by the counts."""
    if series.counts is None or series.sizes is None:
        return INDIVIDUALS
    shares = bool((series.counts <= series.sizes).all())
    match series.layout.chart:
        case "individuals":
            return INDIVIDUALS
        case "p" | "laney_p":
            return P if shares else INDIVIDUALS
        case "u" | "laney_u":
            return U
    return P if shares else U


def _rows(series: Series) -> list[_Row]:
    family, layout = family_of(series), series.layout
    keep = np.ones(len(series.values), dtype=bool)
    keep[list(layout.excluded)] = False
    made = []
    for start, end in series.bounds:
        inside = keep[start:end]
        used = inside.copy()
        if layout.baseline == LOCKED and layout.lock and start <= layout.lock[0] < end:
            index = np.arange(start, end)
            used &= (layout.lock[0] <= index) & (index <= layout.lock[1])
        elif layout.baseline != ALL:
            used &= np.cumsum(inside) <= SETTLED
        made.append(_Row(series, start, end, family, inside, used))
    return made


def _chart_group(family: str, rule_set: str, group: list[_Row], rows: dict[int, list[_Row]]) -> None:
    from analytics.spc import batch

    width = max(row.end - row.start for row in group)
    baseline = _matrix(group, width, lambda row: row.used, fill=False)
    if family == INDIVIDUALS:
        chart = batch.individuals_batch(_matrix(group, width, _kept(lambda s: s.values)), baseline=baseline)
    else:
        make = batch.p_chart_batch if family == P else batch.u_chart_batch
        counts, sizes = (_matrix(group, width, _kept(part)) for part in (lambda s: s.counts, lambda s: s.sizes))
        chart = make(counts, sizes, baseline=baseline)
        for row, z in zip(group, batch.sigma_z(chart), strict=True):
            row.sigma_z = float(z) if np.isfinite(z) else None
        _choose_factors(group, rows)
        chart = batch.widened(chart, np.array([row.factor for row in group]))
    _take_limits(group, chart)
    if rule_set == "anhoej":
        for row in group:
            _run_rules(row)
    else:
        _take_signals(group, chart, batch.signals_batch(chart, rule_set))


def _matrix(group: Sequence[_Row], width: int, part, fill=np.nan) -> np.ndarray:
    table = np.full((len(group), width), fill, dtype=bool if fill is False else float)
    for place, row in enumerate(group):
        table[place, : row.end - row.start] = part(row)
    return table


def _kept(part):
    """The values of a row, an excluded point missing."""
    return lambda row: np.where(row.keep, part(row.series)[row.start : row.end], np.nan)


def _choose_factors(group: Sequence[_Row], rows: dict[int, list[_Row]]) -> None:
    """Laney's factor where it was chosen, or where sigma_z of any phase of the series is far from 1."""
    low, high = FAR_FROM_ONE
    for row in group:
        wanted = row.series.layout.chart
        if wanted in (AUTO, INDIVIDUALS):
            known = [phase.sigma_z for phase in rows[id(row.series)] if phase.sigma_z is not None]
            laney = any(not low <= z <= high for z in known)
        else:
            laney = wanted.startswith("laney")
        row.chart = f"laney_{row.family}" if laney else row.family
        row.factor = row.sigma_z if laney and row.sigma_z is not None else 1.0


def _take_limits(group: Sequence[_Row], chart) -> None:
    for place, row in enumerate(group):
        row.chart = row.chart or INDIVIDUALS
        row.estimator = chart.estimator if row.chart.startswith("laney") else chart.estimator.removesuffix(" x sigma_z")
        row.centre = float(chart.centre[place])
        length = row.end - row.start
        if row.family == INDIVIDUALS:
            known = chart.sigma[place][np.isfinite(chart.sigma[place])]
            row.sigma = np.full(length, known[0] if known.size and np.isfinite(row.centre) else np.nan)
        else:  # an excluded point has limits too, by its own size
            sizes = row.series.sizes[row.start : row.end]
            variance = row.centre * (1 - row.centre) if row.family == P else row.centre
            row.sigma = row.factor * np.sqrt(variance / sizes)


def _take_signals(group: Sequence[_Row], chart, fired) -> None:
    definitions = tuple((rule.code, rule.words) for rule in fired.rules)
    for row in group:
        row.definitions = definitions
    marked = fired.high | fired.low
    for rank, place, index in zip(*(axis.tolist() for axis in np.nonzero(marked)), strict=True):
        row, rule = group[place], fired.rules[rank]
        side = "none" if not rule.sided else "high" if fired.high[rank, place, index] else "low"
        inside = np.flatnonzero(row.keep[: index + 1])[-rule.span :] + row.start
        row.found.append(Found(rule.code, rule.words, side, row.start + index, tuple(inside.tolist()), rank))


def _run_rules(row: _Row) -> None:
    """Anhøj's rules look at a whole phase at once, and so stand outside the batch."""
    from analytics.spc.charts.individuals import individuals
    from analytics.spc.signals import signals

    index = np.flatnonzero(row.keep)
    if index.size < 2:
        return
    fired = signals(individuals(row.series.values[row.start : row.end][index]), "anhoej")
    row.definitions = fired.definitions
    ranks = {code: rank for rank, (code, _) in enumerate(fired.definitions)}
    for one in fired.found:
        pattern = tuple(int(index[p]) + row.start for p in one.pattern)
        row.found.append(
            Found(one.rule, one.words, one.side, int(index[one.position]) + row.start, pattern, ranks[one.rule])
        )


def _charted(series: Series, rows: Sequence[_Row]) -> Charted:
    n = len(series.values)
    phase, in_limits, excluded = np.zeros(n, dtype=int), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    centre, sigma = np.full(n, np.nan), np.full(n, np.nan)
    for number, row in enumerate(rows):
        here = slice(row.start, row.end)
        phase[here], in_limits[here], excluded[here] = number, row.used, ~row.keep
        scale = series.scale if row.family != INDIVIDUALS else 1.0
        centre[here], sigma[here] = row.centre * scale, row.sigma * scale
    last = rows[-1]
    lower, upper = _limits(series, last.family, centre, sigma)
    made = Charted(
        series=series,
        chart=last.chart,
        estimator=last.estimator,
        phase=phase,
        excluded=excluded,
        in_limits=in_limits,
        centre=centre,
        lower=lower,
        upper=upper,
        sigma=sigma,
        sigma_z=tuple(row.sigma_z for row in rows) if last.family != INDIVIDUALS else (),
        definitions=last.definitions,
        found=tuple(sorted((f for row in rows for f in row.found), key=lambda f: (f.position, f.rank))),
        variation="",
        assurance="",
        points=int(last.keep.sum()),
        rebase_at=_shifted_since(series, last, centre),
    )
    return _with_icons(made)


def _limits(series: Series, family: str, centre: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = centre - 3 * sigma, centre + 3 * sigma
    if family != INDIVIDUALS:
        lower = np.maximum(lower, 0.0)
    return lower, np.minimum(upper, series.scale) if family == P else upper


def _with_icons(made: Charted) -> Charted:
    from dataclasses import replace

    from analytics.spc.icons import MINIMUM, variation_kind

    series, signal = made.series, made.deciding
    if made.points < MINIMUM or not made.has_limits:
        assurance = "no_target" if series.target is None else "too_few_points"
        return replace(made, variation="too_few_points", assurance=assurance)
    variation = variation_kind(signal.side, series.better) if signal else "common_cause"
    return replace(made, variation=variation, assurance=_assurance(made))


def _assurance(made: Charted) -> str:
    """As `analytics.spc.icons.assurance_icon`: the target against the limits of the last point, strictly."""
    target, better = made.series.target, made.series.better
    if target is None:
        return "no_target"
    if better == "neither":
        return "no_direction"
    lower, upper = float(made.lower[-1]), float(made.upper[-1])
    if target > upper + 1e-9 * abs(upper):
        return "fails" if better == "higher" else "passes"
    if target < lower - 1e-9 * abs(lower):
        return "passes" if better == "higher" else "fails"
    return "hit_and_miss"


def _shifted_since(series: Series, row: _Row, centre: np.ndarray) -> int | None:
    """First index of a run on one side of the last phase's centre that lasts to its end; None for a short run, or for
    one that is the whole phase (its limits are made of that very level).
    """
    index = np.flatnonzero(row.keep) + row.start
    if index.size < SUSTAINED + 2 or not np.isfinite(row.centre):
        return None
    gap = series.values[index] - centre[index]
    sides = np.where(np.abs(gap) <= 1e-9 * np.abs(centre[index]), 0, np.sign(gap))
    if sides[-1] == 0:
        return None
    others = np.flatnonzero(sides != sides[-1])
    if others.size == 0 or index.size - 1 - others[-1] < SUSTAINED:
        return None
    return int(index[others[-1] + 1])
