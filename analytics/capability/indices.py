"""Capability and performance indices with confidence limits, and the share outside the specification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv, ndtr, ndtri

from analytics.inputs import BadInput, ConstantSeries, Floats, choice, number, vector
from analytics.process.defects import MILLION
from analytics.spc.charts.individuals import individuals
from analytics.spc.charts.subgroups import DEVIATION, POOLED, RANGE, rows_of, within_sigma, xbar_s
from analytics.spc.sigma import ESTIMATORS, Estimator, sigma_of
from analytics.spc.signals import signals

SMALL = 30  # observations; fewer carry a watermark


class LimitsReversed(BadInput):
    """The lower specification limit is not below the upper."""


class NoSpecification(BadInput):
    """Neither a lower nor an upper specification limit."""


class Unstable(BadInput):
    """The process has points beyond its control limits, so its capability is not defined."""


class SampleTooSmall(BadInput):
    """Too few observations for an index that anybody should act on."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index and its confidence limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OutOfSpec:
    """Shares below the lower and above the upper specification limit, and their sum per million."""

    below: float
    above: float

    @property
    def share(self) -> float:
        """Share outside, both sides."""
        return self.below + self.above

    @property
    def dpmo(self) -> float:
        """Parts per million outside, both sides."""
        return self.share * MILLION


@dataclass(frozen=True, slots=True)
class Capability:
    """Cp family from the within sigma, Pp family from the overall sigma; None where a limit it needs is missing.

    watermarks: reasons not to act on the indices; print them across the page.
    """

    n: int
    centre: float
    sigma_within: float
    sigma_overall: float
    lsl: float | None
    usl: float | None
    target: float | None
    cp: Index | None
    cpl: Index | None
    cpu: Index | None
    cpk: Index
    pp: Index | None
    ppl: Index | None
    ppu: Index | None
    ppk: Index
    cpm: Index | None
    expected_within: OutOfSpec
    expected_overall: OutOfSpec
    observed: OutOfSpec
    estimator: str
    confidence: float
    watermarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PercentileCapability:
    """Pp and Ppk of a skewed process, from its 0.135 %, 50 % and 99.865 % points."""

    n: int
    p_low: float
    median: float
    p_high: float
    lsl: float | None
    usl: float | None
    pp: float | None
    ppl: float | None
    ppu: float | None
    ppk: float
    observed: OutOfSpec
    distribution: str
    watermarks: tuple[str, ...]


def capability(
    values: ArrayLike,
    *,
    lsl: float | None = None,
    usl: float | None = None,
    target: float | None = None,
    estimator: Literal["moving_range", "median_moving_range", "standard_deviation", "range", "pooled"] | None = None,
    degrees: Literal["estimator", "total"] = "estimator",
    cpm_sigma: Literal["within", "overall"] = "within",
    confidence: float = 0.95,
    on_doubt: Literal["watermark", "refuse"] = "watermark",
) -> Capability:
    """Cp = (U - L) / 6 s_within, Cpk = min((U - m), (m - L)) / 3 s_within, Pp and Ppk with the overall s (n - 1).

    values: (n,) single values in time order, or (k, m) subgroups. lsl, usl: one or both, in the unit of the values;
    with one, Cp is None and Cpk is Cpu or Cpl. target: for Cpm = Cp / sqrt(1 + ((m - T) / s)^2), s by `cpm_sigma`
    ("within" as qcc, or "overall").
    estimator of s_within: single values "moving_range" (default), "median_moving_range", "standard_deviation";
    subgroups "pooled" (default), "range", "standard_deviation".
    Limits: chi-square for Cp, Pp, Cpm; Bissell's normal approximation for the rest, with the degrees of freedom of the
    estimator (pooled and SD k(m - 1), range 0.9 k(m - 1), moving range 0.62 (n - 1)) or degrees="total" (n - 1, qcc).
    on_doubt: "watermark" (default) or "refuse" when a point lies beyond the control limits or n is below 30.
    Raises LimitsReversed, NoSpecification, ConstantSeries, Unstable, SampleTooSmall, TooFewPoints, EmptyInput,
    NotFinite, OutOfRange. Source: Montgomery, 7th ed., ch. 8; Bissell (1990), Applied Statistics 39(3), 331-340.
    """
    _check_limits(lsl, usl)
    choice(degrees, "degrees", ("estimator", "total"))
    choice(cpm_sigma, "cpm_sigma", ("within", "overall"))
    number(confidence, "confidence", above=0, below=1)
    flat, within, words, freedom, stable = _sample(values, estimator)
    overall = float(flat.std(ddof=1))
    if within == 0 or overall == 0:
        raise ConstantSeries("The values do not vary, so no capability can be computed; check the resolution.")
    n, centre = flat.size, float(flat.mean())
    freedom = n - 1.0 if degrees == "total" else freedom
    cp, cpl, cpu, cpk = _family(centre, within, lsl, usl, n, freedom, confidence)
    pp, ppl, ppu, ppk = _family(centre, overall, lsl, usl, n, n - 1.0, confidence)
    spread = within if cpm_sigma == "within" else overall
    return Capability(
        n,
        centre,
        within,
        overall,
        lsl,
        usl,
        target,
        cp,
        cpl,
        cpu,
        cpk,
        pp,
        ppl,
        ppu,
        ppk,
        _cpm(centre, spread, lsl, usl, target, n, confidence),
        _expected(centre, within, lsl, usl),
        _expected(centre, overall, lsl, usl),
        _observed(flat, lsl, usl),
        words,
        confidence,
        _doubts(n, stable, on_doubt),
    )


