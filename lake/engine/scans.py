"""The SQL of the plan: what its statements share, distinct counts, and the measures out of their primitives.

1. `gather.py`: one scan that fills a base table with every primitive that adds up, and with a bitmap for each distinct
   count over few values; GROUPING SETS over that small table give every period, unit and member.
2. `distincts`: a count over many values has no small state; each takes its own scan per cut.
3. `combine`: one row a period, unit and member, with the parts of every measure.
The measurements behind this are told in `lake/README.md`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb
import pyarrow as pa

from lake.engine.layout import Frame, Layout, store
from lake.formula.compile import quoted
from lake.plan import Measure, Primitive, Terms

SAMPLE_ROWS = 20_000
KEYS = ("p", "depth", "u", "dim", "member")


@dataclass(frozen=True)
class GroupingSet:
    """Columns _p<period>, _u<unit> and _d<dimension> (None: not split) of one grouping set."""

    period: int
    unit: int
    dimension: int | None

    def columns(self, by_day: bool) -> list[str]:
        split = [] if self.dimension is None else [f"_d{self.dimension}"]
        return [f"_p{self.period}", f"_u{self.unit}", *split, *(["_seg"] if by_day else [])]


@dataclass(frozen=True)
class Scan:
    """What all statements of one base share."""

    connection: duckdb.DuckDBPyConnection
    name: str
    layout: Layout
    time_column: str
    unit_column: str | None
    dimensions: tuple[str, ...]
    by_day: bool

    @property
    def day(self) -> str:
        return "f." + quoted(f"{self.time_column}__day")

    @property
    def code(self) -> str:
        return f"f.{quoted(self.unit_column)}" if self.unit_column else "NULL::VARCHAR"

    @property
    def within(self) -> str:
        """Lets the reader skip files and row groups outside the days that are asked for."""
        return f"{self.day} >= DATE '{self.layout.first}' AND {self.day} < DATE '{self.layout.end}'"

    def dimension(self, number: int) -> str:
        return f"f.{quoted(self.dimensions[number])}"

    @property
    def split(self) -> str:
        """The members of every dimension, each column after a comma."""
        return "".join(f", {self.dimension(number)} AS _d{number}" for number in range(len(self.dimensions)))

    @property
    def units(self) -> str:
        """The unit of each depth: of the code, or of the home unit where the code is empty or unknown."""
        depths = range(len(self.layout.depths))
        return ", ".join(f"CASE WHEN n._code IS NULL THEN d._h{k} ELSE n._u{k} END AS _u{k}" for k in depths)

    @property
    def dated(self) -> str:
        """The rows f with their day d."""
        return f"facts AS f JOIN {self.name}_days AS d ON d._day = {self.day}"

    @property
    def joined(self) -> str:
        """The rows f with their day d and the line n of the unit table that has their code."""
        return self.dated + self.lines(self.code)

    def lines(self, code: str) -> str:
        """The join with the line n of the unit table that has a code in the epoch of the day d."""
        epoch = " AND n._epoch = d._epoch" if self.layout.epochs > 1 else ""
        return f" LEFT JOIN {self.name}_units AS n ON n._code = {code}{epoch}"

    def count(self) -> int:
        """How many rows there are within the days."""
        return int(self.connection.execute(f"SELECT count(*) FROM facts AS f WHERE {self.within}").fetchall()[0][0])

    def sampled(self, values: Iterable[str]) -> dict[str, int]:
        """How many different values of each expression there are in some of the rows."""
        asked = list(dict.fromkeys(values))
        if not asked:
            return {}
        columns = ", ".join(f"{value} AS v{n}" for n, value in enumerate(asked))
        counts = ", ".join(f"count(DISTINCT v{n})" for n in range(len(asked)))
        sample = f"SELECT {columns} FROM facts AS f WHERE {self.within} LIMIT {SAMPLE_ROWS}"
        return dict(zip(asked, self.connection.execute(f"SELECT {counts} FROM ({sample})").fetchall()[0], strict=True))

    def listed(self, values: Sequence[str]) -> list[list[str]]:
        """The different values of each expression, as sorted texts without null, of all rows in one scan."""
        if not values:
            return []
        lists = ", ".join(f"list(DISTINCT CAST({value} AS VARCHAR))" for value in values)
        found = self.connection.execute(f"SELECT {lists} FROM facts AS f WHERE {self.within}").fetchall()[0]
        return [sorted(text for text in members or [] if text is not None) for members in found]

    @property
    def keys(self) -> tuple[str, ...]:
        return (*KEYS, "_seg") if self.by_day else KEYS


def number_texts(connection: duckdb.DuckDBPyConnection, table: str, texts: Sequence[str]) -> None:
    """Create a table of the texts (_text) and their places (_number).

    A join with it numbers rows at a quarter of the cost of a cast to an enum type, as a join looks up each text of a
    dictionary once.
    """
    store(
        connection,
        table,
        pa.table({"_text": pa.array(texts, pa.string()), "_number": pa.array(range(len(texts)), pa.int64())}),
    )


def numbering(table: str, value: str) -> str:
    """The join that gives each row the `_number` of its value, null if the value is none of the table's texts."""
    return f" LEFT JOIN {table} ON {table}._text = CAST({value} AS VARCHAR)"


