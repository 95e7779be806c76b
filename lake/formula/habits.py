"""What people write who come from spreadsheets, DAX, Tableau and other SQL: taken where it means the same here, else
what a formula says instead."""

import re
from collections.abc import Mapping
from types import MappingProxyType

_COUNTED = "count_if(condition)"
_SUMMED = "sum(column) filter (where condition)"
_MEAN = "avg(column)"
_SPAN = "(epoch(until) - epoch(since)) / {}"
_UNITS = "datediff('hour', since, until)"
INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "countif": _COUNTED, "countifs": _COUNTED, "countrows": "count(*)", "counta": "count(column)",
        "distinctcount": "count(distinct column)", "countunique": "count(distinct column)",
        "sumif": _SUMMED, "sumifs": _SUMMED, "calculate": _SUMMED, "sumx": "sum(column * other)",
        "average": _MEAN, "mean": _MEAN, "averagex": _MEAN,
        "averageif": "avg(column) filter (where condition)", "averageifs": "avg(column) filter (where condition)",
        "divide": "a / b, which is empty where b is 0", "isblank": "column is null", "iferror": "coalesce(value, 0)",
        "switch": "case when condition then value else other end", "concatenate": "text || text",
        "hours_between": _SPAN.format(3600), "hoursbetween": _SPAN.format(3600), "timediff": _SPAN.format(3600),
        "seconds": "epoch(until) - epoch(since)", "minutes": _SPAN.format(60), "hours": _SPAN.format(3600),
        "days": _SPAN.format(86400), "minutes_between": _SPAN.format(60),
        "days_between": _SPAN.format(86400), "datedif": _SPAN.format(86400),
        "timestampdiff": _UNITS, "datetime_diff": _UNITS, "timestamp_diff": _UNITS,
        "dateadd": "column + interval 1 day", "date_add": "column + interval 1 day",
        "iff": "if(condition, value, other)", "countd": "count(distinct column)", "zn": "coalesce(value, 0)",
        "isnull": "column is null, or coalesce(column, value)",
        "array": "a column's name without square brackets",
    }
)  # fmt: skip
IN_STRING = re.compile(r"'(?:[^']|'')*'")
_BRACKETED = re.compile(r"(?<![\w\])'\"`])(?:\[([A-Za-z_][^\[\]\"'`]*)\]|`([^`\"']+)`)")
_OF_TABLE = re.compile(r"""(?:"[^"]*"|'[^']*'|\w+)\s*\[([A-Za-z_][^\[\]]*)\]""")
_WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)
_UNITLESS = re.compile(r"\b(date_?diff)\s*\([^(),]+,[^(),]+\)", re.IGNORECASE)
MOST_REPEATED = 200


def usual(text: str) -> str:
    """The text as a formula writes it, where that means the same: no = at the start, and names in brackets or backticks
    in quotes. It stays as long as it was, so that places stay what they are."""
    masked = masked_strings(text)
    if masked.lstrip()[:1] == "=" and masked.lstrip()[1:2] != "=":
        text = text.replace("=", " ", 1)
    for found in _BRACKETED.finditer(masked):
        name = text[found.start() + 1 : found.end() - 1]
        text = f'{text[: found.start()]}"{name}"{text[found.end() :]}'
    return text


def unusual(text: str) -> tuple[str, str, int] | None:
    """What is written as other tools have it: the refusal, its word and where that begins; None where nothing is."""
    masked = masked_strings(text)
    if (at := masked.find("{")) >= 0:
        said = "has no counterpart: write the aggregate alone, as in sum(column)"
        return f"A level of detail such as {{FIXED ...}} {said}; units, periods and dimensions divide it", "{", at
    if (at := masked.find("&&")) >= 0:
        return "`&&` may not stand in a formula; write and", "&&", at
    if found := _OF_TABLE.search(masked):
        word, name = text[found.start() : found.end()], found[1]
        name = name if re.fullmatch(r"\w+", name) else f'"{name}"'
        said = f"`{word}` names a table; write {name}, since a formula is about the rows of one dataset"
        return said, word, found.start()
    if found := _UNITLESS.search(masked):
        return f"`{found[1]}` begins with its unit; write {_UNITS}", found[1], found.start()
    return _where(text, masked)


def _where(text: str, masked: str) -> tuple[str, str, int] | None:
    """A condition that stands behind the formula instead of in the brackets of filter."""
    found = _WHERE.search(masked)
    if found is None or masked[: found.start()].rstrip().endswith("("):
        return None
    head, condition = text[: found.start()].strip(), text[found.end() :].strip()
    instead = "put it behind its aggregate, as in count(*) filter (where condition)"
    if condition and _is_call(masked[: found.start()].strip()) and len(text) <= MOST_REPEATED:
        instead = f"write {head} filter (where {condition})"
    return f"`{found[0]}` may not stand here; {instead}", found[0], found.start()


def _is_call(text: str) -> bool:
    """One call and nothing beside it: its first bracket closes at the end."""
    if not re.fullmatch(r"\w+\(.*\)", text, re.DOTALL):
        return False
    depths = [text[: n + 1].count("(") - text[: n + 1].count(")") for n in range(len(text))]
    return 0 not in depths[text.index("(") : -1]


def masked_strings(text: str) -> str:
    """The text with blanks between the quotes of its literals."""
    return IN_STRING.sub(lambda found: f"'{' ' * (len(found[0]) - 2)}'", text)


def instead_of(word: str) -> str:
    """Said behind a refusal of this word; empty where nobody knows better."""
    known = INSTEAD.get(word.lower(), "")
    return f"; write {known}" if known else ""
