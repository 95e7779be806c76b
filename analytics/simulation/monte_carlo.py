"""Seeded Monte Carlo over a driver tree with correlated inputs, and its tornado."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr

from analytics.finance.sensitivity import Breakpoint, Evaluate, Sensitivity, breakpoint_of, sensitivity
from analytics.inputs import BadInput, Floats, choice, number
from analytics.simulation.distributions import Distribution
from analytics.simulation.tree import BrokenTree, DriverTree

Correlations = Mapping[tuple[str, str], float]


class ImpossibleCorrelation(BadInput):
    """Correlations that no joint distribution can have, e.g. A with B 0.9, B with C 0.9, A with C -0.9."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Draws of the output, (draws,), and what is asked of them.

    missing: share of draws that miss the target, with its Monte Carlo standard error; None without a target.
    drivers: rank correlation of each input with the output, strongest first.
    """

    values: Floats
    mean: float
    deviation: float
    p10: float
    p50: float
    p90: float
    target: float | None
    missing: float | None
    missing_error: float | None
    drivers: tuple[tuple[str, float], ...]
    draws: int
    seed: int


def simulate(
    tree: DriverTree,
    inputs: Mapping[str, Distribution],
    *,
    correlations: Correlations | None = None,
    target: float | None = None,
    better: Literal["higher", "lower"] = "higher",
    draws: int = 10_000,
    seed: int = 1,
) -> Outcome:
    """Draw all inputs together and evaluate the tree.

    inputs: a distribution for every input of the tree. correlations: pairs to rank-like correlations -1 to 1 of a
    Gaussian copula (the normal scores correlate so; Spearman's is (6 / pi) asin(r / 2)). target, better ("higher",
    "lower"): for the share of draws that miss it; on the target is met. Same seed, same answer.
    Raises BrokenTree, ImpossibleCorrelation, ZeroDenominator, OutOfRange. Source: Vose (2008), Risk Analysis, 3rd ed.
    """
    choice(better, "better", ("higher", "lower"))
    number(draws, "draws", at_least=100, at_most=1_000_000)
    names = _names(tree, inputs)
    rng = np.random.default_rng(seed)
    uniforms = correlated_uniforms(names, correlations or {}, draws, rng)
    drawn = {name: inputs[name].quantile(uniforms[:, i]) for i, name in enumerate(names)}
    values = np.broadcast_to(tree.evaluate(drawn), (draws,)).copy()
    missing = error = None
    if target is not None:
        number(target, "target")
        missed = values < target if better == "higher" else values > target
        missing = float(missed.mean())
        error = float(np.sqrt(missing * (1 - missing) / draws))
    p10, p50, p90 = (float(p) for p in np.quantile(values, [0.1, 0.5, 0.9]))
    deviation = float(values.std(ddof=1))
    drivers = tuple(sorted(((n, _rank_correlation(drawn[n], values)) for n in names), key=lambda pair: -abs(pair[1])))
    return Outcome(values, float(values.mean()), deviation, p10, p50, p90, target, missing, error, drivers, draws, seed)


def correlated_uniforms(
    names: tuple[str, ...], correlations: Correlations, draws: int, rng: np.random.Generator
) -> Floats:
    """(draws, k) uniforms joined by a Gaussian copula. Raises ImpossibleCorrelation, BrokenTree, OutOfRange."""
    matrix = np.eye(len(names))
    place = {name: i for i, name in enumerate(names)}
    for (first, second), value in correlations.items():
        if first not in place or second not in place or first == second:
            raise BrokenTree(f"Correlation of {first} with {second}: both must be inputs, and different.")
        number(value, f"correlation of {first} with {second}", at_least=-1, at_most=1)
        matrix[place[first], place[second]] = matrix[place[second], place[first]] = value
    roots, vectors = np.linalg.eigh(matrix)
    if roots.min() < -1e-9:
        raise ImpossibleCorrelation("These correlations contradict each other; weaken the strongest ones.")
    mixed = rng.standard_normal((draws, len(names))) @ (vectors * np.sqrt(np.maximum(roots, 0))).T
    return np.asarray(np.clip(ndtr(mixed), 1e-12, 1 - 1e-12))


def tornado(
    tree: DriverTree, inputs: Mapping[str, Distribution], *, low: float = 0.1, high: float = 0.9
) -> Sensitivity:
    """Swing of the output as each input goes from P10 to P90, the others at their base. Raises as `simulate`."""
    names = _names(tree, inputs)
    number(high, "high", above=number(low, "low", above=0), below=1)
    ends = {name: inputs[name].quantile(np.array([low, high])) for name in names}
    base = {name: inputs[name].base for name in names}
    return sensitivity(_at(tree), base, {name: (float(end[0]), float(end[1])) for name, end in ends.items()})


def breaking_point(
    tree: DriverTree, inputs: Mapping[str, Distribution], name: str, low: float, high: float, *, target: float
) -> Breakpoint:
    """The value of one input, from low to high, at which the output just is the target; the others at their base."""
    names = _names(tree, inputs)
    return breakpoint_of(_at(tree), {n: inputs[n].base for n in names}, name, low, high, limit=target)


def _at(tree: DriverTree) -> Evaluate:
    """A tree as a function of single numbers."""
    return lambda values: float(tree.evaluate({name: np.array([value]) for name, value in values.items()})[0])


def _names(tree: DriverTree, inputs: Mapping[str, Distribution]) -> tuple[str, ...]:
    if missing := [name for name in tree.inputs if name not in inputs]:
        raise BrokenTree(f"No distribution for {', '.join(missing)}.")
    return tree.inputs


def _rank_correlation(x: Floats, y: Floats) -> float:
    """Spearman's, 0 where one of them does not vary."""
    a, b = (np.argsort(np.argsort(v, kind="stable"), kind="stable").astype(np.float64) for v in (x, y))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
