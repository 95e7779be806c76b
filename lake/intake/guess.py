"""What the values of a sample say about their columns: types, date formats, spellings, roles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lake.contract.words import format_in_words
from lake.intake.database import query
from lake.intake.hints import mixed_orders, numbered_days
from lake.intake.reading import literal, one_of
from lake.intake.terms import ColumnGuess, Question

MISSING = ("?", "NA", "N/A", "n/a", "NULL", "null", "None", "none", "-", "--", "NaN", "nan", "#N/A", "(null)", "nil")
_DAYS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d-%b-%Y", "%d %b %Y",
    "%d %B %Y", "%b %d, %Y", "%Y-%m", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%d-%b-%y", "%Y%m%d",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M", "T%H:%M:%S")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?( ?(Z|[+-]\d{2}:?\d{2}))?")
_BOOLEANS = (
    {"true", "false"},
    {"yes", "no"},
    {"y", "n"},
    {"t", "f"},
    {"wahr", "falsch"},
    {"vrai", "faux"},
    {"oui", "non"},
)
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+(,\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}([,'\s\u00a0\u202f\u2009]\d{2,3})*(\.\d+)?")
_AMBIGUOUS = re.compile(r"[+-]?\d{1,3},\d{3}")
_EVENT = re.compile(r"date|time|open|creat|start|sched|period|month|day|_at$", re.IGNORECASE)
_KEY = re.compile(r"\b(id|key|number|no|nr|code|ref|reference)\b|#|_id$", re.IGNORECASE)
_UNIT = re.compile(
    r"\b(unit|org|organi[sz]ation|site|branch|department|agency|hospital|provider|org_code|team|group)\b", re.IGNORECASE
)
_VENDOR = re.compile(r"\b(vendor|supplier|carrier|partner|contractor)\b", re.IGNORECASE)
_NO_NUMBER = re.compile(r"[+-]?inf(inity)?|#[A-Z0-9/]+[!?]?", re.IGNORECASE)
_DISTINCT = 1_000
_FEWEST, _MOST = 9, 0.9  # values that must fit before a column is said to be of a type that some do not fit


@dataclass(frozen=True, slots=True)
class Guessed:
    """The columns with what must be asked about them; decimal_comma, thousands: as the numbers seem written."""

    columns: tuple[ColumnGuess, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    decimal_comma: bool | None
    thousands: str | None


def guess(connection: duckdb.DuckDBPyConnection, headers: Sequence[str], table: pa.Table) -> Guessed:
    """table: `c<i>` texts (natives already in canonical text) of the sampled records, one per header."""
    names = column_names(headers)
    questions: list[Question] = []
    notes: list[str] = []
    columns, spellings = [], set()
    for position, (name, header) in enumerate(zip(names, headers, strict=True)):
        column, spelling = _guess_column(connection, table, position, name, header, questions, notes)
        columns.append(column)
        spellings.add(spelling)
    comma = True if spellings & {"comma", "grouped-comma"} else None
    thousands = (
        "." if comma and "grouped-comma" in spellings else ("," if "grouped" in spellings and not comma else None)
    )
    return Guessed(_with_roles(connection, table, columns), tuple(questions), tuple(notes), comma, thousands)


def column_names(headers: Sequence[str]) -> list[str]:
    """A snake_case identifier for each heading, each its own."""
    names: list[str] = []
    for header in headers:
        plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode().lower()
        name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50] or "column"
        name = name if name[0].isalpha() else f"c_{name}"
        name = name.replace("__", "_")
        unique, number = name, 2
        while unique in names:
            unique, number = f"{name}_{number}", number + 1
        names.append(unique)
    return names


def _guess_column(
    connection: duckdb.DuckDBPyConnection,
    table: pa.Table,
    position: int,
    name: str,
    header: str,
    questions: list[Question],
    notes: list[str],
) -> tuple[ColumnGuess, str]:
    tally = _tally(table.column(f"c{position}"))
    counted = query(
        connection,
        "tally",
        tally,
        "SELECT coalesce(sum(n) FILTER (x <> ''), 0)::BIGINT AS filled, count(*) FILTER (x <> '') AS different, "
        "coalesce(sum(n) FILTER (x <> trim(x)), 0)::BIGINT AS padded, "
        "min(nullif(x, '')) AS low, max(x) AS high, "
        f"list(DISTINCT trim(x)) FILTER (trim(x) IN {one_of(MISSING)}) AS missing FROM tally",
    ).to_pylist()[0]
    values = query(
        connection,
        "tally",
        tally,
        "SELECT x FROM (SELECT trim(x) AS x, row_number() OVER () AS place FROM tally) "
        f"WHERE x <> '' AND x NOT IN {one_of(MISSING)} GROUP BY x ORDER BY min(place) LIMIT {_DISTINCT}",
    )["x"].to_pylist()
    types, formats, spelling = _types(values)
    if types == ("text",):
        types, formats = _almost_dates(values)
    if formats:
        formats = _fitting(connection, tally, formats, header, notes)
        types = types if formats else ("text",)
    if types[0] == "integer" and not _all_integers(connection, tally):
        types = ("text",)
    if types == ("text",) and values:
        notes += mixed_orders(header, values)
        types = _almost_numbers(connection, tally, header, notes)
    if types[0] == "integer" and _EVENT.search(header):
        notes += numbered_days(header, values)
    _ask(name, header, formats, spelling, values, questions)
    column = ColumnGuess(
        name=name,
        header=header,
        types=types,
        formats=formats,
        missing=tuple(sorted(counted["missing"] or ())),
        number_forms=("percent",) if spelling == "percent" else (),
        filled=counted["filled"],
        distinct=counted["different"],
        unique=counted["filled"] == counted["different"] == table.num_rows and table.num_rows > 0,
        padded=counted["padded"] > 0.5 * max(1, counted["filled"]),
        minimum=(counted["low"] or "")[:80],
        maximum=(counted["high"] or "")[:80],
        examples=tuple(value[:80] for value in values[:5]),
    )
    return column, spelling


def _types(values: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Candidate types, date formats and number spelling that fit all of these values."""
    if not values:
        return ("text",), (), ""
    lower = {value.lower() for value in values}
    if any(lower <= words for words in _BOOLEANS):
        return ("boolean", "text"), (), ""
    formats = tuple(text for text in _date_formats(values[0]) if all(_reads(value, text) for value in values))
    if formats:
        return _date_types(formats), formats, ""
    if all(_INTEGER.fullmatch(value) for value in values):
        return ("integer", "decimal", "number", "text"), (), ""
    if all(_NUMBER.fullmatch(value) for value in values) and not any(re.match(r"[+-]?0\d", value) for value in values):
        short = all(len(value.partition(".")[2]) <= 4 and "e" not in value.lower() for value in values)
        return (("decimal", "number", "text") if short else ("number", "text")), (), ""
    return _spelt_types(values)


