"""Rows that were set aside: looking at them, correcting them, and loading the corrected ones.

A row with two faults has two rejects; a correction is one of the row and stands on all its rejects.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction

from organization import audit
from organization.access import UPLOAD, Access

from .facts import contract_of
from .models import Reject, Upload
from .refusals import (
    InvalidRequest,
    NoSuchRow,
    OriginalMissing,
    PeriodClosed,
    Refusal,
    RemovalUnconfirmed,
    TooLarge,
    WrongState,
)
from .scope import row_scope

MOST_REPLAYED = 50_000
LIST_LIMIT_BYTES = 20 * 2**20


def headings_of(upload: Upload) -> list[str]:
    """The headings of the file's columns in the contract's order, as its longest rejected row has them."""
    records = upload.rejects.order_by("row", "pk").values_list("record", flat=True)[:200]
    return in_order(max(records, key=len, default={}), upload)


def in_order(headings: Iterable[str], upload: Upload) -> list[str]:
    """The contract's columns first, as they stand there: a record is kept as JSON, which has no order of its own."""
    columns = contract_of(upload.dataset).columns if upload.dataset and upload.dataset.contract else ()
    places = {column.heading: place for place, column in enumerate(columns)}
    return sorted(headings, key=lambda heading: (places.get(heading, len(places)), heading))


def table_of(upload: Upload) -> Iterator[list[Any]]:
    """The rejects for a download: PLACE, then the row's cells (as corrected, if they are)."""
    headings = headings_of(upload)
    for reject in upload.rejects.iterator(chunk_size=2_000):
        cells = reject.correction or reject.record
        place = [reject.row, reject.column, reject.value, reject.code, reject.message, reject.state]
        yield [*place, *(cells.get(heading) for heading in headings)]


def may_see(upload: Upload, access: Access) -> bool:
    """Rejected rows were not told apart by unit: their uploader sees them, and who sees all rows of the dataset."""
    if upload.dataset_id is None or not upload.dataset.contract:
        return upload.uploaded_by_id == access.user_id
    own = upload.uploaded_by_id == access.user_id and access.anywhere(UPLOAD)
    return own or row_scope(upload.dataset, access).everything


def seen(fault: dict[str, Any], upload: Upload, access: Access) -> dict[str, Any]:
    """Why a load or undo was refused, of its stored records only those that the person may see now.

    Its uploader saw all of them when it was refused, and may have lost a unit since. One whose units are not known, as
    in older refusals, is for who sees every row.
    """
    if fault.get("code") not in OF_RECORDS or upload.dataset is None:
        return fault
    scope, details = row_scope(upload.dataset, access), fault.get("details", [])
    if not may_see(upload, access):
        details = []
    elif not scope.everything:
        details = [one for one in details if one.get("units") and all(map(scope.holds, one["units"]))]
    row = {"row": next((one["row"] for one in details), None)} if "row" in fault else {}
    return fault | row | {"details": details}


@contextmanager
def telling(upload: Upload, access: Access) -> Iterator[None]:
    """A refusal that is raised within and tells of stored records tells those alone that the person may see."""
    try:
        yield
    except Refusal as refusal:
        known = seen(refusal.to_dict(), upload, access)
        refusal.extra |= {name: known[name] for name in ("row", "details") if name in known}
        raise


OF_RECORDS = (PeriodClosed.code, RemovalUnconfirmed.code)  # refusals that tell of stored records
PLACE = ["row", "column", "value", "code", "message", "state"]


@transaction.atomic
def correct(upload: Upload, row: int, cells: Mapping[str, str], *, by) -> list[Reject]:
    """Write down how the cells of a rejected row should have been; those not given stay. Nothing is loaded yet.

    Raises WrongState, NoSuchRow, InvalidRequest (no such heading).
    """
    rejects = _open_rejects(upload, row)
    record = rejects[0].record
    unknown = sorted(set(cells) - set(record) - set(_contract_headings(upload)))
    if unknown:
        raise InvalidRequest(
            f"Row {row} has no column {unknown[0]!r}.",
            next_step=f"Its columns are {', '.join(list(record)[:20])}.",
            row=row,
            column=unknown[0],
            field="cells",
        )
    wrong = next((name for name, cell in cells.items() if "\0" in str(cell)), None)
    if wrong:
        raise InvalidRequest(f"Row {row}, {wrong}: the cell holds a NUL.", row=row, column=wrong, field="cells")
    given = {name: str(cell) for name, cell in cells.items() if cell or name in record}  # what it lacks, it lacks
    correction = {**(rejects[0].correction or record), **given}
    Reject.objects.filter(pk__in=[reject.pk for reject in rejects]).update(
        correction=correction, state=Reject.State.CORRECTED
    )
    audit.record(by, "reject corrected", upload, unit=upload.dataset.unit, row=row, cells=dict(cells))
    return _open_rejects(upload, row)


@transaction.atomic
def dismiss(upload: Upload, row: int, *, by, reason: str = "") -> None:
    """Leave a rejected row out for good; it stays in the list. Raises WrongState, NoSuchRow."""
    rejects = _open_rejects(upload, row)
    Reject.objects.filter(pk__in=[reject.pk for reject in rejects]).update(state=Reject.State.DISMISSED)
    audit.record(by, "reject dismissed", upload, unit=upload.dataset.unit, row=row, reason=reason)


