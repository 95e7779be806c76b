"""Taking an upload back: its rows leave, the records that it had replaced return."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from jobs import work
from jobs.models import Job
from jobs.work import Claim
from organization import audit
from organization.access import UPLOAD, Access
from organization.models import AuditEntry

from . import closing, keeping, reconcile, rejects, stretch
from .facts import contract_of, table_of
from .models import Dataset, DatasetVersion, Upload
from .refusals import PeriodClosed, WrongState
from .sole_writer import sole_writer

if TYPE_CHECKING:
    from lake.store import Commit, LaterComplete

KIND = "datasets.undo"  # of its job
ASKED = "undo requested"  # in the audit trail
PAST_RETENTION = (
    "It can no longer be taken back: the records that it replaced were deleted 30 days after they left. "
    "Upload these records as they should be."
)


def may_undo(upload: Upload, access: Access) -> bool:
    """Who may upload to the dataset as a whole, or whose own upload it is while they still may upload."""
    own = upload.uploaded_by_id == access.user_id and access.anywhere(UPLOAD)
    return bool(upload.dataset_id) and (access.allows(UPLOAD, upload.dataset.unit_id) or own)


@transaction.atomic
def request_undo(upload: Upload, *, by, reason: str = "", restates: bool = False) -> Job:
    """Queue the undo of a loaded upload. restates: it may change closed periods for `reason`, by the word of `by`.

    Raises WrongState, PeriodClosed, InvalidRequest.
    """
    upload = Upload.objects.select_for_update(of=("self",)).select_related("dataset__unit").get(pk=upload.pk)
    if upload.state != Upload.State.LOADED:
        raise WrongState(f"Upload #{upload.pk} is {upload.stands}; only a loaded one can be taken back.")
    upload.restatement = closing.checked_reason(reason) if restates else ""
    upload.restated_by = by if restates else None
    closing.check_undo(upload)
    upload.job = work.submit(KIND, f"undo {upload.pk}", by=by, upload=upload.pk)
    upload.save(update_fields=["restatement", "restated_by", "job"])
    audit.record(by, ASKED, upload, unit=upload.dataset.unit, reason=reason, **({"restates": True} if restates else {}))
    return upload.job


def asked_for(uploads: Iterable[Upload]) -> dict[int, AuditEntry]:
    """Who asked last that each of these uploads be taken back, and why (`details["reason"]`), by the upload's id."""
    ids = [str(upload.pk) for upload in uploads]
    asked = AuditEntry.objects.filter(object_type="datasets.upload", object_id__in=ids, action=ASKED).order_by("seq")
    return {int(entry.object_id): entry for entry in asked}


def undo(claim: Claim) -> dict[str, Any]:
    """The undo job, once: a second run finds the upload taken back."""
    from lake.store import LaterComplete, LaterKept, UnknownLoad, UnknownVersion
    from lake.store.durable import failpoint

    from .intake.committing import name_version, summary_of

    upload = Upload.objects.select_related("dataset", "uploaded_by", "restated_by").get(
        pk=claim.job.arguments["upload"]
    )
    if upload.state != Upload.State.LOADED:
        return {"state": upload.state}
    dataset, table = upload.dataset, table_of(upload.dataset)
    with sole_writer(dataset, claim):
        reconcile.settle(dataset)
        upload.refresh_from_db(fields=["state"])
        if upload.state != Upload.State.LOADED:  # an attempt that was killed had done it in the lake
            return {"state": upload.state}
        claim.progress(20, "Taking the rows back")
        try:
            with closing.refusing(dataset, next_step=closing.LEAVE_IN):
                closed = closing.closed_days(upload, contract_of(dataset))
                commit = table.undo(upload.load_id, f"undo-{upload.load_id}", closed=closed)
        except UnknownVersion as fault:
            raise work.Refused(PAST_RETENTION) from fault
        except LaterComplete as fault:
            raise work.Refused(_contradicted(dataset, fault)) from fault
        except LaterKept as fault:
            raise work.Refused(keeping.held_later(upload, fault)) from fault
        except (UnknownLoad, PeriodClosed) as fault:
            raise work.Refused(str(fault)) from fault
        summary = summary_of(dataset, contract_of(dataset), table.files(commit.version))
        with transaction.atomic():
            claim.still_mine()
            locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
            kind = DatasetVersion.Kind.UNDO
            name_version(locked, commit, summary, kind=kind, upload=upload, by=claim.job.asked_by)
            note_undone(upload, commit, by=claim.job.asked_by)
            failpoint("before_db_commit")
        failpoint("after_db_commit")
    return {"state": "undone", "removed": commit.removed, "restored": commit.restored, "version": commit.version}


def _contradicted(dataset: Dataset, fault: LaterComplete) -> str:
    later = dataset.uploads.filter(load_id=fault.load_id).order_by("-pk").first()
    name = f"upload #{later.pk}" if later else "a later upload"
    count, days = closing.records(fault.total), stretch.days(fault.complete.first, fault.complete.last)
    return f"{count} of {days} would come back, but {name} held all records of these days later. Take that back first."


def note_undone(upload: Upload, commit: Commit, *, by) -> None:
    """The upload is taken back in the lake: its state, the rows of a replay, the trail. In the caller's transaction."""
    Upload.objects.filter(pk=upload.pk).update(state=Upload.State.UNDONE, finished_at=timezone.now())
    if upload.replays_id:
        rejects.unsettle(upload)
    audit.record(
        by, "upload taken back", upload, unit=upload.dataset.unit, removed=commit.removed, restored=commit.restored
    )
