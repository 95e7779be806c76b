"""What the doors remember: answers to requests with an Idempotency-Key (see `doors.idempotency`)."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Answered(models.Model):
    """A request of `user` under `key`, what it held, and what was answered."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of method, path and content.")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "answered requests"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_user_and_key")]

    def __str__(self):
        return f"{self.user} {self.key}"
