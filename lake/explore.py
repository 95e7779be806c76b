"""Explore: filter, group, pivot and total one dataset without writing SQL."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from sqlglot import exp

from lake.contract import Contract
from lake.formula import grammar
from lake.formula.compile import to_sql
from lake.instants import by_clock, instant_of, written
from lake.query import MAX_ROWS, QueryError, guard, unseen
from lake.store.schema import DAY_SUFFIX

Value = str | int | float | bool | date | None
_COMPARISONS: dict[str, type[exp.Expr]] = {
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "lt": exp.LT,
    "lte": exp.LTE,
    "gt": exp.GT,
    "gte": exp.GTE,
}
Operator = Literal[
    "eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains", "starts_with", "is_null", "not_null"
]
Aggregate = Literal["count", "count_distinct", "sum", "avg", "min", "max", "median"]
Clock = Literal["utc", "local"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)
MOST_COLUMNS = 50  # that a pivot makes


@dataclass(frozen=True, slots=True)
class Filter:
    """`column` compared by one of OPERATORS with one value; several for in, not_in; none for is_null, not_null.

    A time is compared with an ISO date or time: of the offset that it says, else of the question's `clock`.
    """

    column: str
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupBy:
    """A column, or the first day of its day, week, month, quarter or year if `unit` says so.

    A time belongs to its local day, as it does for KPIs: that of the contract's `reporting_timezone`.
    """

    column: str
    unit: Literal["day", "week", "month", "quarter", "year"] | None = None

    @property
    def name(self) -> str:
        return f"{self.column}_{self.unit}" if self.unit else self.column


@dataclass(frozen=True, slots=True)
class Total:
    """One of AGGREGATES over a column (count needs none)."""

    function: Aggregate
    column: str = ""

    @property
    def name(self) -> str:
        return f"{self.function}_{self.column}" if self.column else self.function


@dataclass(frozen=True, slots=True)
class Explore:
    """A question without SQL: group by some columns, show totals; without groups and totals, the rows themselves.

    pivot: one of the groups whose members become columns (see `pivoted`). limit: of the answer; its statement asks for
    one row more, so that who runs it can say that there are more. clock: by which filters read times that say no
    offset, and a pivot names times: UTC, or with `local` that of the contract's `reporting_timezone`.
    """

    groups: tuple[GroupBy, ...] = ()
    totals: tuple[Total, ...] = ()
    filters: tuple[Filter, ...] = ()
    pivot: GroupBy | None = None
    order_by: str = ""
    descending: bool = False
    limit: int = 1_000
    clock: Clock = "utc"


def explore_sql(question: Explore, contract: Contract, *, view: str = "facts") -> str:
    """The SELECT of a question, built from its parts and never from text. Raises QueryError."""
    names = {column.name for column in contract.columns}
    groups = [*question.groups, *([question.pivot] if question.pivot else [])]
    for name in [*(g.column for g in groups), *(t.column for t in question.totals if t.column)]:
        _known(name, names)
    times = {column.name for column in contract.instants}
    keys = [_group(group, times) for group in groups]
    grouped = [key.as_(group.name, quoted=True) for key, group in zip(keys, groups, strict=True)]
    totals = [_total(total).as_(total.name, quoted=True) for total in question.totals]
    select = exp.select(*(grouped + totals or [_column(c.name) for c in contract.columns]))
    select = select.from_(exp.to_table(view))
    for condition in _conditions(question.filters, contract, question.clock):
        select = select.where(condition)
    if grouped:
        select = select.group_by(*keys)
    order = _order(question, [g.name for g in groups] + [t.name for t in question.totals], names)
    if order:
        select = select.order_by(*order)
    hidden = unseen(contract)
    sql = to_sql(select.limit(max(1, min(question.limit, MAX_ROWS)) + 1))
    return guard(sql, names | hidden.keys(), view=view, hidden=hidden)


def filters_sql(filters: Sequence[Filter], contract: Contract, clock: Clock = "utc") -> str:
    """The condition that all filters make over the contract's columns, `TRUE` without one. Raises QueryError."""
    return to_sql(exp.and_(exp.true(), *_conditions(filters, contract, clock)))


