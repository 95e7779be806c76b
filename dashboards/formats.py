"""Numbers as the reader writes them: separators of the language, units, signs, points for percentages.

A format is `unit` or `unit:decimals`. Known units: `percent` (97.3 is shown as 97.3 %), `share` (0.973 is shown as
97.3 %), `number`, `count`, `score`, `seconds`, `minutes`, `hours`, `days`, `duration` (seconds, shown as `3 d 4 h`),
and any ISO 4217 code such as `GBP`. Any other text is shown after the number as it is: `km:1`. Rounding is half up,
as people do it by hand; only what is shown is rounded, never what is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import NamedTuple, TypeGuard

from django.utils.formats import get_format

from lake.instants import written
from organization import money

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
NONE = "\N{EN DASH}"

SYMBOLS = {"percent": "%", "share": "%", "seconds": "s", "minutes": "min", "hours": "h", "days": "d", "points": "pts"}
WITHOUT_SYMBOL = {"", "number", "count", "score", "ratio"}
DEFAULT_DECIMALS = {"percent": 1, "share": 1, "points": 1, "count": 0, "score": 0}
STEPS = tuple(Decimal(1).scaleb(-decimals) for decimals in range(10))  # the last digit that is shown
MAGNITUDES = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))


class Shown(NamedTuple):
    """A number ready to be set: what stands before it (sign, currency), its digits, and its unit.

    A tuple, since a page writes thousands.
    """

    before: str
    digits: str
    unit: str

    def __str__(self) -> str:
        return f"{self.before}{self.digits}{NO_BREAK + self.unit if self.unit else ''}"


def shown(value: object, spec: str = "", *, signed: bool = False, compact: bool = False) -> Shown | None:
    """`value` by the format `spec`, or None if it is no finite number.

    signed: a plus sign stands before what is above zero. compact: thousands and more as 1.2 k, 3.4 m.
    """
    number = finite(value)
    if number is None:
        return None
    unit, decimals = parsed(spec)
    if unit == "duration":
        whole = number.quantize(Decimal(1), ROUND_HALF_UP)
        return Shown(sign_of(whole, signed), duration(abs(whole)), "")
    if unit == "share":
        number *= 100
    suffix = ""
    if compact:
        number, suffix = scaled(number)
    if decimals is None:
        decimals = 1 if suffix else DEFAULT_DECIMALS.get(unit, sensible_decimals(number))
    rounded = number.quantize(STEPS[decimals], ROUND_HALF_UP)
    currency, symbol = around(unit)
    return Shown(sign_of(rounded, signed) + currency, grouped(abs(rounded)) + suffix, symbol)


def change(value: object, spec: str = "") -> Shown | None:
    """A difference in the format `spec`, with its sign; the difference of two percentages is in points."""
    unit, decimals = parsed(spec)
    number = finite(value)
    if number is not None and unit == "share":
        number *= 100
    if unit in ("percent", "share"):
        unit, decimals = "points", 1 if decimals is None else decimals
    return shown(number, unit if decimals is None else f"{unit}:{decimals}", signed=True)


def side_of(difference: object, is_good: bool | None, spec: str = "") -> str:
    """ "better" or "worse"; "no change" where the difference is shown as nothing; empty where no way is favourable."""
    written = change(difference, spec)
    if written is None:
        return ""
    if not any(digit in "123456789" for digit in written.digits):
        return "no change"
    return "" if is_good is None else "better" if is_good else "worse"


def text(value: object, spec: str = "") -> str:
    """`value` as plain text, for titles, captions and cells of a file."""
    return str(shown(value, spec) or NONE)


def plain(value: object, decimals: int | None = None, *, is_amount: bool = False) -> str:
    """A value of a row of facts as text: times as `lake.instants` writes them, numbers to four decimals.

    Whole numbers keep their digits ungrouped, since many of them are codes, unless they are known to be an amount: a
    count, a sum. decimals: how many a number has at least, below others of its column (see `decimals_of`).
    """
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return written(value)
    if not _has_decimals(value):
        return _whole(int(value), is_amount) if isinstance(value, int | Decimal) else str(value)
    rounded = _to_four(value)
    if rounded is None:
        return f"{value:.4g}"
    if decimals:
        rounded = rounded.quantize(STEPS[max(decimals, -_exponent(rounded))])
    return sign_of(rounded, signed=False) + grouped(abs(rounded))


def decimals_of(values: Iterable[object]) -> int:
    """How many decimals the numbers of a column need, so that their points stand below one another: at most four."""
    rounded = (_to_four(value) for value in values if _has_decimals(value))
    return max((max(0, -_exponent(number)) for number in rounded if number is not None), default=0)


def _whole(number: int, is_amount: bool) -> str:
    digits = grouped(Decimal(abs(number))) if is_amount else str(abs(number))
    return (MINUS if number < 0 else "") + digits


def _has_decimals(value: object) -> TypeGuard[float | Decimal]:
    """Not so a sum of whole numbers, though a decimal."""
    return isinstance(value, float) or (isinstance(value, Decimal) and value.as_tuple().exponent != 0)


def _to_four(value: float | Decimal) -> Decimal | None:
    """The number to four decimals, without trailing zeros; None where it is too small or too large for that."""
    number = finite(value)
    if number is None or (number and not Decimal("0.001") <= abs(number) < Decimal(10) ** 15):
        return None
    return number.quantize(STEPS[4], ROUND_HALF_UP).normalize()


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def finite(value: object) -> Decimal | None:
    """`value` as an exact decimal, or None if it is missing, infinite or not a number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@lru_cache(maxsize=1024)
