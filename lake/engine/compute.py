"""Compute many measures over one dataset: few scans, one long table of results."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import duckdb
import pyarrow as pa

from lake.contract import Contract, Role
from lake.engine import scans
from lake.engine.gather import Gathered, gather, roll_up
from lake.engine.layout import Frame, frames_of, lay_out
from lake.engine.percentiles import FEW_ROWS, percentiles
from lake.engine.results import RESULT, long_table
from lake.engine.scans import GroupingSet, Scan, sets_of, triples
from lake.engine.source import DEFAULT, Settings, Source, connect
from lake.formula.faults import told
from lake.periods import MONTHS, Calendar, Period
from lake.plan import Fusion, Measure, MeasureError, Primitive, Terms, UnitLevel

# Faults that one formula has on some row. Running out of memory or time is not among them: that is the caller's limit.
FORMULA_FAULTS = (duckdb.OutOfRangeException, duckdb.ConversionException, duckdb.InvalidInputException)


def compute(
    source: Source,
    contract: Contract,
    measures: Sequence[Measure],
    periods: Sequence[Period],
    units: Sequence[UnitLevel] | pa.Table,
    *,
    calendar: Calendar = MONTHS,
    settings: Settings = DEFAULT,
) -> pa.Table:
    """The measures' results for the periods of their grains and for every unit of `units`.

    source: Parquet files of the fact store, or an Arrow table of stored rows; files that hold no day of
        `needed_span(measures, periods, calendar)` may be left out.
    units: see UnitLevel; a table has its fields as columns. Rows that it leaves without a unit count for none.
    Returns a table of schema RESULT, one row per measure, period, unit, and dimension member (dimension null: not
    split; member null under a dimension: rows without one). Values are doubles of exact sums where columns are decimal;
    a value is null, never zero, infinite or NaN, when its denominator is zero or empty or it overflows: `reason` says
    which. No rows, no result.
    Raises FormulaError or MeasureError before any row is read.
    """
    if isinstance(units, pa.Table):
        units = [UnitLevel(**row) for row in units.to_pylist()]
    check(measures, contract)
    with connect(source, settings) as connection:
        results = [
            piece
            for number, same in enumerate(_bases(measures))
            for piece in _robustly(connection, f"_b{number}", contract, same, periods, units, calendar)
        ]
    return pa.concat_tables(results) if results else RESULT.empty_table()


def check(measures: Iterable[Measure], contract: Contract) -> None:
    """Raise FormulaError or MeasureError if a measure cannot be computed over such rows."""
    fusion = Fusion(contract)
    for measure in measures:
        fusion.add(measure)
        _check_columns(measure, contract)


def _check_columns(measure: Measure, contract: Contract) -> None:
    names = {column.name: column for column in contract.columns}
    time = names.get(measure.time_column)
    if time is None or not time.type.temporal:
        raise MeasureError(f"{measure.code}: the time column `{measure.time_column}` is no date or timestamp column")
    for cut in measure.wanted:
        if cut.dimension is not None and cut.dimension not in names:
            raise MeasureError(f"{measure.code}: there is no column `{cut.dimension}` to split by")


def _bases(measures: Iterable[Measure]) -> list[list[Measure]]:
    """Measures that can share one scan: one time column, and a segment a day only for those that need it."""
    shared: dict[tuple[str, bool], list[Measure]] = {}
    for measure in measures:
        shared.setdefault((measure.time_column, measure.kind == "semi_additive"), []).append(measure)
    return list(shared.values())


def _robustly(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    contract: Contract,
    measures: list[Measure],
    periods: Sequence[Period],
    units: Sequence[UnitLevel],
    calendar: Calendar,
) -> Iterator[pa.Table]:
    """The base's results; where a formula fails on some row, find it by halving and leave its value out."""
    try:
        yield _base(connection, name, contract, measures, periods, units, calendar)
    except FORMULA_FAULTS as error:
        if len(measures) > 1:
            middle = len(measures) // 2
            for half, part in (("a", measures[:middle]), ("b", measures[middle:])):
                yield from _robustly(connection, name + half, contract, part, periods, units, calendar)
            return
        yield _without_value(connection, name, contract, measures[0], periods, units, calendar, told(error))


