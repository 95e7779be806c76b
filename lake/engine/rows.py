"""The rows behind a number, and the preview of a measure that is being written."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

import duckdb
import pyarrow as pa
from sqlglot import exp

from lake.contract import Contract
from lake.engine.compute import FORMULA_FAULTS, check, compute, scan_of
from lake.engine.layout import frames_of
from lake.engine.scans import Scan, joined_facts
from lake.engine.source import DEFAULT, Settings, Source, connect, literal
from lake.formula.compile import quoted, to_sql
from lake.formula.faults import told
from lake.formula.grammar import AGGREGATES
from lake.periods import MONTHS, Calendar, Period
from lake.plan import Measure, MeasureError, Parts, UnitLevel, parts_of

LINEAGE = ("_load", "_row")


@dataclass(frozen=True)
class RowsBehind:
    """One page of the rows of a number, and the sums over all of its rows.

    rows: the contract's columns, _load and _row where stored, and per row its _numerator and _denominator, whose sums
    over all pages are the number's, or its _value, the argument of a percentile, distinct count or extreme.
    total: how many rows there are; numerator and denominator: None where the number is no quotient of sums.
    """

    rows: pa.Table
    total: int
    numerator: float | None
    denominator: float | None


@dataclass(frozen=True)
class Preview:
    """results: schema RESULT, for one unit. behind: the first rows of the latest period that has any."""

    results: pa.Table
    behind: RowsBehind | None


def rows_behind(
    source: Source,
    contract: Contract,
    measure: Measure,
    period: Period,
    units: Sequence[UnitLevel],
    unit_id: int,
    *,
    dimension: str | None = None,
    member: str | None = None,
    limit: int = 100,
    offset: int = 0,
    calendar: Calendar = MONTHS,
    settings: Settings = DEFAULT,
) -> RowsBehind:
    """The rows that count towards one result, in the order of their time.

    With `dimension`, only rows of that member (None: rows without one). A semi-additive measure of rule `last` shows
    the rows of the period's last day. Raises FormulaError, or MeasureError where the formula fails on one of the rows.
    """
    check([measure], contract)
    wanted = replace(measure, grains=(period.grain,), cuts=(), dimensions=(dimension,) if dimension else ())
    parts = parts_of(wanted, contract)
    with _faults_told(), connect(source, settings) as connection:
        frames = frames_of([wanted], [period], calendar)
        scan = scan_of(connection, "_rows", contract, [wanted], frames, units)
        selected = _selected(scan, parts, unit_id, dimension, member)
        if measure.time_rule == "last":
            selected += f" AND {scan.day} = (SELECT max({scan.day}) FROM facts AS f WHERE {scan.within})"
        columns = [quoted(c.name) for c in contract.columns] + [c for c in LINEAGE if c in _stored(connection)]
        order = ", ".join(quoted(name) for name in (measure.time_column, *(c for c in LINEAGE if c in columns)))
        totals = connection.execute(f"SELECT count(*), sum(_numerator), sum(_denominator) FROM ({selected})").fetchall()
        page = connection.sql(
            f"SELECT {', '.join(columns)}, {_finite('_numerator')}, {_finite('_denominator')}, _value "
            f"FROM ({selected}) ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}"
        ).to_arrow_table()
    total, numerator, denominator = totals[0]
    return RowsBehind(page, total, _number(numerator), _number(denominator))


@contextmanager
def _faults_told() -> Iterator[None]:
    try:
        yield
    except FORMULA_FAULTS as error:
        raise MeasureError(f"The formula fails on one of the rows: {told(error)}.") from error


def preview(
    source: Source,
    contract: Contract,
    measure: Measure,
    periods: Sequence[Period],
    units: Sequence[UnitLevel],
    unit_id: int,
    *,
    sample: int = 20,
    calendar: Calendar = MONTHS,
    settings: Settings = DEFAULT,
) -> Preview:
    """What a measure gives for one unit on the live rows, with rows of its latest period. Raises as `compute` does.

    Where the formula fails on one of the rows, the results say so, and there is nothing behind them.
    """
    mine = [level for level in units if level.unit_id == unit_id]
    results = compute(source, contract, [measure], periods, mine, calendar=calendar, settings=settings)
    filled = {(row["grain"], row["period_start"]) for row in results.select(["grain", "period_start"]).to_pylist()}
    latest = max((p for p in periods if (p.grain, p.start) in filled), key=_latest, default=None)
    if latest is None:
        return Preview(results, None)
    results = results.sort_by([("grain", "ascending"), ("period_start", "ascending")])
    try:
        behind = rows_behind(
            source, contract, measure, latest, mine, unit_id, limit=sample, calendar=calendar, settings=settings
        )
    except MeasureError:
        return Preview(results, None)
    return Preview(results, behind)


def _latest(period: Period) -> tuple[date, date]:
    return period.end, period.start


def _selected(scan: Scan, parts: Parts, unit_id: int, dimension: str | None, member: str | None) -> str:
    """All rows of the number, with what each contributes."""
    units = ", ".join(f"_u{n}" for n in range(len(scan.layout.depths)))
    conditions = [f"{int(unit_id)} IN ({units})"]
    if parts.where:
        conditions.append(f"({parts.where})")
    if dimension:
        shown = "NULL" if member is None else literal(member)
        conditions.append(f"CAST({quoted(dimension)} AS VARCHAR) IS NOT DISTINCT FROM {shown}")
    return (
        f"SELECT f.*, {_each(parts.numerator)} AS _numerator, {_each(parts.denominator)} AS _denominator, "
        f"{_argument(parts)} AS _value FROM ({joined_facts(scan, 0)}) AS f WHERE {' AND '.join(conditions)}"
    )


def _each(tree: exp.Expr | None) -> str:
    """What one row contributes to an expression of sums."""
    if tree is None:
        return "CAST(NULL AS DOUBLE)"

    def row_of(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, (exp.Filter, *AGGREGATES)):
            return node
        return exp.Paren(this=exp.Coalesce(this=_contribution(node), expressions=[exp.Literal.number(0)]))

    return to_sql(tree.transform(row_of))


def _contribution(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Filter):
        return exp.case().when(node.expression.this.copy(), _contribution(node.this))
    argument = node.this.copy()
    if isinstance(node, exp.Sum):
        return exp.cast(argument, "double") if isinstance(argument, exp.Boolean) else argument
    if isinstance(node, exp.CountIf):
        return exp.case().when(argument, exp.Literal.number(1))
    if isinstance(argument, exp.Star):
        return exp.Literal.number(1)
    return exp.case().when(exp.Not(this=exp.Is(this=exp.paren(argument), expression=exp.Null())), exp.Literal.number(1))


def _finite(column: str) -> str:
    """A row's part that is too large for a number is shown as none; the sums above know it."""
    return f"CASE WHEN isfinite(CAST({column} AS DOUBLE)) THEN {column} END AS {column}"


def _argument(parts: Parts) -> str:
    """The value that a percentile, distinct count or extreme looks at, as text; NULL for sums and mixtures."""
    call = parts.value.this if isinstance(parts.value, exp.Filter) else parts.value
    if parts.numerator is not None or not isinstance(call, AGGREGATES):
        return "CAST(NULL AS VARCHAR)"
    value = call.this.expressions[0] if isinstance(call.this, exp.Distinct) else call.this
    return f"CAST({to_sql(value)} AS VARCHAR)"


def _stored(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {str(row[0]) for row in connection.execute("DESCRIBE facts").fetchall()}


def _number(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]