@dataclass(frozen=True)
class Tabled:
    """An answer as a table, and what it says of all its rows together.

    all_rows: for each column behind those of the groups, its totals over all rows for which the filters hold, also
    those of groups beyond the limit; None where there is nothing to add. all_columns: of a pivot, the total of each row
    over all its columns, and last of everything; None of another answer.
    """

    table: pa.Table
    all_rows: list[Any] | None = None
    all_columns: list[Any] | None = None


def totals_sql(question: Explore, contract: Contract) -> list[str]:
    """The statements beside that of a grouped question whose answers `tabled` needs: of all rows; of a pivot also of
    each of its members and of each row. They are counted from rows: a mean of means would be another number."""
    if not question.groups or not question.totals:
        return []
    plain = replace(question, pivot=None, order_by="", limit=MAX_ROWS)
    if question.pivot is None:
        return [explore_sql(replace(plain, groups=()), contract)]
    plain = replace(plain, totals=question.totals[:1])
    return [explore_sql(replace(plain, groups=keys), contract) for keys in ((), (question.pivot,), question.groups)]


def tabled(
    table: pa.Table, question: Explore, contract: Contract, totals: Sequence[pa.Table], *, most: int = MOST_COLUMNS
) -> Tabled:
    """The answer as it is shown. totals: the answers to `totals_sql`. Raises QueryError as `pivoted`."""
    if not totals or not table.num_rows:
        return Tabled(pivoted(table, question, contract, most=most))
    whole = [column[0].as_py() for column in totals[0].columns]
    if question.pivot is None:
        return Tabled(table, whole)
    by_member, by_row = (_by_key(one) for one in totals[1:])
    members = _in_order(key for (key,) in by_member)
    shown = pivoted(table, question, contract, members=members, most=most)
    rows = zip(*(shown.column(place).to_pylist() for place in range(len(question.groups))), strict=True)
    return Tabled(shown, [by_member[(key,)] for key in members], [*(by_row.get(keys) for keys in rows), *whole])


def _by_key(table: pa.Table) -> dict[tuple[object, ...], Any]:
    *keys, values = (column.to_pylist() for column in table.columns)
    return dict(zip(zip(*keys, strict=True), values, strict=True)) if keys else {(): values[0]}


def pivoted(
    table: pa.Table,
    question: Explore,
    contract: Contract,
    *,
    members: Sequence[object] | None = None,
    most: int = MOST_COLUMNS,
) -> pa.Table:
    """The answer with the pivot's members as columns; one total per cell, the first of the question.

    members: those of all rows, where the answer may lack some. Raises QueryError where there are more than `most`: a
    table without some of them would look whole.
    """
    if question.pivot is None or not question.totals:
        return table
    width = len(question.groups)
    if members is None:
        members = _in_order(set(table.column(width).to_pylist()))
    if len(members) > most:
        said = f"`{question.pivot.name}` has {len(members):,} values, and a table shows at most {most} as columns"
        raise QueryError(f"{said}: filter them, or group by it", question.pivot.name)
    cells: dict[tuple[object, ...], dict[object, object]] = {}
    for *keys, member, value in zip(*(column.to_pylist() for column in table.columns[: width + 2]), strict=True):
        cells.setdefault(tuple(keys), {})[member] = value
    columns = [pa.array([cell[place] for cell in cells], table.column(place).type) for place in range(width)]
    columns += [pa.array([cell.get(m) for cell in cells.values()], table.column(width + 1).type) for m in members]
    zone = contract.reporting_timezone if question.clock == "local" else ""
    names = [group.name for group in question.groups] + [_named(member, zone) for member in members]
    return pa.Table.from_arrays(columns, names)


def _named(member: object, zone: str) -> str:
    """A member as the head of its column: a time by the clock of the zone, in UTC without one."""
    if member is None:
        return "(none)"
    return written(by_clock(member, zone)) if zone and isinstance(member, datetime) else str(member)


def _in_order(members: Iterable[Any]) -> list[Any]:
    """Numbers by size, days by time, and what has no value last."""
    return sorted(members, key=lambda member: (member is None, member if member is not None else 0))


def _known(name: str, names: Collection[str]) -> None:
    if name not in names:
        raise QueryError(f"There is no column `{name}`", name, None, grammar.nearest(name, names))