def correct_from_list(upload: Upload, path: Path, *, name: str, by) -> int:
    """Take the corrections from a list as it was downloaded (CSV or XLSX). Returns how many rows were corrected.

    A row of the list that says what the rejected row said already is no correction. Raises IntakeError, InvalidRequest.
    """
    from lake import sandbox

    from . import parse
    from .intake.confirming import reader_failed

    try:
        rows = sandbox.run(parse.corrected_table, path, name=name, limits=sandbox.Limits.interactive())
    except sandbox.SandboxKilled as killed:
        raise reader_failed(killed, name) from killed
    if rows and "row" not in rows[0]:
        raise InvalidRequest(
            f"{name} has no column 'row'.", next_step="Correct the list as it was downloaded.", file=name, column="row"
        )
    records = {reject.row: reject.correction or reject.record for reject in _still_open(upload)}
    count = 0
    with transaction.atomic():
        for row in rows:
            number = int(row["row"]) if row["row"].isascii() and row["row"].isdigit() else -1
            record = records.get(number)
            if record is None:
                continue
            cells = {heading: _unquoted(text) for heading, text in row.items() if heading in record}
            changed = {heading: text for heading, text in cells.items() if text != (record[heading] or "")}
            if changed:
                correct(upload, number, changed, by=by)
                records[number] = {**record, **changed}
                count += 1
    return count


def replay(upload: Upload, *, by, token=None):
    """Load the corrected rows as an upload of their own that `replays` this one. Returns intake.Requested.

    Raises WrongState when nothing is corrected, or the first upload is not loaded.
    """
    from . import intake

    _must_be_loaded(upload)
    rows: dict[int, dict[str, str]] = {}
    for reject in upload.rejects.filter(state=Reject.State.CORRECTED).order_by("row", "pk")[: MOST_REPLAYED * 4]:
        rows[reject.row] = reject.correction
    if not rows:
        raise WrongState(f"No rejected row of upload #{upload.pk} is corrected.", next_step="Correct a row first.")
    lines = (json.dumps({"row": row, "record": record}, ensure_ascii=False) for row, record in rows.items())
    content = "\n".join(lines).encode()
    name = f"corrected rows of {upload.file_name}"
    made = intake.receive(upload.dataset, io.BytesIO(content), name=name, by=by, length=len(content), replays=upload)
    Upload.objects.filter(pk=made.pk).update(dialect=upload.dialect, blank_missing=upload.blank_missing)
    made.refresh_from_db()
    return intake.request_load(made, by=by, token=token)


def unsettle(replayed: Upload) -> None:
    """A replay was taken back: its rows wait, corrected, to be loaded again (unless its own file is gone)."""
    try:
        rows = corrected_rows(replayed)
    except OriginalMissing:
        return
    settled = Reject.objects.filter(upload_id=replayed.replays_id, state=Reject.State.REPLAYED, row__in=rows)
    settled.update(state=Reject.State.CORRECTED)


def corrected_records(path: Path) -> tuple[list[int], list[dict[str, str]]]:
    """What a replay's file holds: the row numbers in the first upload's file, and the corrected cells by heading."""
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [entry["row"] for entry in entries], [entry["record"] for entry in entries]


def corrected_rows(upload: Upload) -> list[int]:
    """The row numbers of a replay."""
    from .intake.receiving import original_of

    return corrected_records(original_of(upload))[0]


def kept_small(size: int) -> None:
    """Raises TooLarge for a list that is larger than one of rejects can be."""
    if size > LIST_LIMIT_BYTES:
        raise TooLarge("The list is larger than 20 MB.", next_step="Correct it in parts.")


def is_correctable(upload: Upload) -> bool:
    """Only a load that took its good rows waits for the others: one that was refused whole is corrected as a file."""
    return upload.state == Upload.State.LOADED


def are_waiting(upload: Upload) -> bool:
    """Whether any row waits to be corrected, or to be loaded as it was corrected."""
    return is_correctable(upload) and _still_open(upload).exists()


def _must_be_loaded(upload: Upload) -> None:
    if not is_correctable(upload):
        raise WrongState(
            f"Upload #{upload.pk} is {upload.stands}: only a loaded one has rejects to correct.",
            next_step="Correct the whole file and upload it again.",
        )


def _open_rejects(upload: Upload, row: int) -> list[Reject]:
    _must_be_loaded(upload)
    rejects = list(upload.rejects.filter(row=row))
    if not rejects:
        raise NoSuchRow(
            f"Upload #{upload.pk} has no rejected row {row}.", next_step="Its rejects name their rows.", row=row
        )
    if rejects[0].state not in (Reject.State.OPEN, Reject.State.CORRECTED):
        raise WrongState(f"Row {row} is {rejects[0].get_state_display().lower()}: it is settled.", row=row)
    return rejects


def _still_open(upload: Upload):
    return upload.rejects.filter(state__in=[Reject.State.OPEN, Reject.State.CORRECTED])


def _contract_headings(upload: Upload) -> list[str]:
    from .intake.loading import contract_of_upload

    return [column.heading for column in contract_of_upload(upload).supplied]


def _unquoted(text: str) -> str:
    """An export puts an apostrophe before a text that a spreadsheet would run; it is not the text's own."""
    return text[1:] if text[:1] == "'" and text[1:2] in set("=+-@\t\r＝＋－＠ ") else text
