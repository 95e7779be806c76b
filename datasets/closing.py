"""Closed periods of a dataset: proposed by one person, decided by another, re-opened in the same way (B23, C61).

Rows whose event lies on or before `closed_through` stay as they are. A load or an undo that would add, change, move or
remove one is refused; two people can have it done with a reason (`datasets.restating`). The day is read under the
dataset's writer lock, and changed only by who holds it, so that no load slips through between its check and its commit.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from organization import audit
from organization.access import RESTATE, access_of

from . import reconcile, signals
from .facts import contract_of, table_of
from .models import Closing, Dataset, Upload
from .refusals import InvalidRequest, PeriodClosed, SecondPersonNeeded, WrongState
from .sole_writer import held_to_the_end_of_the_transaction
from .watermark import complete_through

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.store import ChangedRow, Closed, ClosedRows

LEAVE_OUT = (
    "Nothing was changed. Leave these rows out; or ask for a restatement, with the reason: a second person, who may "
    "restate, decides on it."
)
LEAVE_IN = "Nothing was changed. Ask for a restatement, with the reason: a second person, who may restate, decides."
SHORTEST_REASON = 5
LONGEST_REASON = 500
LONGEST_CELL = 60


@transaction.atomic
def propose(dataset: Dataset, through: date | None, *, by, reason: str, day: date) -> Closing:
    """Ask that the dataset is closed through another day (None: that all of it is open). `day`: today.

    Raises InvalidRequest (no reason; a day that is not over, or in the middle of what a row stands for; the same day as
    now), WrongState (one waits already; nothing to close by).
    """
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    reason = checked_reason(reason)
    _check_closable(dataset, through, day)
    closing = Closing(dataset=dataset, through=through, before=dataset.closed_through, reason=reason, proposed_by=by)
    try:
        with transaction.atomic():
            closing.save()
    except IntegrityError as fault:
        raise WrongState(
            f"Another change of the closed periods of {dataset.name} waits for a second person.",
            next_step="Have it decided, or withdraw it, first.",
        ) from fault
    audit.record(by, "closing proposed", closing, unit=dataset.unit, through=through, before=closing.before,
                 reason=reason)  # fmt: skip
    return closing


@transaction.atomic
def decide(closing: Closing, *, approve: bool, by, now: datetime, remark: str = "") -> Closing:
    """A second person approves, and the day counts from now on; or rejects it, saying why.

    Raises SecondPersonNeeded, WrongState (decided already; a load is being stored), InvalidRequest, LakeDisagrees.
    """
    closing = _waiting(closing)
    dataset, remark = closing.dataset, remark.strip()[:LONGEST_REASON]
    if closing.proposed_by_id == by.pk:
        raise SecondPersonNeeded(
            "You proposed this: a second person must decide on it.",
            next_step="Ask a manager, or finance, of the dataset's unit.",
        )
    if not approve and not remark:
        raise InvalidRequest("Say why it is rejected.", field="remark")
    if approve:
        _put_in_force(dataset, closing.through)
    state = Closing.State.APPROVED if approve else Closing.State.REJECTED
    return _decided(closing, state, by=by, now=now, remark=remark)


@transaction.atomic
def withdraw(closing: Closing, *, by, now: datetime) -> Closing:
    """Who proposed it takes it back. Raises WrongState."""
    closing = _waiting(closing)
    if closing.proposed_by_id != by.pk:
        raise WrongState("Only who proposed it may withdraw it.", next_step="Reject it instead.")
    return _decided(closing, Closing.State.WITHDRAWN, by=by, now=now, remark="")


def _waiting(closing: Closing) -> Closing:
    Dataset.objects.select_for_update().get(pk=closing.dataset_id)
    found = Closing.objects.select_related("dataset__unit").get(pk=closing.pk)
    if found.state != Closing.State.PROPOSED:
        raise WrongState(f"This is {found.get_state_display().lower()} already.")
    return found


def _decided(closing: Closing, state: str, *, by, now: datetime, remark: str) -> Closing:
    closing.state, closing.decided_by, closing.decided_at, closing.remark = state, by, now, remark
    closing.save(update_fields=["state", "decided_by", "decided_at", "remark"])
    audit.record(by, f"closing {state}", closing, unit=closing.dataset.unit, through=closing.through, remark=remark)
    if state != Closing.State.WITHDRAWN:
        signals.decided.send(sender=Closing, asked=closing)
    return closing


def _put_in_force(dataset: Dataset, through: date | None) -> None:
    """While nobody writes. What a killed writer left committed is made visible before, for it came before."""
    if not held_to_the_end_of_the_transaction(dataset):
        raise _being_stored(dataset)
    with _lake_at_rest(dataset):
        reconcile.settle(dataset)
        Dataset.objects.filter(pk=dataset.pk).update(closed_through=through)


@contextmanager
def _lake_at_rest(dataset: Dataset) -> Iterator[None]:
    """Nobody writes the table: a writer that lost its lock in a restart of PostgreSQL still holds the lake's own."""
    from lake.store import Conflict, sole_writer

    table = table_of(dataset)
    if not table.exists:
        yield
        return
    try:
        with sole_writer(table.folder, patience=0):
            yield
    except Conflict as fault:
        raise _being_stored(dataset) from fault


def _being_stored(dataset: Dataset) -> WrongState:
    return WrongState(f"Rows of {dataset.name} are being stored at this moment.", next_step="Try again when they are.")


