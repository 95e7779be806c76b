"""Filters of a question without SQL: which rows are asked for, as a condition built from parts and never from text."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

import numpy as np
from sqlglot import exp

from lake.contract import Contract
from lake.formula import grammar
from lake.formula.compile import to_sql
from lake.formula.local import clocked
from lake.instants import instant_of
from lake.query import QueryError

Value = str | int | float | bool | date | None
Operator = Literal[
    "eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains", "starts_with", "is_null", "not_null"
]
Clock = Literal["utc", "local"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
_COMPARISONS: dict[str, type[exp.Expr]] = {
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "lt": exp.LT,
    "lte": exp.LTE,
    "gt": exp.GT,
    "gte": exp.GTE,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """`column` compared by one of OPERATORS with one value; several for in, not_in; none for is_null, not_null.

    A time is compared with an ISO time, of the offset that it says, else of the question's `clock`; or with an ISO
    date, which is that whole day: "lte" takes all of it, "gt" begins after it.
    """

    column: str
    operator: Operator
    values: tuple[Value, ...] = ()


def conditions(filters: Sequence[Filter], contract: Contract, clock: Clock = "utc") -> list[exp.Expr]:
    """The condition of each filter. clock: by which times without an offset are read. Raises QueryError."""
    names, times = {column.name for column in contract.columns}, {column.name for column in contract.instants}
    for wanted in filters:
        known(wanted.column, names)
    zone = zone_of(clock, contract)
    return [_condition(wanted, zone if wanted.column in times else None) for wanted in filters]


def filters_sql(filters: Sequence[Filter], contract: Contract, clock: Clock = "utc") -> str:
    """The condition that all filters make over the contract's columns, `TRUE` without one. Raises QueryError."""
    return to_sql(exp.and_(exp.true(), *conditions(filters, contract, clock)))


def zone_of(clock: Clock, contract: Contract) -> str:
    """The IANA zone of a question's clock."""
    return contract.reporting_timezone if clock == "local" else "UTC"


def known(name: str, names: Collection[str]) -> None:
    """Raises QueryError with the nearest name where there is no such column."""
    if name not in names:
        raise QueryError(f"There is no column `{name}`", name, None, grammar.nearest(name, names))


def _condition(wanted: Filter, zone: str | None) -> exp.Expr:
    """zone: of a time, by whose clock it is read and compared as a text; None for any other column."""
    column = exp.column(wanted.column, quoted=True)
    needed = {"is_null": 0, "not_null": 0, "in": len(wanted.values) or 1, "not_in": len(wanted.values) or 1}
    if wanted.operator not in OPERATORS or len(wanted.values) != needed.get(wanted.operator, 1):
        raise QueryError(f"The filter on `{wanted.column}` is incomplete", wanted.operator)
    match wanted.operator:
        case "is_null" | "not_null":
            empty = exp.Is(this=column, expression=exp.Null())
            return empty if wanted.operator == "is_null" else exp.Not(this=empty)
        case "contains" | "starts_with":
            return _of_text(column, wanted, zone)
    if zone is not None:
        return _of_time(column, wanted.operator, [_span(value, zone) for value in wanted.values])
    values = [_literal(value) for value in wanted.values]
    if wanted.operator in ("in", "not_in"):
        found = exp.In(this=column, expressions=values)
        return found if wanted.operator == "in" else exp.Not(this=found)
    return _COMPARISONS[wanted.operator](this=column, expression=values[0])


def _of_text(column: exp.Expr, wanted: Filter, zone: str | None) -> exp.Expr:
    value = _literal(wanted.values[0])
    text = exp.cast(clocked(column, zone or "UTC"), "text")
    if wanted.operator == "starts_with":
        return exp.StartsWith(this=text, expression=value)
    return exp.Contains(this=exp.Lower(this=text), expression=exp.Lower(this=value))


Span = tuple[exp.Expr, exp.Expr | None]


def _of_time(column: exp.Expr, operator: str, spans: Sequence[Span]) -> exp.Expr:
    """spans: an instant each (without an end), or a day from its first instant up to the next day's, not included."""
    if operator in ("eq", "ne", "in", "not_in"):
        found = exp.or_(*(_within(column, span) for span in spans))
        return found if operator in ("eq", "in") else exp.Not(this=exp.paren(found))
    ((start, end),) = spans
    if end is None or operator in ("lt", "gte"):
        return _COMPARISONS[operator](this=column, expression=start)
    return _COMPARISONS["lt" if operator == "lte" else "gte"](this=column, expression=end)


def _within(column: exp.Expr, span: Span) -> exp.Expr:
    start, end = span
    if end is None:
        return exp.EQ(this=column, expression=start)
    return exp.and_(exp.GTE(this=column, expression=start), exp.LT(this=column, expression=end))


def _span(value: Value, zone: str) -> Span:
    if not isinstance(value, str | date):
        return _literal(value), None
    text = value.strip() if isinstance(value, str) else value.isoformat()
    try:
        day = _day(text)
        if day is None:
            return _literal(instant_of(text, zone)), None
        start, end = (instant_of(one.isoformat(), zone) for one in (day, day + timedelta(days=1)))
    except (ValueError, OverflowError):
        raise QueryError(f"{text[:40]!r} is no date: write it as in 2025-01-31 or 2025-01-31 10:30", text) from None
    return _literal(start), _literal(end)


def _day(text: str) -> date | None:
    """The ISO date that the text is; None where it says a time as well, or is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _literal(value: Value) -> exp.Expr:
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "timestamp" if isinstance(value, datetime) else "date")
    if isinstance(value, float) and not np.isfinite(value):
        raise QueryError("A filter compares with a finite number", str(value))
    return exp.convert(value)
