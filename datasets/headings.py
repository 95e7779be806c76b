"""What stands above the columns of an explored answer: the column in words, and what was done with it.

Over REST, in a CSV and in SQL a column has its technical name (`avg_arr_delay`), which programs rely on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lake.contract import Contract

from .explore import Answer

TOTALS = {
    "count": "number of rows", "sum": "sum", "avg": "mean", "median": "median", "min": "least", "max": "most",
    "count_distinct": "different values",
}  # fmt: skip


def headed(answer: Answer, question: Mapping[str, Any], contract: Contract) -> Answer:
    """The answer with the headings of its question. Of a pivot each member heads a column, and `measured` says what
    its numbers are."""
    groups = [_group(one, contract) for one in question.get("groups") or ()]
    totals = [_total(one, contract) for one in question.get("totals") or ()]
    if question.get("pivot") and groups and totals:
        return replace(answer, headings=(*groups, *answer.columns[len(groups) :]), measured=totals[0])
    return replace(answer, headings=tuple(groups + totals) or tuple(heading(name) for name in answer.columns))


def heading(name: str) -> str:
    """A column's name as people read it: "Arr delay" for `arr_delay`."""
    said = _words(name)
    return said[:1].upper() + said[1:]


def _group(group: Mapping[str, Any], contract: Contract) -> str:
    name = contract.column(group["column"]).name
    return f"{heading(group['unit'])} of {_words(name)}" if group.get("unit") else heading(name)


def _total(total: Mapping[str, Any], contract: Contract) -> str:
    """With the unit of measure, but for numbers of rows and of values."""
    done = TOTALS[total["function"]].capitalize()
    if not total.get("column") or total["function"] == "count":
        return done
    column = contract.column(total["column"])
    unit = "" if total["function"] == "count_distinct" or not column.unit else f" ({column.unit})"
    return f"{done} of {_words(column.name)}{unit}"


def _words(name: str) -> str:
    return name.replace("_", " ")
