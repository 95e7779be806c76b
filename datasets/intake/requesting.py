"""Asking for a load: the same file under the same contract is the same load, and is loaded once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from jobs import work
from jobs.models import Job
from organization import audit

from .. import closing, keeping, leaving, removal, stretch
from ..models import Dataset, FurtherKey, Upload
from ..refusals import InvalidRequest, NotConfirmed, WrongState
from ..stretch import Stated
from . import receiving

LOST = "missing_in_lake"  # the fault of an upload whose rows the lake has lost
LIVE = (Upload.State.QUEUED, Upload.State.LOADING, Upload.State.LOADED)


@dataclass(frozen=True)
class Requested:
    """`upload` is, or was, loaded. `already`: by an earlier request; then nothing changed."""

    upload: Upload
    already: bool

    @property
    def message(self) -> str:
        if not self.already:
            return f"Upload #{self.upload.pk} waits for a worker."
        word = "is loaded" if self.upload.state == Upload.State.LOADED else "was sent"
        return f"This file {word} already as #{self.upload.pk} ({self.upload.file_name}). Nothing was changed."


def load_id_of(upload: Upload, dataset: Dataset) -> str:
    """The name of the load: by content, dataset, contract, dialect and what was said of it (that it is complete, of
    which days), so that the same load has the same name.

    A load that was taken back may be loaded again, as its next round.
    """
    parts = [upload.sha256, dataset.lake_table.hex, upload.contract_number, upload.dialect, bool(upload.replays_id)]
    parts += ["complete"] if upload.complete else []
    parts += [[day and str(day) for day in stretch.stated_of(upload)]] if any(stretch.stated_of(upload)) else []
    parts += ["blank_missing"] if upload.blank_missing else []
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    undone = dataset.uploads.filter(load_id__startswith=digest, state=Upload.State.UNDONE).count()
    return f"{digest}-{undone + 1}" if undone else digest


@transaction.atomic
def request_load(
    upload: Upload,
    *,
    by,
    token=None,
    complete: bool | None = None,
    stated: Stated | None = None,
    may_remove: int | None = None,
    blank_missing: bool | None = None,
) -> Requested:
    """Queue the load of a confirmed upload, once. A file that is loaded already is left aside with its earlier upload.

    token: the API token of the request, whose narrower rights the worker checks again. complete, stated,
    may_remove: whether it holds all records of its days, of which, and how many may be removed (see `datasets.removal`;
    where it is no longer complete, no days are stated). blank_missing: whether records
    that it replaces lose what they hold in columns that it lacks (see `datasets.keeping`). None: as was said before.
    That it may change closed periods holds for the load that was approved (`datasets.restating`), and for no other.
    Raises NotConfirmed, WrongState, PeriodClosed, RemovalUnconfirmed, OutsideStretch, InvalidRequest.
    """
    if upload.dataset_id is None:
        raise NotConfirmed(
            f"Upload #{upload.pk} has no dataset yet.", next_step="Confirm its contract and dataset first."
        )
    dataset = Dataset.objects.select_for_update().get(pk=upload.dataset_id)
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    if not dataset.contract_number:
        raise NotConfirmed(f"{dataset.name} has no contract yet.", next_step="Confirm the contract first.")
    if upload.state in LIVE and not _was_lost(upload):
        return Requested(upload, already=True)
    if upload.state == Upload.State.UNDONE:
        raise WrongState(f"Upload #{upload.pk} was taken back.", next_step="Upload the file again to load it again.")
    if not upload.restatement and (refusal := closing.refused_before(upload)):
        raise refusal
    _say_complete(upload, dataset, complete, stated, may_remove)
    keeping.check_offered(dataset, blank_missing)
    upload.blank_missing = upload.blank_missing if blank_missing is None else blank_missing
    upload.contract_number = dataset.contract_number
    upload.dialect = upload.dialect or dataset.dialect
    approved, upload.load_id = upload.load_id, load_id_of(upload, dataset)
    if upload.restated_by_id and upload.load_id != approved and not _was_in_the_lake(upload):
        upload.restatement, upload.restated_by = "", None
    earlier = _loaded_before(upload, dataset)
    if earlier is not None and not _was_lost(earlier):
        _leave_aside(upload, earlier)
        return Requested(earlier, already=True)
    if earlier is not None:
        Upload.objects.filter(pk=earlier.pk).update(state=Upload.State.FAILED)
    _queue(upload, by, token)
    more = {"restatement": upload.restatement} if upload.restatement else {}
    more |= {"complete": True, "may_remove": upload.may_remove} if upload.complete else {}
    more |= {name: day for name in ("stated_from", "stated_through") if (day := getattr(upload, name))}
    more |= {"blank_missing": True} if upload.blank_missing else {}
    audit.record(by, "load requested", upload, unit=dataset.unit, load_id=upload.load_id, **more)
    return Requested(upload, already=False)


def check_same(
    requested: Requested,
    *,
    complete: bool | None = None,
    stated: Stated | None = None,
    may_remove: int | None = None,
    blank_missing: bool | None = None,
) -> None:
    """What is loaded, or waits for it, is not loaded otherwise for being asked for once more. Raises WrongState.

    As to `request_load`; how many may be removed no longer matters once it is loaded.
    """
    upload = requested.upload
    is_loaded, days = upload.state == Upload.State.LOADED, stretch.stated_of(upload)
    stands = {
        "complete": (complete, upload.complete),
        "complete_from": ((stated or days).first, days.first),
        "complete_through": ((stated or days).last, days.last),
        "confirm_removal": (None if is_loaded else may_remove, upload.may_remove),
        "blank_missing": (blank_missing, upload.blank_missing),
    }
    left_out = {name for name in ("complete", "confirm_removal", "blank_missing") if stands[name][0] is None}
    others = [name for name, (said, is_so) in stands.items() if said != is_so and name not in left_out]
    if requested.already and others:
        now = "is loaded" if is_loaded else "is being loaded"
        steps = "Take it back" if is_loaded else "Wait until it is, take it back"
        raise WrongState(
            f"Upload #{upload.pk} {now} as it was asked for before; what is said now changes nothing.",
            next_step=f"{steps} and send the file again as it should be read.",
            field=others[0],
        )


def _say_complete(
    upload: Upload, dataset: Dataset, complete: bool | None, stated: Stated | None, may_remove: int | None
) -> None:
    """A number that was confirmed holds for the days of then.

    Raises InvalidRequest, RemovalUnconfirmed, OutsideStretch.
    """
    before = stretch.stated_of(upload)
    if complete is not None:
        upload.complete, upload.may_remove = complete, None
    if stated is None:
        stated = before if upload.complete else Stated()
    else:
        stretch.check(stated, dataset, complete=upload.complete)
    if stated != before:
        upload.may_remove = None
    upload.stated_from, upload.stated_through = stated
    if may_remove is not None:
        upload.may_remove = may_remove
    if upload.complete and upload.replays_id is None:
        removal.check_offered(dataset)
    elif complete or may_remove is not None:
        field = "complete" if complete else "confirm_removal"
        raise InvalidRequest("Only a complete extract removes records; corrected rows are none.", field=field)
    if stated == before and (refusal := removal.refused_before(upload, confirmed=may_remove is not None)):
        raise refusal


def _was_in_the_lake(upload: Upload) -> bool:
    """It is loaded again because the lake lost it: its rows were there when periods were closed."""
    return (upload.fault or {}).get("code") == LOST


def _loaded_before(upload: Upload, dataset: Dataset) -> Upload | None:
    """An upload that is, or will be, the same load. What was loaded as complete need not be loaded as any extract."""
    found = Q(load_id=upload.load_id, state__in=LIVE)
    if not upload.complete and upload.replays_id is None:
        names = ("sha256", "contract_number", "dialect", "blank_missing")
        found |= Q(complete=True, state=Upload.State.LOADED, **{name: getattr(upload, name) for name in names})
    return dataset.uploads.exclude(pk=upload.pk).filter(found).first()


def _queue(upload: Upload, by, token) -> None:
    upload.state = Upload.State.QUEUED
    upload.fault = None
    transaction.on_commit(lambda: leaving.forget(upload))  # before the job is sent, which may ask and keep anew
    upload.job = work.submit(
        "datasets.load", f"load {upload.pk}", by=by, upload=upload.pk, token=token.pk if token else None
    )
    upload.save()


def _was_lost(upload: Upload) -> bool:
    """Its job was given up (parked), so it will never finish by itself."""
    waits = upload.state in (Upload.State.QUEUED, Upload.State.LOADING)
    return waits and (upload.job is None or upload.job.state in (Job.State.PARKED, Job.State.CANCELLED))


def _leave_aside(upload: Upload, earlier: Upload) -> None:
    """The second copy of a file that is loaded already: of its row only the key is needed, of its bytes nothing."""
    stored = upload.path
    audit.record(upload.uploaded_by, "extract was loaded before", upload, unit=upload.dataset.unit)
    if upload.idempotency_key:
        of_key = {"sent_by": upload.uploaded_by, "key": upload.idempotency_key}
        then = {"upload": earlier, "said_with_key": upload.said_with_key}
        FurtherKey.objects.get_or_create(**of_key, defaults=then)
    upload.delete()
    transaction.on_commit(lambda: (receiving.discard(stored), leaving.forget(upload)))
