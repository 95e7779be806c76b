"""The measure engine: many measures over the rows of one dataset in as few scans as possible."""

from lake.engine.compute import check, compute
from lake.engine.layout import needed_span, window_span
from lake.engine.results import RESULT
from lake.engine.rows import Preview, RowsBehind, preview, rows_behind
from lake.engine.source import Settings, Source, limits

__all__ = [
    "RESULT",
    "Preview",
    "RowsBehind",
    "Settings",
    "Source",
    "check",
    "compute",
    "limits",
    "needed_span",
    "preview",
    "rows_behind",
    "window_span",
]
