"""Amounts of money, written in one way on every page, in messages and mails: `$1,250.00`, `CHF 80.00`, `¥12,000`."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import get_format
from django.utils.numberformat import format as grouped

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥"}
MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
# ISO 4217: currencies whose smallest unit is the unit itself
NO_SMALL_UNIT = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)


def decimals_of(currency: str) -> int:
    """How many digits its smallest unit has: 2, or 0 where it has none."""
    return 0 if currency in NO_SMALL_UNIT else 2


def before_digits(currency: str) -> str:
    """What stands before the digits: its symbol where everybody knows it, else its code."""
    return SYMBOLS.get(currency, currency + NO_BREAK)


def written(amount: Decimal | str, currency: str) -> str:
    """`amount` to the smallest unit, half up, with the reader's separators."""
    decimals = decimals_of(currency)
    number = Decimal(amount).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    digits = grouped(
        abs(number),
        get_format("DECIMAL_SEPARATOR"),
        decimals,
        grouping=3,
        thousand_sep=get_format("THOUSAND_SEPARATOR"),
        force_grouping=True,
    )
    return f"{MINUS if number < 0 else ''}{before_digits(currency) if currency else ''}{digits}"
