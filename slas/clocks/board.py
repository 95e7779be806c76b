"""The live board: open cases by how much of their target is used, as the data are or as they were on an earlier day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from datasets.scan import fetch
from datasets.scope import authorised_rows, row_scope
from organization.access import Access
from slas.models import Agreement, ClockWarning

from .compute import count, table_of
from .excluding import marked
from .run import governing, only_vendor
from .times import UTC_CLOCK, Clock

MOST = 100
BANDS = (("Missed", 100, None), ("90 % and more", 90, 100), ("75 to 90 %", 75, 90), ("Below 75 %", None, 75))
OPEN = "as_of is not null and verdict in ('in_flight', 'missed')"


@dataclass(frozen=True)
class Board:
    """rows: the open cases that used most, at most MOST; total: of all of them; bands: (label, how many)."""

    as_of: datetime | None
    rows: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    bands: list[tuple[str, int]] = field(default_factory=list)
    is_earlier: bool = False


def board(
    agreement: Agreement,
    access: Access,
    *,
    day: date,
    target: str = "",
    priority: str = "",
    band: int | None = None,
    clock: Clock = UTC_CLOCK,
) -> Board:
    """The open cases that the person may see.

    day: the one to look from. Before the end of the data the log is replayed up to the end of that day by the clock;
    else the newest clock run is read. band: list those of one of BANDS only. Raises datasets.scan.ScanFailed.
    """
    dataset = agreement.dataset
    if dataset is None or dataset.current_version is None:
        return Board(None)
    conditions = " and ".join([OPEN, *_filters(target, priority)])
    if dataset.complete_through and day < dataset.complete_through:
        return _earlier(agreement, access, clock.end_of(day), conditions, band)
    rows = authorised_rows(dataset, access)
    return _read(rows.relation, rows.facts.files, conditions, band)


def warnings_of(agreement: Agreement, access: Access, limit: int = 30) -> list[ClockWarning]:
    """The newest warnings of cases that the person may see."""
    newest = list(agreement.warnings.all()[:limit])
    dataset = agreement.dataset
    if not newest or dataset is None or dataset.current_version is None or row_scope(dataset, access).everything:
        return newest
    rows = authorised_rows(dataset, access)
    named = ", ".join(_literal(warning.case) for warning in newest)
    seen = {
        row["case"]
        for row in fetch(f'select distinct "case" from ({rows.relation}) where "case" in ({named})', rows.facts.files)
    }
    return [warning for warning in newest if warning.case in seen]


def _earlier(agreement: Agreement, access: Access, until: datetime, conditions: str, band: int | None) -> Board:
    """As it was: the events up to then, replayed; rows are narrowed by the same scope as those in the lake."""
    import duckdb

    counted = count(governing(agreement), as_of=until, apart=True)
    table = marked(table_of(counted, vendor=only_vendor(agreement)), agreement)
    scope = row_scope(agreement.dataset, access)
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        connection.register("cases", table)
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        relation = f"select * from cases where {scope.condition}"
        listed = connection.sql(_list(relation, conditions, band)).to_arrow_table().to_pylist()
        counts = connection.sql(_counts(relation, conditions)).to_arrow_table().to_pylist()[0]
    return _board(listed, counts, until, is_earlier=True)


def _read(relation: str, files: Sequence, conditions: str, band: int | None) -> Board:
    listed = fetch(_list(relation, conditions, band), files)
    counts = fetch(_counts(relation, conditions), files)[0]
    as_of = max((row["as_of"] for row in listed), default=None)
    return _board(listed, counts, as_of and as_of.replace(tzinfo=UTC))


def _board(listed: list[dict[str, Any]], counts: dict[str, int], as_of, *, is_earlier: bool = False) -> Board:
    bands = [(label, counts[f"band{number}"]) for number, (label, _, _) in enumerate(BANDS)]
    for row in listed:
        row["left_s"] = None if row["target_s"] is None else row["target_s"] - row["elapsed_s"]
    return Board(as_of, listed, counts["total"], bands, is_earlier)


def _list(relation: str, conditions: str, band: int | None) -> str:
    """The worst first; a case without a time to use goes by its due time."""
    return (
        f"select * from ({relation}) where {conditions} and {'true' if band is None else _within(band)} "
        f'order by used_pct desc nulls last, due_at, "case", target limit {MOST}'
    )


def _counts(relation: str, conditions: str) -> str:
    parts = [f"count(case when {_within(number)} then 1 end) as band{number}" for number in range(len(BANDS))]
    return f"select count(*) as total, {', '.join(parts)} from ({relation}) where {conditions}"


def _within(band: int) -> str:
    """A missed case is in the first band, however little of a target without a length it used."""
    _, low, high = BANDS[band]
    used = "case when verdict = 'missed' then 100 else least(coalesce(used_pct, 0), 99.999) end"
    bounds = [f"{used} >= {low}"] if low is not None else []
    bounds += [f"{used} < {high}"] if high is not None else []
    return " and ".join(bounds)


def _filters(target: str, priority: str) -> list[str]:
    found = [f"target = {_literal(target)}"] if target else []
    return found + ([f"priority = {_literal(priority)}"] if priority else [])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
