"""What adds up, gathered once: from rows to a base table, and from that to every period, unit and member."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lake.engine.groupings import Grouping, cheapest, expected_groups
from lake.engine.scans import GroupingSet, Scan, grouped, number_texts, numbering, only_if, over_rows
from lake.plan import Primitive
from lake.plan.fuse import MERGEABLE

BITMAP_VALUES = 1_024  # more different values than this are counted by a scan of their own
WORD = 62  # values that fit into a signed 64 bit integer


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A bit for each of `size` values, which `table` numbers: see `number_texts`."""

    table: str
    size: int

    def bits(self, condition: str | None) -> str:
        number = f"{self.table}_number"
        if self.size <= WORD:  # half the cost of a bit string
            return f"bit_or({only_if(condition, f'1::BIGINT << {number}')})"
        return f"bitstring_agg({only_if(condition, number)}, 0, {self.size - 1})"


@dataclass(frozen=True)
class Gathered:
    """The base table `<scan>_base`: the groups of every grouping, with the primitives of `columns`.

    _grouping has a bit for each of `keys` that the row's grouping has not, the first key's the highest.
    """

    groupings: Mapping[Grouping, Sequence[str]]  # the keys of each
    columns: Mapping[Primitive, str]

    @property
    def keys(self) -> list[str]:
        return list(dict.fromkeys(key for keys in self.groupings.values() for key in keys))

    def mask(self, grouping: Grouping) -> int:
        return int("".join("0" if key in self.groupings[grouping] else "1" for key in self.keys), 2)


def gather(scan: Scan, rows: int, sets: Sequence[GroupingSet], primitives: Mapping[Primitive, str]) -> Gathered:
    """Create the base table for the grouping sets of all frames, with every primitive that adds up.

    A distinct count over few values does, as a bitmap; the other ones are missing in the columns, as quantiles are.
    """
    distinct = [primitive for primitive in primitives if primitive.kind == "distinct"]
    split = [scan.dimension(number) for number in range(len(scan.dimensions))]
    sampled = scan.sampled([*(str(primitive.value) for primitive in distinct), *split])
    maps = _bitmaps(scan, distinct, sampled)
    groupings = cheapest(sets, rows, expected_groups(scan.layout, rows, [sampled[column] for column in split]))
    columns = {p: name for p, name in primitives.items() if p.kind in MERGEABLE or p in maps}
    gathered = Gathered({grouping: _keys(scan, grouping) for grouping in groupings}, columns)
    values = [f"{maps[p].bits(p.condition) if p in maps else over_rows(p)} AS {name}" for p, name in columns.items()]
    numbered = {bitmap.table: str(primitive.value) for primitive, bitmap in maps.items()}
    scan.connection.execute(
        f"CREATE TABLE {scan.name}_base AS "
        f"SELECT _seg, {', '.join(gathered.keys)}, {_number(gathered)} AS _grouping, {', '.join(values)} "
        f"FROM ({_keyed(scan, gathered, numbered)}) GROUP BY {_sets(gathered)}"
    )
    return gathered


def _keys(scan: Scan, grouping: Grouping) -> list[str]:
    """By code where all depths are asked for, since it tells them all; else by the units of some depths."""
    by_code = len(grouping.depths) == len(scan.layout.depths)
    units = ["_code"] if by_code else [f"_u{depth}" for depth in sorted(grouping.depths)]
    return units + [f"_d{number}" for number in sorted(grouping.dimensions)]


def _keyed(scan: Scan, gathered: Gathered, numbered: Mapping[str, str]) -> str:
    """The rows with the columns of all keys, and the numbers of the values of the bitmaps."""
    by_units = any(key.startswith("_u") for key in gathered.keys)
    units, source = (f", {scan.units}", scan.joined) if by_units else ("", scan.dated)
    numbers = "".join(f", {table}._number AS {table}_number" for table in numbered)
    joins = "".join(numbering(table, value) for table, value in numbered.items())
    return (
        f"SELECT f.*, d._seg, {scan.code} AS _code{units}{scan.split}{numbers} FROM {source}{joins} WHERE {scan.within}"
    )


def _number(gathered: Gathered) -> str:
    return f"GROUPING({', '.join(gathered.keys)})" if len(gathered.groupings) > 1 else "0"


def _sets(gathered: Gathered) -> str:
    """A single one is said without GROUPING SETS, which is a tenth faster."""
    each = [", ".join(["_seg", *keys]) for keys in gathered.groupings.values()]
    return f"GROUPING SETS (({'), ('.join(each)}))" if len(each) > 1 else each[0]


def _bitmaps(scan: Scan, primitives: Iterable[Primitive], sampled: Mapping[str, int]) -> dict[Primitive, Bitmap]:
    """The distinct counts that a bitmap can hold; numbers their values.

    sampled: how many values of each there are in a sample, since listing the values of a column with many of them is as
    dear as counting them.
    """
    by_value: dict[str, list[Primitive]] = {}
    for primitive in primitives:
        by_value.setdefault(str(primitive.value), []).append(primitive)
    few = [value for value in by_value if sampled[value] <= BITMAP_VALUES]
    found: dict[Primitive, Bitmap] = {}
    for number, (value, members) in enumerate(zip(few, scan.listed(few), strict=True)):
        if 0 < len(members) <= BITMAP_VALUES:
            table = f"{scan.name}_values{number}"
            number_texts(scan.connection, table, members)
            found |= {primitive: Bitmap(table, len(members)) for primitive in by_value[value]}
    return found


def roll_up(scan: Scan, frame: int, sets: Sequence[GroupingSet], gathered: Gathered, table: str) -> None:
    """Create `table` with the keys and every gathered primitive, for the grouping sets of one frame."""
    values = [f"{_merged(primitive, name)} AS {name}" for primitive, name in gathered.columns.items()]
    home = {one: next(grouping for grouping in gathered.groupings if grouping.holds(one)) for one in sets}
    parts = [grouped(scan, [one], _placed(scan, frame, gathered, home[one]), values) for one in sets]
    scan.connection.execute(f"CREATE TABLE {table} AS {' UNION ALL '.join(parts)}")


def _placed(scan: Scan, frame: int, gathered: Gathered, grouping: Grouping) -> str:
    """The groups of one grouping with their periods and units."""
    base = f"{scan.name}_base AS b JOIN {scan.name}_spans{frame} AS s ON s._seg = b._seg"
    if "_code" not in gathered.groupings[grouping]:
        return f"SELECT s.*, b.* EXCLUDE (_seg) FROM {base} WHERE b._grouping = {gathered.mask(grouping)}"
    units = "".join(f", {key}" for key in gathered.keys if key.startswith("_u"))
    days = f"(SELECT DISTINCT ON (_seg) * FROM {scan.name}_days) AS d ON d._seg = b._seg"
    return (
        f"SELECT s.*, {scan.units}, b.* EXCLUDE (_seg{units}) FROM {base} JOIN {days}{scan.lines('b._code')} "
        f"WHERE b._grouping = {gathered.mask(grouping)}"
    )


def _merged(primitive: Primitive, name: str) -> str:
    if primitive.kind == "distinct":
        return f"coalesce(bit_count(bit_or({name})), 0)"
    return f"{primitive.kind if primitive.kind in ('min', 'max') else 'sum'}({name})"
