"""Actions: given to somebody inside or to a contact who is let in; answered by the owner, closed by one of us."""

from datetime import date

from django.db import transaction

from organization import audit
from organization.models import User

from . import telling
from .contacts import people_inside
from .models import ActionNote, Review, Vendor, VendorAction
from .refusals import Refusal

State, Kind = VendorAction.State, ActionNote.Kind


class ActionRefused(Refusal):
    """The action is not in a state, or not with a person, for this step."""


@transaction.atomic
def give(
    vendor: Vendor, *, title: str, owner: User, due_on: date, by, review: Review | None = None, detail: str = ""
) -> VendorAction:
    """Give `owner` something to do by `due_on`. Raises ActionRefused, ValidationError."""
    if not may_own(owner, vendor, due_on):
        raise ActionRefused(
            f"{owner} cannot see an action of {vendor}: choose somebody inside, or let the contact in first.", "owner"
        )
    action = VendorAction(
        vendor=vendor, review=review, title=title, detail=detail, owner=owner, due_on=due_on, given_by=by
    )
    action.full_clean()
    action.save()
    audit.record(by, "vendor action given", action, unit=vendor.unit, owner=owner.username, due_on=due_on)
    telling.action_given(action)
    return action


@transaction.atomic
def answer(action: VendorAction, *, text: str, by: User, day: date) -> VendorAction:
    """What the owner has done. Where it asks for a corrective plan, the text is the plan. Raises ActionRefused."""
    action = _locked(action)
    if action.owner_id != by.pk:
        raise ActionRefused(f"This action is {action.owner}'s to answer.")
    if action.is_finished:
        raise ActionRefused("This action is finished: there is nothing more to answer.")
    note = _note(action, Kind.ANSWER, text, by)
    _to(action, State.ANSWERED)
    audit.record(by, "vendor action answered", action, unit=action.vendor.unit)
    telling.action_answered(action, note)
    from .plans import submitted_by_answer  # plans give actions themselves

    submitted_by_answer(action, text=text, by=by, day=day)
    return action


@transaction.atomic
def send_back(action: VendorAction, *, text: str, by) -> VendorAction:
    """The answer does not do: the owner has it again. Raises ActionRefused."""
    action = _locked(action)
    if action.state != State.ANSWERED:
        raise ActionRefused("Only an answer can be sent back.")
    note = _note(action, Kind.RETURN, text, by)
    _to(action, State.OPEN)
    audit.record(by, "vendor action sent back", action, unit=action.vendor.unit, reason=text)
    telling.action_sent_back(action, note)
    return action


@transaction.atomic
def close(action: VendorAction, *, text: str, by, on: date) -> VendorAction:
    """It is done. A contact's own word is not enough: somebody inside closes it. Raises ActionRefused."""
    return _finished(action, State.CLOSED, Kind.CLOSE, text, by, on)


@transaction.atomic
def cancel(action: VendorAction, *, text: str, by, on: date) -> VendorAction:
    """It need not be done any more; the text says why. Raises ActionRefused."""
    return _finished(action, State.CANCELLED, Kind.CANCEL, text, by, on)


def may_own(user: User, vendor: Vendor, day: date) -> bool:
    """Contacts who are let in, and people inside who oversee the vendor."""
    from organization.access import OVERSEE, access_of

    return user.pk in people_inside(vendor, day) or access_of(user, day).allows(OVERSEE, vendor.unit_id)


def _finished(action: VendorAction, state: str, kind: str, text: str, by, on: date) -> VendorAction:
    action = _locked(action)
    if action.is_finished:
        raise ActionRefused(f"This action is {action.get_state_display().lower()} already.")
    _note(action, kind, text, by)
    action.closed_on = on
    _to(action, state)
    audit.record(by, f"vendor action {state}", action, unit=action.vendor.unit, reason=text)
    return action


def _locked(action: VendorAction) -> VendorAction:
    actions = VendorAction.objects.select_for_update(of=("self",)).select_related("vendor__unit", "owner")
    return actions.get(pk=action.pk)


def _note(action: VendorAction, kind: str, text: str, by) -> ActionNote:
    if not text.strip():
        raise ActionRefused("Say it in a sentence: an empty text helps nobody.", "text")
    return ActionNote.objects.create(action=action, kind=kind, text=text.strip(), by=by)


def _to(action: VendorAction, state: str) -> None:
    action.state = state
    action.save(update_fields=["state", "closed_on"])
