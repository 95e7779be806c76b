"""Service level objectives: what share of events or time must be good in a window, and so how much may be bad."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from datasets.models import Dataset
from organization.models import Unit

from .agreements import Agreement


class SloQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(unit__in=access.units("view"))


class Slo(models.Model):
    """An objective over a dataset. Its budget is computed by `analytics.budgets`, from slices that one scan gives."""

    class Method(models.TextChoices):
        """As OpenSLO spells them."""

        OCCURRENCES = "Occurrences", "Occurrences: good events of all events"
        TIMESLICES = "Timeslices", "Time slices: good slices of all slices"
        RATIO_TIMESLICES = "RatioTimeslices", "Ratio time slices: the mean of the slices' ratios"

    class WindowUnit(models.TextChoices):
        DAY = "day", "Days"
        WEEK = "week", "Weeks"
        MONTH = "month", "Months"
        QUARTER = "quarter", "Quarters"
        YEAR = "year", "Years"

    class State(models.TextChoices):
        GREEN = "green", "Within budget"
        AMBER = "amber", "Burning"
        RED = "red", "Used up"
        NO_DATA = "no_data", "Nothing measured"

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    service = models.CharField(max_length=200, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="slos", help_text="Who answers for it.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, models.SET_NULL, null=True, blank=True, related_name="slos")
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="slos")
    time_column = models.CharField(max_length=100, blank=True, help_text="Empty: the dataset's event time.")
    condition = models.TextField(blank=True, help_text="Row expression: only rows for which it holds.")
    good = models.TextField(help_text="Aggregate: good events, such as count_if(delay_minutes <= 15).")
    total = models.TextField(help_text="Aggregate: all events, such as count().")
    method = models.CharField(max_length=16, choices=Method, default=Method.OCCURRENCES)
    objective_pct = models.DecimalField(max_digits=8, decimal_places=5, help_text="Such as 99.9.")
    slice_seconds = models.PositiveIntegerField(default=3600, help_text="Time slices: how long one is.")
    slice_pct = models.DecimalField(
        max_digits=8, decimal_places=5, null=True, blank=True, help_text="Time slices: a slice is good from here on."
    )
    is_rolling = models.BooleanField(default=True, help_text="Off: aligned to the calendar.")
    window_count = models.PositiveSmallIntegerField(default=30)
    window_unit = models.CharField(max_length=8, choices=WindowUnit, default=WindowUnit.DAY)
    timezone = models.CharField(max_length=60, default="UTC", help_text="IANA name; where days and months begin.")
    created_at = models.DateTimeField(auto_now_add=True)

    # as it was measured last, for lists; its page measures anew
    state = models.CharField(max_length=8, choices=State, default=State.NO_DATA, editable=False)
    left = models.FloatField(null=True, editable=False, help_text="Share of the budget; below 0: overdrawn.")
    burn_rate = models.FloatField(null=True, editable=False)
    measured_to = models.DateTimeField(null=True, editable=False, help_text="Up to where the data reached.")

    objects = SloQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "SLO"
        constraints = [
            models.CheckConstraint(
                condition=Q(objective_pct__gt=0, objective_pct__lt=100),
                name="objective_leaves_a_budget",
                violation_error_message="An objective lies above 0 and below 100 percent: 100 leaves no budget.",
            ),
            models.CheckConstraint(
                condition=~Q(method="Timeslices") | Q(slice_pct__isnull=False),
                name="time_slices_say_when_one_is_good",
                violation_error_message="Say from which percentage on a time slice is good.",
            ),
            models.CheckConstraint(condition=Q(slice_seconds__gte=60), name="slice_is_a_minute_at_least"),
            models.CheckConstraint(condition=Q(window_count__gte=1), name="window_is_not_empty"),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("slo", args=[self.code])
