"""What a person wants to be sent besides the inbox, and what they have read."""

from datetime import datetime, time

from django.db import transaction

from organization import audit
from organization.access import Access
from organization.models import User

from .models import InboxEntry, NotificationSettings


def wishes_of(user: User) -> NotificationSettings:
    """The person's settings, or those of everybody who has none."""
    return NotificationSettings.objects.filter(user=user).first() or NotificationSettings(user=user)


@transaction.atomic
def change_wishes(user: User, *, email: bool, quiet_from: time | None, quiet_until: time | None) -> None:
    """Raises ValidationError for quiet hours with one end."""
    wishes = wishes_of(user)
    wishes.email, wishes.quiet_from, wishes.quiet_until = email, quiet_from, quiet_until
    wishes.full_clean()
    wishes.save()
    audit.record(user, "notification settings changed", wishes, email=email, quiet=[quiet_from, quiet_until])


def read(entry: InboxEntry, *, now: datetime) -> None:
    InboxEntry.objects.filter(pk=entry.pk, read_at=None).update(read_at=now)


def unread(entry: InboxEntry) -> None:
    InboxEntry.objects.filter(pk=entry.pk).update(read_at=None)


def read_all(access: Access, *, now: datetime) -> int:
    """Mark everything that the person can see in the inbox as read. Returns how many were not."""
    return InboxEntry.objects.visible_to(access).unread().update(read_at=now)
