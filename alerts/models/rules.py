"""Alert rules: what is watched, when it raises an alert, and who is told."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from alerts.decide import Terms
from kpis.models import Kpi, KpiVersion
from organization.models import Unit


class AlertRuleQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)

    def visible_to(self, access):
        return self.filter(unit__in=access.units("view"))


class AlertRule(models.Model):
    """Watches one KPI at a unit, or at each unit below it, as a whole or member by member of a dimension."""

    class Condition(models.TextChoices):
        VALUE = "value", "Value beyond a limit"
        STATUS = "status", "Status"
        SIGNAL = "signal", "Signal on the control chart"
        FORECAST_MISS = "forecast_miss", "Forecast misses the target"
        NO_DATA = "no_data", "No data"
        LATE_DATA = "late_data", "Late data"

    class Comparator(models.TextChoices):
        TARGET = "target", "Misses its target"
        BELOW = "below", "Below the limit"
        ABOVE = "above", "Above the limit"

    name = models.CharField(max_length=120)
    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="alert_rules", verbose_name="KPI")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="alert_rules")
    below = models.BooleanField("Each unit below as well", default=False)
    grain = models.CharField(max_length=8, choices=KpiVersion.Grain, help_text="Periods of which length are watched.")
    dimension = models.CharField(max_length=100, blank=True, help_text="Watched member by member; empty: as a whole.")
    members = models.JSONField(default=list, blank=True, help_text="Only these members of it; empty: every one.")

    condition = models.CharField(max_length=14, choices=Condition)
    comparator = models.CharField(max_length=8, choices=Comparator, blank=True)
    limit = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    margin = models.DecimalField(
        max_digits=24,
        decimal_places=6,
        default=0,
        help_text="It is clear again only when it is better than the limit by so much.",
    )
    statuses = models.JSONField(default=list, blank=True, help_text="The states that raise an alert.")
    signal_kinds = models.JSONField(default=list, blank=True, help_text="good, bad, neutral.")
    chance_pct = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Alert when the chance of meeting the target is lower."
    )
    grace_hours = models.PositiveIntegerField(default=0, help_text="Late data: hours beyond the promise.")
    times = models.PositiveSmallIntegerField(default=1)
    periods = models.PositiveSmallIntegerField(default=1, help_text="It fires at `times` of the last `periods`.")
    cool_down_hours = models.PositiveIntegerField(default=0, help_text="After an alert is over, none for so long.")

    quiet_from = models.TimeField(null=True, blank=True, help_text="By the clock of the unit.")
    quiet_until = models.TimeField(null=True, blank=True)
    by_email = models.BooleanField("E-mail", default=True)
    by_webhook = models.BooleanField("Webhook", default=False)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    roles = models.JSONField(default=list, blank=True, help_text="Who holds them at the unit, or nearest above it.")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(
        default=1,
        editable=False,
        help_text="Counts changes of what is watched; each begins without evidence.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    evaluated_at = models.DateTimeField(null=True, editable=False)
    fault = models.CharField(max_length=300, blank=True, editable=False, help_text="Why the last evaluation failed.")

    objects = AlertRuleQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(times__gte=1, times__lte=F("periods"), periods__lte=36),
                name="alert_rule_fires_at_n_of_m",
                violation_error_message="It fires at 1 or more of its last periods, of which there are 36 at most.",
            ),
            models.CheckConstraint(
                condition=~Q(comparator__in=["below", "above"]) | Q(limit__isnull=False),
                name="alert_rule_has_its_limit",
                violation_error_message="Write the limit.",
            ),
            models.CheckConstraint(
                condition=~Q(condition="value") | ~Q(comparator=""),
                name="alert_rule_says_which_side",
                violation_error_message="Say whether it is above or below the limit, or misses its target.",
            ),
            models.CheckConstraint(
                condition=Q(margin__gte=0),
                name="alert_rule_margin_is_not_negative",
                violation_error_message="The margin is 0 or more.",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="alert_rule_quiet_hours_have_two_ends",
                violation_error_message="Quiet hours need a beginning and another hour as their end.",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("alert_rule", args=[self.pk])

    @property
    def terms(self) -> Terms:
        return Terms(self.times, self.periods, timedelta(hours=self.cool_down_hours))
