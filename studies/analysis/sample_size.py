"""How many do we need? From the spread, or the share, that the data have now."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

from analytics.wording import percent

from .checks import data_check, shape_checks
from .words import Analysis, CannotAnswer, Check, Estimate, Picture, Sample, Table, column, numbers_of, numeric

STEPS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def sample_size(sample: Sample, options: Mapping[str, Any]) -> Analysis:
    """options: value, difference (the smallest that matters), power, confidence. Raises CannotAnswer, BadInput."""
    known = [value for value in column(sample, options["value"]) if value is not None]
    if len(known) < 10:
        raise CannotAnswer(f"{len(known)} values of {options['value']}; 10 are needed to know their spread.")
    if any(isinstance(value, str) for value in known):
        raise CannotAnswer(f"{options['value']} is a text. Take a number, or yes and no.")
    work = _for_share if all(isinstance(value, bool) for value in known) else _for_mean
    return work(sample, known, options)


def _for_mean(sample: Sample, known: list[Any], options: Mapping[str, Any]) -> Analysis:
    import numpy as np

    from analytics.hypothesis.power import detectable_difference, means_power, size_for_means

    name, difference, power, alpha = _asked(options)
    array = np.array(numeric(known))
    deviation, low, high = _deviation(array, 1 - alpha)
    if deviation == 0:
        raise CannotAnswer(f"{name} does not vary, so any difference would show at once.")
    sizes = [size_for_means(difference, one, power=power, alpha=alpha).per_group for one in (deviation, low, high)]
    half = max(2, array.size // 2)
    detectable = detectable_difference(half, deviation, power=power, alpha=alpha)
    ns = [max(2, round(sizes[0] * step)) for step in STEPS]
    curve = [(n, means_power(n, difference / deviation, alpha=alpha)) for n in ns]
    estimates = (
        Estimate("needed in each group", float(sizes[0]), float(sizes[1]), float(sizes[2])),
        Estimate("standard deviation now", deviation, low, high),
        Estimate(f"difference that {half:,} in each group would show", detectable),
    )
    return _result(
        sample, options, estimates, curve, sizes[0],
        reason=f"Two means {difference:g} apart: power of the t test from the spread that {name} has now.",
        shape=shape_checks(known, name, in_order=sample.in_order),
    )  # fmt: skip


def _for_share(sample: Sample, known: list[Any], options: Mapping[str, Any]) -> Analysis:
    from statistics import NormalDist

    from analytics.hypothesis.power import size_for_proportions
    from analytics.hypothesis.proportions import cohen_h, share_interval

    name, difference, power, alpha = _asked(options)
    now = share_interval(sum(known), len(known), confidence=1 - alpha)
    wanted = now.value + difference
    if not 0 < wanted < 1:
        raise CannotAnswer(
            f"The share is {percent(now.value, 1)} now; {difference:+g} would leave 0 to 1. Take a smaller one."
        )
    size = size_for_proportions(now.value, wanted, power=power, alpha=alpha).per_group
    effect, z = abs(cohen_h(now.value, wanted)), NormalDist().inv_cdf(1 - alpha / 2)
    ns = [max(2, round(size * step)) for step in STEPS]
    curve = [(n, NormalDist().cdf(effect * sqrt(n / 2) - z)) for n in ns]
    estimates = (
        Estimate("needed in each group", float(size)),
        Estimate("share now", now.value, now.low, now.high, "share"),
        Estimate("share wanted", wanted, unit="share"),
    )
    reason = f"Two shares, {percent(now.value, 1)} now and {percent(wanted, 1)}: the number that tells them apart."
    return _result(sample, options, estimates, curve, size, reason=reason, shape=())


def _asked(options: Mapping[str, Any]) -> tuple[str, float, float, float]:
    difference = float(options["difference"])
    if difference == 0:
        raise CannotAnswer("A difference of 0 cannot be found with any number. Give the smallest one that matters.")
    power, confidence = float(options.get("power") or 0.8), float(options.get("confidence") or 0.95)
    return options["value"], difference, power, 1 - confidence


def _deviation(array: Any, confidence: float) -> tuple[float, float, float]:
    """Standard deviation with its chi-square interval (of a normal sample)."""
    from scipy import stats

    n, deviation = array.size, float(array.std(ddof=1))
    tail = (1 - confidence) / 2
    low = deviation * sqrt((n - 1) / float(stats.chi2.ppf(1 - tail, n - 1)))
    return deviation, low, deviation * sqrt((n - 1) / float(stats.chi2.ppf(tail, n - 1)))


def _result(
    sample: Sample,
    options: Mapping[str, Any],
    estimates: tuple[Estimate, ...],
    curve: list[tuple[int, float]],
    size: int,
    *,
    reason: str,
    shape: tuple[Check, ...],
) -> Analysis:
    name, difference, power, alpha = _asked(options)
    data = {"n": [n for n, _ in curve], "power": [p for _, p in curve], "wanted": power, "needed": size}
    return Analysis(
        method="Sample size and power",
        reason=reason,
        verdict=(
            f"{size:,} in each group find a difference of {abs(difference):g} in {percent(power)} of such studies, "
            f"with {percent(alpha)} false alarms."
        ),
        estimates=estimates,
        checks=(*data_check(sample, [name]), *shape),
        assumptions=(
            Check("same spread later", None, "taken from these rows; after a change it may differ"),
            Check("groups of one size", None, "unequal groups need more in all"),
        ),
        n=sample.rows,
        confidence=1 - alpha,
        pictures=(Picture("power", f"Chance to find {abs(difference):g}", data),),
        tables=(Table("Power", ["In each group", "Power"], [list(pair) for pair in curve], ("", "share")),),
        numbers=numbers_of(estimates),
    )
