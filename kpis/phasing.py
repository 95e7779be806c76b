"""A year's total in parts that add up to it exactly. Pure."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal


class PhasingError(ValueError):
    """The weights cannot carry the total."""


def phase(total: Decimal, weights: Sequence[Decimal | int], decimals: int) -> list[Decimal]:
    """Parts of `total` in proportion to `weights`, each with `decimals` places; their sum is `total` to the last unit.

    Largest remainder (Hamilton): every part is rounded down, and the units that are left go one each to the largest
    remainders, the earlier period first among equals. No part is more than one unit from its exact share. Raises
    PhasingError for no weight at all, a negative one, or a total with more places than the parts.
    """
    weights = [Decimal(weight) for weight in weights]
    whole = sum(weights, Decimal(0))
    if any(weight < 0 for weight in weights) or whole <= 0:
        raise PhasingError("There is nothing to phase by: the weights must not be negative and must not all be 0.")
    unit = Decimal(1).scaleb(-decimals)
    units = total / unit
    if units != units.to_integral_value():
        raise PhasingError(
            f"The total {total} has more than {decimals} decimal places: round it, or allow more places."
        )
    exact = [units * weight / whole for weight in weights]
    parts = [share.to_integral_value(ROUND_FLOOR) for share in exact]
    left = int(units - sum(parts))
    by_remainder = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[:left]:
        parts[place] += 1
    return [part * unit for part in parts]