def _date_types(formats: Sequence[str]) -> tuple[str, ...]:
    timed = any("%H" in text or "%I" in text or text == "iso" for text in formats)
    return ("timestamp", "text") if timed else ("date", "timestamp", "text")


def _spelt_types(values: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    if all(re.fullmatch(r"[+-]?\d+([.,]\d+)? ?%", value) for value in values):
        return ("number", "text"), (), "percent"
    if all(_COMMA.fullmatch(value) for value in values) and any("," in value for value in values):
        if all(_AMBIGUOUS.fullmatch(value) or value.lstrip("+-").isdigit() for value in values):
            return ("number", "integer", "text"), (), "ambiguous"
        return ("number", "decimal", "text"), (), "grouped-comma" if any("." in value for value in values) else "comma"
    if all(_GROUPED.fullmatch(value) for value in values) and not any(re.match(r"[+-]?0\d", value) for value in values):
        return ("number", "text"), (), "grouped"
    return ("text",), (), ""


def _date_formats(value: str) -> list[str]:
    """The formats that the first value fits, so that the others are tried with few."""
    if _ISO.fullmatch(value):
        return ["iso"]
    if not 6 <= len(value) <= 30 or not any(char.isdigit() for char in value):
        return []
    return [day + time for day in _DAYS for time in _TIMES if _reads(value, day + time)]


def _reads(value: str, text: str) -> bool:
    if text == "iso":
        return _ISO.fullmatch(value) is not None
    if text == "%Y%m%d" and len(value) != 8:
        return False
    try:
        found = datetime.strptime(value, text)  # noqa: DTZ007 - only whether it can be read matters
    except ValueError:
        return False
    return 1900 <= found.year <= 2100


def _almost_dates(values: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Types and formats of a column that is dates but for a few values, such as 31/02/2025; else text without any."""
    for value in values[:5]:
        reading = {text: sum(_reads(one, text) for one in values) for text in _date_formats(value)}
        best = max(reading.values(), default=0)
        if best >= max(_FEWEST, _MOST * len(values)):
            formats = tuple(text for text, read in reading.items() if read == best)
            return _date_types(formats), formats
    return ("text",), ()


def _fitting(
    connection: duckdb.DuckDBPyConnection,
    tally: pa.Table,
    formats: Sequence[str],
    header: str,
    notes: list[str],
) -> tuple[str, ...]:
    """The formats that read most of the whole sample, not only of the distinct values looked at first; what they do
    not read is noted. None where that is more than a tenth."""
    misfits = {}
    for text in formats:
        read = "try_cast(x AS TIMESTAMP)" if text == "iso" else f"try_strptime(x, {literal(text)})"
        fails = f"{read} IS NULL OR year({read}) NOT BETWEEN 1900 AND 2100"
        misfits[text] = _misfits(connection, tally, fails)
    fewest = min(found.rows for found in misfits.values())
    kept = tuple(text for text, found in misfits.items() if found.rows == fewest)
    found = misfits[kept[0]]
    if found.filled - found.rows < _MOST * found.filled:
        return ()
    if found.rows:
        notes.append(
            f"{header}: {found.said}, not dates written {_said(kept)}. Such rows are set aside when the file is "
            "loaded; choose the type text to take them as they are."
        )
    return kept


def _almost_numbers(
    connection: duckdb.DuckDBPyConnection, tally: pa.Table, header: str, notes: list[str]
) -> tuple[str, ...]:
    """Types of a column of texts, most of which are numbers: numbers if the others are what a program writes for none,
    text if they are words of somebody; both is noted."""
    number = "regexp_full_match(x, '[+-]?(?:(?:0|[1-9][0-9]*)[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?')"
    found = _misfits(connection, tally, f"NOT {number}")
    if not found.rows or found.filled - found.rows < max(_FEWEST, _MOST * found.filled):
        return ("text",)
    if all(_NO_NUMBER.fullmatch(value) for value in found.values):
        notes.append(f"{header}: {found.said}, not numbers. Such rows are set aside when the file is loaded.")
        return ("number", "text")
    notes.append(
        f"{header}: {found.said}, all else are numbers; it is read as text. Choose the type number to set such rows "
        "aside instead."
    )
    return ("text",)


@dataclass(frozen=True, slots=True)
class _Misfits:
    """filled, rows: how many rows of the sample have a value, and one that does not fit. values: some of the latter."""

    filled: int
    rows: int
    values: tuple[str, ...]

    @property
    def said(self) -> str:
        shown = ", ".join(repr(value[:40]) for value in self.values[:3])
        more = " and others" if len(self.values) > 3 else ""
        return f"{self.rows:,} of {self.filled:,} values looked at are {shown}{more}"


def _tally(column: pa.ChunkedArray) -> pa.Table:
    """The different values of a column as x, in the order of their first rows, and as n how many rows have each."""
    values, counts = pc.value_counts(column).flatten()
    return pa.table({"x": values, "n": counts})


def _misfits(connection: duckdb.DuckDBPyConnection, tally: pa.Table, fails: str) -> _Misfits:
    found = query(
        connection,
        "tally",
        tally,
        f"SELECT coalesce(sum(n), 0)::BIGINT AS filled, coalesce(sum(n) FILTER ({fails}), 0)::BIGINT AS rows, "
        f"list_sort(list(DISTINCT x) FILTER ({fails}))[:20] AS shown "
        f"FROM (SELECT trim(x) AS x, n FROM tally) WHERE x <> '' AND x NOT IN {one_of(MISSING)}",
    ).to_pylist()[0]
    return _Misfits(found["filled"], found["rows"], tuple(found["shown"] or ()))


def _all_integers(connection: duckdb.DuckDBPyConnection, tally: pa.Table) -> bool:
    failing = (
        f"SELECT count(*) AS n FROM tally WHERE trim(x) <> '' AND trim(x) NOT IN {one_of(MISSING)} "
        "AND NOT regexp_full_match(trim(x), '[+-]?(?:0|[1-9][0-9]*)')"
    )
    return bool(query(connection, "tally", tally, failing)["n"][0].as_py() == 0)


def _ask(
    name: str, header: str, formats: Sequence[str], spelling: str, values: Sequence[str], questions: list[Question]
) -> None:
    example = values[0] if values else ""
    if len(formats) > 1:
        text = (
            f"{header}: is {example!r} written as {_said(formats, ' or as ')}? Every sampled value fits each of them."
        )
        questions.append(Question("day_first", text, name, tuple(formats)))
    elif any("%y" in text for text in formats):
        text = f"{header}: the years have two digits; 00 to 68 will be read as 2000 to 2068. Is that right?"
        questions.append(Question("two_digit_year", text, name, tuple(formats)))
    if spelling == "ambiguous":
        example = next(value for value in values if "," in value)
        text = f"{header}: is {example!r} a number with thousands separator, or with decimal comma?"
        questions.append(Question("decimal_comma", text, name, ("thousands", "decimal")))


def _said(formats: Sequence[str], between: str = " or ") -> str:
    return between.join(format_in_words(text) for text in formats)


def _with_roles(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, columns: Sequence[ColumnGuess]
) -> tuple[ColumnGuess, ...]:
    """Proposed roles: at most one event time, unit and vendor; a key that is unique in the sample, if there is one."""
    temporal = [c for c in columns if c.types[0] in ("date", "timestamp") and c.filled]
    event = next((c for c in temporal if _EVENT.search(c.name) and not c.missing), temporal[0] if temporal else None)
    unit = next(
        (c for c in columns if c.types == ("text",) and c.filled and _UNIT.search(c.name.replace("_", " "))), None
    )
    vendor = next(
        (c for c in columns if c.types == ("text",) and c.filled and _VENDOR.search(c.name.replace("_", " "))), None
    )
    key = _key(connection, table, columns, event)
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
    connection: duckdb.DuckDBPyConnection, table: pa.Table, columns: Sequence[ColumnGuess], event: ColumnGuess | None
) -> list[ColumnGuess]:
    single = [c for c in columns if c.unique and c.types[0] in ("text", "integer")]
    if single:
        return [next((c for c in single if _KEY.search(c.name.replace("_", " "))), single[0])]
    if event is None or table.num_rows < 2:
        return []
    parts = [
        c for c in columns if c.types[0] == "text" and c is not event and c.distinct > 1 and c.filled == table.num_rows
    ][:8]
    place = {c.name: f"c{i}" for i, c in enumerate(columns)}
    for size in range(3):
        for chosen in combinations(parts, size):
            cells = ", ".join(place[c.name] for c in (event, *chosen))
            distinct = query(connection, "sample", table, f"SELECT count(DISTINCT ({cells})) AS n FROM sample")
            if distinct["n"][0].as_py() == table.num_rows:
                return [event, *chosen]
    return []
