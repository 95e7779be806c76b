"""Organisation units: an effective-dated tree with the codes that extracts use.

A unit's place in the tree is a dated `UnitPlacement`; `UnitPath` is the closure of all placements (every ancestor of
every unit, itself included, with the days for which that holds), rebuilt by `organization.tree` on every change.
"""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse


class UnitQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Units that the person may see: where they hold a role, and everything below."""
        return self.filter(pk__in=access.units("view"))

    def below(self, unit: "Unit", day: date):
        """`unit` and its descendants as the tree stood on `day`."""
        paths = UnitPath.objects.in_force(day).filter(ancestor=unit)
        return self.filter(pk__in=paths.values("descendant"))

    def above(self, unit: "Unit", day: date):
        """`unit` and its ancestors on `day`."""
        paths = UnitPath.objects.in_force(day).filter(descendant=unit)
        return self.filter(pk__in=paths.values("ancestor"))


class Unit(models.Model):
    class Kind(models.TextChoices):
        GROUP = "group", "Group"
        DIVISION = "division", "Division"
        DEPARTMENT = "department", "Department"
        SITE = "site", "Site"
        TEAM = "team", "Team"
        LINE = "line", "Line"
        VENDOR = "vendor", "Vendor"

    code = models.CharField(
        max_length=80, unique=True, help_text="As extracts spell it, unless an alias says otherwise."
    )
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.DEPARTMENT)
    timezone = models.CharField(max_length=60, blank=True, help_text="IANA name; empty: the parent's.")
    fiscal_calendar = models.ForeignKey("FiscalCalendar", models.PROTECT, null=True, blank=True)
    business_calendar = models.ForeignKey("BusinessCalendar", models.PROTECT, null=True, blank=True)
    is_active = models.BooleanField(default=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("unit", args=[self.pk])


class DatedQuerySet(models.QuerySet):
    def in_force(self, day: date):
        """Rows valid on `day`; one without an end is valid until replaced."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


class UnitPlacement(models.Model):
    """From `valid_from` up to, not including, `valid_to`, `unit` stands under `parent` (none: at the top)."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="placements")
    parent = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="child_placements")
    valid_from = models.DateField(default=date(1900, 1, 1))
    valid_to = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["unit", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="placement_ends_after_it_starts",
                violation_error_message="A placement must end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("unit")),
                name="unit_is_not_its_own_parent",
                violation_error_message="A unit cannot stand under itself.",
            ),
            models.UniqueConstraint(fields=["unit", "valid_from"], name="one_placement_per_unit_and_start"),
        ]


class UnitPath(models.Model):
    """`ancestor` is `depth` steps above `descendant` (0: the unit itself) in the given days. Materialised."""

    ancestor = models.ForeignKey(Unit, models.CASCADE, related_name="paths_down")
    descendant = models.ForeignKey(Unit, models.CASCADE, related_name="paths_up")
    depth = models.PositiveSmallIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["ancestor", "valid_from"], name="path_down"),
            models.Index(fields=["descendant", "valid_from"], name="path_up"),
        ]


class UnitAliasQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(unit__in=access.units("view"))


class UnitAlias(models.Model):
    """The code by which the extracts of `system` know the unit."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="aliases")
    system = models.CharField(max_length=60, help_text="The dataset's code system, such as itsm.")
    code = models.CharField(max_length=200)

    objects = UnitAliasQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "unit aliases"
        constraints = [models.UniqueConstraint(fields=["system", "code"], name="one_unit_per_system_and_code")]

    def __str__(self):
        return f"{self.system}: {self.code}"
