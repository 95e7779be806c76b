"""Corrective plans: a vendor that misses says what it will do, and its own numbers show whether that helped."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from kpis.models import Kpi, KpiVersion
from organization.access import PROCURE

from .register import OverseenQuerySet, Vendor
from .reviews import Review, VendorAction


class PlanQuerySet(OverseenQuerySet):
    def running(self):
        return self.exclude(state__in=[CorrectivePlan.State.CLOSED, CorrectivePlan.State.WITHDRAWN])

    def to_accept(self, access):
        """Plans that wait to be accepted or sent back."""
        return self.filter(state=CorrectivePlan.State.SUBMITTED, vendor__unit__in=access.units(PROCURE))


class CorrectivePlan(models.Model):
    """Verified when the KPI is at target in `periods_needed` consecutive periods that start on or after `verify_from`.

    `target` None: each period's own target, as it stands beside the result.
    """

    class State(models.TextChoices):
        ISSUED = "issued", "Issued"
        SUBMITTED = "submitted", "Plan submitted"
        VERIFYING = "verifying", "In verification"
        CLOSED = "closed", "Closed"
        ESCALATED = "escalated", "Escalated"
        WITHDRAWN = "withdrawn", "Withdrawn"

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="plans")
    review = models.ForeignKey(Review, models.PROTECT, null=True, blank=True, related_name="plans")
    kpi = models.ForeignKey(Kpi, models.PROTECT, related_name="+", verbose_name="KPI")
    grain = models.CharField("period", max_length=8, choices=KpiVersion.Grain, default=KpiVersion.Grain.MONTH)
    target = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="Empty: the target set for the KPI."
    )
    periods_needed = models.PositiveSmallIntegerField(
        "periods at target", default=3, validators=[MinValueValidator(1)], help_text="In a row, to be verified."
    )
    reason = models.TextField("what is missed")
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    issued_on = models.DateField()
    plan_due_on = models.DateField("plan due on")
    state = models.CharField(max_length=10, choices=State, default=State.ISSUED)
    asked = models.ForeignKey(
        VendorAction, models.PROTECT, null=True, blank=True, related_name="plans", help_text="Asks the vendor for it."
    )
    plan = models.TextField(blank=True, help_text="What the vendor will do.")
    submitted_on = models.DateField(null=True, blank=True)
    verify_from = models.DateField("verified from", null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    ended_on = models.DateField(null=True, blank=True)
    outcome = models.TextField(blank=True, help_text="Why it was escalated, or how it ended.")

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="verifying") | Q(verify_from__isnull=False),
                name="a_plan_in_verification_has_a_first_day",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["closed", "withdrawn"], ended_on__isnull=False)
                | (~Q(state__in=["closed", "withdrawn"]) & Q(ended_on=None)),
                name="a_plan_that_ended_has_its_day",
            ),
        ]

    def __str__(self):
        return f"{self.vendor}: {self.kpi}"

    def get_absolute_url(self):
        return reverse("vendor_plan", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.CLOSED, self.State.WITHDRAWN)
