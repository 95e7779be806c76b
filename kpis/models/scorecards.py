"""Scorecards: a weighted tree whose leaves are KPIs by reference; one cascades down the organisation without copies."""

from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from organization.models import Unit
from organization.models.units import DatedQuerySet

from .definitions import Kpi
from .strategy import Objective


class ScorecardQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Scorecards of a unit that the person may see, or that cascade down to one."""
        from organization.models import UnitPath

        units = access.units("view")
        reach = UnitPath.objects.filter(ancestor=models.OuterRef("unit"), descendant__in=units, valid_to=None)
        return self.filter(Q(unit__in=units) | Q(cascades=True) & models.Exists(reach))


class Scorecard(models.Model):
    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="scorecards", help_text="Where it starts.")
    cascades = models.BooleanField(default=True, help_text="Each unit below sees it with its own results.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_executive = models.BooleanField(default=False, help_text="The monthly review starts from it.")
    grain = models.CharField(max_length=8, default="month")

    objects = ScorecardQuerySet.as_manager()

    class Meta:
        ordering = ["-is_executive", "name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("scorecard", args=[self.code])


class ScorecardNode(models.Model):
    class Kind(models.TextChoices):
        PERSPECTIVE = "perspective", "Perspective"
        OBJECTIVE = "objective", "Objective"
        KPI = "kpi", "KPI"

    class RollUp(models.TextChoices):
        WEIGHTED_MEAN = "weighted_mean", "Weighted mean"
        WORST = "worst", "Worst child"
        COUNTS = "counts", "Counts by status only"

    class Missing(models.TextChoices):
        REWEIGHT = "reweight", "Leave out and reweight"
        PROPAGATE = "propagate", "No score if one is missing"
        CARRY = "carry", "Carry the last one forward"
        ZERO = "zero", "Count as 0"

    scorecard = models.ForeignKey(Scorecard, models.CASCADE, related_name="nodes")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200, blank=True)
    kpi = models.ForeignKey(Kpi, models.PROTECT, null=True, blank=True, related_name="nodes")
    objective = models.ForeignKey(Objective, models.PROTECT, null=True, blank=True, related_name="nodes")
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Read the KPI at this unit instead of the scorecard's.",
    )
    position = models.PositiveSmallIntegerField(default=0)
    roll_up = models.CharField(max_length=14, choices=RollUp, default=RollUp.WEIGHTED_MEAN)
    missing = models.CharField(max_length=10, choices=Missing, default=Missing.REWEIGHT)
    carry_periods = models.PositiveSmallIntegerField(default=1)
    minimum_coverage_pct = models.PositiveSmallIntegerField(default=60, validators=[MaxValueValidator(100)])
    gate_cap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="While this KPI is red, the parent's score is at most this.",
    )

    class Meta:
        ordering = ["scorecard", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="kpi", kpi__isnull=False) | (~Q(kind="kpi") & Q(kpi=None)),
                name="only_a_kpi_node_has_a_kpi",
            ),
            models.UniqueConstraint(
                fields=["parent", "kpi"], condition=Q(kpi__isnull=False), name="one_node_per_parent_and_kpi"
            ),
        ]

    def __str__(self):
        return self.name or str(self.kpi or self.objective)


class NodeWeight(models.Model):
    """The node's weight beside its siblings, relative, in the given days."""

    node = models.ForeignKey(ScorecardNode, models.CASCADE, related_name="weights")
    weight = models.DecimalField(max_digits=9, decimal_places=4, validators=[MinValueValidator(0)])
    valid_from = models.DateField(default=date(1900, 1, 1))
    valid_to = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["node", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["node", "valid_from"], name="one_weight_per_node_and_start"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="weight_is_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="weight_ends_after_it_starts"
            ),
        ]
