"""Scorecard templates: versions of weighted criteria, the same for every vendor that has the template."""

from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from kpis.models import Kpi
from organization.access import OVERSEE
from organization.models import Unit
from organization.models.units import DatedQuerySet
from vendors.scoring import GRADES, Curve

from .surveys import SurveyQuestion


class TemplateQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(unit__in=access.units(OVERSEE))


class ScorecardTemplate(models.Model):
    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", help_text="Who answers for it.")

    objects = TemplateQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("vendor_template", args=[self.pk])


class TemplateVersion(models.Model):
    """The criteria as they hold from `valid_from` up to, not including, `valid_to`; a draft holds for nobody."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_FORCE = "in_force", "In force"

    class Missing(models.TextChoices):
        EXCLUDE = "exclude", "Leave out and reweight"
        ZERO = "zero", "Count as 0"

    template = models.ForeignKey(ScorecardTemplate, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    missing = models.CharField("a criterion without a number", max_length=8, choices=Missing, default=Missing.EXCLUDE)
    minimum_coverage_pct = models.PositiveSmallIntegerField(
        "weight that must have a number, %", default=60, validators=[MaxValueValidator(100)]
    )
    note = models.TextField(blank=True, help_text="What this version changes, and why.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["template", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="one_template_version_per_number"),
            models.UniqueConstraint(
                fields=["template"], condition=Q(state="draft"), name="one_draft_per_vendor_template"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", valid_from=None) | Q(state="in_force", valid_from__isnull=False),
                name="a_template_in_force_has_a_first_day",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from__isnull=False, valid_to__gt=F("valid_from")),
                name="a_template_version_ends_after_it_starts",
            ),
        ]

    def __str__(self):
        return f"{self.template}, version {self.number}"

    def holds_on(self, day: date) -> bool:
        return self.valid_from is not None and self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class Criterion(models.Model):
    """One weighted part: where its number comes from, and how the number becomes a score."""

    class Source(models.TextChoices):
        KPI = "kpi", "KPI"
        ATTAINMENT = "attainment", "Attainment of its agreements"
        SURVEY = "survey", "Survey question"

    class Kind(models.TextChoices):
        LINEAR = "linear", "Linear from floor to target"
        STEP = "step", "Steps"
        PRICE_RATIO = "price_ratio", "Lowest over own"

    class Direction(models.TextChoices):
        HIGHER = "higher", "Higher is better"
        LOWER = "lower", "Lower is better"

    NUMBER = {"max_digits": 20, "decimal_places": 6, "null": True, "blank": True}

    version = models.ForeignKey(TemplateVersion, models.CASCADE, related_name="criteria")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100, blank=True)
    weight = models.DecimalField("weight, %", max_digits=7, decimal_places=4, validators=[MinValueValidator(0)])
    source = models.CharField(max_length=10, choices=Source, default=Source.KPI)
    kpi = models.ForeignKey(Kpi, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="KPI")
    question = models.ForeignKey(SurveyQuestion, models.PROTECT, null=True, blank=True, related_name="+")
    curve = models.CharField(max_length=12, choices=Kind, default=Kind.LINEAR)
    direction = models.CharField(max_length=6, choices=Direction, default=Direction.HIGHER)
    floor = models.DecimalField("floor (score 0)", **NUMBER)
    target = models.DecimalField("target (score 100)", **NUMBER)
    steps = models.JSONField(default=list, blank=True, help_text="[[limit, score], ...] in the order of the limits.")
    gate_at = models.DecimalField("gate", **NUMBER, help_text="Worse than this holds the grade.")
    gate_grade = models.CharField(
        "best grade then", max_length=1, blank=True, choices=[(grade, grade) for grade, _ in GRADES]
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["version", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="one_criterion_per_version_and_code"),
            models.CheckConstraint(
                condition=Q(source="kpi", kpi__isnull=False, question=None)
                | Q(source="survey", question__isnull=False, kpi=None)
                | Q(source="attainment", kpi=None, question=None),
                name="a_criterion_has_what_its_source_needs",
                violation_error_message="Choose the KPI or the question that the number comes from, and only that.",
            ),
            models.CheckConstraint(
                condition=Q(gate_at=None, gate_grade="") | (Q(gate_at__isnull=False) & ~Q(gate_grade="")),
                name="a_gate_has_a_limit_and_a_grade",
                violation_error_message="A gate needs a limit and the best grade while it is closed.",
            ),
        ]

    def __str__(self):
        return self.name

    def as_curve(self) -> Curve:
        steps = tuple((float(limit), float(score)) for limit, score in self.steps)
        return Curve(self.curve, self.direction, _float(self.floor), _float(self.target), steps)


def _float(number) -> float | None:
    return None if number is None else float(number)
