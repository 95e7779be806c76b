"""An extract that is not written as the files of its dataset are: asked about on the page, refused over REST."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from organization import audit

from ..facts import contract_of
from ..models import Dataset, Upload
from ..refusals import WrongState

if TYPE_CHECKING:
    from lake.intake import Dialect, Preview

ASKS, ASKS_OF_CELLS = "written_otherwise", "shown_otherwise"
UNDECLARED = "percent_cells"  # of cells that show percents, which the contract reads from texts only
CELLS = (UNDECLARED, "zeros_shown", "plain_cells")  # the questions about what cells show that are asked
_SHOWN = {
    "delimiter": "delimiter",
    "encoding": "encoding",
    "header_row": "header row",
    "sheet": "sheet",
    "quote": "quote",
}
_SIGNS = {"\t": "tab", " ": "blank", "": "none", ",": "comma", ";": "semicolon", "|": "bar"}
OPEN = (Upload.State.RECEIVED, Upload.State.REFUSED, Upload.State.ASKS, Upload.State.FAILED)


def as_found(upload: Upload, known: Dialect, *, encoding: str = "") -> Preview | None:
    """The preview by what the file itself shows, if that is another way of writing in which it fits its contract."""
    from lake.intake import Dialect, IntakeError
    from lake.intake.headers import match_headers

    from .confirming import inspect

    if upload.dataset is None or not upload.dataset.contract or not upload.dataset.dialect:
        return None
    try:
        preview = inspect(upload, Dialect(encoding=encoding) if encoding else None)
        match_headers([one.header for one in preview.columns], contract_of(upload.dataset), preview.dialect.header_row)
    except IntakeError:
        return None
    found = preview.dialect
    if not differences(known, found):
        return None
    comma, thousands = found.decimal_comma, found.thousands
    return replace(
        preview,
        dialect=replace(
            found,
            total_words=known.total_words,
            decimal_comma=known.decimal_comma if comma is None else comma,
            thousands=known.thousands if comma is None else thousands,
        ),
    )


def ask(upload: Upload, found: Preview, known: Dialect, fault: Exception) -> None:
    """Keep the upload, read as its file seems to be written, until a person has looked at it."""
    words = differences(known, found.dialect)
    upload.dialect = found.dialect.to_dict()
    message = f"The file is not written as those of {upload.dataset.name}: {'; '.join(words)}."
    _ask(upload, ASKS, message, {"refused": getattr(fault, "code", "")})


def ask_of_cells(upload: Upload, preview: Preview) -> None:
    """Keep the upload until a person has looked at it, if cells of its workbook show other values than would be
    read."""
    asked = [question for question in preview.questions if question.code in CELLS]
    if not asked:
        return
    headers = {column.name: column.header for column in preview.columns}
    columns = ", ".join(dict.fromkeys(headers.get(question.column, question.column) for question in asked))
    message = f"Cells of the workbook are not formatted as {upload.dataset.name} reads them, in {columns}."
    _ask(upload, ASKS_OF_CELLS, message, {"cells": [question.code for question in asked]})


def _ask(upload: Upload, code: str, message: str, details: dict[str, Any]) -> None:
    upload.state = Upload.State.ASKS
    upload.fault = {
        "code": code,
        "message": message,
        "next_step": "Nothing was loaded yet. Look at how it is read.",
        "file": upload.file_name,
        "details": details,
    }
    upload.save(update_fields=["dialect", "state", "fault"])
    audit.record(upload.uploaded_by, "upload asks", upload, unit=upload.dataset.unit, code=code)


def differences(known: Dialect, found: Dialect) -> list[str]:
    """What a file says of its own writing that is not as declared, in words."""
    if known.kind != found.kind:
        return [f"it is {found.kind.upper()}, not {known.kind.upper()}"]
    names = ("header_row", "sheet") if known.kind == "xlsx" else ("delimiter", "encoding", "header_row", "quote")
    pairs = [
        (_SHOWN[name], getattr(found, name), getattr(known, name)) for name in names if known.kind in ("csv", "xlsx")
    ]
    return [f"{word} {_said(new)} instead of {_said(old)}" for word, new, old in pairs if new != old and (old or new)]


def is_split_otherwise(known: Dialect, found: Dialect) -> bool:
    """Whether the dataset's dialect, which is the usual one and so was not held against the file, does not split it."""
    if known.kind != found.kind or known.kind != "csv" or not found.delimiter:
        return False
    return (known.delimiter, known.header_row) != (found.delimiter, found.header_row)


def _said(value: Any) -> str:
    return _SIGNS.get(value, str(value)) if isinstance(value, str) else str(value)


@transaction.atomic
def read_as(upload: Upload, dialect: Dialect, *, by) -> None:
    """Read this upload so, by the contract in force; other files of its dataset stay. Raises WrongState."""
    upload = Upload.objects.select_for_update(of=("self",)).select_related("dataset__unit").get(pk=upload.pk)
    if upload.dataset is None or upload.state not in OPEN:
        raise WrongState(f"Upload #{upload.pk} is {upload.stands}: how it is read cannot change now.")
    before = upload.dialect
    upload.dialect, upload.fault = dialect.to_dict(), None
    upload.state = Upload.State.RECEIVED
    upload.save(update_fields=["dialect", "fault", "state"])
    audit.record(by, "upload read otherwise", upload, unit=upload.dataset.unit, before=before, after=upload.dialect)


def settle(dataset: Dataset, dialect: Dialect, *, by) -> None:
    """From now on the files of the dataset are read so. In the caller's transaction."""
    before, after = dataset.dialect, replace(dialect, gzip=False).to_dict()
    if before == after:
        return
    Dataset.objects.filter(pk=dataset.pk).update(dialect=after)
    if before:
        changed = {
            name: {"before": before.get(name), "after": after[name]}
            for name in after
            if before.get(name) != after[name]
        }
        audit.record(by, "reading of files changed", dataset, **changed)