def _without_value(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    contract: Contract,
    measure: Measure,
    periods: Sequence[Period],
    units: Sequence[UnitLevel],
    calendar: Calendar,
    reason: str,
) -> pa.Table:
    """The measure's row counts with a null value and the reason; without its filter if that is what fails."""
    counting = replace(measure, kind="simple", value="count(*)", denominator=None, weight=None, percentile=None)
    for number, attempt in enumerate((counting, replace(counting, where=None))):
        try:
            table = _base(connection, f"{name}_{number}", contract, [attempt], periods, units, calendar)
            break
        except FORMULA_FAULTS:
            continue
    nothing = pa.nulls(len(table), pa.float64())
    for column in ("value", "numerator", "denominator"):
        table = table.set_column(table.schema.get_field_index(column), column, nothing)
    why = pa.array([reason] * len(table), pa.string())
    return table.set_column(table.schema.get_field_index("reason"), "reason", why)


def _base(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    contract: Contract,
    measures: list[Measure],
    periods: Sequence[Period],
    units: Sequence[UnitLevel],
    calendar: Calendar,
) -> pa.Table:
    """Results of measures that share a scan."""
    frames = frames_of(measures, periods, calendar)
    if not frames or not units:
        return RESULT.empty_table()
    scan = scan_of(connection, name, contract, measures, frames, units)
    fusion = Fusion(contract)
    terms = [fusion.add(measure) for measure in measures]
    framed = [
        [t for t in terms if t.measure.window == frame.window and t.measure.grains_wanted & set(frame.grains)]
        for frame in frames
    ]
    pieces = []
    ranked: list[Callable[[], list[str]]] = [
        partial(_ranked, scan, *numbered, fusion.primitives) for numbered in enumerate(framed)
    ]
    rows = scan.count()
    with ThreadPoolExecutor(1) as beside:
        if rows <= FEW_ROWS:  # while DuckDB gathers; of more rows, memory holds one of the two
            ranked = [beside.submit(rank).result for rank in ranked]
        sets = [one for numbered in enumerate(framed) for one in _sets(scan, *numbered)]
        gathered = gather(scan, rows, sets, fusion.primitives)
        for number, (frame, mine, rank) in enumerate(zip(frames, framed, ranked, strict=True)):
            rolled = _rolled(scan, number, mine, fusion.primitives, gathered)
            pieces.append(long_table(scans.combine(scan, number, mine, [*rolled, *rank()]), scan, frame, mine))
    connection.execute(f"DROP TABLE {name}_base")
    return pa.concat_tables(pieces)


def scan_of(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    contract: Contract,
    measures: Sequence[Measure],
    frames: tuple[Frame, ...],
    units: Sequence[UnitLevel],
) -> Scan:
    """Lay out days and units for measures of one base, under table names that begin with `name`."""
    by_day = measures[0].kind == "semi_additive"
    layout = lay_out(connection, frames, units, name=name, by_day=by_day)
    dimensions = tuple(sorted({cut.dimension for m in measures for cut in m.wanted if cut.dimension}))
    unit_column = next((column.name for column in contract.columns if column.has(Role.UNIT)), None)
    return Scan(connection, name, layout, measures[0].time_column, unit_column, dimensions, by_day)


def _rolled(
    scan: Scan, number: int, terms: Sequence[Terms], primitives: Mapping[Primitive, str], gathered: Gathered
) -> list[str]:
    """Tables with the primitives that add up, and the distinct counts, of every period, unit and member of a frame."""
    table = f"{scan.name}_{number}"
    roll_up(scan, number, _sets(scan, number, terms), gathered, table)
    tables = [table]
    for primitive, name in primitives.items():
        reading = [t for t in terms if name in t.names]
        if primitive.kind == "distinct" and primitive not in gathered.columns and reading:
            tables.append(f"{table}{name}")
            scans.distincts(scan, number, _sets(scan, number, reading), primitive, name, tables[-1])
    return tables


def _ranked(scan: Scan, number: int, terms: Sequence[Terms], primitives: Mapping[Primitive, str]) -> list[str]:
    """Tables with the percentiles of every period, unit and member of a frame."""
    names = {p: name for p, name in primitives.items() if p.kind == "quantile"}
    reading = [t for t in terms if t.names & set(names.values())]
    read = {p: name for p, name in names.items() if any(name in t.names for t in reading)}
    table = f"{scan.name}_{number}_percentiles"
    return percentiles(scan, number, _sets(scan, number, reading), read, table) if read else []


def _sets(scan: Scan, number: int, terms: Iterable[Terms]) -> list[GroupingSet]:
    frame = scan.layout.frames[number]
    return sets_of(frame, (triple for t in terms for triple in triples(t.measure, scan.layout)), scan)
