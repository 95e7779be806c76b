"""Telling people: the inbox once per fact and person, e-mail and signed webhook as jobs after the commit.

What other rooms call is `tell`. It may be called again and again with the same key, by two workers at once or after one
was killed half way: whoever has been told already is not told twice, and whoever is new is told.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import TextChoices

from jobs.work import submit
from kpis import webhooks
from organization.access import VIEW, holders
from organization.clocks import clocks_of
from organization.models import Unit, User

from .models import InboxEntry, Mail, Notice, NotificationSettings
from .quiet import released_at

MAIL_JOB = "alerts.mail"


class Channel(TextChoices):
    """Besides the inbox, which always has it."""

    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"


@transaction.atomic
def tell(
    people: Iterable[User],
    *,
    key: str,
    subject: str,
    text: str = "",
    link: str = "",
    kind: str,
    now: datetime,
    channels: Collection[str] = (Channel.EMAIL,),
    unit: Unit | None = None,
    held_until: datetime | None = None,
) -> list[InboxEntry]:
    """Tell `people` of the fact that `key` names. Returns the new inbox entries: none for who knows already.

    key: unique over all rooms, so start it with the room's own word: "sla:breach:1234". kind: such as "alert.opened",
    also the event of the webhook. link: a path of ours. unit: whose matter it is; only people who may see it then are
    told, and the webhooks of the unit and of those above it hear it. held_until: e-mail and webhook wait so long.
    Of a key that is known already, subject, text and link stay as they were.
    """
    known = {"subject": subject[:200], "text": text, "link": link, "kind": kind, "unit": unit, "at": now}
    known |= {"held_until": held_until, "wants_webhook": Channel.WEBHOOK in channels and unit is not None}
    notice, is_new = Notice.objects.get_or_create(key=key, defaults=known)
    if not is_new:  # one at a time, so that two workers do not both find the same person untold
        Notice.objects.select_for_update().get(pk=notice.pk)
    told = set(notice.entries.values_list("user_id", flat=True))
    untold = {person.pk: person for person in people if person.is_active and person.pk not in told}
    if unit is not None:
        allowed = holders(VIEW, unit, now.date())
        untold = {pk: person for pk, person in untold.items() if pk in allowed}
    entries = InboxEntry.objects.bulk_create(InboxEntry(notice=notice, user=one, at=now) for one in untold.values())
    if Channel.EMAIL in channels:
        _write_mails(entries, notice, now)
    queue_webhooks(notice, now)
    return entries


def _write_mails(entries: list[InboxEntry], notice: Notice, now: datetime) -> None:
    wishes = {one.user_id: one for one in NotificationSettings.objects.filter(user__in=[e.user_id for e in entries])}
    clocks = clocks_of([entry.user for entry in entries], now.date())
    mails = []
    for entry in entries:
        wish = wishes.get(entry.user_id) or NotificationSettings()
        if entry.user.email and wish.email:
            moment = max(now, notice.held_until or now)
            zone = ZoneInfo(clocks[entry.user_id].zone)
            mails.append(Mail(entry=entry, due_at=released_at(moment, wish.quiet_from, wish.quiet_until, zone)))
    for mail in Mail.objects.bulk_create(mails):
        if mail.due_at <= now:
            queue_mail(mail)


def queue_mail(mail: Mail) -> None:
    submit(MAIL_JOB, f"mail:{mail.pk}", mail=mail.pk)


def queue_webhooks(notice: Notice, now: datetime) -> int:
    """Hand the notice to the webhooks of its unit and those above, once, and not before it is released."""
    if not notice.wants_webhook or notice.webhook_queued_at or (notice.held_until and notice.held_until > now):
        return 0
    if not Notice.objects.filter(pk=notice.pk, webhook_queued_at=None).update(webhook_queued_at=now):
        return 0
    body = {
        "event": notice.kind,
        "key": notice.key,
        "subject": notice.subject,
        "text": notice.text,
        "unit": notice.unit.code,
        "url": webhooks.address(notice.link),
        "at": notice.at.isoformat(),
    }
    return webhooks.send_above(notice.unit_id, notice.kind, body, now)
