"""What the fact store tells its callers: commits, data files, findings, and its expected refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Operation = Literal["load", "undo", "compact"]


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table. `path` is relative to the table's folder, `month` yyyymm or 0 without event time."""

    path: str
    sha256: str
    size: int
    rows: int
    month: int


@dataclass(frozen=True)
class Complete:
    """A load says that it holds all records of the days `first` to `last` of `column` (the event time).

    Stored records of these days that are not in it leave, those alone that meet `where` (SQL over stored columns).
    `allowed`: how many may leave; None: up to half of what is stored of these days.
    """

    column: str
    first: date
    last: date
    where: str = "true"
    allowed: int | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Complete:
        days = {name: date.fromisoformat(data[name]) for name in ("first", "last")}
        return cls(**(data | days))


@dataclass(frozen=True)
class Kept:
    """A load brought nothing in `columns`: there its rows hold what the records that they replace held at `version`.

    version: None where nothing was stored yet.
    """

    columns: tuple[str, ...]
    version: int | None


@dataclass(frozen=True)
class Commit:
    """One atomic version of a table, as its log keeps it.

    `accepted` rows came in, `replaced` of them took the place of a stored record, `unchanged` of these said the same
    (None: not counted, the replaced records lie in files too large to compare).
    `complete`: the days of which a load held all records; `removed` records of these days, which it lacked, left.
    An undo has `removed` rows that left and `restored` rows that came back. `files` are the files that it added.
    `restated` records of closed days were changed. `kept`: columns in which its rows have what the records held that
    they replaced, as its extract lacked them.
    `months` are the partitions it touched; `touched_months` has, per time column, the months (yyyymm, local days) in
    which rows came or went, old and new place of every record: what a recompute must refresh.
    """

    version: int
    previous_version: int | None
    load_id: str
    operation: Operation
    files: tuple[DataFile, ...] = ()
    rows: int = 0  # of the whole table, at this version
    accepted: int = 0
    replaced: int = 0
    unchanged: int | None = 0
    removed: int = 0
    restored: int = 0
    restated: int = 0
    complete: Complete | None = None
    kept: tuple[str, ...] = ()
    undone_load: str = ""
    key: tuple[str, ...] = ()
    months: tuple[int, ...] = ()
    touched_months: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Commit:
        data: dict[str, Any] = json.loads(text)
        data["files"] = tuple(DataFile(**file) for file in data["files"])
        data["complete"] = Complete.from_dict(data["complete"]) if data.get("complete") else None
        data["months"], data["key"], data["kept"] = (tuple(data.get(name, ())) for name in ("months", "key", "kept"))
        data["touched_months"] = {column: tuple(months) for column, months in data["touched_months"].items()}
        return cls(**data)


@dataclass(frozen=True)
class Reconciliation:
    """The table against what the database knows (F3, F22).

    `adopt`: committed in the lake, unknown to the database, newer than all it knows: finish the bookkeeping.
    `missing`: known to the database, not in the lake: load again from the kept originals.
    `hidden`: in the lake, unknown, older than something known: never show it.
    """

    adopt: tuple[Commit, ...]
    missing: tuple[int, ...]
    hidden: tuple[Commit, ...]

    @property
    def agrees(self) -> bool:
        return not (self.adopt or self.missing or self.hidden)


class StoreError(Exception):
    """An expected refusal of the fact store; its text names the thing, the fault and the next step."""


class UnknownLoad(StoreError):
    """No version of the table is of this load."""


class UnknownVersion(StoreError):
    """The table has no such version, or its files are past retention."""


class Conflict(StoreError):
    """Another writer kept committing first. Nothing was written; try again."""


class DuplicateKey(StoreError):
    """One load holds a record key twice and its contract refuses that."""


class SchemaConflict(StoreError):
    """A column of the contract has another type than the stored one."""


@dataclass(frozen=True)
class CellChange:
    """A value of a record as it is and as it would be, as texts; None: empty."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ChangedRow:
    """A record of a closed day that would change: its row in the file, its key, its day then and its day now.

    No `day`: it would leave; no `stored_day`: it would be new. changes: of one that stays, its values that differ.
    units: as the row that comes and the stored one name them; none where the contract names no unit.
    """

    row: int | None
    key: str
    day: date | None
    stored_day: date | None
    changes: tuple[CellChange, ...] = ()
    units: tuple[str | None, ...] = ()


class ClosedRows(StoreError):
    """The load or undo would change `total` records of closed days; `rows` are the first of them."""

    def __init__(self, through: date, total: int, rows: tuple[ChangedRow, ...]) -> None:
        self.through, self.total, self.rows = through, total, rows
        super().__init__(f"{total:,} records on or before {through} would change, and these days are closed.")


class TooManyLeave(StoreError):
    """A complete load would remove `total` of the `stored` records of its days, more than it is allowed.

    rows: the first of them as they are stored, the newest event first.
    """

    def __init__(self, complete: Complete, total: int, stored: int, rows: pa.Table) -> None:
        self.complete, self.total, self.stored, self.rows = complete, total, stored, rows
        super().__init__(
            f"{total:,} of the {stored:,} records of {complete.first} to {complete.last} would leave. Allow as many."
        )


class LaterComplete(StoreError):
    """Records that an undo would bring back lie in days of which a later load, `load_id`, held all records."""

    def __init__(self, load_id: str, complete: Complete, total: int) -> None:
        self.load_id, self.complete, self.total = load_id, complete, total
        super().__init__(
            f"{total:,} records of {complete.first} to {complete.last} would come back, but load {load_id} held all "
            "records of these days later. Take that one back first."
        )


class LaterKept(StoreError):
    """`total` records of a later load, `load_id`, keep values in `columns` that came with the load to be taken back."""

    def __init__(self, load_id: str, columns: tuple[str, ...], total: int) -> None:
        self.load_id, self.columns, self.total = load_id, columns, total
        super().__init__(
            f"{total:,} records of load {load_id}, which lacked {', '.join(columns)}, keep their values. "
            "Take that one back first."
        )


class StoreFull(StoreError):
    """The disk could not take the new files. Nothing was committed and nothing of it was left behind."""


class DamagedFile(StoreError):
    """A data file is missing or is not what was committed (F20)."""

    def __init__(self, file: DataFile, fault: str, load_ids: tuple[str, ...], months: tuple[int, ...]) -> None:
        self.file, self.load_ids, self.months = file, load_ids, months
        loads = ", ".join(load_ids) or "unknown loads"
        super().__init__(
            f"{file.path} {fault} (month {file.month}, {loads}). Restore this file from a backup, or load again."
        )


class DamagedLog(StoreError):
    """An entry of the table's log is missing, torn or empty (F21); `last_good` is the newest readable version."""

    def __init__(self, entry: str, fault: str, last_good: int | None) -> None:
        self.entry, self.last_good = entry, last_good
        good = "No version can be read" if last_good is None else f"Version {last_good} and older can be read"
        super().__init__(f"{entry} of the table's log {fault}. {good}. Restore the log from a backup.")
