"""Charts of shares and counts, with unequal sizes, and Laney's forms for large samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import Bools, Floats, OutOfRange, denominators, not_negative, number, same_length, vector
from analytics.spc.chart import WHOLE, ControlChart, Layout, chart_of, divide, standardise
from analytics.spc.constants import d2
from analytics.spc.sigma import mean_moving_range

_SCREENED = ", moving ranges of z above 3.267 times their mean left out"


def p_chart(events: ArrayLike, sizes: ArrayLike, *, layout: Layout = WHOLE) -> ControlChart:
    """Shares of non-conforming units; limits p +- 3 sqrt(p (1 - p) / n_i), kept within 0 and 1.

    events, sizes: (n,) counts, events <= sizes, sizes > 0. Centre: sum of events / sum of sizes of each phase.
    Raises EmptyInput, TooFewPoints, NotFinite, NegativeValue, ZeroDenominator, LengthMismatch, OutOfRange.
    Source: Montgomery, 7th ed., 7.2.
    """
    counts, bases = _shares(events, sizes)
    return _rate_chart("p", counts, bases, layout, _binomial, "binomial, p from the sums", cap=1.0)


def np_chart(events: ArrayLike, size: float, *, layout: Layout = WHOLE) -> ControlChart:
    """Counts of non-conforming units in samples of one size; limits n p +- 3 sqrt(n p (1 - p)), within 0 and n.

    events: (n,) counts; size: units in every sample. Raises as `p_chart`. Source: Montgomery, 7th ed., 7.2.
    """
    seen = vector(events, "events")
    counts, bases = _shares(seen, np.full(seen.size, number(size, "size", above=0)))
    division = divide(counts.size, layout, at_least=2)
    centre = _pooled(counts, np.ones_like(counts), division.parts())
    sigma = np.sqrt(centre * (1 - centre / bases))
    return chart_of(
        "np",
        counts,
        division,
        centre=centre,
        sigma=sigma,
        estimator="binomial, p from the sums",
        floor=0.0,
        cap=float(size),
    )


def c_chart(counts: ArrayLike, *, layout: Layout = WHOLE) -> ControlChart:
    """Counts of defects in areas of opportunity of one size; limits c +- 3 sqrt(c), not below 0.

    counts: (n,) >= 0. Raises EmptyInput, TooFewPoints, NotFinite, NegativeValue. Source: Montgomery, 7th ed., 7.3.
    """
    values = not_negative(counts, "counts", at_least=2)
    return _rate_chart("c", values, np.ones_like(values), layout, _poisson, "Poisson, variance equal to the mean")


def u_chart(counts: ArrayLike, sizes: ArrayLike, *, layout: Layout = WHOLE) -> ControlChart:
    """Defects per unit of opportunity; limits u +- 3 sqrt(u / n_i), not below 0.

    counts: (n,) >= 0; sizes: (n,) areas of opportunity > 0, any unit. Raises as `p_chart`.
    Source: Montgomery, 7th ed., 7.3.
    """
    values, bases = _rates(counts, sizes)
    return _rate_chart("u", values, bases, layout, _poisson, "Poisson, variance equal to the mean")


def laney_p(events: ArrayLike, sizes: ArrayLike, *, screen: bool = False, layout: Layout = WHOLE) -> ControlChart:
    """Laney's p': limits of the p chart widened by sigma_z, the variation between samples that p alone denies.

    events, sizes: as `p_chart`. sigma_z (one per phase) = mean moving range of z_i / 1.128; below 1 it narrows, as in
    Minitab. screen: drop moving ranges of z above 3.267 times their mean. Use it when sigma_z is far from 1.
    Raises as `p_chart`. Source: Laney (2002), Quality Engineering 14(4), 531-537.
    """
    counts, bases = _shares(events, sizes)
    return _rate_chart("laney_p", counts, bases, layout, _binomial, "binomial x sigma_z", cap=1.0, laney=(screen,))


def laney_u(counts: ArrayLike, sizes: ArrayLike, *, screen: bool = False, layout: Layout = WHOLE) -> ControlChart:
    """Laney's u': as `laney_p` for counts per unit of opportunity. Raises as `p_chart`."""
    values, bases = _rates(counts, sizes)
    return _rate_chart("laney_u", values, bases, layout, _poisson, "Poisson x sigma_z", laney=(screen,))


def _binomial(centre: Floats, bases: Floats) -> Floats:
    return np.sqrt(centre * (1 - centre) / bases)


def _poisson(centre: Floats, bases: Floats) -> Floats:
    return np.sqrt(centre / bases)


def _rate_chart(
    kind: str,
    counts: Floats,
    bases: Floats,
    layout: Layout,
    deviation: Callable[[Floats, Floats], Floats],
    estimator: str,
    *,
    cap: float | None = None,
    laney: tuple[bool] | None = None,
) -> ControlChart:
    division = divide(counts.size, layout, at_least=2)
    points = counts / bases
    centre = np.minimum(_pooled(counts, bases, division.parts()), np.inf if cap is None else cap)
    sigma = deviation(centre, bases)
    factors: list[float] = []
    if laney is not None:
        z = standardise(points, centre, sigma)
        for held, used in division.parts():
            factor = mean_moving_range(z[used], laney[0]) / d2(2) if np.isfinite(z[used]).all() else 0.0
            factors.append(factor)
            sigma[held] *= factor
        estimator += _SCREENED if laney[0] else ""
    return chart_of(
        kind,
        points,
        division,
        centre=centre,
        sigma=sigma,
        estimator=estimator,
        floor=0.0,
        cap=cap,
        sigma_z=tuple(factors),
    )


def _pooled(counts: Floats, bases: Floats, parts: Iterable[tuple[Bools, Bools]]) -> Floats:
    centre = np.empty_like(counts)
    for held, used in parts:
        centre[held] = counts[used].sum() / bases[used].sum()
    return centre


def _rates(counts: ArrayLike, sizes: ArrayLike) -> tuple[Floats, Floats]:
    values = not_negative(counts, "counts", at_least=2)
    bases = denominators(sizes, "sizes")
    same_length(counts=values, sizes=bases)
    return values, bases


def _shares(events: ArrayLike, sizes: ArrayLike) -> tuple[Floats, Floats]:
    counts, bases = _rates(events, sizes)
    above = np.flatnonzero(counts > bases)
    if above.size:
        raise OutOfRange(f"Point {above[0]}: {counts[above[0]]:g} events of {bases[above[0]]:g} units.")
    return counts, bases
