"""Results: what was computed, from what, and what was known when."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from datasets.models import Dataset
from jobs.models import Job
from organization.models import Unit

from .definitions import Kpi, KpiVersion


class Status(models.TextChoices):
    GREEN = "green", "On target"
    AMBER = "amber", "At risk"
    RED = "red", "Off target"
    NO_TARGET = "no_target", "No target"
    NO_DATA = "no_data", "No data"
    INFO = "info", "For information"


class Run(models.Model):
    """One recompute: why, over which data version, how long each step took, how much it wrote."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    dataset = models.ForeignKey(Dataset, models.CASCADE, null=True, related_name="runs")
    data_version = models.BigIntegerField(null=True)
    trigger = models.CharField(max_length=200, help_text="upload #12, definition of X, target of Y, schedule.")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    kpis = models.PositiveIntegerField(default=0)
    periods = models.PositiveIntegerField(default=0)
    rows_scanned = models.BigIntegerField(null=True)
    results_written = models.PositiveIntegerField(default=0)
    results_unchanged = models.PositiveIntegerField(default=0)
    results_changed = models.PositiveIntegerField(
        null=True, help_text="Those written that took another's place; null: not counted then."
    )
    results_gone = models.PositiveIntegerField(
        null=True, help_text="Results that gave way to none; null: not counted then."
    )
    written_at = models.DateTimeField(null=True, help_text="Recorded then, and superseded what it replaced.")
    timings = models.JSONField(default=dict, help_text="Seconds per step.")
    fault = models.TextField(blank=True)
    faults = models.JSONField(default=list, help_text="KPIs that could not be computed, and why.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return f"run {self.pk} ({self.trigger})"


class ResultQuerySet(models.QuerySet):
    def current(self):
        return self.filter(superseded_at=None)

    def as_known_at(self, moment: datetime):
        """What was known then: recorded by `moment` and not yet superseded."""
        return self.filter(Q(superseded_at=None) | Q(superseded_at__gt=moment), recorded_at__lte=moment)

    def ever(self):
        """Current and superseded, named both: each half has an index of its own."""
        return self.filter(Q(superseded_at=None) | Q(superseded_at__isnull=False))

    def visible_to(self, access):
        return self.filter(unit__in=access.units("view"))


class Result(models.Model):
    """The value of one KPI for one unit and period, in all or for one member of a dimension.

    Never updated but to be superseded: a new value is a new row, so what was known on a day can be asked again.
    `status`, `score` and the targets used stand beside the value as they were when it was recorded.
    """

    # A recompute writes a hundred thousand rows, each into every index: a new row stands in two compound ones, a
    # superseded one in the third, and block ranges tell where a run and a version wrote, and what gave way at a moment
    # (its rows were written anew then, one beside the other). What is current lies by
    # period in the first, since a recompute replaces whole periods, however many lie before them; and by series in the
    # second. That what is referred to exists is checked once a statement by triggers (migration 0006).
    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="results", db_index=False, db_constraint=False)
    version = models.ForeignKey(KpiVersion, models.CASCADE, related_name="results", db_index=False, db_constraint=False)
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="results", db_index=False, db_constraint=False)
    grain = models.CharField(max_length=8)
    period_start = models.DateField()
    period_end = models.DateField(help_text="Not included.")
    dimension = models.CharField(max_length=100, blank=True)
    member = models.CharField(max_length=200, blank=True)
    value = models.FloatField(null=True)
    numerator = models.FloatField(null=True)
    denominator = models.FloatField(null=True)
    rows = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True, help_text="Why there is no value.")
    target = models.FloatField(null=True)
    target_low = models.FloatField(null=True)
    target_high = models.FloatField(null=True)
    red_limit = models.FloatField(null=True)
    stretch = models.FloatField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.NO_TARGET)
    status_before = models.CharField(  # noqa: DJ001 - of earlier results it is not known
        max_length=10, null=True, help_text="Of the result whose place it took; empty: it took none; null: not noted."
    )
    score = models.FloatField(null=True, help_text="0 to 100.")
    is_open = models.BooleanField(default=False, help_text="The period was not complete.")
    is_provisional = models.BooleanField(default=False, help_text="A critical quality rule failed.")
    data_version = models.BigIntegerField(null=True)
    run = models.ForeignKey(
        Run, models.SET_NULL, null=True, related_name="results", db_index=False, db_constraint=False
    )
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "grain", "period_start", "unit", "dimension", "member"],
                condition=Q(superseded_at=None),
                name="one_current_result",
            )
        ]
        indexes = [
            models.Index(
                fields=["unit", "kpi", "grain", "period_start"],
                condition=Q(superseded_at=None, dimension=""),
                name="current_series_of_unit",
            ),
            models.Index(
                fields=["kpi", "unit", "grain", "period_start", "recorded_at"],
                condition=Q(superseded_at__isnull=False),
                name="superseded_result",
            ),
            BrinIndex(fields=["run", "version"], autosummarize=True, name="result_by_run_and_version"),
            BrinIndex(fields=["superseded_at"], autosummarize=True, name="result_by_end"),
        ]

    def __str__(self):
        return f"{self.kpi_id}/{self.unit_id} {self.period_start} {self.value}"


class ManualEntry(models.Model):
    """A value that a person enters, with evidence; it counts once a second person has approved it."""

    class State(models.TextChoices):
        ENTERED = "entered", "Waits for a second person"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="manual_entries")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    grain = models.CharField(max_length=8)
    period_start = models.DateField()
    period_end = models.DateField()
    value = models.DecimalField(max_digits=24, decimal_places=6)
    numerator = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    denominator = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    note = models.TextField(blank=True)
    evidence = models.FileField(upload_to="evidence/%Y/%m", blank=True)
    evidence_name = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ENTERED)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("entered_by")),
                name="manual_entry_decided_by_a_second_person",
            )
        ]

    def __str__(self):
        return f"{self.kpi} from {self.period_start}"


class StatusChange(models.Model):
    """A KPI's status became another one; webhooks and the home page read it."""

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="status_changes")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    grain = models.CharField(max_length=8)
    period_start = models.DateField()
    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)
    result = models.ForeignKey(Result, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["unit", "-at"], name="status_change_by_unit")]
