"""Which notices an alert makes: when it is raised, stands again, is over, or comes back from a snooze."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from organization.access import VIEW, holders
from organization.models import User
from organization.zones import timezone_of

from .models import Alert, AlertRule, InboxEntry, Notice
from .notify import Channel, tell
from .quiet import released_at
from .recipients import recipients_of
from .words import Words

MANY = 5  # more alerts of one rule at once are told in one notice to whoever may see all of them


def tell_raised(rule: AlertRule, alerts: Sequence[Alert], words: Words, *, now: datetime) -> None:
    people = {alert.pk: recipients_of(rule, alert.unit, now.date()) for alert in alerts}
    summed = _tell_together(rule, alerts, people, words, now) if len(alerts) > MANY else set()
    for alert in alerts:
        one_by_one = [person for person in people[alert.pk] if person.pk not in summed]
        _tell(rule, alert, one_by_one, words, "opened", now)


def tell_reopened(rule: AlertRule, alerts: Sequence[Alert], words: Words, *, now: datetime) -> None:
    for alert in alerts:
        people = recipients_of(rule, alert.unit, now.date())
        _tell(rule, alert, people, words, f"reopened:{alert.reopened}", now)


def tell_resolved(rule: AlertRule, alerts: Sequence[Alert], *, now: datetime) -> None:
    """Whoever was told of the alert itself hears in the inbox that it is over; a webhook of the rule hears it too."""
    told: dict[str, list[User]] = {}
    opened = InboxEntry.objects.filter(notice__key__in=[_key(alert, "opened") for alert in alerts])
    for entry in opened.select_related("user", "notice"):
        told.setdefault(entry.notice.key, []).append(entry.user)
    for alert in alerts:
        tell(
            told.get(_key(alert, "opened"), []),
            key=_key(alert, f"resolved:{alert.reopened}"),
            kind="alert.resolved",
            subject=f"Over: {alert}",
            text=alert.reason,
            link=alert.get_absolute_url(),
            unit=alert.unit,
            now=now,
            channels=[Channel.WEBHOOK] if rule.by_webhook else [],
            held_until=_held_until(rule, alert, now),
        )


def tell_snooze_is_over(alert: Alert, *, now: datetime) -> None:
    tell(
        [alert.snoozed_by],
        key=_key(alert, f"snoozed:{alert.snoozed_until:%Y%m%dT%H%M%S}"),
        kind="alert.snooze_over",
        subject=f"Still there: {alert}",
        text=alert.summary,
        link=alert.get_absolute_url(),
        unit=alert.unit,
        now=now,
    )


def _tell(rule: AlertRule, alert: Alert, people: list[User], words: Words, step: str, now: datetime) -> None:
    tell(
        people,
        key=_key(alert, step),
        kind=f"alert.{step.partition(':')[0]}",
        subject=str(alert),
        text=f"{alert.summary}.\n\n{words.rule_in_words()}",
        link=alert.get_absolute_url(),
        unit=alert.unit,
        now=now,
        channels=_channels(rule),
        held_until=_held_until(rule, alert, now),
    )


def _tell_together(rule: AlertRule, alerts: Sequence[Alert], people: dict, words: Words, now: datetime) -> set[int]:
    """One notice in place of many, to recipients who may see the rule's unit and so all below. Returns who they are."""
    allowed = holders(VIEW, rule.unit, now.date())
    everyone = {person.pk: person for listed in people.values() for person in listed if person.pk in allowed}
    lines = [f"{alert.unit}{f', {alert.member}' if alert.member else ''}: {alert.summary}" for alert in alerts]
    tell(
        everyone.values(),
        key=f"alerts:rule:{rule.pk}:{alerts[0].pk}",
        kind="alert.opened",
        subject=f"{len(alerts)} alerts: {rule}",
        text="\n".join([words.rule_in_words(), "", *lines]),
        link=f"{reverse('alerts')}?rule={rule.pk}",
        unit=rule.unit,
        now=now,
        channels=[Channel.EMAIL] if rule.by_email else [],
        held_until=_held_until(rule, alerts[0], now),
    )
    return set(everyone)


def _key(alert: Alert, step: str) -> str:
    return f"alert:{alert.pk}:{step}"


def _channels(rule: AlertRule) -> list[str]:
    wanted = ((Channel.EMAIL, rule.by_email), (Channel.WEBHOOK, rule.by_webhook))
    return [channel for channel, is_on in wanted if is_on]


def _held_until(rule: AlertRule, alert: Alert, now: datetime) -> datetime | None:
    if rule.quiet_from is None:
        return None
    released = released_at(now, rule.quiet_from, rule.quiet_until, timezone_of(alert.unit, now.date()))
    return released if released > now else None


def told_of(alert: Alert) -> list[InboxEntry]:
    """Who was told of the alert, the first first. One query."""
    notices = Notice.objects.filter(key__startswith=f"alert:{alert.pk}:")
    return list(InboxEntry.objects.filter(notice__in=notices).select_related("user", "notice", "mail").order_by("pk"))
