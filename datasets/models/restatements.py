"""Changes of closed rows: asked for by one person, let in or kept out by another."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .datasets import Dataset
from .uploads import Upload


class RestatementQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(dataset__in=Dataset.objects.with_workings(access).visible_to(access).values("pk"))

    def to_decide(self, access):
        """What waits at units where the person may restate, and they had no part in."""
        waiting = self.filter(state=Restatement.State.PROPOSED, dataset__unit__in=access.units("restate"))
        mine = Q(asked_by=access.user_id) | Q(upload__uploaded_by=access.user_id)
        return waiting.exclude(mine).exclude(upload__replays__uploaded_by=access.user_id)


class Restatement(models.Model):
    """Somebody asks that an upload is loaded, or taken back, although rows of closed periods change by it.

    Nothing changes before a second person, who had no part in the rows, has approved it.
    """

    class Kind(models.TextChoices):
        LOAD = "load", "Load"
        UNDO = "undo", "Take back"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for a second person"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="restatements")
    upload = models.ForeignKey(Upload, models.CASCADE, related_name="restatements")
    kind = models.CharField(max_length=4, choices=Kind)
    reason = models.CharField(max_length=500)
    would = models.TextField(help_text="What was refused, in words: how many records of which periods would change.")
    details = models.JSONField(default=list, help_text="The first of these records.")
    load_id = models.CharField(max_length=100, help_text="Of the load that was refused, or is to be taken back.")
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=500, blank=True, help_text="What the second person says.")

    objects = RestatementQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["upload"], condition=Q(state="proposed"), name="one_proposed_restatement_per_upload"
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn") | Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="dataset_restatement_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | Q(~Q(state="proposed"), decided_by__isnull=False, decided_at__isnull=False),
                name="dataset_restatement_decided_by_and_at_together",
            ),
        ]

    def __str__(self):
        return f"{self.upload}: {self.wish}"

    @property
    def wish(self) -> str:
        verb = "take" if self.kind == self.Kind.UNDO else "load"
        return f"{verb} #{self.upload_id}{' back' if self.kind == self.Kind.UNDO else ''} as a restatement"
