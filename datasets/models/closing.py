"""Closed periods: how far a dataset's rows stay as they are, by whose word, and how that came about."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from .datasets import Dataset


class ClosingQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(dataset__in=Dataset.objects.with_workings(access).visible_to(access).values("pk"))

    def to_decide(self, access):
        """What others proposed at units where the person may close."""
        waiting = self.filter(state=Closing.State.PROPOSED, dataset__unit__in=access.units("close"))
        return waiting.exclude(proposed_by=access.user_id)


class Closing(models.Model):
    """Somebody asks that a dataset is closed through another day than now. It counts once a second person approves."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for a second person"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="closings")
    through = models.DateField(null=True, blank=True, help_text="Closed through this day; none: everything is open.")
    before = models.DateField(null=True, blank=True, editable=False, help_text="Closed through, when it was proposed.")
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=500, blank=True, help_text="What the second person says.")

    objects = ClosingQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset"], condition=Q(state="proposed"), name="one_proposed_closing_per_dataset"
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn") | Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="closing_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | Q(~Q(state="proposed"), decided_by__isnull=False, decided_at__isnull=False),
                name="closing_decided_by_and_at_together",
            ),
        ]

    def __str__(self):
        return f"{self.dataset}: {self.wish}"

    @property
    def reopens(self) -> bool:
        """Whether it opens days that are closed now."""
        return self.before is not None and (self.through is None or self.through < self.before)

    @property
    def wish(self) -> str:
        if self.through is None:
            return "re-open all periods"
        return f"{'re-open after' if self.reopens else 'close through'} {self.through:%-d %b %Y}"

    def get_absolute_url(self):
        return reverse("dataset_closing", args=[self.dataset.code])
