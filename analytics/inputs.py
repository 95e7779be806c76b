"""What every function of the floor asks of its arrays, and the refusals they share.

A check returns a fresh float array, so that no function can change its caller's data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
LARGEST = 1e50  # the fourth power of it, and sums of such powers, are still floats


class BadInput(ValueError):
    """Values from which the answer cannot be had. The message names the thing, the fault and the next step.

    parameter: the argument that is wrong, where one alone is; else empty.
    """

    def __init__(self, message: str = "", parameter: str = "") -> None:
        super().__init__(message)
        self.parameter = parameter


class EmptyInput(BadInput):
    """No values at all."""


class TooFewPoints(BadInput):
    """Fewer values than the method needs."""


class NotFinite(BadInput):
    """A value is missing (NaN), infinite or not a number."""


class NegativeValue(BadInput):
    """A count, size, time or amount below zero."""


class ZeroDenominator(BadInput):
    """A rate's denominator is zero, so the rate has no value."""


class ConstantSeries(BadInput):
    """All values are equal, so nothing can be said about their variation."""


class LengthMismatch(BadInput):
    """Arrays that belong together differ in length."""


class OutOfRange(BadInput):
    """A number or a choice outside what it may be."""


class TooLarge(BadInput):
    """A number so large, or a denominator so small, that the calculation would leave the range of floats."""


def array_of(values: ArrayLike, name: str) -> Floats:
    """A copy of `values` as floats in their shape; NaN and infinity are kept. Raises NotFinite, TooLarge."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotFinite(
            f"{name} holds something that is not a number, or rows of unequal length: {error}.", name
        ) from error
    if (np.isfinite(array) & (np.abs(array) > LARGEST)).any():
        raise TooLarge(f"{name} holds a number beyond {LARGEST:g}; use a larger unit.", name)
    return array


def vector(values: ArrayLike, name: str, *, at_least: int = 1) -> Floats:
    """A (n,) copy of `values` as floats.

    Raises EmptyInput, TooFewPoints, NotFinite, TooLarge, BadInput (not one-dimensional).
    """
    array = array_of(values, name)
    if array.ndim != 1:
        raise BadInput(f"{name} has {array.ndim} dimensions; pass one row of numbers.", name)
    if array.size == 0:
        raise EmptyInput(f"{name} is empty; at least {at_least} needed.", name)
    if array.size < at_least:
        raise TooFewPoints(f"{name} has {array.size} of the {at_least} values needed.", name)
    broken = np.flatnonzero(~np.isfinite(array))
    if broken.size:
        raise NotFinite(f"{name}[{broken[0]}] is {array[broken[0]]}; leave missing values out before the call.", name)
    return array


def table(values: ArrayLike, name: str) -> Floats:
    """A (rows, columns) copy of `values` as floats; one dimension is one column, NaN is kept.

    Raises NotFinite, TooLarge, BadInput.
    """
    array = array_of(values, name)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise BadInput(f"{name} has {array.ndim} dimensions; pass rows and columns.", name)
    return array


def not_negative(values: ArrayLike, name: str, *, at_least: int = 1) -> Floats:
    """As `vector`, and no value below zero. Raises NegativeValue as well."""
    array = vector(values, name, at_least=at_least)
    below = np.flatnonzero(array < 0)
    if below.size:
        raise NegativeValue(f"{name}[{below[0]}] is {array[below[0]]:g}; it cannot be below zero.", name)
    return array


def denominators(values: ArrayLike, name: str, *, at_least: int = 1) -> Floats:
    """As `not_negative`, and no zero. Raises ZeroDenominator as well."""
    array = not_negative(values, name, at_least=at_least)
    zero = np.flatnonzero(array == 0)
    if zero.size:
        raise ZeroDenominator(f"{name}[{zero[0]}] is zero; leave that point out, it has no rate.", name)
    if array.min() < 1 / LARGEST:
        raise TooLarge(f"{name} holds a number below {1 / LARGEST:g}; use a smaller unit.", name)
    return array


def same_length(**arrays: Floats) -> None:
    """Raises LengthMismatch unless all arrays have the length of the first."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise LengthMismatch("Lengths differ: " + ", ".join(f"{name} {size}" for name, size in lengths.items()) + ".")


def broadcast(**arrays: Floats) -> tuple[Floats, ...]:
    """The arrays in one shape, as NumPy broadcasts them. Raises LengthMismatch."""
    try:
        return np.broadcast_arrays(*arrays.values())
    except ValueError:
        sizes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise LengthMismatch(f"Shapes do not go together: {sizes}.") from None


def number(
    value: float,
    name: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
) -> float:
    """`value` as a finite float within its bounds. Raises NotFinite, TooLarge, OutOfRange."""
    try:
        value = float(value)
    except OverflowError:  # a whole number may have any number of digits
        raise TooLarge(f"{name} is beyond {LARGEST:g}; use a larger unit.", name) from None
    if not np.isfinite(value):
        raise NotFinite(f"{name} is {value}; a finite number is needed.", name)
    if abs(value) > LARGEST:
        raise TooLarge(f"{name} is {value:g}, beyond {LARGEST:g}; use a larger unit.", name)
    bounds = (
        (above, "above", above is None or value > above),
        (at_least, "at least", at_least is None or value >= at_least),
        (below, "below", below is None or value < below),
        (at_most, "at most", at_most is None or value <= at_most),
    )
    for bound, word, holds in bounds:
        if not holds:
            raise OutOfRange(f"{name} is {value:g}; it must be {word} {bound:g}.", name)
    return value


def choice(value: str, name: str, among: Iterable[str]) -> str:
    """`value` if it is one of the named variants. Raises OutOfRange with the list."""
    allowed = list(among)
    if value not in allowed:
        raise OutOfRange(f"{name} {value!r} is not known; choose one of {', '.join(allowed)}.", name)
    return value