def _column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def _group(group: GroupBy, times: Collection[str]) -> exp.Expr:
    if group.unit is None:
        return _column(group.column)
    if group.unit not in ("day", "week", "month", "quarter", "year"):
        raise QueryError(f"`{group.unit}` is not a unit of time", str(group.unit))
    day = _column(group.column + DAY_SUFFIX if group.column in times else group.column)
    return exp.cast(exp.TimestampTrunc(this=day, unit=exp.var(group.unit.upper())), "date")


def _total(total: Total) -> exp.Expr:
    if total.function not in AGGREGATES or (total.function != "count" and not total.column):
        raise QueryError(f"`{total.function}` is not a total; choose one of {', '.join(AGGREGATES)}", total.function)
    column: exp.Expr = _column(total.column) if total.column else exp.Star()
    if total.function == "count_distinct":
        return exp.Count(this=exp.Distinct(expressions=[column]))
    kinds = {"count": exp.Count, "sum": exp.Sum, "avg": exp.Avg, "min": exp.Min, "max": exp.Max, "median": exp.Median}
    return kinds[total.function](this=column)


def _zone(clock: Clock, contract: Contract) -> str:
    return contract.reporting_timezone if clock == "local" else "UTC"


def _conditions(filters: Sequence[Filter], contract: Contract, clock: Clock) -> list[exp.Expr]:
    names, times = {column.name for column in contract.columns}, {column.name for column in contract.instants}
    for wanted in filters:
        _known(wanted.column, names)
    return [_condition(wanted, _zone(clock, contract) if wanted.column in times else None) for wanted in filters]


def _condition(wanted: Filter, zone: str | None) -> exp.Expr:
    """zone: of a time, by whose clock it is read and compared as a text; None for any other column."""
    column, by_text = _column(wanted.column), wanted.operator in ("contains", "starts_with")
    values = [_literal(value) if zone is None or by_text else _time(value, zone) for value in wanted.values]
    if by_text and zone not in (None, "UTC"):
        column = exp.AtTimeZone(this=column, zone=exp.Literal.string("UTC"))
        column = exp.AtTimeZone(this=column, zone=exp.Literal.string(zone))
    needed = {"is_null": 0, "not_null": 0, "in": len(values) or 1, "not_in": len(values) or 1}
    if wanted.operator not in OPERATORS or len(values) != needed.get(wanted.operator, 1):
        raise QueryError(f"The filter on `{wanted.column}` is incomplete", wanted.operator)
    match wanted.operator:
        case "is_null" | "not_null":
            empty = exp.Is(this=column, expression=exp.Null())
            return empty if wanted.operator == "is_null" else exp.Not(this=empty)
        case "in" | "not_in":
            found = exp.In(this=column, expressions=values)
            return found if wanted.operator == "in" else exp.Not(this=found)
        case "contains":
            return exp.Contains(this=exp.Lower(this=exp.cast(column, "text")), expression=exp.Lower(this=values[0]))
        case "starts_with":
            return exp.StartsWith(this=exp.cast(column, "text"), expression=values[0])
    return _COMPARISONS[wanted.operator](this=column, expression=values[0])


def _time(value: Value, zone: str) -> exp.Expr:
    if not isinstance(value, str | date):
        return _literal(value)
    text = value if isinstance(value, str) else value.isoformat()
    try:
        return _literal(instant_of(text, zone))
    except ValueError:
        raise QueryError(f"{text[:40]!r} is no date: write it as in 2025-01-31 or 2025-01-31 10:30", text) from None


def _literal(value: Value) -> exp.Expr:
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "timestamp" if hasattr(value, "hour") else "date")
    if isinstance(value, float) and not np.isfinite(value):
        raise QueryError("A filter compares with a finite number", str(value))
    return exp.convert(value)


def _order(question: Explore, shown: Sequence[str], names: Collection[str]) -> list[exp.Expr]:
    if not question.order_by:
        return [exp.Ordered(this=_column(name), nulls_first=False) for name in shown[: len(question.groups)]]
    _known(question.order_by, shown or names)
    return [exp.Ordered(this=_column(question.order_by), desc=question.descending, nulls_first=False)]
