"""How dates are written: as people and spreadsheets say it, DD/MM/YYYY, and as a contract does, %d/%m/%Y.

YYYY YY   year               MMMM MMM   name of the month      HH   hour, with AM of twelve
MM M      month, or minute   DDDD DDD   name of the weekday    SS   second
DD D      day                           beside HH or SS        AM   AM or PM
"""

import re

from lake.contract.words import SPECIAL_FORMATS

_SIGNS = {
    "YYYY": "Y", "YY": "y", "MMMM": "B", "MMM": "b", "MM": "m", "M": "m", "DDDD": "A", "DDD": "a", "DD": "d", "D": "d",
    "HH": "H", "H": "H", "SS": "S", "S": "S", "AM": "p", "PM": "p", "AM/PM": "p",
}  # fmt: skip
_WRITTEN = {
    "Y": "YYYY", "y": "YY", "m": "MM", "b": "MMM", "B": "MMMM", "d": "DD", "a": "DDD", "A": "DDDD", "H": "HH",
    "I": "HH", "M": "MM", "S": "SS", "p": "AM",
}  # fmt: skip
_PART = re.compile(
    r"Y{4}|Y{2}|M{2,4}|D{2,4}|H{2}|S{2}|(?<![A-Z])(?:AM/PM|AM|PM|[MDHS])(?![A-Z])", re.IGNORECASE | re.ASCII
)
_SIGN = re.compile(r"%(.)", re.DOTALL)
_WORD = re.compile(r"[A-Z]+", re.IGNORECASE | re.ASCII)
_OF_FORMATS = frozenset("YMDHSIJTAFRKWZ")  # what parts of a date are called here and in other programs: MI, JJJJ, FFF
_TEXTS = frozenset({"T", "Z", "AT", "MST", "MDT"})  # and yet stand in dates
_NOON = re.compile(r"(?<![A-Z])(?:a|tt)$")  # AM or PM, as .NET and Java write it


def as_written(text: str) -> str:
    """A contract's format, or several separated by |, as people say it; unchanged where that would not say all."""
    said = " | ".join(_as_written(one.strip()) for one in text.split("|"))
    return said if as_format(said) == as_format(text) else text


def as_format(text: str) -> str:
    """The contract's format of what people write, or several separated by |. What is one already stays as it is, and
    so does what names no part of a date."""
    return "|".join(_as_format(one.strip()) for one in text.split("|"))


def not_understood(written: str) -> str:
    """The first word of what a person writes that is a part of no date, such as SSS or MI; empty where there is none.

    Any other text stands in the dates as it is: T and Z, um and Uhr, the h of HHhMM.
    """
    for text in (one.strip() for one in written.split("|")):
        rest = text if text in SPECIAL_FORMATS or "%" in text else _PART.sub(lambda part: "." * len(part[0]), text)
        for word in _WORD.finditer(rest) if rest != text else ():
            repeats = rest[word.start() - 1 : word.start()] == "." and text[word.start() - 1] == word[0][0]
            is_part = word[0].isupper() and word[0] not in _TEXTS and _OF_FORMATS.issuperset(word[0])
            if repeats or is_part or _NOON.match(rest, word.start()):
                return next(whole[0] for whole in _WORD.finditer(text) if whole.end() > word.start())
    return ""


def _as_written(text: str) -> str:
    return text if text in SPECIAL_FORMATS else _SIGN.sub(lambda found: _WRITTEN.get(found[1], found[0]), text)


def _as_format(text: str) -> str:
    if text in SPECIAL_FORMATS or "%" in text:
        return text
    signs = [_SIGNS[part.upper()] for part in _PART.findall(text)]
    hour = "I" if "p" in signs else "H"
    for at, sign in enumerate(signs):
        if sign == "m" and ("H" in signs[at - 1 : at] or "S" in signs[at + 1 : at + 2]):
            signs[at] = "M"
    each = iter(hour if sign == "H" else sign for sign in signs)
    return _PART.sub(lambda _: f"%{next(each)}", text)
