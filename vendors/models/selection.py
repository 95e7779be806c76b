"""Selection rounds: bids, and what evaluators think of them while they do not see each other's scores."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from organization.access import OVERSEE
from organization.models import Unit
from organization.money import decimals_of

from .contracts import CURRENCY
from .register import Vendor


class RoundQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(unit__in=access.units(OVERSEE))


class SelectionRound(models.Model):
    """Scores are blind until the round is opened; then they stand."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCORING = "scoring", "Being scored"
        OPENED = "opened", "Opened"
        AWARDED = "awarded", "Awarded"
        CANCELLED = "cancelled", "Cancelled"

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", help_text="Who buys.")
    currency = models.CharField(max_length=3, validators=[CURRENCY])
    price_weight = models.DecimalField(
        "weight of the price, %",
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="The criteria share the rest.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    awarded = models.ForeignKey("Bid", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True, help_text="Why this bid, or why the round was cancelled.")

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("selection_round", args=[self.pk])

    @property
    def money_format(self) -> str:
        """To the cent: see `dashboards.formats`."""
        return f"{self.currency}:{decimals_of(self.currency)}"

    @property
    def is_open_to_all(self) -> bool:
        """Whether everybody's scores may be read."""
        return self.state in (self.State.OPENED, self.State.AWARDED)


class RoundCriterion(models.Model):
    """A technical criterion; weights are relative to those of its round."""

    round = models.ForeignKey(SelectionRound, models.CASCADE, related_name="criteria")
    name = models.CharField(max_length=200)
    weight = models.DecimalField(max_digits=7, decimal_places=3, validators=[MinValueValidator(0)])
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["round", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["round", "name"], name="one_criterion_per_round_and_name")]

    def __str__(self):
        return self.name


class Bid(models.Model):
    round = models.ForeignKey(SelectionRound, models.CASCADE, related_name="bids")
    bidder = models.CharField(max_length=200)
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, blank=True, related_name="bids")
    price = models.DecimalField(max_digits=18, decimal_places=2, validators=[MinValueValidator(0)])
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["bidder"]
        constraints = [
            models.UniqueConstraint(fields=["round", "bidder"], name="one_bid_per_round_and_bidder"),
            models.CheckConstraint(condition=Q(price__gt=0), name="a_bid_has_a_price"),
        ]

    def __str__(self):
        return self.bidder


class Evaluator(models.Model):
    round = models.ForeignKey(SelectionRound, models.CASCADE, related_name="evaluators")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["user__last_name", "user__username"]
        constraints = [models.UniqueConstraint(fields=["round", "user"], name="one_evaluator_per_round_and_user")]

    def __str__(self):
        return str(self.user)


class Evaluation(models.Model):
    """An evaluator's score of a bid by one criterion, 0 to 10."""

    bid = models.ForeignKey(Bid, models.CASCADE, related_name="evaluations")
    criterion = models.ForeignKey(RoundCriterion, models.CASCADE, related_name="evaluations")
    evaluator = models.ForeignKey(Evaluator, models.CASCADE, related_name="evaluations")
    score = models.DecimalField(
        max_digits=4, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(10)]
    )
    comment = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bid", "criterion", "evaluator"], name="one_score_per_bid_and_criterion"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=10), name="a_bids_score_is_from_0_to_10"),
        ]
