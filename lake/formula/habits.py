"""What people write who come from spreadsheets and DAX, and what a formula says instead."""

from collections.abc import Mapping
from types import MappingProxyType

_COUNTED = "count_if(condition)"
_SUMMED = "sum(column) filter (where condition)"
_MEAN = "avg(column)"
_SPAN = "(epoch(until) - epoch(since)) / {}"
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
        "minutes_between": _SPAN.format(60), "days_between": _SPAN.format(86400), "datedif": _SPAN.format(86400),
        "array": "a column's name without square brackets",
    }
)  # fmt: skip


def instead_of(word: str) -> str:
    """Said behind a refusal of this word; empty where nobody knows better."""
    known = INSTEAD.get(word.lower(), "")
    return f"; write {known}" if known else ""
