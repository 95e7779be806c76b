"""Control charts: how a series is charted, what was found on it, and where it is going.

A series is a KPI at a unit by a grain. Its limits change only with a row of this module, or as long as its baseline is
still being filled; `ChartVerdict` keeps when they last moved, from what, and why.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from organization.models import Unit

from .definitions import Kpi
from .results import Run

USER = settings.AUTH_USER_MODEL


class OfSeries(models.Model):
    """What every row here hangs on."""

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="%(class)ss")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    grain = models.CharField(max_length=8)

    class Meta:
        abstract = True

    @property
    def series(self) -> tuple[int, int, str]:
        return self.kpi_id, self.unit_id, self.grain


class ChartSetting(OfSeries):
    """How the chart of one series is drawn; a series without a row has the defaults."""

    class RuleSet(models.TextChoices):
        NHS = "nhs", "NHS Making Data Count"
        WESTERN_ELECTRIC = "western_electric", "Western Electric"
        NELSON = "nelson", "Nelson"
        ANHOEJ = "anhoej", "Anhøj"

    class Chart(models.TextChoices):
        AUTO = "auto", "Chosen by the KPI"
        INDIVIDUALS = "individuals", "Individuals (XmR)"
        P = "p", "Share (p)"
        LANEY_P = "laney_p", "Share, large samples (Laney p′)"
        U = "u", "Rate (u)"
        LANEY_U = "laney_u", "Rate, large samples (Laney u′)"

    class Baseline(models.TextChoices):
        FIRST = "first", "The first 24 points of each phase"
        ALL = "all", "All points of each phase: limits move with every new one"
        LOCKED = "locked", "Locked on chosen periods"

    rule_set = models.CharField(max_length=20, choices=RuleSet, default=RuleSet.NHS)
    chart = models.CharField(max_length=12, choices=Chart, default=Chart.AUTO)
    baseline = models.CharField(max_length=6, choices=Baseline, default=Baseline.FIRST)
    baseline_from = models.DateField(null=True, blank=True, help_text="First day of the first period of the lock.")
    baseline_to = models.DateField(null=True, blank=True, help_text="First day of the last period of the lock.")
    reason = models.CharField(max_length=500, blank=True)
    changed_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kpi", "unit", "grain"], name="one_chart_setting_per_series"),
            models.CheckConstraint(
                condition=~Q(baseline="locked")
                | Q(baseline_from__isnull=False, baseline_to__isnull=False, baseline_to__gt=F("baseline_from")),
                name="chart_lock_has_two_periods_or_more",
                violation_error_message="A lock runs from one period to a later one.",
            ),
        ]

    def __str__(self):
        return f"chart of {self.kpi_id}/{self.unit_id} by {self.grain}"


class ChartPhase(OfSeries):
    """A re-base: from `starts_on` on, limits are made anew. It counts once a second person has approved it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for a second person"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    starts_on = models.DateField(help_text="First day of the first period of the new phase.")
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=500, blank=True, help_text="What the second person says.")

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "unit", "grain", "starts_on"],
                condition=~Q(state="rejected"),
                name="one_chart_phase_per_start",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="chart_phase_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | Q(~Q(state="proposed"), decided_by__isnull=False, decided_at__isnull=False),
                name="chart_phase_decided_by_and_at_together",
            ),
        ]

    def __str__(self):
        return f"phase from {self.starts_on}"


class ExcludedPoint(OfSeries):
    """A period with a known special cause: it stays on the chart, but makes no limits and fires no rule."""

    period_start = models.DateField()
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["period_start"]
        constraints = [
            models.UniqueConstraint(fields=["kpi", "unit", "grain", "period_start"], name="one_exclusion_per_point")
        ]

    def __str__(self):
        return f"{self.period_start} left out"


class SignalQuerySet(models.QuerySet):
    def current(self):
        return self.filter(gone_at=None)

    def visible_to(self, access):
        return self.filter(unit__in=access.units("view"))


class Signal(OfSeries):
    """A rule that fired at a period. Kept for ever: one that no longer fires is marked as gone."""

    class Kind(models.TextChoices):
        GOOD = "good", "Better"
        BAD = "bad", "Worse"
        NEUTRAL = "neutral", "Neither"

    period_start = models.DateField(help_text="The period that completed the pattern.")
    pattern_start = models.DateField(help_text="The first period of the pattern.")
    rule = models.CharField(max_length=24)
    side = models.CharField(max_length=4, help_text="high, low or none.")
    kind = models.CharField(max_length=7, choices=Kind)
    found_at = models.DateTimeField()
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="signals")
    gone_at = models.DateTimeField(null=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        ordering = ["-period_start", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "unit", "grain", "period_start", "rule"],
                condition=Q(gone_at=None),
                name="one_current_signal_per_point_and_rule",
            )
        ]
        indexes = [models.Index(fields=["unit", "-period_start"], condition=Q(gone_at=None), name="signal_by_unit")]

    def __str__(self):
        return f"{self.rule} at {self.period_start}"


class ChartVerdict(OfSeries):
    """What the chart of a series says at its last complete period: the two icons and the limits in force."""

    period_start = models.DateField(help_text="The last complete period, for which the icons hold.")
    chart = models.CharField(max_length=12)
    rule_set = models.CharField(max_length=20)
    variation = models.CharField(max_length=16)
    assurance = models.CharField(max_length=16)
    side = models.CharField(max_length=4, default="none")
    rule = models.CharField(max_length=24, blank=True, help_text="The rule that decides the variation icon.")
    centre = models.FloatField()
    lower = models.FloatField()
    upper = models.FloatField()
    sigma = models.FloatField()
    sigma_z = models.FloatField(null=True)
    target = models.FloatField(null=True)
    points = models.PositiveIntegerField(help_text="Points of the last phase that rules may look at.")
    in_limits = models.PositiveIntegerField(help_text="Points of which its limits are made.")
    layout = models.CharField(max_length=40, help_text="Fingerprint of phases, baseline and exclusions.")
    rebase_from = models.DateField(null=True, help_text="Since when the level has shifted for good, as it seems.")
    at = models.DateTimeField()
    moved_at = models.DateTimeField(null=True, help_text="When centre or limits last became others.")
    moved_from = models.JSONField(default=dict, help_text="Centre, lower and upper before that.")
    moved_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kpi", "unit", "grain"], name="one_verdict_per_series")]

    def __str__(self):
        return f"{self.kpi_id}/{self.unit_id}: {self.variation}, {self.assurance}"


class Forecast(OfSeries):
    """Where a period will land. Made again while the period is open; afterwards it stays, to be held against it."""

    period_start = models.DateField()
    period_end = models.DateField(help_text="Not included.")
    mean = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    confidence = models.FloatField(help_text="Of the interval, 0 to 1.")
    chance = models.FloatField(null=True, help_text="Of meeting the target, 0 to 1.")
    target = models.FloatField(null=True)
    target_low = models.FloatField(null=True)
    target_high = models.FloatField(null=True)
    model = models.CharField(max_length=20)
    back_test = models.JSONField(help_text="How far off the model and its benchmark were: analytics.forecast.")
    points = models.PositiveIntegerField(help_text="Complete periods that it was made from.")
    made_from = models.CharField(max_length=64, help_text="Fingerprint of what it was made from.")
    made_at = models.DateTimeField()
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="forecasts")

    class Meta:
        ordering = ["-period_start"]
        constraints = [
            models.UniqueConstraint(fields=["kpi", "unit", "grain", "period_start"], name="one_forecast_per_period")
        ]

    def __str__(self):
        return f"forecast of {self.period_start}"
