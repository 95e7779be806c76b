"""The load job: parse in a child process, commit to the lake, name the version in the database.

Every step may be repeated after a kill: parsing has no effect outside its own folder, the lake answers a known load id
with its earlier commit, and the last transaction is done once, by the holder of the lease.
"""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.work import Claim, LeaseLost, Refused
from organization import audit
from organization.access import UPLOAD, access_of
from organization.models import ApiToken

from .. import closing, keeping, reconcile, removal, scan, scope, stretch
from ..facts import facts_of, table_of
from ..models import Dataset, Upload
from ..parse import intake_in_child
from ..refusals import ForeignUnits, InvalidRequest, Refusal
from ..rejects import corrected_records
from ..sole_writer import sole_writer
from .committing import copy_rejects, make_visible, summary_of
from .confirming import reader_failed
from .receiving import original_of

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.intake import Loaded

SHOWN_ROWS = 20


def load(claim: Claim) -> dict[str, Any]:
    """Do the load of `claim.job.arguments["upload"]`. A file or a right that does not suffice ends it as refused."""
    from lake.intake import IntakeError

    upload = Upload.objects.select_related("dataset__unit", "uploaded_by", "restated_by").get(
        pk=claim.job.arguments["upload"]
    )
    if upload.state not in (Upload.State.QUEUED, Upload.State.LOADING):
        _remove_left(upload)  # by an attempt that was killed after its commit
        return {"state": upload.state}
    Upload.objects.filter(pk=upload.pk, state=Upload.State.QUEUED).update(state=Upload.State.LOADING)
    try:
        return _load(upload, claim)
    except (IntakeError, Refusal) as fault:
        return _refuse(upload, {**fault.to_dict(), "file": upload.file_name}, claim)
    except LeaseLost:
        raise
    except Exception as fault:
        if claim.job.attempts >= claim.job.max_attempts:
            words = _fail(upload, fault)
            if _is_full(fault):
                raise Refused(words["message"]) from fault
        raise


def _load(upload: Upload, claim: Claim) -> dict[str, Any]:
    dataset, contract = upload.dataset, contract_of_upload(upload)
    _check_formulas(contract)
    timings: dict[str, float] = {}
    with _work_folder(upload, claim) as into:
        with _timed(timings, "parse"):
            loaded = _parsed_or_refused(upload, contract, into, claim)
            if loaded is None:
                upload.refresh_from_db()
                return {"state": "refused", "fault": upload.fault}
        writable = scope.row_scope(dataset, _access_of_job(upload, claim), UPLOAD)
        _check_units(loaded, writable)
        stretch.refuse_outside(upload, contract, loaded)
        summary = summary_of(dataset, contract, [loaded.accepted_path])
        with sole_writer(dataset, claim), _timed(timings, "store"):
            reconcile.settle(dataset)
            _check_records(dataset, contract, loaded, writable)
            claim.progress(85, "Storing the rows")
            closed = closing.closed_days(upload, contract)
            complete = removal.stretch_of(upload, contract, loaded, writable)
            loaded, kept = keeping.completed(upload, contract, loaded, into)
            with closing.refusing(dataset), removal.refusing(upload):
                commit = table_of(dataset).commit(
                    upload.load_id, loaded.accepted_path, contract, closed=closed, complete=complete, kept=kept
                )
            claim.progress(95, "Making the rows visible")
            make_visible(upload, commit, loaded, summary, timings=timings, claim=claim)
    return {"state": "loaded", "accepted": loaded.accepted, "rejected": loaded.rejected, "version": commit.version}


def _check_formulas(contract: Contract) -> None:
    """A formula may have been taken before it was known what is wrong with it. Raises InvalidRequest."""
    from lake.contract import ContractError
    from lake.contract.checks import check_formulas

    try:
        check_formulas(contract)
    except ContractError as fault:
        step = "Change it in the dataset's contract, then load the file again."
        raise InvalidRequest(fault.message, next_step=step, field=fault.column) from fault


