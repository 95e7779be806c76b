"""What people were told: a notice once per key, an entry per person, and how it went out besides the inbox."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.text import Truncator

from organization.models import Unit


class Notice(models.Model):
    """Something that people are told. `key` names the fact, so that it is told once however often it is found."""

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(
        max_length=40, help_text="What it is about, with a dot: alert.opened. Also the webhook's event."
    )
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    link = models.CharField(max_length=300, blank=True, help_text="A path of ours, such as /alerts/7/.")
    unit = models.ForeignKey(
        Unit, models.CASCADE, null=True, related_name="+", help_text="Only who may see it is told; none: personal."
    )
    at = models.DateTimeField()
    held_until = models.DateTimeField(null=True, help_text="Quiet hours: e-mail and webhook wait.")
    wants_webhook = models.BooleanField(default=False)
    webhook_queued_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["held_until"],
                condition=Q(wants_webhook=True, webhook_queued_at=None),
                name="notice_with_webhook_to_queue",
            )
        ]

    def __str__(self):
        return self.subject

    @property
    def lead(self) -> str:
        """The first paragraph of its text, or its beginning."""
        return Truncator(self.text.partition("\n\n")[0]).chars(400)


class InboxQuerySet(models.QuerySet):
    def visible_to(self, access):
        """One's own, of units that one may see today: a role that ended takes its news along."""
        seen = Q(notice__unit=None) | Q(notice__unit__in=access.units("view"))
        return self.filter(seen, user=access.user_id)

    def unread(self):
        return self.filter(read_at=None)


class InboxEntry(models.Model):
    """One person is told of one notice."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="entries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="inbox")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = InboxQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "inbox entries"
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="one_inbox_entry_per_notice_and_person")]
        indexes = [models.Index(fields=["user"], condition=Q(read_at=None), name="inbox_unread")]

    def __str__(self):
        return f"{self.user}: {self.notice}"


class MailQuerySet(models.QuerySet):
    def due(self, now):
        return self.filter(state=Mail.State.WAITING, due_at__lte=now)


class Mail(models.Model):
    """The e-mail of an inbox entry: sent once, tried again with growing pauses while the mail server is away."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        SKIPPED = "skipped", "Not sent"
        FAILED = "failed", "Given up"

    entry = models.OneToOneField(InboxEntry, models.CASCADE, related_name="mail")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=300, blank=True, help_text="Why it was not sent.")

    objects = MailQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="mail_waiting")]


class NotificationSettings(models.Model):
    """What a person wants besides the inbox. Without a row: e-mail, at any hour."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notification_settings")
    email = models.BooleanField("E-mail", default=True)
    quiet_from = models.TimeField(null=True, blank=True, help_text="E-mail waits from this hour, by your time zone ...")
    quiet_until = models.TimeField(null=True, blank=True, help_text="... until this one.")

    class Meta:
        verbose_name_plural = "notification settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=models.F("quiet_until"))),
                name="quiet_hours_have_two_different_ends",
                violation_error_message="Quiet hours need a beginning and another hour as their end.",
            )
        ]
