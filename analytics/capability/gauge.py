"""Gauge repeatability and reproducibility by analysis of variance."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from analytics.inputs import BadInput, ConstantSeries, Floats, NotFinite, TooFewPoints, number


@dataclass(frozen=True, slots=True)
class VarianceShare:
    """One source of variation: variance, standard deviation, and its shares.

    contribution: share of the total variance. study: standard deviation / total. tolerance: 6 sigma / tolerance width.
    """

    source: str
    variance: float
    sigma: float
    contribution: float
    study: float
    tolerance: float | None


@dataclass(frozen=True, slots=True)
class GaugeStudy:
    """Variance components, the number of distinct categories, and the verdict on the study share of the gauge.

    interaction_p: of operator by part; pooled: it was above the limit, so the interaction went into repeatability.
    """

    parts: int
    operators: int
    repeats: int
    repeatability: VarianceShare
    reproducibility: VarianceShare
    operator: VarianceShare
    interaction: VarianceShare
    gauge: VarianceShare
    part: VarianceShare
    distinct_categories: int
    interaction_p: float
    pooled: bool
    verdict: str


def gauge_study(
    measurements: ArrayLike,
    *,
    tolerance: float | None = None,
    pool_above: float = 0.25,
    accept: float = 0.10,
    limit: float = 0.30,
) -> GaugeStudy:
    """Crossed gauge R&R: every operator measures every part the same number of times.

    measurements: (parts, operators, repeats), each at least 2, in one unit. tolerance: width of the specification.
    pool_above: p of the interaction above which it is pooled with repeatability (AIAG 0.25). Negative components are 0.
    verdict on gauge sigma / total sigma: acceptable up to `accept`, marginal up to `limit`, else unacceptable.
    distinct_categories = floor(1.41 part / gauge). Raises TooFewPoints, NotFinite, ConstantSeries, OutOfRange.
    Source: AIAG, Measurement Systems Analysis, 4th ed., ch. 3.
    """
    try:
        table = np.array(measurements, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise NotFinite("Measurements are not all numbers, or parts differ in their number of measurements.") from error
    if table.ndim != 3:
        raise BadInput(f"Measurements have {table.ndim} dimensions; pass parts by operators by repeats.")
    if min(table.shape) < 2:
        raise TooFewPoints(f"{table.shape} parts, operators and repeats; at least 2 of each are needed.")
    if not np.isfinite(table).all():
        raise NotFinite("A measurement is missing; every operator must measure every part equally often.")
    if np.ptp(table) == 0:
        raise ConstantSeries("All measurements are equal; the gauge cannot tell the parts apart.")
    width = None if tolerance is None else number(tolerance, "tolerance", above=0)
    p, o, r = table.shape
    mean_part, mean_operator, mean_both, mean_error, interaction_p = _mean_squares(table)
    pooled = interaction_p > pool_above
    if pooled:
        freedom = (p - 1) * (o - 1)
        mean_error = (mean_both * freedom + mean_error * p * o * (r - 1)) / (freedom + p * o * (r - 1))
        mean_both = mean_error
    both = max(0.0, (mean_both - mean_error) / r)
    operator = max(0.0, (mean_operator - mean_both) / (p * r))
    part = max(0.0, (mean_part - mean_both) / (o * r))
    gauge = mean_error + both + operator
    total = gauge + part

    def share(source: str, variance: float) -> VarianceShare:
        sigma = sqrt(variance)
        relative = None if width is None else 6 * sigma / width
        return VarianceShare(source, variance, sigma, variance / total, sigma / sqrt(total), relative)

    study = sqrt(gauge / total)
    verdict = "acceptable" if study <= accept else "marginal" if study <= limit else "unacceptable"
    return GaugeStudy(
        p,
        o,
        r,
        share("repeatability", mean_error),
        share("reproducibility", both + operator),
        share("operator", operator),
        share("operator x part", both),
        share("gauge R&R", gauge),
        share("part to part", part),
        max(1, floor(1.41 * sqrt(part / gauge))) if gauge > 0 else 10**6,
        interaction_p,
        pooled,
        verdict,
    )


def _mean_squares(table: Floats) -> tuple[float, float, float, float, float]:
    """Mean squares of part, operator, interaction and error of a balanced two-way layout, and p of the interaction."""
    p, o, r = table.shape
    grand = table.mean()
    by_part, by_operator, cells = table.mean(axis=(1, 2)), table.mean(axis=(0, 2)), table.mean(axis=2)
    part = o * r * ((by_part - grand) ** 2).sum() / (p - 1)
    operator = p * r * ((by_operator - grand) ** 2).sum() / (o - 1)
    both = r * ((cells - by_part[:, None] - by_operator[None, :] + grand) ** 2).sum() / ((p - 1) * (o - 1))
    error = ((table - cells[:, :, None]) ** 2).sum() / (p * o * (r - 1))
    chance = 0.0 if error == 0 else float(fdtrc((p - 1) * (o - 1), p * o * (r - 1), both / error))
    return float(part), float(operator), float(both), float(error), chance
