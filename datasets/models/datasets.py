"""A dataset: its contract, its versions in the lake, who answers for it."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse

from organization.models import Unit


class DatasetQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Datasets with rows that the person may see: of their units, or of a unit above that holds such rows."""
        return self.filter(
            models.Q(unit__in=access.units("view")) | models.Q(units__in=access.units("view"))
        ).distinct()

    def with_workings(self, access):
        """Those whose uploads, contract, quality rules and closed periods are shown, where they are visible.

        None to a vendor's contact: they see the rows that name them, not how the dataset is run.
        """
        return self.none() if access.is_vendor_only else self.all()


class Dataset(models.Model):
    class Source(models.TextChoices):
        EXTRACT = "extract", "Extracts that people or integrations upload"
        DERIVED = "derived", "Computed by perfmgr"

    class Covers(models.TextChoices):
        """What the event time of one row stands for: the row of a monthly report stands for its month."""

        DAY = "day", "Its day"
        MONTH = "month", "Its month"
        QUARTER = "quarter", "Its quarter"
        YEAR = "year", "Its year"

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    covers = models.CharField(
        max_length=8, choices=Covers, default=Covers.DAY, help_text="What a row's time stands for."
    )
    source = models.CharField(max_length=10, choices=Source, default=Source.EXTRACT)
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="datasets", help_text="Home: rows without a unit are its."
    )
    units = models.ManyToManyField(Unit, related_name="+", blank=True, help_text="Units that have rows; kept by loads.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="owned_datasets")
    steward = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="stewarded_datasets"
    )
    source_system = models.CharField(max_length=100, blank=True)
    licence = models.CharField(max_length=300, blank=True)
    code_system = models.CharField(
        max_length=60, blank=True, help_text="Whose aliases the unit column holds; empty: unit codes."
    )
    refresh_promise_hours = models.PositiveIntegerField(
        null=True, blank=True, help_text="New data at least this often."
    )
    contract = models.JSONField(default=dict, help_text="lake.contract.Contract.to_dict() in force.")
    contract_number = models.PositiveIntegerField(default=0)
    dialect = models.JSONField(default=dict, blank=True, help_text="How its extracts are written, as last confirmed.")
    lake_table = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    current_version = models.BigIntegerField(null=True, editable=False)
    rows = models.BigIntegerField(default=0, editable=False)
    complete_through = models.DateField(null=True, blank=True, help_text="Data complete through this day.")
    closed_through = models.DateField(
        null=True, editable=False, help_text="Rows up to this day stay as they are; see Closing."
    )
    quality_score = models.DecimalField(max_digits=5, decimal_places=2, null=True, editable=False)
    currencies = models.JSONField(
        null=True, editable=False, help_text="Columns of currency codes and these; none: not looked for yet."
    )
    is_provisional = models.BooleanField(default=False, editable=False, help_text="A critical quality rule fails.")
    loaded_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("dataset", args=[self.code])


class ContractVersion(models.Model):
    """A contract as it was from `created_at` on; the newest is in force."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="contract_versions")
    number = models.PositiveIntegerField()
    contract = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="one_contract_per_number")]


class DatasetVersion(models.Model):
    """A version of the Delta table that readers may see, with each file's hash. What is not here is not shown."""

    class Kind(models.TextChoices):
        LOAD = "load", "Load"
        UNDO = "undo", "Undo"
        COMPACT = "compact", "Compaction"

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="versions")
    version = models.BigIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    upload = models.ForeignKey("Upload", models.PROTECT, null=True, related_name="versions")
    load_id = models.CharField(max_length=100)
    files = models.JSONField(help_text="[{path, sha256, size, rows, month}] of this version.")
    rows = models.BigIntegerField()
    touched = models.JSONField(default=dict, help_text="Per time column, the months (yyyymm) in which rows changed.")
    removed = models.BigIntegerField(default=0, help_text="Records that a complete extract lacked.")
    restated = models.BigIntegerField(default=0, help_text="Records of closed periods that it changed.")
    restatement = models.TextField(blank=True, help_text="Why it changed them.")
    restated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "version"], name="one_row_per_dataset_version"),
            models.UniqueConstraint(fields=["dataset", "load_id"], name="one_version_per_load"),
        ]


class SavedViewQuerySet(models.QuerySet):
    def questions(self):
        return self.filter(sql="")

    def statements(self):
        return self.exclude(sql="")


class SavedView(models.Model):
    """An explore question that somebody kept: filter, group, pivot, chart; or a statement of the SQL page."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=120)
    question = models.JSONField(default=dict, help_text="Of a statement: empty.")
    sql = models.TextField(blank=True, help_text="Of a question: empty.")
    values = models.JSONField(default=dict, blank=True, help_text="Of the statement's parameters, by name.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    def __str__(self):
        return self.name
