"""Explore: filter, group, pivot and total one dataset without writing SQL."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

import pyarrow as pa
from sqlglot import exp

from lake.contract import ColumnType, Contract
from lake.cycles import in_words
from lake.filters import Clock, Filter, conditions, known
from lake.formula.compile import to_sql
from lake.formula.local import clocked
from lake.instants import by_clock, written
from lake.query import MAX_ROWS, QueryError, guard, unseen
from lake.store.schema import DAY_SUFFIX

Aggregate = Literal["count", "count_distinct", "sum", "avg", "min", "max", "median"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)
Unit = Literal["day", "week", "month", "quarter", "year", "weekday", "hour"]
UNITS: tuple[Unit, ...] = get_args(Unit)
MOST_COLUMNS = 50  # that a pivot makes


@dataclass(frozen=True, slots=True)
class GroupBy:
    """A column, or the first day of its day, week, month, quarter or year if `unit` says so.

    With `weekday` it is the number of its weekday, 1 (Monday) to 7; with `hour` that of a timestamp's hour, 0 to 23. A
    time belongs to its local day and hour, as it does for KPIs, whatever the clock of the question: to those by the
    clock of the contract's `reporting_timezone`. An hour that this clock shows twice is one.
    """

    column: str
    unit: Unit | None = None

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
    types = {column.name: column.type for column in contract.columns}
    names = types.keys()
    groups = [*question.groups, *([question.pivot] if question.pivot else [])]
    for name in [*(g.column for g in groups), *(t.column for t in question.totals if t.column)]:
        known(name, names)
    keys = [_group(group, contract) for group in groups]
    grouped = [key.as_(group.name, quoted=True) for key, group in zip(keys, groups, strict=True)]
    totals = [_total(total, types.get(total.column, "")).as_(total.name, quoted=True) for total in question.totals]
    select = exp.select(*(grouped + totals or [_column(c.name) for c in contract.columns]))
    select = select.from_(exp.to_table(view))
    for condition in conditions(question.filters, contract, question.clock):
        select = select.where(condition)
    if grouped:
        select = select.group_by(*keys)
    order = _order(question, [g.name for g in groups] + [t.name for t in question.totals], names)
    if order:
        select = select.order_by(*order)
    hidden = unseen(contract)
    sql = to_sql(select.limit(max(1, min(question.limit, MAX_ROWS)) + 1))
    return guard(sql, names | hidden.keys(), view=view, hidden=hidden)


@dataclass(frozen=True)
class Tabled:
    """An answer as a table, and what it says of all its rows together.

    all_rows: for each column behind those of the groups, its totals over all rows for which the filters hold, also
    those of groups beyond the limit; None where there is nothing to add. all_columns: of a pivot, the total of each row
    over all its columns, and last of everything; None of another answer. pivots: of a pivot, the same for each of its
    totals, the first of which is the one shown.
    """

    table: pa.Table
    all_rows: list[Any] | None = None
    all_columns: list[Any] | None = None
    pivots: "tuple[Tabled, ...]" = ()


def totals_sql(question: Explore, contract: Contract) -> list[str]:
    """The statements beside that of a grouped question whose answers `tabled` needs: of all rows; of a pivot also of
    each of its members and of each row. They are counted from rows: a mean of means would be another number."""
    if not question.groups or not question.totals:
        return []
    plain = replace(question, pivot=None, order_by="", limit=MAX_ROWS)
    if question.pivot is None:
        return [explore_sql(replace(plain, groups=()), contract)]
    return [explore_sql(replace(plain, groups=keys), contract) for keys in ((), (question.pivot,), question.groups)]


def tabled(
    table: pa.Table, question: Explore, contract: Contract, totals: Sequence[pa.Table], *, most: int = MOST_COLUMNS
) -> Tabled:
    """The answer as it is shown. totals: the answers to `totals_sql`. Raises QueryError as `pivoted`."""
    if question.pivot is None or not question.totals:
        return Tabled(table, [column[0].as_py() for column in totals[0].columns] if totals and table.num_rows else None)
    shown = [_of_total(place, table, question, contract, totals, most) for place in range(len(question.totals))]
    return replace(shown[0], pivots=tuple(shown))


def _of_total(
    place: int, table: pa.Table, question: Explore, contract: Contract, totals: Sequence[pa.Table], most: int
) -> Tabled:
    """What a pivot shows of the total at this place of the question."""
    if not totals or not table.num_rows:
        return Tabled(pivoted(table, question, contract, most=most, total=place))
    by_member, by_row = (_by_key(one, place, len(question.totals)) for one in totals[1:])
    members = _in_order(key for (key,) in by_member)
    whole = [totals[0].column(place)[0].as_py()]
    shown = pivoted(table, question, contract, members=members, most=most, total=place)
    rows = zip(*(shown.column(place).to_pylist() for place in range(len(question.groups))), strict=True)
    return Tabled(shown, [by_member[(key,)] for key in members], [*(by_row.get(keys) for keys in rows), *whole])


def _by_key(table: pa.Table, place: int, totals: int) -> dict[tuple[object, ...], Any]:
    *keys, _ = (column.to_pylist() for column in table.columns[: table.num_columns - totals + 1])
    values = table.column(len(keys) + place).to_pylist()
    return dict(zip(zip(*keys, strict=True), values, strict=True))


def pivoted(
    table: pa.Table,
    question: Explore,
    contract: Contract,
    *,
    members: Sequence[object] | None = None,
    most: int = MOST_COLUMNS,
    total: int = 0,
) -> pa.Table:
    """The answer with the pivot's members as columns; one total per cell, that at place `total` of the question.

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
    asked = [*table.columns[: width + 1], table.column(width + 1 + total)]
    for *keys, member, value in zip(*(column.to_pylist() for column in asked), strict=True):
        cells.setdefault(tuple(keys), {})[member] = value
    columns = [pa.array([cell[place] for cell in cells], table.column(place).type) for place in range(width)]
    columns += [pa.array([cell.get(m) for cell in cells.values()], asked[-1].type) for m in members]
    zone = contract.reporting_timezone if question.clock == "local" else ""
    names = [group.name for group in question.groups]
    names += [_named(in_words(member, question.pivot.unit), zone) for member in members]
    return pa.Table.from_arrays(columns, names)


