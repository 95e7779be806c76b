"""What the database says of a value that a formula cannot use, in our words."""

import re

from lake.formula.grammar import first_line

_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|DOUBLE|FLOAT|DECIMAL")
_WORDS = {"BOOL": "true or false", "DATE": "a date", "TIMESTAMP": "a time", "INTERVAL": "a span", "VARCHAR": "a text"}
_TEXT = re.compile(r"Could not convert string ['\"](.*)['\"] to ([\w(),]+)(?: when casting from source column (\w+))?")
_DAY = re.compile(r'(?:invalid )?(date|timestamp) field (?:format|value out of range): "(.*?)"(?:,|$)')
_NEVER = re.compile(r"Unimplemented type for cast \((\S+) -> ([^\s)]+\)?)\)")
_LARGE = re.compile(r"(?:Could not cast value|Type \w+ with value) (\S+) .*?(?:to|destination type) ([\w(),]+)")


def told(error: BaseException | str) -> str:
    """The fault of a value, such as `'seven' of vendor is not a number`; without a full stop at the end."""
    said = error if isinstance(error, str) else first_line(error)
    if found := _TEXT.search(said):
        column = f" of {found[3]}" if found[3] and not found[3].startswith("_") else ""
        return f"'{found[1]}'{column} is not {_word(found[2])}"
    if found := _DAY.search(said):
        return f"'{found[2]}' is not {_word(found[1].upper())}"
    if found := _NEVER.search(said):
        return f"{_word(found[1])} cannot be read as {_word(found[2])}"
    if found := _LARGE.search(said):
        bits = re.sub(r"^U?INT(\d+)$", r"a whole number of \1 bits", found[2])
        return f"the number {found[1]} is too large for {bits}"
    if "Overflow in " in said:
        return "a whole number on the way is too large; convert one of its parts, as in column::double"
    return re.sub(r"^[A-Z][\w ]* Error: ", "", said)


def _word(sql_type: str) -> str:
    known = next((word for start, word in _WORDS.items() if sql_type.startswith(start)), sql_type)
    return "a number" if _NUMBER.match(sql_type) and not sql_type.startswith("INTERVAL") else known
