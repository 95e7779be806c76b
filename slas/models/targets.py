"""The targets of a version, the clock of each, and the KPI that measures it."""

from django.db import models
from django.db.models import Q

from datasets.models import Dataset
from kpis.models import Kpi

from .agreements import Agreement, AgreementVersion

CLOCKED = ("response", "next_update", "resolution", "delivery", "percentile")


def default_warnings() -> list[int]:
    return [75, 90]


class TargetQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(version__agreement__in=Agreement.objects.visible_to(access).values("pk"))


class ServiceTarget(models.Model):
    """One promise of a version: for the cases of `condition`, within `threshold_seconds`, in `required_pct` of them.

    The same `code` in the next version is the same promise with other numbers, so its KPI goes on.
    """

    class Metric(models.TextChoices):
        RESPONSE = "response", "Response"
        NEXT_UPDATE = "next_update", "Next update"
        RESOLUTION = "resolution", "Resolution"
        DELIVERY = "delivery", "Delivery by a due date"
        AVAILABILITY = "availability", "Availability"
        PERCENTILE = "percentile", "Percentile within a time"
        CONTACT = "contact", "Contact service level"
        QUALITY = "quality", "Quality ratio"

    class CountedIn(models.TextChoices):
        STOPPED = "stopped", "The period in which it stopped or breached"
        OPENED = "opened", "The period in which the case opened"

    version = models.ForeignKey(AgreementVersion, models.CASCADE, related_name="targets")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=200)
    metric = models.CharField(max_length=12, choices=Metric)
    condition = models.TextField(blank=True, help_text="Row expression: the cases (or rows) that it is about.")
    threshold_seconds = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Business seconds allowed; after the due date: grace."
    )
    required_pct = models.DecimalField(max_digits=7, decimal_places=4, help_text="Of a percentile: the percentile.")
    percentile = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True, help_text="0 to 1.")
    counted_in = models.CharField(max_length=8, choices=CountedIn, default=CountedIn.STOPPED)
    warn_at = models.JSONField(default=default_warnings, blank=True, help_text="Warn at these percent of the target.")
    weight = models.DecimalField(
        max_digits=7, decimal_places=4, default=1, help_text="Its share of the charge when credits are pooled."
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = TargetQuerySet.as_manager()

    class Meta:
        ordering = ["version", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "code"],
                name="one_service_target_per_code",
                violation_error_message="The version has a target of this code already.",
            ),
            models.CheckConstraint(
                condition=Q(required_pct__gt=0, required_pct__lte=100),
                name="required_share_is_a_percentage",
                violation_error_message="The required share is above 0 and at most 100 percent.",
            ),
            models.CheckConstraint(
                condition=Q(percentile=None) | Q(percentile__gt=0, percentile__lt=1), name="percentile_is_a_share"
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def is_clocked(self) -> bool:
        """Whether cases have a clock for it; the others are measured on their source dataset."""
        return self.metric in CLOCKED


class ClockRule(models.Model):
    """When the clock of a target starts, pauses, goes on and stops: row expressions over events, or columns."""

    class Source(models.TextChoices):
        EVENTS = "events", "Events: one row an update of a case"
        COLUMNS = "columns", "Columns: one row a case"

    class OnPriorityChange(models.TextChoices):
        KEEP = "keep", "Keep the elapsed time and the pauses"
        RESET = "reset", "Start again"

    class AfterStop(models.TextChoices):
        FINAL = "final", "The result stays"
        RESUME = "resume", "It runs on: the time in between was a pause"
        REPEAT = "repeat", "The next start begins another clock"

    target = models.OneToOneField(ServiceTarget, models.CASCADE, related_name="clock")
    source = models.CharField(max_length=8, choices=Source, default=Source.EVENTS)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="clock_rules")
    case_column = models.CharField(max_length=100)
    time_column = models.CharField(max_length=100, blank=True, help_text="Events: when; empty: the event time.")

    # events: the first row of a case for which it holds, and each row that turns it
    start = models.TextField(blank=True, help_text="Empty: the first event of the case.")
    pause = models.TextField(blank=True)
    resume = models.TextField(blank=True, help_text="Empty: when the pause condition holds no more.")
    stop = models.TextField(blank=True)
    cancel = models.TextField(blank=True)
    reset = models.TextField(blank=True)

    after_stop = models.CharField(
        max_length=6, choices=AfterStop, default=AfterStop.FINAL, help_text="When a stopped case is updated again."
    )

    # columns
    started_column = models.CharField(
        max_length=100, blank=True, help_text="Of events: when the case was opened, if that was before its first event."
    )
    due_column = models.CharField(max_length=100, blank=True)
    stopped_column = models.CharField(max_length=100, blank=True)

    holder_column = models.CharField(max_length=100, blank=True, help_text="The group or vendor that has the case.")
    priority_column = models.CharField(max_length=100, blank=True)
    reason_column = models.CharField(max_length=100, blank=True, help_text="Why it is paused.")
    on_priority_change = models.CharField(max_length=8, choices=OnPriorityChange, default=OnPriorityChange.KEEP)

    def __str__(self):
        return f"clock of {self.target}"


class MeasureRule(models.Model):
    """How a target without a clock is measured, straight on a source dataset: good over total."""

    class ContactFormula(models.IntegerChoices):
        """The five in use, numbered as in `analytics.queueing.service_level`; T is the target's threshold."""

        IN_TIME = 1, "(answered in T + abandoned in T) ÷ (answered + abandoned)"
        ANSWERED = 2, "answered in T ÷ answered"
        OFFERED = 3, "answered in T ÷ (answered + abandoned)"
        LATE_ONLY = 4, "answered in T ÷ (answered + abandoned after T)"
        SHORT = 5, "(answered in T + abandoned in a short time) ÷ (answered + abandoned)"

    target = models.OneToOneField(ServiceTarget, models.CASCADE, related_name="measure")
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="measure_rules")
    time_column = models.CharField(max_length=100, blank=True, help_text="Empty: the dataset's event time.")
    good = models.TextField(blank=True, help_text="Aggregate: what went well.")
    total = models.TextField(blank=True, help_text="Aggregate: of how much.")

    # availability, in minutes, row expressions
    agreed = models.TextField(blank=True, help_text="Agreed minutes of a row.")
    excluded = models.TextField(blank=True, help_text="Excluded minutes of a row; empty: none.")
    downtime = models.TextField(blank=True, help_text="Counted downtime of a row in minutes.")

    # contact, row expressions
    contact_formula = models.PositiveSmallIntegerField(choices=ContactFormula, null=True, blank=True)
    answered = models.TextField(blank=True, help_text="Holds for a contact that was answered.")
    abandoned = models.TextField(blank=True, help_text="Holds for a contact that gave up.")
    waited = models.TextField(blank=True, help_text="Seconds that it waited.")
    short_seconds = models.PositiveIntegerField(null=True, blank=True, help_text="Formula 5: what a short time is.")

    def __str__(self):
        return f"measure of {self.target}"


class AttainmentKpi(models.Model):
    """The ratio KPI that the agreement keeps for a promise, whatever its version."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="attainment_kpis")
    target_code = models.SlugField(max_length=40)
    kpi = models.OneToOneField(Kpi, models.CASCADE, related_name="attainment")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "target_code"], name="one_attainment_kpi_per_target")
        ]

    def __str__(self):
        return str(self.kpi)