def _named(member: object, zone: str) -> str:
    """A member as the head of its column: a time by the clock of the zone, in UTC without one."""
    if member is None:
        return "(none)"
    return written(by_clock(member, zone)) if zone and isinstance(member, datetime) else str(member)


def _in_order(members: Iterable[Any]) -> list[Any]:
    """Numbers by size, days by time, and what has no value last."""
    return sorted(members, key=lambda member: (member is None, member if member is not None else 0))


def _column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def _group(group: GroupBy, contract: Contract) -> exp.Expr:
    if group.unit is None:
        return _column(group.column)
    kind = contract.column(group.column).type
    _check_unit(group, kind)
    if group.unit == "hour":
        return exp.Extract(this=exp.var("HOUR"), expression=clocked(_column(group.column), contract.reporting_timezone))
    day = _column(group.column + DAY_SUFFIX if kind is ColumnType.TIMESTAMP else group.column)
    if group.unit == "weekday":
        return exp.Extract(this=exp.var("ISODOW"), expression=day)
    return exp.cast(exp.TimestampTrunc(this=day, unit=exp.var(group.unit.upper())), "date")


def _check_unit(group: GroupBy, kind: ColumnType) -> None:
    if group.unit not in UNITS:
        said = f"`{group.unit}` is not a unit of time; choose one of {', '.join(UNITS)}"
        raise QueryError(said, str(group.unit))
    if not kind.temporal:
        raise QueryError(f"`{group.column}` holds no times: group by it without `{group.unit}`", group.column)
    if group.unit == "hour" and kind is not ColumnType.TIMESTAMP:
        said = f"`{group.column}` holds dates without a time, so it has no hour; choose its weekday, or a time column"
        raise QueryError(said, group.column)


def _total(total: Total, column_type: str) -> exp.Expr:
    if total.function not in AGGREGATES:
        raise QueryError(f"`{total.function}` is not a total; choose one of {', '.join(AGGREGATES)}", total.function)
    if total.function != "count" and not total.column:
        raise QueryError(f"`{total.function}` is that of a column: name one", total.function)
    if total.function in ("sum", "avg") and column_type == "text":
        raise QueryError(f"`{total.column}` is text, which has no `{total.function}`: count it instead", total.column)
    column: exp.Expr = _column(total.column) if total.column else exp.Star()
    if total.function == "count_distinct":
        return exp.Count(this=exp.Distinct(expressions=[column]))
    kinds = {"count": exp.Count, "sum": exp.Sum, "avg": exp.Avg, "min": exp.Min, "max": exp.Max, "median": exp.Median}
    return kinds[total.function](this=column)


def _order(question: Explore, shown: Sequence[str], names: Collection[str]) -> list[exp.Expr]:
    if not question.order_by:
        return [exp.Ordered(this=_column(name), nulls_first=False) for name in shown[: len(question.groups)]]
    known(question.order_by, shown or names)
    return [exp.Ordered(this=_column(question.order_by), desc=question.descending, nulls_first=False)]
