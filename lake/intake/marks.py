"""What stands around the digits of a column's numbers: a currency, brackets for less than zero, a minus behind them.

A contract declares them as the forms that the column's numbers may have; here they are only proposed, and only where
the whole sample agrees: one currency, on every amount.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lake.intake.spelling import FEWEST, MOST, types_of

PERCENT_FORMS = ("percent", "percent_cells")  # 88 % as a text, and as a workbook's cell that shows it
_SIGNS = "$¢£¤¥֏৳฿₡₦₩₪₫€₭₮₱₲₴₵₸₹₺₼₽₾₿"
_CODES = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KES|KRW|MAD|MXN|MYR|NGN|"
    "NOK|NZD|PEN|PHP|PKR|PLN|QAR|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR|kr|zł|Kč|Ft|Rs"
)
_CURRENCY = rf"(?P<sign>[A-Z]{{0,2}}[{_SIGNS}]|(?:{_CODES})\b\.?)"
_BEFORE = re.compile(rf"(?P<minus>[+-]?)\s*{_CURRENCY}\s*(?P<rest>.+)")
_BEHIND = re.compile(rf"(?P<rest>.*[\d.,)-])\s*{_CURRENCY}")
_BRACKETS = re.compile(r"\((.*)\)")
_BEHIND_MINUS = re.compile(r"([^-+].*?) ?-")


@dataclass(frozen=True, slots=True)
class Marked:
    """One value: what is left without its marks, with a minus before it where it is less than zero, and the marks."""

    value: str
    bare: str
    currency: str = ""
    form: str = ""  # of the minus

    @property
    def is_nothing(self) -> bool:
        """A dash alone behind a currency, as spreadsheets write an amount of none."""
        return bool(self.currency) and self.bare == "-"

    @property
    def is_zero(self) -> bool:
        return bool(re.fullmatch(r"[+-]?[0.,]*0[0.,]*", self.bare))


@dataclass(frozen=True, slots=True)
class Marks:
    """types, spelling: of the amounts without their marks; forms: the marks, as a contract declares them; nothings:
    the values that say that there is no amount. said: how some are read, or why none are."""

    types: tuple[str, ...]
    spelling: str
    forms: tuple[str, ...]
    nothings: tuple[str, ...]
    said: str


def marks_of(values: Sequence[str]) -> Marks | None:
    """The marks of these values; None where there are none, or where they are not of numbers."""
    found = [_marked(value) for value in values]
    amounts = [one for one in found if re.match(r"[+-]?[\d.,]", one.bare)]
    signs = list(dict.fromkeys(one.currency for one in amounts if one.currency))
    forms = (*sorted({one.form for one in amounts} - {""}), *signs[:1])
    types, _, spelling = types_of([one.bare for one in amounts])
    if signs and sum(bool(one.currency) for one in amounts) < (1 - MOST) * len(amounts):
        return None  # a few amounts with a currency among numbers without are the odd ones
    if not forms or types[0] not in ("integer", "number", "decimal"):
        return None
    nothings = tuple(one.value for one in found if one.is_nothing)
    others = [one.value for one in found if one not in amounts and not one.is_nothing]
    if others and len(amounts) < max(FEWEST, MOST * len(values)):
        return None
    if why := _differ(amounts, signs, others, forms):
        return Marks(("text",), "", (), (), why)
    if spelling.startswith("percent"):
        return Marks(types, spelling, (*PERCENT_FORMS, *forms), nothings, "")
    short = all(len(_plain(one.bare, spelling).partition(".")[2]) <= 4 for one in amounts)
    types = ("decimal", "number", "text") if short else ("number", "text")
    return Marks(types, spelling, forms, nothings, "" if spelling == "ambiguous" else _read_as(amounts, spelling))


def _differ(amounts: Sequence[Marked], signs: Sequence[str], others: Sequence[str], forms: Sequence[str]) -> str:
    """Why a column of amounts is read as text, and what to do about it; empty where all of them are alike."""
    choose = f"choose the type decimal and write {', '.join(forms)} under “Numbers may have”"
    if len(signs) > 1:
        first, other = (next(one.value for one in amounts if one.currency == sign) for sign in signs[:2])
        return (
            f"{first!r} and {other!r} are of different currencies, so it is read as text. Export each currency in a "
            "column of its own, or convert them, to add them up."
        )
    if others:
        return f"{others[0][:40]!r} is no amount, so it is read as text. To set such rows aside instead, {choose}."
    plain = next((one.value for one in amounts if not one.currency and not one.is_zero), "")
    if signs and plain:
        with_sign = next(one.value for one in amounts if one.currency)
        return f"{with_sign!r} has a currency, {plain!r} has none, so it is read as text. If all are of one, {choose}."
    if not signs and all(one.form == "parentheses" for one in amounts):
        return f"every value stands in brackets, so it is read as text. If they are less than zero, {choose}."
    return ""


def _marked(value: str) -> Marked:
    text, sign = _without_currency(value)
    form = ""
    if bracketed := _BRACKETS.fullmatch(text):
        form, text = "parentheses", bracketed[1]
    elif behind := _BEHIND_MINUS.fullmatch(text):
        form, text = "trailing_minus", behind[1]
    if not sign:
        text, sign = _without_currency(text)
    return Marked(value, f"-{text}" if form else text, sign, form)


def _without_currency(text: str) -> tuple[str, str]:
    if match := _BEFORE.fullmatch(text) or _BEHIND.fullmatch(text):
        return match.groupdict().get("minus", "") + match["rest"], match["sign"]
    return text, ""


def _read_as(amounts: Sequence[Marked], spelling: str) -> str:
    """How some of the amounts are read: one, and one of less than zero."""
    below = next((one for one in amounts if one.form), None)
    above = next((one for one in amounts if one.currency and one is not below), None)
    said = [f"{one.value!r} is read as {_plain(one.bare, spelling)}" for one in (above, below) if one]
    return f"{' and '.join(said)}."


def _plain(bare: str, spelling: str) -> str:
    if "comma" in spelling:
        return re.sub(r"[\s.'’]", "", bare).replace(",", ".")
    return re.sub(r"[\s,'’]", "", bare)