def percentile_capability(
    values: ArrayLike,
    *,
    lsl: float | None = None,
    usl: float | None = None,
    distribution: Literal["lognormal", "empirical"] = "lognormal",
) -> PercentileCapability:
    """Performance of a process that is not normal: distances from the median in units of its own tails.

    Ppu = (U - P50) / (P99.865 - P50), Ppl = (P50 - L) / (P50 - P0.135), Pp = (U - L) / (P99.865 - P0.135).
    values: (n,). distribution: "lognormal" (fitted to the logs; values above 0) or "empirical" (percentile R6, which
    cannot see 0.135 % in fewer than 740 values: watermark). Raises as `capability`, OutOfRange for values <= 0.
    Source: ISO 22514-4; Montgomery, 7th ed., 8.3.
    """
    _check_limits(lsl, usl)
    choice(distribution, "distribution", ("lognormal", "empirical"))
    flat = vector(values, "values", at_least=2)
    if np.ptp(flat) == 0:
        raise ConstantSeries("The values do not vary, so no capability can be computed.")
    watermarks = []
    if distribution == "lognormal":
        number(float(flat.min()), "smallest value", above=0)
        logs = np.log(flat)
        points = np.exp(logs.mean() + logs.std(ddof=1) * np.array([-3.0, 0.0, 3.0]))
        if flat.size < SMALL:
            watermarks.append(f"Only {flat.size} observations; {SMALL} or more are needed.")
    else:
        points = np.quantile(flat, [0.00135, 0.5, 0.99865], method="weibull")
        if flat.size < 740:
            watermarks.append(f"{flat.size} observations do not show the 0.135 % points; extremes stand in for them.")
    low, median, high = (float(point) for point in points)
    ppl = None if lsl is None else (median - lsl) / (median - low) if median > low else None
    ppu = None if usl is None else (usl - median) / (high - median) if high > median else None
    sides = [side for side in (ppl, ppu) if side is not None]
    if not sides:
        raise ConstantSeries("More than half of the values are equal; the median has no tail to measure by.")
    pp = None if lsl is None or usl is None else (usl - lsl) / (high - low)
    observed = _observed(flat, lsl, usl)
    return PercentileCapability(
        flat.size, low, median, high, lsl, usl, pp, ppl, ppu, min(sides), observed, distribution, tuple(watermarks)
    )


def _check_limits(lsl: float | None, usl: float | None) -> None:
    if lsl is None and usl is None:
        raise NoSpecification("Give a lower or an upper specification limit.", "lsl")
    for limit, name in ((lsl, "lsl"), (usl, "usl")):
        if limit is not None:
            number(limit, name)
    if lsl is not None and usl is not None and lsl >= usl:
        raise LimitsReversed(f"The lower specification limit {lsl:g} is not below the upper {usl:g}; swap them.", "lsl")


