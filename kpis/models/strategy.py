"""Strategy: themes, objectives, and which KPIs contribute to or support them."""

from django.conf import settings
from django.db import models

from organization.models import Unit

from .definitions import Kpi


class ThemeQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Themes belong to no unit: our own people see all, a vendor's contact those with an objective of its unit."""
        if not access.is_vendor_only:
            return self.all()
        return self.filter(pk__in=Objective.objects.visible_to(access).values("theme"))


class Theme(models.Model):
    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ThemeQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self):
        return self.name


class ObjectiveQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(unit__in=access.units("view"))


class Objective(models.Model):
    theme = models.ForeignKey(Theme, models.PROTECT, related_name="objectives")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="objectives")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ObjectiveQuerySet.as_manager()

    class Meta:
        ordering = ["theme", "name"]
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="one_objective_per_unit_and_name")]

    def __str__(self):
        return self.name


class KpiLink(models.Model):
    """The KPI contributes to the objective (its result counts) or supports it (it helps, but does not count)."""

    class Kind(models.TextChoices):
        CONTRIBUTES = "contributes", "Contributes to"
        SUPPORTS = "supports", "Supports"

    objective = models.ForeignKey(Objective, models.CASCADE, related_name="links")
    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.CONTRIBUTES)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["objective", "kpi"], name="one_link_per_objective_and_kpi")]