def parsed(spec: str) -> tuple[str, int | None]:
    """`unit:decimals` as its two parts."""
    match = re.fullmatch(r"(?P<unit>.*?)(?::(?P<decimals>\d))?", spec or "", re.DOTALL)
    assert match  # every text matches
    decimals = match["decimals"]
    return match["unit"].strip(), None if decimals is None else int(decimals)


def sensible_decimals(number: Decimal) -> int:
    """Three significant digits, and no decimals where there are more: 0.42, 4.20, 42.0, 420, 4,200."""
    size = abs(number)
    if size == size.to_integral_value():
        return 0
    return 0 if size >= 100 else 1 if size >= 10 else 2


@lru_cache(maxsize=1024)
def around(unit: str) -> tuple[str, str]:
    """What stands before the digits of a unit (a currency's sign) and after them (a symbol)."""
    if is_currency(unit):
        return money.before_digits(unit), ""
    return "", "" if unit in WITHOUT_SYMBOL else SYMBOLS.get(unit, unit)


@lru_cache(maxsize=1024)
def is_currency(unit: str) -> bool:
    return bool(re.fullmatch(r"[A-Z]{3}", unit))


def sign_of(number: Decimal, signed: bool) -> str:
    return MINUS if number < 0 else "+" if signed and number > 0 else ""


def scaled(number: Decimal) -> tuple[Decimal, str]:
    """`number` in the largest magnitude in which it is 1.0 or more with one decimal, and that magnitude's letter."""
    for size, letter in MAGNITUDES:
        if abs(number) >= size or (size > 1000 and abs(number) >= size - size / 20_000):  # 999,960 is no 1,000.0k
            return number / size, letter
    return number, ""


def grouped(number: Decimal) -> str:
    """Digits of a number >= 0 with the reader's separators."""
    whole, _, fraction = f"{number:f}".partition(".")
    groups = whole
    if len(whole) > 3:
        groups = separator("THOUSAND_SEPARATOR").join(re.findall(r"\d{1,3}", whole[::-1]))[::-1]
    return groups + (separator("DECIMAL_SEPARATOR") + fraction if fraction else "")


@cache
def separator(name: str) -> str:
    """By its name in Django's formats; the same for all readers, since the installation has one language."""
    return get_format(name)


def duration(seconds: Decimal) -> str:
    """The two largest parts of a duration: `3 d 4 h`, `2 h 5 min`, `45 s`."""
    left = int(seconds.to_integral_value(ROUND_HALF_UP))
    parts = []
    for size, letter in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count or (letter == "s" and not parts):
            parts.append(f"{count}{NO_BREAK}{letter}")
    return NO_BREAK.join(parts[:2])
