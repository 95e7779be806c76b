"""Vendors, the people there, and what could go wrong with them."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from kpis.models import Kpi
from organization.access import OVERSEE, VIEW
from organization.models import Unit


class OverseenQuerySet(models.QuerySet):
    """Rows of a vendor that only people inside may see: never its contacts."""

    vendor_path = "vendor__unit"

    def visible_to(self, access):
        return self.filter(**{f"{self.vendor_path}__in": access.units(OVERSEE)})


class VendorQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Vendors whose scorecard the person may see: a contact sees their own."""
        return self.filter(unit__in=access.units(VIEW))

    def overseen_by(self, access):
        """Vendors whose contracts, risks and reviews the person may see."""
        return self.filter(unit__in=access.units(OVERSEE))


class Vendor(models.Model):
    """A unit of kind vendor, as the people who buy from it keep it."""

    class Tier(models.IntegerChoices):
        STRATEGIC = 1, "1 strategic"
        IMPORTANT = 2, "2 important"
        ROUTINE = 3, "3 routine"

    class Cadence(models.TextChoices):
        """How often the vendor is reviewed; the value is the grain of a review's period."""

        WEEK = "week", "Weekly"
        MONTH = "month", "Monthly"
        QUARTER = "quarter", "Quarterly"
        YEAR = "year", "Yearly"

    unit = models.OneToOneField(Unit, models.PROTECT, related_name="vendor")
    tier = models.PositiveSmallIntegerField(choices=Tier, default=Tier.ROUTINE)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who answers for the vendor inside."
    )
    template = models.ForeignKey(
        "ScorecardTemplate", models.PROTECT, null=True, blank=True, related_name="vendors", verbose_name="scorecard"
    )
    cadence = models.CharField("reviewed", max_length=8, choices=Cadence, blank=True)
    cadence_from = models.DateField("reviewed from", null=True, blank=True)
    cadence_to = models.DateField("reviewed up to", null=True, blank=True, help_text="Not included; empty: for good.")
    review_within_days = models.PositiveSmallIntegerField(
        "days to hold a review", default=30, help_text="After the end of its period; later it is missed."
    )
    spend_kpi = models.ForeignKey(
        Kpi, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="spend", help_text="A KPI in money."
    )
    incidents_kpi = models.ForeignKey(
        Kpi,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="incidents caused",
        help_text="A KPI that counts them by vendor.",
    )
    supplies = models.TextField("what it supplies", blank=True)
    exit_plan = models.TextField(blank=True, help_text="How we would go on without this vendor.")
    exit_plan_checked_on = models.DateField(null=True, blank=True)
    registered_at = models.DateTimeField(auto_now_add=True)

    objects = VendorQuerySet.as_manager()

    class Meta:
        ordering = ["tier", "unit__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cadence="") | Q(cadence_from__isnull=False),
                name="a_cadence_starts_on_a_day",
                violation_error_message="Say from which day on the vendor is reviewed.",
            ),
            models.CheckConstraint(
                condition=Q(cadence_to=None) | Q(cadence_from__isnull=False, cadence_to__gt=F("cadence_from")),
                name="a_cadence_ends_after_it_starts",
                violation_error_message="The reviews must end after they start.",
            ),
        ]

    def __str__(self):
        return self.unit.name

    @property
    def name(self) -> str:
        return self.unit.name

    @property
    def code(self) -> str:
        return self.unit.code

    def get_absolute_url(self):
        return reverse("vendor", args=[self.pk])


class Contact(models.Model):
    """A person at the vendor. With `user` they may have been let in: see `vendors.contacts`."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    function = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=60, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "user"], condition=Q(user__isnull=False), name="one_contact_per_vendor_and_user"
            )
        ]

    def __str__(self):
        return self.name


class RiskAssessment(models.Model):
    """What could go wrong, as it was judged on a day; never changed, the newest holds."""

    RATING = {"validators": [MinValueValidator(1), MaxValueValidator(5)]}

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="risks")
    assessed_on = models.DateField()
    likelihood = models.PositiveSmallIntegerField(**RATING, help_text="1 rare to 5 almost certain.")
    impact = models.PositiveSmallIntegerField(**RATING, help_text="1 slight to 5 severe.")
    risk = models.TextField(help_text="What could go wrong.")
    mitigation = models.TextField(blank=True, help_text="What is done about it.")
    next_on = models.DateField("assess again on", null=True, blank=True)
    assessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["-assessed_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(likelihood__range=(1, 5), impact__range=(1, 5)), name="a_risk_is_rated_from_1_to_5"
            )
        ]

    def __str__(self):
        return f"{self.vendor}, {self.assessed_on}"

    @property
    def rating(self) -> int:
        """Likelihood times impact, 1 to 25."""
        return self.likelihood * self.impact

    @property
    def level(self) -> str:
        """low to 4, medium to 9, high to 14, critical from 15."""
        return (
            "low" if self.rating < 5 else "medium" if self.rating < 10 else "high" if self.rating < 15 else "critical"
        )
