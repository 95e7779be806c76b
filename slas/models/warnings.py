"""Warnings of a clock: each fires once."""

from django.db import models
from django.db.models import Q

from .agreements import Agreement


class ClockWarning(models.Model):
    """`case` used `threshold` percent of the time of the target; 100 is the breach. One row, however often it is seen.

    The promise is named by its code, so that a new version of the agreement does not warn again.
    """

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="warnings")
    target_code = models.SlugField(max_length=40)
    case = models.CharField(max_length=200)
    threshold = models.PositiveSmallIntegerField(help_text="Percent of the target.")
    due_at = models.DateTimeField(null=True, help_text="When the target is (or was) used up.")
    reached_at = models.DateTimeField(help_text="When the threshold was reached, by the clock.")
    holder = models.CharField(max_length=200, blank=True)
    told_at = models.DateTimeField(null=True, help_text="When people were told.")

    class Meta:
        ordering = ["-reached_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "target_code", "case", "threshold"],
                name="one_warning_per_case_target_and_threshold",
            ),
            models.CheckConstraint(condition=Q(threshold__gt=0), name="warning_threshold_is_positive"),
        ]

    def __str__(self):
        return f"{self.case} at {self.threshold} % of {self.target_code}"