def distincts(scan: Scan, frame: int, sets: Sequence[GroupingSet], primitive: Primitive, name: str, table: str) -> None:
    """Create `table` with the keys and one exact distinct count, from rows, a scan a grouping set."""
    counted = only_if(primitive.condition, str(primitive.value))  # rows of which none counts have 0, as in a bitmap
    for number, one in enumerate(sets):
        query = grouped(scan, [one], joined_facts(scan, frame), [f"count(DISTINCT {counted}) AS {name}"])
        scan.connection.execute(f"INSERT INTO {table} {query}" if number else f"CREATE TABLE {table} AS {query}")


def over_rows(primitive: Primitive) -> str:
    value, condition = primitive.value, primitive.condition
    if primitive.kind == "count" and value is None:
        # Null over nothing but nulls; and a huge integer, which is dearer to add up.
        return f"coalesce(count_if({condition}), 0)::BIGINT" if condition else "count(*)"
    return f"{primitive.kind}({only_if(condition, str(value))})"


def only_if(condition: str | None, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END" if condition else value


def joined_facts(scan: Scan, frame: int) -> str:
    """The rows with their periods, units and dimensions; a row counts once for each window that covers it."""
    spans = f"JOIN {scan.name}_spans{frame} AS s ON s._seg = d._seg"
    return f"SELECT s.*, {scan.units}{scan.split}, f.* FROM {scan.joined} {spans} WHERE {scan.within}"


def grouped(scan: Scan, sets: Sequence[GroupingSet], source: str, values: Sequence[str]) -> str:
    """Group the source by each set; a group without a period or a unit is nobody's and left out."""
    periods = sorted({f"_p{s.period}" for s in sets})
    units = sorted({s.unit for s in sets})
    dimensions = sorted({s.dimension for s in sets if s.dimension is not None})
    period, unit = f"coalesce({', '.join(periods)})", f"coalesce({', '.join(f'_u{k}' for k in units)})"
    depth = "CASE " + " ".join(f"WHEN GROUPING(_u{k}) = 0 THEN {k}" for k in units) + " END"
    whens = " ".join(f"WHEN GROUPING(_d{d}) = 0 THEN {d}" for d in dimensions)
    members = " ".join(f"WHEN GROUPING(_d{d}) = 0 THEN CAST(_d{d} AS VARCHAR)" for d in dimensions)
    keys = [
        f"{period} AS p",
        f"{depth} AS depth",
        f"{unit} AS u",
        f"{f'CASE {whens} ELSE -1 END' if whens else '-1'} AS dim",
        f"{f'CASE {members} END' if members else 'NULL::VARCHAR'} AS member",
        *(["_seg"] if scan.by_day else []),
    ]
    grouping = ", ".join(f"({', '.join(one.columns(scan.by_day))})" for one in sets)
    return (
        f"SELECT {', '.join((*keys, *values))} FROM ({source}) GROUP BY GROUPING SETS ({grouping}) "
        f"HAVING {period} IS NOT NULL AND {unit} IS NOT NULL"
    )


def triples(measure: Measure, layout: Layout) -> Iterator[tuple[str, int, str | None]]:
    """Each (grain, depth, dimension) that the measure's cuts ask for."""
    for cut in measure.wanted:
        for depth in layout.depths:
            if cut.depths is None or depth in cut.depths:
                yield from ((grain, depth, cut.dimension) for grain in cut.grains)


def sets_of(frame: Frame, wanted: Iterable[tuple[str, int, str | None]], scan: Scan) -> list[GroupingSet]:
    """The grouping sets for such triples, without those whose grain has no period in the frame."""
    found = {
        GroupingSet(
            frame.grains.index(grain),
            scan.layout.depths.index(depth),
            scan.dimensions.index(split) if split else None,
        )
        for grain, depth, split in wanted
        if grain in frame.grains
    }
    return sorted(found, key=lambda one: (one.period, one.unit, -1 if one.dimension is None else one.dimension))


class Columns(NamedTuple):
    """Where a measure's parts stand in a wide table."""

    value: str
    numerator: str
    denominator: str
    rows: str


@dataclass(frozen=True)
class Wide:
    """One row per period, unit and member, with the parts of every measure; equal expressions are one column."""

    table: pa.Table
    columns: tuple[Columns, ...]


def combine(scan: Scan, frame: int, terms: Sequence[Terms], tables: Sequence[str]) -> Wide:
    """Each measure's value, numerator, denominator and rows out of the primitives in `tables`."""
    first, *others = tables
    found: dict[str, str] = {}  # expression -> column
    columns = [
        Columns(
            _column(found, f"CAST({term.value} AS DOUBLE)"),
            _column(found, f"CAST({term.numerator or 'NULL'} AS DOUBLE)"),
            _column(found, f"CAST({term.denominator or 'NULL'} AS DOUBLE)"),
            _column(found, f"CAST({term.rows} AS BIGINT)"),
        )
        for term in terms
    ]
    joins = [
        f"LEFT JOIN {other} ON "
        + " AND ".join(f"{other}.{key} IS NOT DISTINCT FROM {first}.{key}" for key in scan.keys)
        for other in others
    ]
    keys = [f"{first}.{key}" for key in scan.keys]
    query = f"SELECT {', '.join((*keys, *_named(found)))} FROM {first} {' '.join(joins)}"
    if scan.by_day:
        query, columns = _over_days(scan, frame, terms, query, columns)
    scan.connection.execute(f"CREATE OR REPLACE TABLE {first}_wide AS {query}")
    return Wide(scan.connection.sql(f"FROM {first}_wide").to_arrow_table(), tuple(columns))


def _column(found: dict[str, str], expression: str) -> str:
    return found.setdefault(expression, f"_c{len(found)}")


def _named(found: Mapping[str, str]) -> list[str]:
    return [f"{expression} AS {name}" for expression, name in found.items()]


def _over_days(
    scan: Scan, frame: int, terms: Sequence[Terms], daily: str, columns: Sequence[Columns]
) -> tuple[str, list[Columns]]:
    """Combine the days of a period by each measure's time rule.

    `last` and `average` go by the days on which the dataset has any row: a unit without rows on the last day has none
    left, and units add up to their parent.
    """
    periods = range(len(scan.layout.frames[frame].grains))
    seen = " UNION ALL ".join(
        f"SELECT _p{n} AS p, b._seg FROM {scan.name}_base AS b JOIN {scan.name}_spans{frame} AS s USING (_seg)"
        for n in periods
    )
    found: dict[str, str] = {}
    over = []
    for term, parts in zip(terms, columns, strict=True):
        rule = term.measure.time_rule or "last"
        value, numerator, denominator, rows = _by_rule(rule, *(f"f.{part}" for part in parts))
        value, numerator, denominator = (
            _column(found, f"CAST({part} AS DOUBLE)") for part in (value, numerator, denominator)
        )
        over.append(Columns(value, numerator, denominator, _column(found, f"CAST(coalesce({rows}, 0) AS BIGINT)")))
    keys = [f"f.{key}" if key != "p" else "p" for key in KEYS]
    query = (
        f"WITH t AS (SELECT p, max(_seg) AS last, count(DISTINCT _seg) AS days FROM ({seen}) GROUP BY p), "
        f"f AS ({daily}) "
        f"SELECT {', '.join((*keys, *_named(found)))} FROM f JOIN t USING (p) GROUP BY ALL"
    )
    return query, over


def _by_rule(rule: str, v: str, n: str, d: str, r: str) -> tuple[str, str, str, str]:
    """Value, numerator, denominator and rows of a period out of those of its days `f`."""
    match rule:
        case "last":
            value, numerator, denominator, rows = (
                f"max(CASE WHEN f._seg = t.last THEN {part} END)" for part in (v, n, d, r)
            )
            return value, numerator, denominator, rows
        case "average":
            return f"sum({v}) / any_value(t.days)", f"sum({v})", "any_value(t.days)", f"sum({r})"
    return f"{rule}({v})", "NULL", "NULL", f"sum({r})"
