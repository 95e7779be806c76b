"""What a sample says about the roles of its columns: event time, unit, vendor, record key, measures, dimensions.

A key of columns that tell records apart by chance alone, such as a count in a short file, would make a record of a
later file replace another one. So an amount is no key; which whole numbers are numbering is told by their name, or
else by how they go on from row to row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lake.intake.database import query
from lake.intake.terms import ColumnGuess

EVENT = re.compile(r"date|time|open|creat|start|sched|period|month|day|_at$", re.IGNORECASE)
_KEY = re.compile(r"\b(id|key|\w*number|no|\w*nr|code|ref|reference|\w*nummer|numero)\b", re.IGNORECASE)
_KEY_JOINED = re.compile(r"[a-z](ID|Id|Key|No|Nr)\b|#")  # OrderID, Case#, and no Paid
_AMOUNT = re.compile(
    r"\b(number|no|nr) of\b|\b(n|num|count|counts|total|totals|sum|qty|quantity|amount|volume|value|cost|costs|price|"
    r"revenue|sales|hours|minutes|seconds|days|rate|score|percent|pct|avg|average|mean|anzahl|menge|summe|betrag|"
    r"umsatz|kosten|nombre|montant|quantite|cantidad|importe|aantal|bedrag|ilosc|kwota)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\b(unit|org|organi[sz]ation|site|branch|department|agency|hospital|provider|org_code|team|group)\b", re.IGNORECASE
)
_VENDOR = re.compile(r"\b(vendor|supplier|carrier|partner|contractor)\b", re.IGNORECASE)
_CODE_DIGITS = 4  # as many digits in every value, and no fewer, are those of a code
_MOST_PARTS = 8


def with_roles(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, columns: Sequence[ColumnGuess], lossy: Collection[str]
) -> tuple[ColumnGuess, ...]:
    """Proposed roles: at most one event time, unit and vendor; a key that is unique in the sample, if there is one, of
    columns that did not lose digits (`lossy`)."""
    temporal = [c for c in columns if c.types[0] in ("date", "timestamp") and c.filled]
    event = next((c for c in temporal if EVENT.search(c.name) and not c.missing), temporal[0] if temporal else None)
    unit = next((c for c in columns if c.types == ("text",) and c.filled and _UNIT.search(_words(c))), None)
    vendor = next((c for c in columns if c.types == ("text",) and c.filled and _VENDOR.search(_words(c))), None)
    key = _key(connection, table, columns, event, lossy)
    found = []
    for column in columns:
        roles = ["key"] if column in key else []
        if column is event:
            roles.append("event_time")
        elif column is unit:
            roles.append("unit")
        elif column is vendor:
            roles.append("vendor")
        elif column.types[0] in ("integer", "decimal", "number") and column not in key and column.filled:
            roles.append("measure")
        elif (
            not column.unique
            and column.types[0] in ("text", "boolean")
            and 1 < column.distinct <= max(20, table.num_rows // 20)
        ):
            roles.append("dimension")
        coded = column in key or column is unit or column is vendor  # NA may be somebody's code there
        missing = () if coded and column.types == ("text",) else column.missing
        found.append(replace(column, roles=tuple(roles or ["attribute"]), missing=missing))
    return tuple(found)


def _key(
    connection: duckdb.DuckDBPyConnection,
    table: pa.Table,
    columns: Sequence[ColumnGuess],
    event: ColumnGuess | None,
    lossy: Collection[str],
) -> list[ColumnGuess]:
    """The columns that tell records apart: one that is called so, one of texts or of numbering, or the event time, with
    what it takes besides. None where what told them apart is lost, as a makeshift would mix them."""
    places = {c.name: place for place, c in enumerate(columns)}
    single = [
        c
        for c in columns
        if c.unique and c.name not in lossy and (c.types[0] == "text" or _numbers_records(table, places[c.name], c))
    ]
    if single:
        return [next((c for c in single if _is_called_key(c)), single[0])]
    if event is None or table.num_rows < 2 or lossy:
        return []
    parts = [
        c for c in columns if c.types[0] == "text" and c is not event and c.distinct > 1 and c.filled == table.num_rows
    ][:_MOST_PARTS]
    for size in range(3):
        for chosen in combinations(parts, size):
            cells = ", ".join(f"c{places[c.name]}" for c in (event, *chosen))
            distinct = query(connection, "sample", table, f"SELECT count(DISTINCT ({cells})) AS n FROM sample")
            if distinct["n"][0].as_py() == table.num_rows:
                return [event, *chosen]
    return []


def _is_called_key(column: ColumnGuess) -> bool:
    is_called = _KEY.search(_words(column)) or _KEY_JOINED.search(column.header)
    return bool(is_called) and not _AMOUNT.search(_words(column))


def _numbers_records(table: pa.Table, place: int, column: ColumnGuess) -> bool:
    """Whether unique whole numbers are those of records, and no amounts: by name; else if they count on without a gap;
    or stand first and rise or fall from row to row, or all have as many digits."""
    if column.types[0] != "integer" or _AMOUNT.search(_words(column)):
        return False
    if _is_called_key(column):
        return True
    try:
        numbers = pc.cast(table.column(f"c{place}").combine_chunks(), pa.int64())
    except pa.ArrowInvalid:  # written with signs between thousands, as amounts are
        return False
    low, high = pc.min_max(numbers).as_py().values()
    if high - low + 1 == table.num_rows > 2:
        return True
    steps = pc.pairwise_diff(numbers).drop_null()
    goes_on = bool(pc.all(pc.greater(steps, 0)).as_py() or pc.all(pc.less(steps, 0)).as_py())
    alike = len(str(low)) == len(str(high)) >= _CODE_DIGITS
    return place == 0 and (goes_on or alike)


def _words(column: ColumnGuess) -> str:
    return column.name.replace("_", " ")
