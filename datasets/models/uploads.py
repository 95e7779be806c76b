"""An upload: one extract on its way into a dataset, and the rows that were set aside."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from jobs.models import Job

from .datasets import Dataset


class UploadQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Of datasets whose workings the person sees; without a dataset yet: their own."""
        own = Q(dataset=None, uploaded_by=access.user_id)
        datasets = Dataset.objects.with_workings(access).visible_to(access)
        return self.filter(own | Q(dataset__in=datasets.values("pk")))

    def begun_by(self, user):
        """Files of this person that still wait to be told where they belong; the latest first."""
        return self.filter(dataset=None, uploaded_by=user, state=Upload.State.RECEIVED).order_by("-pk")

    def loaded_copies_of(self, upload):
        """The same file, loaded as another upload, into whatever dataset; with the dataset."""
        same = self.filter(sha256=upload.sha256, state=Upload.State.LOADED).exclude(pk=upload.pk)
        return same.select_related("dataset")


class Upload(models.Model):
    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        QUEUED = "queued", "Waiting for a worker"
        LOADING = "loading", "Loading"
        LOADED = "loaded", "Loaded"
        REFUSED = "refused", "Refused"
        ASKS = "asks", "Waits for an answer"
        FAILED = "failed", "Failed"
        UNDONE = "undone", "Taken back"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="uploads", null=True, blank=True)
    replays = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replayed_by",
        help_text="The upload whose corrected rejects this one loads.",
    )
    file_name = models.CharField(max_length=255, help_text="As the person's file is called; never used as a path.")
    path = models.CharField(max_length=300, help_text="Under PERFMGR_UPLOADS, named by us.")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    dialect = models.JSONField(default=dict)
    contract_number = models.PositiveIntegerField(null=True)
    load_id = models.CharField(
        max_length=100, blank=True, help_text="Deterministic: content, dataset, contract, dialect."
    )
    restatement = models.TextField(
        blank=True, help_text="Why its load (or later its undo) may change closed periods; empty: it may not."
    )
    restated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Who answers for that."
    )
    complete = models.BooleanField(
        default=False,
        help_text="It holds all records of the days from its first to its last event, or of those stated: others of "
        "them are removed.",
    )
    stated_from = models.DateField(
        null=True, help_text="First day of which its sender stated that it holds all records; null: by its first event."
    )
    stated_through = models.DateField(
        null=True, help_text="Last day of which its sender stated that it holds all records; null: by its last event."
    )
    may_remove = models.BigIntegerField(
        null=True, help_text="How many records may be removed; null: up to half of those of its days."
    )
    blank_missing = models.BooleanField(
        default=False,
        help_text="Where the file lacks a column, records that it replaces lose their value; otherwise they keep it.",
    )
    kept = models.BigIntegerField(null=True, help_text="Records that kept a value in a column which the file lacks.")
    complete_from = models.DateField(null=True, help_text="First day of which it held all records.")
    complete_through = models.DateField(null=True, help_text="Last day of which it held all records.")
    idempotency_key = models.CharField(max_length=200, blank=True)
    said_with_key = models.JSONField(
        null=True, help_text="What the request with the key said of the load beside its file; null: not known."
    )
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    rows_read = models.BigIntegerField(null=True)
    accepted = models.BigIntegerField(null=True)
    replaced = models.BigIntegerField(null=True)
    removed = models.BigIntegerField(null=True, help_text="Records of its days that were removed, as it lacked them.")
    duplicates = models.BigIntegerField(
        null=True, help_text="Equal rows, or older states of a record, in the same file."
    )
    rejected = models.BigIntegerField(null=True)
    notes = models.JSONField(default=list, help_text="What the reader should know: rows shifted at a clock change ...")
    fault = models.JSONField(null=True, help_text="code, message, row, column, value, next_step of a refusal.")
    timings = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="uploads")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "load_id"],
                condition=~Q(load_id="") & Q(state__in=["queued", "loading", "loaded"]),
                name="one_live_upload_per_load",
            ),
            models.UniqueConstraint(
                fields=["uploaded_by", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="one_upload_per_idempotency_key",
            ),
            models.CheckConstraint(
                condition=Q(complete=True) | Q(stated_from=None, stated_through=None), name="only_complete_states_days"
            ),
            models.CheckConstraint(condition=~Q(stated_from__gt=F("stated_through")), name="stated_days_in_order"),
        ]
        indexes = [models.Index(fields=["dataset", "-uploaded_at"], name="upload_by_dataset")]

    def __str__(self):
        return f"{self.file_name} (#{self.pk})"

    @property
    def is_parked(self) -> bool:
        """Its load was given up. One that is loaded stays so, even if taking it back was given up."""
        unloaded = self.state in (self.State.QUEUED, self.State.LOADING, self.State.FAILED)
        return unloaded and self.job is not None and self.job.state == Job.State.PARKED

    @property
    def stands(self) -> str:
        """Its state in a sentence: "Upload #7 is ..."."""
        is_asking = self.state == self.State.ASKS
        return "waiting for an answer" if is_asking else self.get_state_display().lower()

    @property
    def restatement_askers(self) -> set[int]:
        """Who asked for the changes of closed rows by it that were approved: they had a part in them."""
        return {one.asked_by_id for one in self.restatements.all() if one.state == "approved"}

    @property
    def left_out(self) -> int:
        """Rows of a loaded file that are no records: blank ones, and totals that its dialect leaves out."""
        if self.rows_read is None or self.accepted is None:
            return 0
        return self.rows_read - self.accepted - (self.duplicates or 0) - (self.rejected or 0)

    def get_absolute_url(self):
        return reverse("upload", args=[self.public_id])


class FurtherKey(models.Model):
    """The Idempotency-Key of a file that was there already as `upload`: remembered as if it had come with it."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="further_keys")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    said_with_key = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sent_by", "key"], name="one_further_key_per_sender")]

    def __str__(self):
        return f"{self.key} of {self.upload}"


class Reject(models.Model):
    """One fault of one row that was set aside. A row with two faults has two rejects."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CORRECTED = "corrected", "Corrected"
        REPLAYED = "replayed", "Loaded after correction"
        DISMISSED = "dismissed", "Dismissed"

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="rejects")
    row = models.BigIntegerField(help_text="As a spreadsheet shows it: the header is row 1.")
    column = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=80, blank=True)
    code = models.CharField(max_length=60)
    message = models.TextField()
    record = models.JSONField(help_text="The row's cells as they were in the file.")
    correction = models.JSONField(null=True, help_text="The row's cells as a person corrected them.")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)

    class Meta:
        ordering = ["row", "pk"]
        indexes = [models.Index(fields=["upload", "row"], name="reject_by_row")]
