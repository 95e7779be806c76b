"""Alerts: what a rule found, what people did about it; and what is to be done."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from kpis.models import Kpi
from organization.models import Unit

from .rules import AlertRule

USER = settings.AUTH_USER_MODEL


class AlertQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Alerts of units that the person may see today."""
        return self.filter(unit__in=access.units("view"))

    def standing(self):
        return self.exclude(state=Alert.State.RESOLVED)

    def snoozed(self, now):
        return self.standing().filter(snoozed_until__gt=now)


class Alert(models.Model):
    """A rule's condition holds for one series. `evidence` has the periods that it stands on, as they were then."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RESOLVED = "resolved", "Resolved"

    rule = models.ForeignKey(AlertRule, models.PROTECT, related_name="alerts")
    revision = models.PositiveIntegerField(default=1, help_text="The rule's, when the alert was raised.")
    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="alerts")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="alerts")
    dimension = models.CharField(max_length=100, blank=True)
    member = models.CharField(max_length=200, blank=True)
    grain = models.CharField(max_length=8)
    period_start = models.DateField(null=True, help_text="The newest period of the evidence; none: no period's matter.")
    evidence_key = models.CharField(max_length=80)
    evidence = models.JSONField(default=list)
    summary = models.CharField(max_length=300, help_text="What was found, in words.")

    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    reopened = models.PositiveSmallIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=1000, blank=True, help_text="What the person who acknowledged it says.")
    snoozed_until = models.DateTimeField(null=True)
    snoozed_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", help_text="None: by itself.")
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it is over.")

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "unit", "dimension", "member"],
                condition=~Q(state="resolved"),
                name="one_standing_alert_per_series",
            ),
            models.UniqueConstraint(
                fields=["rule", "revision", "unit", "dimension", "member", "evidence_key"],
                name="one_alert_per_evidence",
            ),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False) | (~Q(state="resolved") & Q(resolved_at=None)),
                name="alert_resolved_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_acknowledged_by_and_at_together",
            ),
            models.CheckConstraint(
                condition=~Q(state="acknowledged") | Q(acknowledged_at__isnull=False),
                name="alert_acknowledged_has_its_moment",
            ),
        ]
        indexes = [models.Index(fields=["unit", "-opened_at"], name="alert_by_unit")]

    def __str__(self):
        return f"{self.rule}: {self.unit}" + (f", {self.member}" if self.member else "")

    def get_absolute_url(self):
        return reverse("alert", args=[self.pk])

    @property
    def is_standing(self) -> bool:
        return self.state != self.State.RESOLVED


class FollowUpQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(alert__unit__in=access.units("view"))

    def undone(self):
        return self.filter(done_at=None)


class FollowUp(models.Model):
    """What somebody does about an alert, until when. The rooms of incidents and improvements will take it over."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="follow_ups")
    owner = models.ForeignKey(USER, models.PROTECT, related_name="follow_ups")
    due_date = models.DateField()
    note = models.CharField(max_length=1000, help_text="What is to be done.")
    created_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=1000, blank=True, help_text="What came of it.")

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = [F("done_at").asc(nulls_first=True), "due_date", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="follow_up_done_by_and_at_together",
            )
        ]

    def __str__(self):
        return self.note[:80]
