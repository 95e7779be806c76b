"""Complete extracts: records of their days that they lack are removed. Off unless an upload says so.

Of which days, tells `stretch`. Only rows of units at which the uploader may upload are removed, and none if a row was
rejected: it may be any of the records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import closing, leaving, stretch
from .facts import contract_of
from .models import Dataset, Upload
from .refusals import InvalidRequest, OutsideStretch, Refusal, RemovalUnconfirmed
from .scope import RowScope

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.intake import Loaded
    from lake.store import Commit, Complete


ASKING: dict[str, type[Refusal]] = {one.code: one for one in (RemovalUnconfirmed, OutsideStretch)}  # Upload.State.ASKS


def is_offered(dataset: Dataset | None) -> bool:
    """Whether an extract of the dataset may say that it is complete: its records have a key and an event time."""
    if dataset is None or not dataset.contract or dataset.source != Dataset.Source.EXTRACT:
        return False
    contract = contract_of(dataset)
    return bool(contract.key and contract.event_time)


def check_offered(dataset: Dataset | None) -> None:
    """Raises InvalidRequest where `complete` cannot be told."""
    if not is_offered(dataset):
        raise InvalidRequest(
            "Only an extract of a dataset whose contract has a record key and an event time can be complete.",
            next_step="Leave `complete` out; records are replaced by their key, or added.",
            field="complete",
        )


def stretch_of(upload: Upload, contract: Contract, loaded: Loaded, writable: RowScope) -> Complete | None:
    """The days of which the upload holds all records; None if it does not say so, or nothing may be removed."""
    from lake.store import Complete

    event, (first, last) = contract.event_time, stretch.spoken_for(upload, loaded)
    if not upload.complete or event is None or loaded.rejected or first is None or last is None:
        return None
    return Complete(event.name, first, last, where=writable.condition, allowed=upload.may_remove)


@contextmanager
def refusing(upload: Upload) -> Iterator[None]:
    """Turns the lake's TooManyLeave into RemovalUnconfirmed, and keeps which records these are."""
    from lake.store import TooManyLeave

    try:
        yield
    except TooManyLeave as fault:
        days = stretch.words(upload, fault.complete.first, fault.complete.last)
        of = f"{fault.total:,} of the {closing.records(fault.stored)} of {days}"
        raise RemovalUnconfirmed(
            f"{of} {'is' if fault.total == 1 else 'are'} not in this extract and would be removed.",
            next_step="Nothing was loaded. If the source no longer has them, load it again with `confirm_removal` "
            f"{fault.total}; if the extract is not whole, load it with `complete` false.",
            field="confirm_removal",
            removed=fault.total,
            stored=fault.stored,
            first=str(fault.complete.first),
            last=str(fault.complete.last),
            version=upload.dataset.current_version,
            details=leaving.keep(upload, fault),
        ) from fault


def refused_before(upload: Upload, *, confirmed: bool) -> Refusal | None:
    """The refusal of an earlier load of `upload` if it would only come again: nothing was stored since, and the same
    days are stated. confirmed: a number of records is confirmed now.
    """
    fault, refusal = upload.fault or {}, ASKING.get((upload.fault or {}).get("code", ""))
    if upload.state != Upload.State.ASKS or refusal is None or not upload.complete:
        return None
    if refusal is RemovalUnconfirmed and (confirmed or fault["version"] != upload.dataset.current_version):
        return None
    if refusal is OutsideStretch and upload.contract_number != upload.dataset.contract_number:
        return None
    words = {name: value for name, value in fault.items() if name not in ("code", "message", "next_step", "file")}
    return refusal(fault["message"], next_step=fault["next_step"], **words)


def notes(upload: Upload, commit: Commit, loaded: Loaded) -> list[str]:
    """What a complete upload did about the records that it lacks, and why it did nothing."""
    if not upload.complete:
        return []
    if commit.complete is not None:
        days = stretch.words(upload, commit.complete.first, commit.complete.last)
        if commit.removed:
            return [f"Removed: {closing.records(commit.removed)} of {days} that the extract lacks."]
        return [f"It holds all records of {days}: there were none to remove."]
    if loaded.rejected:
        rows = "1 row was" if loaded.rejected == 1 else f"{loaded.rejected:,} rows were"
        return [
            f"Nothing was removed: {rows} rejected, and which records they are is not certain. "
            "Correct the extract and upload it as complete again."
        ]
    if not loaded.accepted:
        return ["Nothing was removed: the file has no rows. A broken export looks like that, so it removes nothing."]
    return ["Nothing was removed: no row has an event time, so the extract speaks for no day."]
