"""Studies: a question, the data it was put to, what came out each time, and what was concluded from it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from datasets.models import Dataset
from kpis.models import Kpi, KpiVersion
from organization.models import Unit


class StudyQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Studies of units that the person may see. They hold numbers of internal rows: nothing for vendor contacts."""
        if access.is_vendor_only:
            return self.none()
        return self.filter(unit__in=access.units("view"))

    def to_review(self, access):
        """What others handed in at units where the person may review."""
        return self.filter(state=Study.State.IN_REVIEW, unit__in=access.units("define")).exclude(analyst=access.user_id)


class Study(models.Model):
    """A saved analysis. Its runs read only rows (or results) of `unit` and below, so who sees the unit may see it."""

    class Question(models.TextChoices):
        DIFFERENCE = "difference", "Are these different?"
        STABILITY = "stability", "Is it stable and capable?"
        INFLUENCE = "influence", "What drives it?"
        CAUSES = "causes", "Which few causes matter?"
        SAMPLE_SIZE = "sample_size", "How many do we need?"
        INTERRUPTION = "interruption", "Did it work?"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        REVIEWED = "reviewed", "Reviewed"

    title = models.CharField(max_length=200)
    question = models.CharField(max_length=16, choices=Question)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="studies")
    dataset = models.ForeignKey(Dataset, models.PROTECT, null=True, blank=True, related_name="studies")
    kpi = models.ForeignKey(Kpi, models.PROTECT, null=True, blank=True, related_name="studies")
    grain = models.CharField(max_length=8, choices=KpiVersion.Grain, blank=True, help_text="Of a KPI's series.")
    parameters = models.JSONField(default=dict, help_text="What the question was put with; see studies.questions.")
    conclusion = models.TextField(blank=True, max_length=4000, help_text="What follows from it, in plain words.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    analyst = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="studies")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_run = models.PositiveIntegerField(null=True, blank=True, help_text="Number of the run that was reviewed.")
    review_note = models.TextField(blank=True, max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = StudyQuerySet.as_manager()

    class Meta:
        ordering = ["-changed_at", "-pk"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(dataset=None, kpi__isnull=False) | Q(dataset__isnull=False, kpi=None),
                name="study_of_a_dataset_or_a_kpi",
                violation_error_message="A study is of a dataset or of a KPI.",
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None) | ~Q(reviewer=F("analyst")), name="study_reviewed_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None, reviewed_at=None, reviewed_run=None)
                | Q(reviewer__isnull=False, reviewed_at__isnull=False, reviewed_run__isnull=False),
                name="study_reviewer_and_moment_together",
            ),
            models.CheckConstraint(
                condition=~Q(state="reviewed") | Q(reviewer__isnull=False), name="reviewed_study_has_a_reviewer"
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("study", args=[self.pk])

    @property
    def source(self):
        """The dataset or the KPI."""
        return self.dataset or self.kpi


class StudyRun(models.Model):
    """One execution: over which data, by which code, with what result. Never changed."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField()
    data_version = models.BigIntegerField(
        null=True, help_text="Of the dataset; a KPI's series names its as-known time."
    )
    complete_through = models.DateField(null=True)
    rows = models.PositiveIntegerField(help_text="Rows or periods that were read.")
    parameters = models.JSONField()
    result = models.JSONField(help_text="studies.analysis.Analysis as plain values.")
    code_version = models.CharField(max_length=60)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="one_study_run_per_number")]

    def __str__(self):
        return f"{self.study}, run {self.number}"