def _check_closable(dataset: Dataset, through: date | None, day: date) -> None:
    if dataset.source != Dataset.Source.EXTRACT or not dataset.contract or contract_of(dataset).event_time is None:
        raise WrongState(
            f"{dataset.name} has no periods to close.",
            next_step="Only datasets of uploads, with an event time in their contract, have.",
        )
    if through == dataset.closed_through:
        words = f"is closed through {through:%-d %b %Y}" if through else "is open"
        raise InvalidRequest(f"{dataset.name} {words} already.", field="through")
    if through is None:
        return
    if through >= day:
        raise InvalidRequest("Only days that are over can be closed.", field="through")
    end = complete_through(through, dataset.covers)
    if end != through:
        raise InvalidRequest(
            f"A row of {dataset.name} stands for {dataset.get_covers_display().lower()}: close through its last day, "
            f"such as {end}.",
            field="through",
        )


def checked_reason(reason: str, field: str = "reason") -> str:
    """The reason for a change of closed periods. Raises InvalidRequest."""
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise InvalidRequest(
            f"Say why, in {SHORTEST_REASON} to {LONGEST_REASON} letters: closed periods never change without a reason.",
            field=field,
        )
    return reason


def closed_days(upload: Upload, contract: Contract) -> Closed | None:
    """What the load (or undo) of `upload` may not change; asked under the writer lock. None: nothing is closed."""
    from lake.store import Closed

    dataset, event = upload.dataset, contract.event_time
    if dataset.closed_through is None or event is None:
        return None
    unit = contract.unit_column
    return Closed(event.name, dataset.closed_through, restate=_may_restate(upload), unit=unit.name if unit else "")


def _may_restate(upload: Upload) -> bool:
    """A reason was given, and who gave it may still restate. The system itself only loads again what was lost."""
    if not upload.restatement or upload.restated_by is None:
        return bool(upload.restatement)
    access = access_of(upload.restated_by, timezone.now().date())
    return access.allows(RESTATE, upload.dataset.unit_id)


@contextmanager
def refusing(dataset: Dataset, *, next_step: str = LEAVE_OUT) -> Iterator[None]:
    """Turns the lake's ClosedRows into PeriodClosed."""
    from lake.store import ClosedRows

    try:
        yield
    except ClosedRows as fault:
        raise _refusal(dataset, fault, next_step) from fault


def check_undo(upload: Upload, *, as_it_is: bool = False) -> None:
    """Raises PeriodClosed if taking the upload back would change closed periods. Scans only if it touched their months.

    as_it_is: whatever its load was let change. The undo itself asks again, under the lock.
    """
    from lake.store import LaterComplete, LaterKept, UnknownLoad, UnknownVersion

    dataset = upload.dataset
    closed = closed_days(upload, contract_of(dataset))
    if closed is None or not _touched(upload, closed):
        return
    if as_it_is:
        closed = replace(closed, restate=False)
    with refusing(dataset, next_step=LEAVE_IN):
        try:
            table_of(dataset).check_undo(upload.load_id, closed)
        except (LaterComplete, LaterKept, UnknownLoad, UnknownVersion):
            return  # the job says so


def touches_closed(upload: Upload) -> bool:
    """Whether taking it back may change closed periods, by the months that it touched; rows tell (`check_undo`)."""
    closed = closed_days(upload, contract_of(upload.dataset))
    return closed is not None and _touched(upload, closed)


def _touched(upload: Upload, closed: Closed) -> bool:
    last = closed.through.year * 100 + closed.through.month
    touched = upload.versions.values_list("touched", flat=True)
    return any(month <= last for months in touched for month in months.get(closed.column, ()))


def refused_before(upload: Upload) -> PeriodClosed | None:
    """The refusal of an earlier load of `upload` if it would only come again: nothing was opened or stored since."""
    fault, dataset = upload.fault or {}, upload.dataset
    if upload.state != Upload.State.REFUSED or fault.get("code") != PeriodClosed.code or not dataset.closed_through:
        return None
    if fault["closed_through"] > str(dataset.closed_through) or fault["version"] != dataset.current_version:
        return None
    words = {name: value for name, value in fault.items() if name not in ("code", "message", "next_step")}
    return PeriodClosed(fault["message"], next_step=fault["next_step"], **words)


def _refusal(dataset: Dataset, fault: ClosedRows, next_step: str) -> PeriodClosed:
    return PeriodClosed(
        f"{records(fault.total)} of closed periods would change: "
        f"{dataset.name} is closed through {fault.through:%-d %b %Y}.",
        next_step=next_step,
        closed_through=str(fault.through),
        version=dataset.current_version,
        row=fault.rows[0].row,
        total=fault.total,
        details=[_plain(one) for one in fault.rows],
    )


def records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"


def _plain(one: ChangedRow) -> dict[str, Any]:
    """row, key; day (none: it would leave) and stored_day (none: it would be new); changes: the values that differ;
    units: as it comes and as it is stored, where the contract names units.
    """
    return {
        "row": one.row,
        "key": one.key,
        "day": one.day and str(one.day),
        "stored_day": one.stored_day and str(one.stored_day),
        **({"units": list(dict.fromkeys(one.units))} if one.units else {}),
        "changes": [
            {"column": cell.column, "before": _shortened(cell.before), "after": _shortened(cell.after)}
            for cell in one.changes
        ],
    }


def _shortened(text: str | None) -> str | None:
    return textwrap.shorten(text, LONGEST_CELL, placeholder="…") if text and len(text) > LONGEST_CELL else text
