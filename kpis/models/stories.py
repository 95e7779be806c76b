"""Annotations: what happened, beside the number that it moved."""

from django.conf import settings
from django.db import models

from organization.models import Unit

from .definitions import Kpi


class Annotation(models.Model):
    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="annotations")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    day = models.DateField()
    text = models.CharField(max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-day", "-pk"]

    def __str__(self):
        return self.text[:80]
