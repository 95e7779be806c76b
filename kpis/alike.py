"""When two numbers are the same one: sums of doubles may differ in their last bits from run to run."""

TOLERANCE = 1e-12


def alike(one: float | None, other: float | None) -> bool:
    """Whether the two differ by no more than 1 in 10^12; None is like None only. As `recompute.write` compares."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TOLERANCE * max(abs(one), abs(other))
