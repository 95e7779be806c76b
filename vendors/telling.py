"""Whom this room tells of what, once each: through the inbox of `alerts.notify`."""

from datetime import datetime

from django.urls import reverse

from alerts import notify
from organization.money import written

from .models import ActionNote, Reminder, VendorAction


def action_given(action: VendorAction) -> None:
    """Its owner has something to do."""
    _of_action(
        action, [action.owner], f"given:{action.pk}", "vendor.action_given",
        f"To do by {_day(action.due_on)}: {action.title}", action.detail, action.given_at,
    )  # fmt: skip


def action_answered(action: VendorAction, note: ActionNote) -> None:
    """Whoever gave it has an answer to read."""
    subject = f"Answered: {action.title}"
    _of_action(action, [action.given_by], f"answered:{note.pk}", "vendor.action_answered", subject, note.text, note.at)


def action_sent_back(action: VendorAction, note: ActionNote) -> None:
    subject = f"Sent back: {action.title}"
    _of_action(action, [action.owner], f"back:{note.pk}", "vendor.action_sent_back", subject, note.text, note.at)


def contract_near(reminder: Reminder, now: datetime) -> None:
    """The owner of the contract has something to decide."""
    contract = reminder.contract
    notify.tell(
        [contract.owner],
        key=f"vendors:contract:{reminder.pk}",
        subject=f"{contract}: {reminder.get_kind_display()} on {_day(reminder.day)}",
        text=f"{contract.vendor}, {written(contract.value, contract.currency)}.",
        link=contract.get_absolute_url(),
        kind="vendor.contract_near",
        now=now,
        unit=contract.vendor.unit,
    )


def review_missed(due, now: datetime) -> None:
    """Whoever answers for the vendor did not hold a review in time."""
    vendor = due.vendor
    notify.tell(
        [vendor.manager],
        key=f"vendors:review:{vendor.pk}:{vendor.cadence}:{due.period.start}",
        subject=f"{vendor}: the review of {due.period.label} is missed",
        text=f"It was to be held by {_day(due.by)}.",
        link=reverse("vendor_reviews", args=[vendor.pk]),
        kind="vendor.review_missed",
        now=now,
        unit=vendor.unit,
    )


def _of_action(action: VendorAction, people, key: str, kind: str, subject: str, text: str, now: datetime) -> None:
    notify.tell(
        people,
        key=f"vendors:action:{key}",
        subject=subject,
        text=text,
        link=action.get_absolute_url(),
        kind=kind,
        now=now,
        unit=action.vendor.unit,
    )


def _day(day) -> str:
    return f"{day.day} {day:%b %Y}"
