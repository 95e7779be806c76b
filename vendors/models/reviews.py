"""Reviews of a vendor with their pack, decisions, and the actions that come of them."""

from datetime import date

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from organization.access import ANSWER, OVERSEE, PROCURE, VIEW

from .register import OverseenQuerySet, Vendor


class Review(models.Model):
    """One period's review. The pack is made from the numbers, and frozen when the review is published."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="reviews")
    grain = models.CharField(max_length=8, choices=Vendor.Cadence)
    period_start = models.DateField()
    period_end = models.DateField(help_text="Not included.")
    label = models.CharField(max_length=40, help_text="The period as its calendar calls it.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    held_on = models.DateField(null=True, blank=True)
    attendees = models.TextField(blank=True)
    minutes = models.TextField(blank=True)
    pack = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    pack_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the frozen pack.")
    generated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    generated_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["-period_start", "vendor"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "grain", "period_start"], name="one_review_per_vendor_and_period"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None, published_by=None)
                | Q(state="published", published_at__isnull=False, published_by__isnull=False),
                name="a_published_review_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")), name="a_reviews_period_ends_after_it_starts"
            ),
        ]

    def __str__(self):
        return f"{self.vendor}, {self.label}"

    def get_absolute_url(self):
        return reverse("vendor_review", args=[self.pk])

    @property
    def is_published(self) -> bool:
        return self.state == self.State.PUBLISHED


class OfReviewQuerySet(OverseenQuerySet):
    vendor_path = "review__vendor__unit"


class Decision(models.Model):
    review = models.ForeignKey(Review, models.CASCADE, related_name="decisions")
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = OfReviewQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.text


class ActionQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Those of vendors that the person oversees, and those given to them while they may see the vendor."""
        mine = Q(owner=access.user_id, vendor__unit__in=access.units(VIEW))
        return self.filter(Q(vendor__unit__in=access.units(OVERSEE)) | mine)

    def unfinished(self):
        return self.filter(state__in=[VendorAction.State.OPEN, VendorAction.State.ANSWERED])

    def to_answer(self, access):
        """Those given to the person that still wait for an answer."""
        return self.filter(state=VendorAction.State.OPEN, owner=access.user_id, vendor__unit__in=access.units(ANSWER))

    def to_close(self, access):
        """Those that others answered: to be closed or sent back. The answer that is a corrective plan is the plan's."""
        answered = self.filter(state=VendorAction.State.ANSWERED, vendor__unit__in=access.units(PROCURE), plans=None)
        return answered.exclude(owner=access.user_id)


class VendorAction(models.Model):
    """Something that somebody, inside or at the vendor, has to do by a day; closed by somebody inside."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ANSWERED = "answered", "Answered"
        CLOSED = "closed", "Closed"
        CANCELLED = "cancelled", "Cancelled"

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="actions")
    review = models.ForeignKey(Review, models.PROTECT, null=True, blank=True, related_name="actions")
    title = models.CharField("what is to be done", max_length=200)
    detail = models.TextField(blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)
    closed_on = models.DateField(null=True, blank=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["owner", "state"], name="vendor_action_by_owner")]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on=None, state__in=["open", "answered"])
                | Q(closed_on__isnull=False, state__in=["closed", "cancelled"]),
                name="a_finished_action_has_its_day",
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("vendor_action", args=[self.pk])

    @property
    def is_finished(self) -> bool:
        return self.state in (self.State.CLOSED, self.State.CANCELLED)

    def is_overdue(self, day: date) -> bool:
        """An answer given by its day waits for us, not for its owner."""
        return self.state == self.State.OPEN and self.due_on < day


class ActionNote(models.Model):
    """What was said of an action, in its order; never changed."""

    class Kind(models.TextChoices):
        ANSWER = "answer", "answered"
        RETURN = "return", "sent back"
        CLOSE = "close", "closed"
        CANCEL = "cancel", "cancelled"

    action = models.ForeignKey(VendorAction, models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=6, choices=Kind)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.text[:60]}"
