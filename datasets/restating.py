"""Rows of closed periods changed all the same: one person asks, with the reason; another lets it in, or says no (B23).

What two people closed, one does not change. What would change was told by the refusal of the load or of the undo, and
is kept with the question; the second person neither asked nor loaded the rows. Nothing changes before they approve.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from doors.revisions import require_same, revision_of
from organization import audit
from organization.access import Access

from . import closing, rejects, signals, undo
from .intake import requesting
from .models import Dataset, DatasetVersion, Restatement, Upload
from .refusals import InvalidRequest, PeriodClosed, SecondPersonNeeded, WrongState

Kind, State = Restatement.Kind, Restatement.State


def kind_of(upload: Upload) -> str | None:
    """What may be asked of the upload as it stands: a refused one to be loaded, a loaded one to be taken back."""
    if upload.state == Upload.State.LOADED:
        return Kind.UNDO
    is_closed_out = upload.state == Upload.State.REFUSED and (upload.fault or {}).get("code") == PeriodClosed.code
    return Kind.LOAD if is_closed_out else None


def may_ask(upload: Upload, access: Access) -> bool:
    """Its uploader, as long as they may upload anywhere, and who uploads for the dataset's unit."""
    return undo.may_undo(upload, access)


@transaction.atomic
def ask(upload: Upload, *, reason: str, by, now: datetime) -> Restatement:
    """Ask that it is loaded, or taken back, although closed rows change. Raises WrongState, InvalidRequest."""
    reason = closing.checked_reason(reason, "restatement")
    upload = Upload.objects.select_for_update(of=("self",)).select_related("dataset__unit").get(pk=upload.pk)
    kind = kind_of(upload)
    if kind is None:
        raise WrongState(
            f"Upload #{upload.pk} is {upload.stands}, and was not refused for closed periods.",
            next_step="Load it; a restatement is asked for once it is refused.",
        )
    fault = _needs_restating(upload).to_dict() if kind == Kind.UNDO else upload.fault
    made = Restatement(upload=upload, dataset=upload.dataset, load_id=upload.load_id, kind=kind, asked_by=by)
    made.reason, made.asked_at = reason, now
    made.would, made.details = fault["message"], fault.get("details", [])
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as clash:
        raise WrongState(
            f"A restatement of upload #{upload.pk} waits for a second person already.",
            next_step="Have it decided, or withdraw it, first.",
        ) from clash
    _record(made, "restatement proposed", by, kind=kind, reason=reason)
    return made


@transaction.atomic
def decide(
    asked: Restatement, *, approve: bool, by, now: datetime, remark: str = "", seen: str | None = None
) -> Restatement:
    """A second person lets it in, and its load or undo is queued; or says why not. `seen`: the revision looked at.

    Raises SecondPersonNeeded, WrongState, InvalidRequest, ChangedMeanwhile and what the load or the undo refuses.
    """
    asked, remark = _waiting(asked), remark.strip()[: closing.LONGEST_REASON]
    if refusal := second_person_needed(asked, by):
        raise SecondPersonNeeded(refusal, next_step="Ask another manager of the dataset's unit, or of one above.")
    if not approve and not remark:
        raise InvalidRequest("Say why it is rejected.", field="remark")
    if approve:
        require_same(seen, revision(asked), "What would change")
    decided = _decided(asked, State.APPROVED if approve else State.REJECTED, by=by, now=now, remark=remark)
    if approve:
        _carry_out(asked, by)
    return decided


@transaction.atomic
def withdraw(asked: Restatement, *, by, now: datetime) -> Restatement:
    """Who asked takes it back. Raises WrongState."""
    asked = _waiting(asked)
    if asked.asked_by_id != by.pk:
        raise WrongState("Only who asked for it may withdraw it.", next_step="Reject it instead.")
    return _decided(asked, State.WITHDRAWN, by=by, now=now, remark="")


def first_people(asked: Restatement) -> frozenset[int]:
    """Ids of who asked for it, and of who loaded the rows that it is about: none of them is the second person."""
    first = asked.upload.replays
    loaded = (asked.upload.uploaded_by_id, first.uploaded_by_id if first else None)
    return frozenset(person for person in (asked.asked_by_id, *loaded) if person is not None)


def second_person_needed(asked: Restatement, by) -> str:
    """Why this person cannot decide on it, in a sentence; empty for a second person."""
    if asked.asked_by_id == by.pk:
        return "You asked for this restatement: a second person must decide on it."
    if by.pk in first_people(asked):
        return "You loaded the rows that this restatement is about: a second person must decide on it."
    return ""


def revision(asked: Restatement) -> str:
    """What is decided on: the question, and the closed rows as they are, which change by restatements alone."""
    last = DatasetVersion.objects.filter(dataset=asked.dataset_id).exclude(restated=0).order_by("-version").first()
    return revision_of(asked.pk, asked.details, asked.dataset.closed_through, last and last.version)


def details_seen(asked: Restatement, access: Access) -> list[dict[str, Any]]:
    """The first records that would change, of those that the person may see now."""
    fault = {"code": PeriodClosed.code, "details": asked.details}
    return list(rejects.seen(fault, asked.upload, access)["details"])


def refusal_of_undo(upload: Upload) -> PeriodClosed | None:
    """Why a plain undo would be refused for closed periods; None: it would not. Scans if it touched their months."""
    try:
        closing.check_undo(upload, as_it_is=True)
    except PeriodClosed as refusal:
        return refusal
    return None


def _needs_restating(upload: Upload) -> PeriodClosed:
    if refusal := refusal_of_undo(upload):
        return refusal
    raise WrongState(
        f"Taking upload #{upload.pk} back changes nothing of closed periods.", next_step="Take it back as it is."
    )


def _waiting(asked: Restatement) -> Restatement:
    Dataset.objects.select_for_update().get(pk=asked.dataset_id)
    found = Restatement.objects.select_related("dataset__unit", "upload__replays", "upload__dataset").get(pk=asked.pk)
    if found.state != State.PROPOSED:
        raise WrongState(f"This is {found.get_state_display().lower()} already.")
    return found


def _carry_out(asked: Restatement, by) -> None:
    """Queue what was approved, by the word of the second person. Raises WrongState."""
    upload = asked.upload
    if kind_of(upload) != asked.kind:
        raise WrongState(
            f"Upload #{upload.pk} is {upload.stands} by now.",
            next_step="Reject this restatement, or have it withdrawn.",
        )
    upload.restatement, upload.restated_by = asked.reason, by
    upload.save(update_fields=["restatement", "restated_by"])
    if asked.kind == Kind.UNDO:
        undo.request_undo(upload, by=by, reason=asked.reason, restates=True)
    elif requesting.request_load(upload, by=by).upload.load_id != asked.load_id:
        raise WrongState(
            f"Upload #{upload.pk} is read in another way than when this was asked.",
            next_step="Have it loaded again; if it is refused, another restatement can be asked for.",
        )


def _decided(asked: Restatement, state: str, *, by, now: datetime, remark: str) -> Restatement:
    asked.state, asked.decided_by, asked.decided_at, asked.remark = state, by, now, remark
    asked.save(update_fields=["state", "decided_by", "decided_at", "remark"])
    _record(asked, f"restatement {state}", by, kind=asked.kind, remark=remark)
    if state != State.WITHDRAWN:
        signals.decided.send(sender=Restatement, asked=asked)
    return asked


def _record(asked: Restatement, action: str, by, **words) -> None:
    audit.record(by, action, asked, unit=asked.dataset.unit, upload=asked.upload_id, **words)