def _sample(values: ArrayLike, estimator: str | None) -> tuple[Floats, float, str, float, bool]:
    """All values, sigma within, its estimator in words, its degrees of freedom, and whether the chart is in control."""
    if isinstance(values, Sequence | np.ndarray) and len(values) and np.ndim(values[0]):
        return _grouped(list(values), estimator or POOLED)
    flat = vector(values, "values", at_least=3)
    name = cast(Estimator, choice(estimator or "moving_range", "estimator", ESTIMATORS))
    freedom = 0.62 * (flat.size - 1) if name != "standard_deviation" else flat.size - 1.0
    stable = not signals(individuals(flat, estimator=name), "basic").at_rule("limits")
    return flat, sigma_of(flat, name, False), ESTIMATORS[name], freedom, stable


def _grouped(subgroups: list[Any], estimator: str) -> tuple[Floats, float, str, float, bool]:
    choice(estimator, "estimator", (POOLED, RANGE.kind, DEVIATION.kind))
    rows = rows_of(subgroups)
    freedom = float(sum(row.size - 1 for row in rows)) * (0.9 if estimator == RANGE.kind else 1.0)
    spread = RANGE if estimator == RANGE.kind else DEVIATION
    words = "pooled standard deviation of the subgroups" if estimator == POOLED else spread.words
    chart = xbar_s(rows)
    in_control = not signals(chart, "basic").at_rule("limits")
    if chart.companion is not None:
        in_control = in_control and not signals(chart.companion, "basic").at_rule("limits")
    return np.concatenate(rows), within_sigma(rows, spread, estimator), words, freedom, in_control


def _family(
    centre: float, sigma: float, lsl: float | None, usl: float | None, n: int, freedom: float, confidence: float
) -> tuple[Index | None, Index | None, Index | None, Index]:
    lower = None if lsl is None else _bissell((centre - lsl) / (3 * sigma), n, freedom, confidence)
    upper = None if usl is None else _bissell((usl - centre) / (3 * sigma), n, freedom, confidence)
    both = None
    if lsl is not None and usl is not None:
        both = _chi_square((usl - lsl) / (6 * sigma), freedom, confidence)
    sides = [side for side in (lower, upper) if side is not None]
    return both, lower, upper, min(sides, key=lambda side: side.value)


def _bissell(value: float, n: int, freedom: float, confidence: float) -> Index:
    half = float(ndtri(0.5 + confidence / 2)) * float(np.sqrt(1 / (9 * n) + value**2 / (2 * freedom)))
    return Index(value, value - half, value + half)


def _chi_square(value: float, freedom: float, confidence: float) -> Index:
    tail = (1 - confidence) / 2
    low, high = (float(np.sqrt(2 * gammaincinv(freedom / 2, p) / freedom)) for p in (tail, 1 - tail))
    return Index(value, value * low, value * high)


def _cpm(
    centre: float,
    sigma: float,
    lsl: float | None,
    usl: float | None,
    target: float | None,
    n: int,
    confidence: float,
) -> Index | None:
    if lsl is None or usl is None or target is None:
        return None
    offset = ((centre - number(target, "target")) / sigma) ** 2
    freedom = n * (1 + offset) ** 2 / (1 + 2 * offset)
    return _chi_square((usl - lsl) / (6 * sigma * float(np.sqrt(1 + offset))), freedom, confidence)


def _expected(centre: float, sigma: float, lsl: float | None, usl: float | None) -> OutOfSpec:
    below = 0.0 if lsl is None else float(ndtr((lsl - centre) / sigma))
    above = 0.0 if usl is None else float(ndtr((centre - usl) / sigma))
    return OutOfSpec(below, above)


def _observed(values: Floats, lsl: float | None, usl: float | None) -> OutOfSpec:
    below = 0.0 if lsl is None else float((values < lsl).mean())
    above = 0.0 if usl is None else float((values > usl).mean())
    return OutOfSpec(below, above)


def _doubts(n: int, stable: bool, on_doubt: str) -> tuple[str, ...]:
    choice(on_doubt, "on_doubt", ("watermark", "refuse"))
    watermarks = []
    if not stable:
        watermarks.append("Points lie beyond the control limits: find their causes first, capability is not defined.")
        if on_doubt == "refuse":
            raise Unstable(watermarks[-1])
    if n < SMALL:
        watermarks.append(f"Only {n} observations; {SMALL} or more are needed.")
        if on_doubt == "refuse":
            raise SampleTooSmall(watermarks[-1])
    return tuple(watermarks)
