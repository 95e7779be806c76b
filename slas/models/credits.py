"""Service credits: the tiers that a version promises, and the claims."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from organization.access import CERTIFY, MONEY
from organization.money import written

from .agreements import Agreement, AgreementVersion
from .periods import OfVisibleAgreements, PeriodResult
from .targets import ServiceTarget


class CreditClaimQuerySet(OfVisibleAgreements):
    def to_claim(self, access, day):
        """Credits that are owed, may be claimed until `day` or longer, and that the person may claim."""
        owed = self.filter(state=CreditClaim.State.CALCULATED, amount__gt=0, claim_by__gte=day)
        return owed.filter(agreement__unit__in=access.units(MONEY))

    def to_agree(self, access):
        """What others claimed, of agreements where the person may write down what was agreed."""
        units = access.units(MONEY) | access.units(CERTIFY)
        claimed = self.filter(state=CreditClaim.State.CLAIMED, agreement__unit__in=units)
        return claimed.exclude(claimed_by=access.user_id)


class CreditTier(models.Model):
    """Attainment below `below_pct` earns `credit_pct` of the charge; of several, the lowest bound counts."""

    class Side(models.TextChoices):
        BELOW = "below", "Below: the bound itself earns nothing"
        AT_OR_BELOW = "at_or_below", "At or below: the bound itself earns it"

    version = models.ForeignKey(AgreementVersion, models.CASCADE, related_name="tiers")
    target = models.ForeignKey(
        ServiceTarget, models.CASCADE, null=True, blank=True, related_name="tiers", help_text="Empty: every target."
    )
    below_pct = models.DecimalField(max_digits=7, decimal_places=4)
    side = models.CharField(max_length=12, choices=Side, default=Side.BELOW)
    credit_pct = models.DecimalField(max_digits=7, decimal_places=4)

    class Meta:
        ordering = ["version", "target", "-below_pct"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "target", "below_pct"],
                name="one_credit_tier_per_bound",
                nulls_distinct=False,
                violation_error_message="There is a tier with this bound already.",
            ),
            models.CheckConstraint(
                condition=Q(credit_pct__gte=0, credit_pct__lte=100),
                name="credit_is_a_percentage",
                violation_error_message="A credit is 0 to 100 percent of the charge.",
            ),
            models.CheckConstraint(
                condition=Q(below_pct__gt=0, below_pct__lte=100),
                name="credit_tier_bound_is_a_percentage",
                violation_error_message="The bound is above 0 and at most 100 percent.",
            ),
        ]

    def __str__(self):
        side = self.get_side_display().split(":")[0].lower()
        return f"{side} {self.below_pct.normalize():f} %: {self.credit_pct.normalize():f} %"


class CreditClaim(models.Model):
    """What a period owes, how far the claim went, and each step's day."""

    class State(models.TextChoices):
        CALCULATED = "calculated", "Calculated"
        CLAIMED = "claimed", "Claimed"
        AGREED = "agreed", "Agreed"
        CREDITED = "credited", "Credited"
        REJECTED = "rejected", "Rejected"

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="claims")
    period = models.OneToOneField(PeriodResult, models.PROTECT, related_name="claim")
    state = models.CharField(max_length=10, choices=State, default=State.CALCULATED)
    currency = models.CharField(max_length=3)
    charge = models.DecimalField(max_digits=18, decimal_places=2, help_text="The charge of the period.")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="As calculated.")
    breakdown = models.JSONField(default=list, help_text="Each step of the calculation, decimal text.")
    agreed_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    earned_back = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    claim_by = models.DateField(help_text="The last day to claim.")
    calculated_at = models.DateTimeField()
    claimed_on = models.DateField(null=True, blank=True)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_on = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Agreed or not.",
    )
    decision_note = models.TextField(blank=True, help_text="Why it is rejected, or less is agreed.")
    credited_on = models.DateField(null=True, blank=True)
    credited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reference = models.CharField(max_length=100, blank=True, help_text="The number of the credit note.")
    note = models.TextField(blank=True)

    objects = CreditClaimQuerySet.as_manager()

    class Meta:
        ordering = ["-period__period_start", "agreement"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0) & (Q(agreed_amount=None) | Q(agreed_amount__gte=0)),
                name="credit_is_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["claimed", "agreed", "credited"])
                | Q(claimed_on__isnull=False, claimed_by__isnull=False),
                name="claimed_by_somebody_on_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["agreed", "credited"]) | Q(agreed_amount__isnull=False),
                name="agreed_credit_has_an_amount",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(claimed_by=None) | ~Q(decided_by=F("claimed_by")),
                name="credit_decided_by_a_second_person",
            ),
        ]

    def __str__(self):
        return f"{written(self.amount, self.currency)} for {self.period}"
