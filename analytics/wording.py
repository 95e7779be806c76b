"""Numbers inside sentences, as pages write them: significant digits without an exponent, shares as `82 %`."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
NO_BREAK = "\N{NO-BREAK SPACE}"


def digits(value: float | None, significant: int = 4, *, signed: bool = False) -> str:
    """22,400, 41.5, 0.0031; only what is below a thousandth has an exponent; none is a dash.

    signed: a plus sign above zero.
    """
    if value is None:
        return NONE
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    text = f"{size:.{significant}g}"
    if size >= 1000 or (size > 1 and "e" in text):
        text = f"{size:,.0f}"
    elif 0 < size < 0.001:
        text = f"{size:.2e}"
    return _sign(value, signed) + text


def percent(share: float | None, decimals: int = 0, *, signed: bool = False) -> str:
    """0.824 as 82 %; none is a dash."""
    if share is None:
        return NONE
    return _signed(share, f"{abs(share):.{decimals}%}", signed).replace("%", f"{NO_BREAK}%")


def in_points(difference: float) -> str:
    """The difference of two shares in percentage points: −0.836 as −83.6."""
    return _signed(difference, f"{abs(100 * difference):.1f}", signed=True)


def _signed(number: float, size: str, signed: bool) -> str:
    """`size`, which is `number` as it is shown, with its sign; what is shown as zero has none."""
    return _sign(number, signed) + size if any(digit in "123456789" for digit in size) else size


def _sign(number: float, signed: bool) -> str:
    return MINUS if number < 0 else "+" if signed and number > 0 else ""
