"""What must be computed or scored again. A run takes the requests of its dataset and removes them when it commits."""

from django.db import models

from datasets.models import Dataset

from .definitions import Kpi


class RecomputeRequest(models.Model):
    """Written in the transaction of the change that makes it necessary, so that none is lost and none comes early."""

    class Scope(models.TextChoices):
        DATA = "data", "Rows changed in some months"
        DEFINITION = "definition", "Everything of one KPI"
        SCORE = "score", "Targets, bands or period states only: no scan"
        EVERYTHING = "everything", "Everything of the dataset"

    dataset = models.ForeignKey(Dataset, models.CASCADE, null=True, related_name="+", help_text="None: no dataset.")
    kpi = models.ForeignKey(Kpi, models.CASCADE, null=True, related_name="+")
    scope = models.CharField(max_length=10, choices=Scope)
    touched = models.JSONField(default=dict, help_text="Per time column, the months (yyyymm) in which rows changed.")
    trigger = models.CharField(max_length=200)
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"{self.scope} ({self.trigger})"
