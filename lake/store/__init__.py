"""The fact store: one Delta table a dataset, one atomic version a load. Start reading at `table.py`."""

from lake.store.closed import Closed
from lake.store.durable import sole_writer
from lake.store.records import (
    CellChange,
    ChangedRow,
    ClosedRows,
    Commit,
    Complete,
    Conflict,
    DamagedFile,
    DamagedLog,
    DataFile,
    DuplicateKey,
    Kept,
    LaterComplete,
    LaterKept,
    Reconciliation,
    SchemaConflict,
    StoreError,
    StoreFull,
    TooManyLeave,
    UnknownLoad,
    UnknownVersion,
)
from lake.store.table import FactStore, FactTable

__all__ = [
    "CellChange",
    "ChangedRow",
    "Closed",
    "ClosedRows",
    "Commit",
    "Complete",
    "Conflict",
    "DamagedFile",
    "DamagedLog",
    "DataFile",
    "DuplicateKey",
    "FactStore",
    "FactTable",
    "Kept",
    "LaterComplete",
    "LaterKept",
    "Reconciliation",
    "SchemaConflict",
    "StoreError",
    "StoreFull",
    "TooManyLeave",
    "UnknownLoad",
    "UnknownVersion",
    "sole_writer",
]
