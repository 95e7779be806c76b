"""Units and their aliases from a CSV: read, shown with every fault, then taken over whole or not at all.

Columns: code, name, and as needed kind, parent (a code, of the file or of a unit that exists), timezone, and
`alias:SYSTEM` for each code system. A unit that exists is changed; one whose parent differs moves from the given day,
and one that begins later begins on it. Without a day, a new unit is there as long as its parent, and a move holds from
today.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from datetime import date
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import Min

from doors.revisions import revision_of

from . import tree
from .models import Unit, UnitAlias, UnitPlacement

REQUIRED = ("code", "name")
OPTIONAL = ("kind", "parent", "timezone")
ALIAS = "alias:"
MOST_ROWS = 20_000
LARGEST = 10 * 2**20


class ImportRefused(Exception):
    """The file cannot be read as units at all, or still has faults; the message says what to change."""


@dataclass(frozen=True)
class Row:
    """One unit of the file. number: as a spreadsheet shows it, the header is row 1."""

    number: int
    code: str
    name: str
    kind: str
    parent: str
    timezone: str
    aliases: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Fault:
    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class Preview:
    """What the file would do: rows in an order in which parents come first, counts, and the faults that forbid it.

    revision: of the rows, the day, and the units of the tree that they name, as they were looked at.
    """

    rows: tuple[Row, ...]
    added: int = 0
    changed: int = 0
    faults: tuple[Fault, ...] = field(default_factory=tuple)
    revision: str = ""


def preview(content: bytes, day: date) -> Preview:
    """Read the file and check it against the tree of `day`. Raises ImportRefused when it is no such table."""
    rows = _rows(content)
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=_all_codes(rows))}
    faults = [*_row_faults(rows, units), *_alias_faults(rows), *_circles(rows)]
    ordered = _parents_first(rows) if not faults else rows
    known = sum(row.code in units for row in rows)
    revision = revision_of([astuple(row) for row in rows], day, *_standing(units, day))
    faults.sort(key=lambda fault: fault.row)
    return Preview(tuple(ordered), len(rows) - known, known, tuple(faults), revision)


def _standing(units: dict[str, Unit], day: date) -> tuple[list, list]:
    """How the units that the file names are, and under which one each is on the day."""
    words = sorted((code, unit.name, unit.kind, unit.timezone) for code, unit in units.items())
    places = UnitPlacement.objects.in_force(day).filter(unit__in=units.values())
    return words, sorted(places.values_list("unit__code", "parent"))


@transaction.atomic
def import_units(seen: Preview, *, from_day: date | None, today: date, by) -> None:
    """Do what the preview shows, in one transaction. Raises ImportRefused, tree.TreeRefused, ValidationError."""
    if seen.faults:
        raise ImportRefused(f"The file has {len(seen.faults)} faults: correct them and load it again.")
    units = {unit.code: unit for unit in Unit.objects.all()}
    parents = dict(UnitPlacement.objects.in_force(from_day or today).values_list("unit__code", "parent__code"))
    new = [row for row in seen.rows if row.code not in units]
    _plant(new, units, from_day, by)
    for row in (row for row in seen.rows if row not in new):
        unit = units[row.code]
        values = {"name": row.name, "kind": row.kind or unit.kind, "timezone": row.timezone or unit.timezone}
        tree.change_unit(unit, by=by, **values)
        if row.parent and parents.get(row.code) != row.parent:
            tree.move_unit(unit, units[row.parent], from_day=from_day or today, by=by)
    known = set(UnitAlias.objects.values_list("unit__code", "system", "code"))
    for row in seen.rows:
        for system, code in row.aliases:
            if (row.code, system, code) not in known:
                tree.add_alias(units[row.code], system=system, code=code, by=by)


def _plant(new: Sequence[Row], units: dict[str, Unit], from_day: date | None, by) -> None:
    """New units from the day on, or each as long as its parent; they are put into `units`."""
    firsts = dict(UnitPlacement.objects.order_by().values_list("unit__code").annotate(first=Min("valid_from")))
    for row in new:
        since = firsts[row.code] = from_day or firsts.get(row.parent) or tree.ALWAYS
        units[row.code] = tree.plant(
            code=row.code, name=row.name, kind=row.kind or Unit.Kind.DEPARTMENT, parent=units.get(row.parent), by=by,
            timezone=row.timezone, from_day=since,
        )  # fmt: skip
    tree.grown([units[row.code] for row in new], min((firsts[row.code] for row in new), default=tree.ALWAYS), by=by)


def _rows(content: bytes) -> list[Row]:
    if len(content) > LARGEST:
        raise ImportRefused(f"The file is larger than {LARGEST // 2**20} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ImportRefused(f"The file is not UTF-8 (byte {fault.start}): save it as CSV UTF-8.") from None
    if "\0" in text:
        raise ImportRefused(f"Line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a NUL: save the file anew.")
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        records = [[cell.strip() for cell in record] for record in reader]
    except csv.Error as fault:
        raise ImportRefused(f"Line {reader.line_num} is not CSV: {fault}.") from None
    if not records or not any(records[0]):
        raise ImportRefused("The file is empty: its first row names the columns code, name, parent.")
    header = _header(records[0])
    table = [(number, record) for number, record in enumerate(records[1:], start=2) if any(record)]
    if not table:
        raise ImportRefused("The file has a header but no unit below it.")
    if len(table) > MOST_ROWS:
        raise ImportRefused(f"The file has {len(table):,} rows; at most {MOST_ROWS:,} are taken at once.")
    return [_row(number, header, record) for number, record in table]


def _header(cells: Sequence[str]) -> list[str]:
    header = [cell if cell.lower().startswith(ALIAS) else cell.lower() for cell in cells]
    if twice := [name for name in header if header.count(name) > 1]:
        raise ImportRefused(f"The column {twice[0]!r} occurs twice.")
    if missing := [name for name in REQUIRED if name not in header]:
        raise ImportRefused(f"The column {missing[0]!r} is missing. Found are: {', '.join(header)[:200]}.")
    for name in header:
        if name not in REQUIRED + OPTIONAL and not (name.startswith(ALIAS) and name != ALIAS):
            raise ImportRefused(
                f"The column {name!r} is unknown: use code, name, kind, parent, timezone, alias:SYSTEM."
            )
    return header


def _row(number: int, header: Sequence[str], record: Sequence[str]) -> Row:
    if len(record) != len(header):
        raise ImportRefused(f"Row {number} has {len(record)} values for {len(header)} columns.")
    cells = dict(zip(header, record, strict=True))
    aliases = tuple(
        (name.removeprefix(ALIAS), code.strip())
        for name, cell in cells.items()
        if name.startswith(ALIAS)
        for code in cell.split("|")
        if code.strip()
    )
    wanted = {name: cells.get(name, "") for name in REQUIRED + OPTIONAL}
    return Row(number=number, aliases=aliases, **{**wanted, "kind": wanted["kind"].lower()})


def _all_codes(rows: Sequence[Row]) -> set[str]:
    return {row.code for row in rows} | {row.parent for row in rows}


def _row_faults(rows: Sequence[Row], units: dict[str, Unit]):
    seen: dict[str, int] = {}
    codes = {row.code for row in rows}
    zones = available_timezones()
    for row in rows:
        for column, longest in (("code", 80), ("name", 200)):
            value = getattr(row, column)
            if not value or len(value) > longest:
                yield Fault(row.number, column, value[:80], f"Write a {column} of 1 to {longest} characters.")
        if row.code in seen:
            yield Fault(row.number, "code", row.code, f"Row {seen[row.code]} has this code already.")
        seen.setdefault(row.code, row.number)
        if row.kind and row.kind not in Unit.Kind.values:
            yield Fault(row.number, "kind", row.kind, f"Choose from {', '.join(Unit.Kind.values)}.")
        if row.timezone and row.timezone not in zones:
            yield Fault(row.number, "timezone", row.timezone, "Write an IANA time zone such as Europe/Paris.")
        if row.parent and row.parent not in codes and row.parent not in units:
            yield Fault(row.number, "parent", row.parent, "There is no unit with this code, here or in the tree.")


def _alias_faults(rows: Sequence[Row]):
    taken = {(a.system, a.code): a.unit.code for a in UnitAlias.objects.select_related("unit")}
    for row in rows:
        for alias in row.aliases:
            if taken.setdefault(alias, row.code) != row.code:
                yield Fault(row.number, f"{ALIAS}{alias[0]}", alias[1], f"This code belongs to {taken[alias]}.")


def _circles(rows: Sequence[Row]):
    parents = {row.code: row.parent for row in rows}
    for row in rows:
        above, code = set(), row.code
        while code in parents and code not in above:
            above.add(code)
            code = parents[code]
        if code == row.code:
            yield Fault(row.number, "parent", row.parent, "Followed upwards, the parents come back to this unit.")


def _parents_first(rows: Sequence[Row]) -> list[Row]:
    parents = {row.code: row.parent for row in rows}

    def depth(code: str) -> int:
        steps = 0
        while (code := parents.get(code, "")) in parents:
            steps += 1
        return steps

    return sorted(rows, key=lambda row: (depth(row.code), row.number))
