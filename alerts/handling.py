"""What people do about an alert: acknowledge, snooze, resolve."""

from datetime import datetime

from django.db import transaction

from organization import audit
from organization.models import User

from . import telling
from .models import Alert

State = Alert.State


class AlertOver(Exception):
    """The alert is resolved already: there is nothing left to do about it."""


@transaction.atomic
def acknowledge(alert: Alert, *, by: User, now: datetime, note: str = "") -> Alert:
    """Say that one has seen it and cares for it. The first person's stays. Raises AlertOver."""
    alert = _standing(alert)
    if alert.state == State.ACKNOWLEDGED:
        return alert
    alert.state, alert.acknowledged_at, alert.acknowledged_by = State.ACKNOWLEDGED, now, by
    alert.note = note.strip()[:1000]
    alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "note"])
    audit.record(by, "alert acknowledged", alert, unit=alert.unit, note=alert.note)
    return alert


@transaction.atomic
def snooze(alert: Alert, *, until: datetime, by: User, now: datetime) -> Alert:
    """Take it out of sight until a moment; then `by` is told if it still stands. Raises AlertOver, ValueError."""
    if until <= now:
        raise ValueError("A snooze ends in the future.")
    alert = _standing(alert)
    alert.snoozed_until, alert.snoozed_by = until, by
    alert.save(update_fields=["snoozed_until", "snoozed_by"])
    audit.record(by, "alert snoozed", alert, unit=alert.unit, until=until)
    return alert


@transaction.atomic
def resolve(alert: Alert, *, reason: str, by: User, now: datetime) -> Alert:
    """Close it by hand, with the reason. It is not raised again for the same evidence. Raises AlertOver."""
    alert = _standing(alert)
    alert.state, alert.resolved_at, alert.resolved_by = State.RESOLVED, now, by
    alert.reason = reason.strip()[:1000]
    alert.save(update_fields=["state", "resolved_at", "resolved_by", "reason"])
    audit.record(by, "alert resolved", alert, unit=alert.unit, reason=alert.reason)
    return alert


@transaction.atomic
def wake(now: datetime) -> int:
    """Bring back the alerts whose snooze has ended. Returns how many."""
    over = Alert.objects.select_for_update(skip_locked=True, of=("self",)).standing().filter(snoozed_until__lte=now)
    found = list(over.select_related("unit", "rule", "snoozed_by"))
    for alert in found:
        telling.tell_snooze_is_over(alert, now=now)
    Alert.objects.filter(pk__in=[alert.pk for alert in found]).update(snoozed_until=None, snoozed_by=None)
    return len(found)


def _standing(alert: Alert) -> Alert:
    """The alert as it is now, locked: two people who act at once act one after the other."""
    alert = Alert.objects.select_for_update(of=("self",)).select_related("rule", "unit", "kpi").get(pk=alert.pk)
    if not alert.is_standing:
        raise AlertOver(f"This alert has been resolved at {alert.resolved_at:%-d %b %Y, %H:%M} UTC.")
    return alert
