"""An extract becomes typed rows and explained rejects. See README.md; `inspect` first, then `load`."""

from lake.intake.keeping import Kept, keep
from lake.intake.loading import load, load_records
from lake.intake.preview import inspect
from lake.intake.terms import ColumnGuess, Dialect, IntakeError, Limits, Loaded, Preview, Question
from lake.intake.trial import unread

__all__ = [
    "ColumnGuess",
    "Dialect",
    "IntakeError",
    "Kept",
    "Limits",
    "Loaded",
    "Preview",
    "Question",
    "inspect",
    "keep",
    "load",
    "load_records",
    "unread",
]
