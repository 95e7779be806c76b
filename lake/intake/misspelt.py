"""Why a text is no number as its file is declared to write them: each fault by its name, with what to do about it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from lake.contract import NUMBER_FORMS, Column, ColumnType
from lake.intake import signs
from lake.intake.reading import Spelling

_UNSEEN = "\u200b\u2060\ufeff"
_WORDS = {",": "comma", ".": "point", "'": "apostrophe", " ": "blank"}
_BETWEEN = {",": "[,]", ".": "[.]", "'": "['\u2019]", " ": "[ \u00a0\u2007\u2009\u202f]"}
_SIGN = r"[^\s\d.,'\u2019+\-()%_]{1,12}\.?"
_MOST_WHOLE, _MOST_DECIMALS = 14, 4


@dataclass(frozen=True, slots=True)
class Misspelling:
    """What is wrong with a text, and the next step. is_size: it is a number, but not one that the type holds."""

    fault: str
    step: str
    is_size: bool = False


def misspellings(column: Column, value: str, spelling: Spelling) -> list[Misspelling]:
    """Every fault of the text of a number, in the order of reading; none where it is no number by any spelling.

    A text without them and with what the steps declare is accepted.
    """
    marks, rest = _marks(value, column.number_forms)
    digits = _digits(column, rest, spelling)
    return [] if digits is None else marks + digits


def _marks(value: str, forms: Collection[str]) -> tuple[list[Misspelling], str]:
    """What stands around the digits and is not declared, and the text without all that stands there."""
    found: list[Misspelling] = []
    plain = signs.plain(value)
    text = re.sub(rf"^[\s{_UNSEEN}]+|[\s{_UNSEEN}]+$", "", plain)
    if text != plain:
        odd = plain[0] if plain[0] != text[:1] else plain[-1]
        found.append(Misspelling(f"begins or ends with the blank U+{ord(odd):04X}", "take it out"))
    if dashes := [char for char in text if char in signs.DASHES]:
        found.append(Misspelling(f"has the dash U+{ord(dashes[0]):04X} for a minus", "write a hyphen (-)"))
        text = re.sub(f"[{signs.DASHES}]", "-", text)
    text = _without_outer_signs(text, forms, found)
    for form, pattern, bare, fault in (
        ("parentheses", r"\((.*)\)", r"-\1", "stands in brackets for less than zero"),
        ("trailing_minus", r"([^-+].*?) ?-", r"-\1", "has its minus behind it"),
        ("percent", r"(.*?)\s*%", r"\1", "is written with %"),
    ):
        if match := re.fullmatch(pattern, text):
            text = match.expand(bare)
            if form not in forms:
                found.append(Misspelling(fault, f"declare that the column's numbers may have {form}"))
    return found, _without_signs(text, forms, found)


def _without_outer_signs(text: str, forms: Collection[str], found: list[Misspelling]) -> str:
    """The text without currencies and units outside of its brackets, or behind the minus behind it."""
    patterns = ((r"(){}\s*(\(.*\))", r"\3"), (r"(.*[)-])\s*{}()", r"\1"))
    return _without(patterns, text, forms, found)


def _without_signs(text: str, forms: Collection[str], found: list[Misspelling]) -> str:
    """The text without currencies and units before and behind it; those not declared are faults."""
    patterns = ((r"([+-]?)\s*{}\s*(?=[\d.,])(.*)", r"\1\3"), (r"(.*[\d.,])\s*{}()", r"\1"))
    return _without(patterns, text, forms, found)


def _without(patterns: Collection[tuple[str, str]], text: str, forms: Collection[str], found: list[Misspelling]) -> str:
    declared = [re.escape(form) for form in forms if form not in NUMBER_FORMS]
    for sign in (*declared, _SIGN):
        for pattern, bare in patterns:
            if match := re.fullmatch(pattern.format(f"({sign})"), text):
                said, text = match[2], match.expand(bare)
                if sign is _SIGN:
                    step = f"declare that the column's numbers may have {said}"
                    found.append(Misspelling(f"carries {said}", step))
    return text


def _digits(column: Column, text: str, spelling: Spelling) -> list[Misspelling] | None:
    """Faults between the digits; None where they are not those of a number."""
    found: list[Misspelling] = []
    body = text[1:] if text[:1] in ("+", "-") else text
    if body[:1].isspace() and body != text:
        found.append(Misspelling("has a blank behind its sign", "take it out"))
        body = body.strip()
    if any(char.isdecimal() and not char.isascii() for char in body):
        found.append(Misspelling("has other digits than 0 to 9", "write it with these"))
        body = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in body)
    if re.search("[0-9]_[0-9]", body):
        found.append(Misspelling("has _ between its digits", "take it out"))
        body = body.replace("_", "")
    if (powered := re.fullmatch(r"(.*[0-9.,])[eE][+-]?[0-9]+", body)) and column.type is not ColumnType.NUMBER:
        step = "write it out, or make the column a number"
        found.append(Misspelling("is written with an exponent", step, is_size=True))
        body = powered[1]
    if not re.fullmatch(r"[0-9.,'\u2019\s]*[0-9][0-9.,'\u2019\s]*", body):
        return None
    return found + _separators(column, body, spelling)


def _separators(column: Column, body: str, spelling: Spelling) -> list[Misspelling]:
    point = "," if spelling.decimal_comma else "."
    readings = [(d, t) for d in ".," for t in ("", ".", ",", "'", " ") if d != t and _reads(body, d, t)]
    own = [(d, t) for d, t in readings if d == point]
    right = next((reading for reading in own if reading[1] in ("", spelling.thousands)), None)
    if right:
        return _sizes(column, body, right)
    if not readings:
        step = "write groups of three, and one decimal point or comma"
        return [Misspelling("has separators that part its digits in no known way", step)]
    d, t = (own or readings)[0]
    whole = column.type is ColumnType.INTEGER
    if own and t in ".," and len(readings) > 1 and not whole:
        other = "decimal comma" if t == "," else "decimal point"
        fault = f"has a {_WORDS[t]} that may part thousands or decimals"
        return [Misspelling(fault, f"declare the {_WORDS[t]} as thousands separator, or as {other}")]
    faults, steps = [], []
    if d != point and not whole:
        faults += [f"a decimal {_WORDS[d]}"] if d in body else []
        steps.append(f"the decimal {_WORDS[d]}")
    if t not in ("", spelling.thousands):
        faults.append(f"{'an' if t == chr(39) else 'a'} {_WORDS[t]} between thousands")
        steps.append(f"the {_WORDS[t]} as thousands separator")
    if not faults:
        return _sizes(column, body, (d, t))
    fault = f"has {' and '.join(faults)}, which {'is' if len(faults) == 1 else 'are'} not declared"
    fixed = f"write it with a decimal {_WORDS[point]}" if d != point and d in body else "leave it out"
    return [Misspelling(fault, f"{fixed}, or declare {' and '.join(steps)}"), *_sizes(column, body, (d, t))]


def _reads(body: str, point: str, thousands: str) -> bool:
    whole = "[0-9]*"
    if thousands:
        between = _BETWEEN[thousands]
        whole = f"[0-9]{{1,3}}(?:{between}[0-9]{{2,3}})*{between}[0-9]{{3}}"
    return re.fullmatch(f"{whole}(?:[{point}][0-9]*)?", body) is not None


def _sizes(column: Column, body: str, reading: tuple[str, str]) -> list[Misspelling]:
    """What is a number but more than the column's type holds."""
    point, thousands = reading
    plain = re.sub(_BETWEEN[thousands], "", body) if thousands else body
    whole, dot, decimals = plain.partition(point)
    whole, decimals = whole.lstrip("0"), decimals.rstrip("0")
    found = []
    if column.type is ColumnType.INTEGER:
        if dot:
            found.append(Misspelling("has decimals", "correct it, or make the column a number", is_size=True))
        if int(whole or 0) >= 2**63:
            found.append(Misspelling("is beyond 64 bits", "correct it, or make the column a number", is_size=True))
    elif column.type is ColumnType.DECIMAL:
        if len(decimals) > _MOST_DECIMALS:
            fault = f"has more than {_MOST_DECIMALS} decimals"
            found.append(Misspelling(fault, "round it, or make the column a number", is_size=True))
        if len(whole) > _MOST_WHOLE:
            fault = f"has more than {_MOST_WHOLE} digits before its decimals"
            found.append(Misspelling(fault, "correct it, or make the column a number", is_size=True))
    return found
