"""The fact store: one Delta table a dataset, one atomic version a load. Start reading at `table.py`."""

from lake.store.closed import Closed
from lake.store.durable import sole_writer
from lake.store.records import (
    ChangedRow,
    ClosedRows,
    Commit,
    Conflict,
    DamagedFile,
    DamagedLog,
    DataFile,
    DuplicateKey,
    Reconciliation,
    SchemaConflict,
    StoreError,
    StoreFull,
    UnknownLoad,
    UnknownVersion,
)
from lake.store.table import FactStore, FactTable

__all__ = [
    "ChangedRow",
    "Closed",
    "ClosedRows",
    "Commit",
    "Conflict",
    "DamagedFile",
    "DamagedLog",
    "DataFile",
    "DuplicateKey",
    "FactStore",
    "FactTable",
    "Reconciliation",
    "SchemaConflict",
    "StoreError",
    "StoreFull",
    "UnknownLoad",
    "UnknownVersion",
    "sole_writer",
]