def _parsed_or_refused(upload: Upload, contract: Contract, into: Path, claim: Claim) -> Loaded | None:
    """None: the file was refused; the rejects that it was refused for are kept, so that they can be looked at."""
    from lake.intake import IntakeError

    try:
        return _parse(upload, contract, into, claim)
    except IntakeError as fault:
        rejects = into / "rejects.parquet"
        words = {**fault.to_dict(), "file": upload.file_name}
        if isinstance(words.get("details"), dict):
            words["details"].pop("rejects_path", None)
        _refuse(upload, words, claim, rejects if fault.code == "too_many_rejects" else None)
        return None


def contract_of_upload(upload: Upload) -> Contract:
    """The contract that the upload was confirmed under, even if a newer one is in force by now."""
    from lake.contract import Contract

    version = upload.dataset.contract_versions.get(number=upload.contract_number)
    contract = Contract.from_dict(version.contract)
    # Corrected rejects are few and were bad once: each is judged by itself, not the share of them.
    return replace(contract, reject_limit_pct=100.0) if upload.replays_id else contract


def _parse(upload: Upload, contract: Contract, into: Path, claim: Claim) -> Loaded:
    from lake import intake, sandbox

    dataset = upload.dataset
    codes = frozenset(scope.unit_codes(dataset)) if contract.unit_column else None
    dialect = intake.Dialect.from_dict(upload.dialect)
    claim.progress(2, "Reading the file")
    try:
        if upload.replays_id:
            rows, records = corrected_records(original_of(upload))
            return sandbox.run(
                intake.load_records, records, contract, into=into, rows=rows, dialect=dialect, unit_codes=codes
            )
        return sandbox.run(
            intake_in_child,
            original_of(upload),
            contract,
            dialect,
            into=into,
            unit_codes=codes,
            limits=sandbox.Limits.parse(),
            on_progress=_shown_on(claim),
        )
    except sandbox.SandboxKilled as killed:
        if killed.reason == "crash" and claim.job.attempts < claim.job.max_attempts:
            raise  # an outside kill, perhaps: the next attempt may go well
        raise reader_failed(killed, upload.file_name) from killed


def _shown_on(claim: Claim):
    """A listener that writes the progress down once a second at most."""
    last = [0.0]

    def show(done: int, total: int) -> None:
        if time.monotonic() - last[0] > 1:
            last[0] = time.monotonic()
            share = min(1.0, done / total) if total else 0.5
            claim.progress(int(5 + 75 * share), "Reading the file")

    return show


def _access_of_job(upload: Upload, claim: Claim):
    """What the uploader may do now, through the token of the request if there was one."""
    token_id = claim.job.arguments.get("token")
    token = ApiToken.objects.filter(pk=token_id).first() if token_id else None
    if token_id and token is None:
        raise ForeignUnits("The token of this upload is gone.", next_step="Upload the file again with a valid token.")
    return access_of(upload.uploaded_by, timezone.now().date(), token)


def _check_units(loaded: Loaded, writable: scope.RowScope) -> None:
    """Every row belongs to a unit at which the uploader may upload. Raises ForeignUnits with the first rows."""
    if writable.everything or not loaded.accepted:
        return
    source = scan.rows_in(loaded.accepted_path)
    unit = f'"{writable.column}"' if writable.column else "null::varchar"
    found = scan.fetch_here(
        f"select _row as row, {unit} as unit, count(*) over () as total from {source} "
        f"where ({writable.condition}) is not true order by _row limit {SHOWN_ROWS}",
        [loaded.accepted_path],
    )
    if found:
        raise _foreign(found[0]["total"], found)


