"""Targets: per KPI, unit, segment and days; inherited down the tree, the most specific first."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from organization.models import Unit

from .definitions import Kpi


class TargetQuerySet(models.QuerySet):
    def in_force(self, day: date):
        """Targets valid on `day`; one without an end is valid until replaced."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


class Comparator(models.TextChoices):
    TARGET = "target", "Target"
    STRETCH = "stretch", "Stretch"
    RED_LIMIT = "red_limit", "Red limit"
    FLOOR = "floor", "Floor"
    BUDGET = "budget", "Budget"


class AnnualTarget(models.Model):
    """A year's total, phased to periods; the phases are ordinary targets that add up to it exactly."""

    class Phasing(models.TextChoices):
        EVEN = "even", "Evenly"
        SEASONAL = "seasonal", "Like the year before"
        WORKING_DAYS = "working_days", "By working days"

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="annual_targets")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    comparator = models.CharField(max_length=10, choices=Comparator, default=Comparator.TARGET)
    year_start = models.DateField()
    year_end = models.DateField()
    total = models.DecimalField(max_digits=24, decimal_places=6)
    decimals = models.PositiveSmallIntegerField(default=2)
    phasing = models.CharField(max_length=12, choices=Phasing)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "unit", "comparator", "year_start"], name="one_annual_target_per_kpi_unit_and_year"
            )
        ]

    def __str__(self):
        return f"{self.kpi}, {self.get_comparator_display().lower()} of the year from {self.year_start}"


class StandingTarget(models.Model):
    """What a target said when another was first set within its days: it is split around that one.

    Its `parts` are what is left of it, its `overrides` were set within it. When one of them is taken back, its days say
    this again. An override may itself be split: `within` is then what that one was set within.
    """

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="+")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    low = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    high = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    basis = models.CharField(max_length=200, blank=True)
    within = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    def __str__(self):
        return f"{self.kpi}, standing target for {self.unit}"


class Target(models.Model):
    """`value`, or the band `low` to `high`, holds for `unit` and below from `valid_from` up to (not on) `valid_to`.

    It holds for each period that begins on those days; `as_total`, for those days together: a month's total of a KPI by
    days, a part of a year's. `dimension` and `member` narrow it to a segment, both set or neither.
    """

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="targets")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="targets")
    dimension = models.CharField(max_length=100, blank=True)
    member = models.CharField(max_length=200, blank=True)
    comparator = models.CharField(max_length=10, choices=Comparator, default=Comparator.TARGET)
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    low = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    high = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    as_total = models.BooleanField(default=False, help_text="Of its days together, not of each period in them.")
    basis = models.CharField(max_length=200, blank=True, help_text="Regulation, contract, benchmark, history ...")
    annual = models.ForeignKey(AnnualTarget, models.CASCADE, null=True, blank=True, related_name="phases")
    part_of = models.ForeignKey(StandingTarget, models.SET_NULL, null=True, blank=True, related_name="parts")
    overrides = models.ForeignKey(StandingTarget, models.SET_NULL, null=True, blank=True, related_name="overrides")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        ordering = ["kpi", "unit", "comparator", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="target_ends_after_it_starts",
                violation_error_message="A target must end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False, low=None, high=None)
                | Q(value=None, low__isnull=False, high__isnull=False, low__lte=F("high")),
                name="target_is_a_value_or_a_band",
                violation_error_message="Give one value, or a low and a high end for a band.",
            ),
            models.CheckConstraint(
                condition=Q(as_total=False) | Q(valid_to__isnull=False), name="target_of_a_total_has_an_end"
            ),
            models.CheckConstraint(condition=Q(annual=None) | Q(as_total=True), name="target_phase_is_a_total"),
            models.CheckConstraint(condition=Q(part_of=None) | Q(as_total=False), name="target_total_is_not_split"),
            models.CheckConstraint(
                condition=Q(dimension="", member="") | (~Q(dimension="") & ~Q(member="")),
                name="target_segment_has_dimension_and_member",
            ),
            models.UniqueConstraint(
                fields=["kpi", "unit", "dimension", "member", "comparator", "valid_from"],
                name="one_target_per_kpi_unit_segment_and_start",
                violation_error_message="There is a target for this KPI, unit and start already.",
            ),
        ]

    def __str__(self):
        segment = f" of {self.dimension} {self.member}" if self.dimension else ""
        return f"{self.kpi}, {self.get_comparator_display().lower()}{segment} from {self.valid_from}"


class LateTarget(models.Model):
    """That a target was set, changed, ended or removed after the fact: for periods that were complete, and why."""

    class Did(models.TextChoices):
        SET = "set", "Set"
        ENDED = "ended", "Ended"
        REMOVED = "removed", "Removed"

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="late_targets")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    comparator = models.CharField(max_length=10, choices=Comparator)
    did = models.CharField(max_length=7, choices=Did)
    first = models.DateField(help_text="First day of the first complete period that it changed.")
    last = models.DateField(help_text="First day of the last one.")
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.get_comparator_display()} of {self.kpi} {self.did} after the fact"
