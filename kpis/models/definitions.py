"""A KPI and the versions of its definition."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from datasets.models import Dataset
from organization.models import Unit


class KpiQuerySet(models.QuerySet):
    def visible_to(self, access):
        """KPIs owned by a unit that the person may see, or with current results of such a unit."""
        units = access.units("view")
        from .results import Result

        seen = Result.objects.current().filter(kpi=models.OuterRef("pk"), unit__in=units, dimension="")
        return self.filter(Q(unit__in=units) | models.Exists(seen))

    def whose_newest(self, **wanted):
        """Those whose newest version, discarded drafts left out, is as wanted: state="certified" ..."""
        versions = KpiVersion.objects.kept().filter(kpi=models.OuterRef("pk")).order_by("-number")
        found = self.annotate(newest=models.Subquery(versions.values("pk")[:1]))
        return found.filter(newest__in=KpiVersion.objects.filter(**wanted).values("pk"))

    def in_use(self, day: date):
        """Those of which a version holds on `day`: not what was taken out of use."""
        return self.filter(models.Exists(KpiVersion.objects.in_force(day).filter(kpi=models.OuterRef("pk"))))


class Kpi(models.Model):
    """What is measured; how, is its version in force."""

    code = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="kpis", help_text="The unit that answers for it.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="owned_kpis")
    steward = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    counter_kpi = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Watched with it, so that one is not bought with the other.",
    )
    bands = models.JSONField(
        default=list, blank=True, help_text="Ordered; the first that matches wins. Empty: the default."
    )
    webhook_status = models.BooleanField(default=True, help_text="A change of status is announced.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = KpiQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "KPI"

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("kpi", args=[self.code])


class KpiVersionQuerySet(models.QuerySet):
    def kept(self):
        """All but discarded drafts."""
        return self.exclude(state=KpiVersion.State.DEPRECATED, certified_at=None)

    def newest(self) -> "KpiVersion | None":
        """Of one KPI: the version that an edit starts from."""
        return self.kept().order_by("-number").first()

    def in_force(self, day: date):
        """Certified or draft, the version that is used for `day`; retired drafts have no days."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


class KpiVersion(models.Model):
    """One definition with the days for which it holds. Its type alone decides how it aggregates."""

    class Kind(models.TextChoices):
        SIMPLE = "simple", "Simple"
        RATIO = "ratio", "Ratio"
        WEIGHTED_MEAN = "weighted_mean", "Weighted mean"
        PERCENTILE = "percentile", "Percentile"
        DISTINCT = "distinct", "Distinct count"
        SEMI_ADDITIVE = "semi_additive", "Semi-additive"
        CUMULATIVE = "cumulative", "Cumulative"
        DERIVED = "derived", "Derived"
        MANUAL = "manual", "Manual entry"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        CERTIFIED = "certified", "Certified"
        DEPRECATED = "deprecated", "Deprecated"

    class Direction(models.TextChoices):
        HIGHER = "higher", "Higher is better"
        LOWER = "lower", "Lower is better"
        BAND = "band", "Within a band"
        NONE = "none", "For information"

    class Grain(models.TextChoices):
        DAY = "day", "Day"
        WEEK = "week", "Week"
        MONTH = "month", "Month"
        QUARTER = "quarter", "Quarter"
        YEAR = "year", "Year"

    class Window(models.TextChoices):
        MONTH_TO_DATE = "mtd", "Month to date"
        QUARTER_TO_DATE = "qtd", "Quarter to date"
        YEAR_TO_DATE = "ytd", "Year to date"
        ROLLING = "rolling", "Last N complete periods"

    class TimeRule(models.TextChoices):
        LAST = "last", "Last"
        AVERAGE = "average", "Average"
        MINIMUM = "min", "Minimum"
        MAXIMUM = "max", "Maximum"

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField(default=date(1900, 1, 1))
    valid_to = models.DateField(null=True, blank=True)
    deprecated_from = models.DateField(null=True, blank=True, help_text="Out of use from this day on, by a decision.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)

    # how it is computed
    kind = models.CharField(max_length=14, choices=Kind)
    dataset = models.ForeignKey(Dataset, models.PROTECT, null=True, blank=True, related_name="kpi_versions")
    formula = models.TextField(
        blank=True,
        help_text="Aggregate; a ratio's numerator; a row expression; or the derived expression over KPI codes.",
    )
    denominator = models.TextField(blank=True, help_text="A ratio's denominator (aggregate).")
    weight = models.TextField(blank=True, help_text="A weighted mean's weight (row expression).")
    condition = models.TextField(blank=True, help_text="Row expression: only rows for which it holds count.")
    percentile = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True, help_text="0 to 1.")
    base_kind = models.CharField(max_length=14, blank=True, help_text="A cumulative KPI aggregates like this kind.")
    window = models.CharField(max_length=8, choices=Window, blank=True)
    window_periods = models.PositiveSmallIntegerField(null=True, blank=True)
    time_rule = models.CharField(max_length=8, choices=TimeRule, blank=True)
    time_column = models.CharField(max_length=100, blank=True, help_text="Empty: the dataset's event time.")
    grain = models.CharField(max_length=8, choices=Grain, default=Grain.MONTH, help_text="The finest period shown.")
    dimensions = models.JSONField(default=list, blank=True, help_text="Columns by which results are also kept.")
    zero_when_empty = models.BooleanField(default=False, help_text="True counts only: a period without rows is 0.")

    # how it is read
    unit_of_measure = models.CharField(max_length=20, default="number", help_text="number, percent, hours, EUR ...")
    decimals = models.PositiveSmallIntegerField(default=1)
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.HIGHER)

    # the passport
    purpose = models.TextField(blank=True)
    decision = models.TextField(blank=True, help_text="The decision it informs.")
    description = models.TextField(blank=True, help_text="The formula in words.")
    target_basis = models.TextField(blank=True)
    financial_link = models.TextField(blank=True)
    gaming_risk = models.TextField(blank=True)
    reporting_lag_days = models.PositiveSmallIntegerField(null=True, blank=True)
    review_date = models.DateField(null=True, blank=True)

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="+",
        blank=True,
        help_text="Who wrote any of it, and so does not certify it.",
    )
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    certified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    certified_at = models.DateTimeField(null=True, blank=True)
    inputs = models.ManyToManyField(
        Kpi, related_name="derived_versions", blank=True, help_text="Kept from the derived expression."
    )

    objects = KpiVersionQuerySet.as_manager()

    class Meta:
        ordering = ["kpi", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kpi", "number"], name="one_kpi_version_per_number"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="kpi_version_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(certified_by=None, certified_at=None)
                | Q(certified_by__isnull=False, certified_at__isnull=False),
                name="kpi_version_certified_by_and_at_together",
            ),
            models.CheckConstraint(
                condition=Q(certified_by=None) | ~Q(certified_by=F("submitted_by")),
                name="kpi_version_certified_by_a_second_person",
            ),
        ]

    def __str__(self):
        return f"{self.kpi} v{self.number}"

    @property
    def is_discarded(self) -> bool:
        """A draft that was given up: it was never certified, and holds for no day."""
        return self.state == self.State.DEPRECATED and self.certified_at is None