def _check_records(dataset: Dataset, contract: Contract, loaded: Loaded, writable: scope.RowScope) -> None:
    """No stored record of another unit is replaced by way of its key. Raises ForeignUnits."""
    if writable.everything or not loaded.accepted or not contract.key or dataset.current_version is None:
        return
    stored = facts_of(dataset)
    keys = ", ".join(f'"{column.name}"' for column in contract.key)
    unit = f'"{writable.column}"' if writable.column else "null::varchar"
    found = scan.fetch_here(
        f"select _row as row, {unit} as unit, count(*) over () as total from ({stored.relation}) "
        f"where ({writable.condition}) is not true and ({keys}) in "
        f"(select ({keys}) from {scan.rows_in(loaded.accepted_path)}) limit {SHOWN_ROWS}",
        [*stored.files, loaded.accepted_path],
    )
    if found:
        raise _foreign(found[0]["total"], [{"unit": row["unit"]} for row in found], "would replace records of")


def _foreign(total: int, rows: list[dict[str, Any]], what: str = "belong to") -> ForeignUnits:
    units = sorted({row["unit"] or "the dataset's home unit" for row in rows})
    return ForeignUnits(
        f"{total:,} rows {what} units at which you may not upload, such as {', '.join(units[:3])}.",
        next_step="Leave those rows out, or ask for the analyst role there. Nothing was loaded.",
        row=rows[0].get("row"),
        value=str(rows[0].get("unit") or ""),
        details=[{key: row[key] for key in ("row", "unit") if key in row} for row in rows],
    )


@contextmanager
def _work_folder(upload: Upload, claim: Claim) -> Iterator[Path]:
    """A folder of this attempt's own, gone afterwards; what killed attempts left is removed first."""
    _remove_left(upload)
    root = Path(settings.UPLOAD_ROOT) / "work"
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = root / f"{upload.public_id.hex}-{claim.job.attempts}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(upload: Upload) -> None:
    for left in (Path(settings.UPLOAD_ROOT) / "work").glob(f"{upload.public_id.hex}-*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        timings[name] = round(time.perf_counter() - started, 3)


@transaction.atomic
def _refuse(upload: Upload, fault: dict[str, Any], claim: Claim, rejects: Path | None = None) -> dict[str, Any]:
    """The file is refused whole, or asks first; the reason stays with it, nothing of it was loaded."""
    claim.still_mine()
    if rejects is not None:
        upload.rejects.all().delete()
        copy_rejects(upload, rejects)
        details = fault.get("details") or {}
        Upload.objects.filter(pk=upload.pk).update(rows_read=details.get("rows"), rejected=details.get("rejected"))
    asks = fault.get("code") in removal.ASKING
    state, word = (Upload.State.ASKS, "upload asks") if asks else (Upload.State.REFUSED, "upload refused")
    Upload.objects.filter(pk=upload.pk).update(state=state, fault=_storable(fault), finished_at=timezone.now())
    audit.record(upload.uploaded_by, word, upload, unit=upload.dataset.unit, code=fault.get("code"))
    return {"state": state.value, "fault": _storable(fault)}


def _is_full(fault: Exception) -> bool:
    from lake.store import StoreFull

    return isinstance(fault, StoreFull) or getattr(fault, "errno", None) == errno.ENOSPC


def _fail(upload: Upload, fault: Exception) -> dict[str, str]:
    message = str(fault) or type(fault).__name__
    step = "Nothing was lost: the file is kept. Try again, and tell the administrator if it fails again."
    if _is_full(fault):
        message = f"There is no room left on the disk for the rows of {upload.dataset.name}: nothing was stored."
        step = "The file is kept. Ask the administrator to make room, then try again."
    words = {"code": "load_failed", "message": message, "next_step": step, "file": upload.file_name}
    Upload.objects.filter(pk=upload.pk).update(
        state=Upload.State.FAILED, fault=_storable(words), finished_at=timezone.now()
    )
    return words


def _storable(fault: dict[str, Any]) -> Any:
    """JSON that PostgreSQL takes: it knows no NUL."""
    import json

    return json.loads(json.dumps(fault, default=str).replace("\\u0000", "\\u2400"))
