"""The audit trail: append-only, each entry holding the hash of the one before it (see `organization.audit`)."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class AuditEntryQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Entries of the units where the person may audit; those of no unit for who may audit everywhere."""
        mine = Q(unit__in=access.units("audit"))
        return self.filter(mine | Q(unit=None) if access.everywhere("audit") else mine)


class AuditEntry(models.Model):
    seq = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=200, help_text="As it was then.")
    action = models.CharField(max_length=80, help_text="In plain words: target set, upload undone.")
    unit = models.ForeignKey("Unit", models.PROTECT, null=True, related_name="+")
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    object_name = models.CharField(max_length=300)
    details = models.JSONField(default=dict, help_text="Before and after, and why.")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-seq"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_by_object")]

    def __str__(self):
        return f"{self.seq}: {self.actor_name} {self.action} {self.object_name}"


class AuditAnchor(models.Model):
    """The one row that says where the chain ends; locked by every writer, so that entries are strictly in order."""

    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
