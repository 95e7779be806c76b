"""Periods of an agreement, what is taken out of them, and how a closed one is restated."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from organization.access import CERTIFY

from .agreements import Agreement, AgreementVersion


def label_of(start: date, end: date) -> str:
    """The days from `start` up to, not including, `end`: "Mar 2025", "Jul–Sep 2015", "2014", or first and last day."""
    last = end - timedelta(days=1)
    if start.day != 1 or end.day != 1:
        return f"{start.day} {start:%b %Y} – {last.day} {last:%b %Y}"
    if (start.year, start.month) == (last.year, last.month):
        return f"{start:%b %Y}"
    if start.month == 1 and last.month == 12 and start.year == last.year:
        return f"{start.year}"
    return f"{start:%b}–{last:%b %Y}" if start.year == last.year else f"{start:%b %Y} – {last:%b %Y}"


class OfVisibleAgreements(models.QuerySet):
    def visible_to(self, access):
        return self.filter(agreement__in=Agreement.objects.visible_to(access).values("pk"))


class ExclusionQuerySet(OfVisibleAgreements):
    def to_decide(self, access):
        """What others proposed for agreements whose exclusions the person may approve."""
        waiting = self.filter(state=Exclusion.State.PROPOSED, agreement__unit__in=access.units(CERTIFY))
        return waiting.exclude(proposed_by=access.user_id)


class PeriodResult(models.Model):
    """How one period went. Closed, its figures and the hash of its case list never change again.

    figures: {target code: {...}}, see `slas.periods.Figures`; money and percentages are decimal text.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PROVISIONAL = "provisional", "Provisional"
        DISPUTED = "disputed", "Under dispute"
        CLOSED = "closed", "Closed"
        RESTATED = "restated", "Restated"

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="periods")
    version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="periods", help_text="It governs.")
    period_start = models.DateField()
    period_end = models.DateField(help_text="Not included.")
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    figures = models.JSONField(default=dict)
    figures_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 over the figures in canonical form.")
    cases_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 over the sorted list of its cases.")
    sources = models.JSONField(default=dict, help_text="Data versions, calendar versions, exclusions that were used.")
    computed_at = models.DateTimeField(null=True)
    dispute_reason = models.TextField(blank=True)
    disputed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = OfVisibleAgreements.as_manager()

    class Meta:
        ordering = ["agreement", "-period_start"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "period_start"], name="one_period_result_per_period"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="period_runs_forward"),
            models.CheckConstraint(
                condition=~Q(state__in=["closed", "restated"])
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(figures_hash="") & ~Q(cases_hash=""),
                name="closed_period_is_frozen",
            ),
        ]

    def __str__(self):
        return f"{self.agreement} {self.label}"

    @property
    def label(self) -> str:
        """Its days in short: "Mar 2025", "Jul–Sep 2015", "2014"; weeks by their first and last day."""
        return label_of(self.period_start, self.period_end)

    def get_absolute_url(self):
        return reverse("agreement_period", args=[self.agreement.code, self.period_start.isoformat()])

    @property
    def is_frozen(self) -> bool:
        return self.state in (self.State.CLOSED, self.State.RESTATED)


class RestatementQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(period__agreement__in=Agreement.objects.visible_to(access).values("pk"))

    def to_decide(self, access):
        """What others, or perfmgr itself, proposed for agreements whose periods the person may restate."""
        waiting = self.filter(state=Restatement.State.PROPOSED, period__agreement__unit__in=access.units(CERTIFY))
        return waiting.filter(Q(proposed_by=None) | ~Q(proposed_by=access.user_id)).exclude(caused_by=access.user_id)


class Restatement(models.Model):
    """What a closed period would be by today's data, calendar and targets; it counts once a second person approves.

    Whoever asked for it, or changed what it is made from (`caused_by`), is no second person.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    period = models.ForeignKey(PeriodResult, models.CASCADE, related_name="restatements")
    number = models.PositiveIntegerField()
    cause = models.TextField()
    before = models.JSONField()
    after = models.JSONField()
    cases_hash = models.CharField(max_length=64, help_text="Of the cases behind `after`.")
    sources = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="None: found by perfmgr."
    )
    proposed_at = models.DateTimeField(auto_now_add=True)
    caused_by = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", blank=True, help_text="Who changed what it is made from."
    )
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True, help_text="What the second person says.")

    objects = RestatementQuerySet.as_manager()

    class Meta:
        ordering = ["period", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["period", "number"], name="one_restatement_per_number"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(proposed_by=None) | ~Q(decided_by=F("proposed_by")),
                name="restatement_decided_by_a_second_person",
            ),
        ]

    def __str__(self):
        return f"restatement {self.number} of {self.period}"


class Exclusion(models.Model):
    """Cases (or time) that do not count, why, and who agreed. Named cases, a stretch of time, or a row expression."""

    class Kind(models.TextChoices):
        MAINTENANCE = "maintenance", "Maintenance"
        FORCE_MAJEURE = "force_majeure", "Force majeure"
        CUSTOMER = "customer", "Caused by the customer"
        DISPUTE = "dispute", "Disputed by the vendor"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="exclusions")
    kind = models.CharField(max_length=14, choices=Kind)
    reason = models.TextField()
    target_code = models.SlugField(max_length=40, blank=True, help_text="Empty: all targets.")
    cases = models.JSONField(default=list, blank=True, help_text="Ids of the cases.")
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Cases that count from here ...")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="... up to here, not included.")
    condition = models.TextField(blank=True, help_text="Row expression over the agreement's cases.")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)

    objects = ExclusionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="exclusion_decided_by_a_second_person",
                violation_error_message="Who proposed the exclusion cannot decide on it.",
            ),
            models.CheckConstraint(  # without the two "is not null" half a stretch would be neither true nor false
                condition=Q(starts_at=None, ends_at=None)
                | Q(starts_at__isnull=False, ends_at__isnull=False, ends_at__gt=F("starts_at")),
                name="exclusion_time_runs_forward",
                violation_error_message="Give both ends of the time, the later one last.",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="exclusion_approved_by_somebody",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def withdrawal_asked(self) -> "Withdrawal | None":
        """What waits for a second person. Costs no query where `withdrawals` is prefetched."""
        return next((one for one in self.withdrawals.all() if one.state == Withdrawal.State.PROPOSED), None)


class WithdrawalQuerySet(models.QuerySet):
    def to_decide(self, access):
        """What others want to have withdrawn, of agreements whose exclusions the person may approve."""
        waiting = self.filter(state=Withdrawal.State.PROPOSED, exclusion__agreement__unit__in=access.units(CERTIFY))
        return waiting.filter(Q(asked_by=None) | ~Q(asked_by=access.user_id))


class Withdrawal(models.Model):
    """Somebody wants an exclusion to end. One that was approved goes on to hold until a second person agrees."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for a second person"
        APPROVED = "approved", "Agreed"
        REJECTED = "rejected", "Rejected"
        ALONE = "alone", "By one person"

    exclusion = models.ForeignKey(Exclusion, models.CASCADE, related_name="withdrawals")
    reason = models.TextField()
    state = models.CharField(
        max_length=10,
        choices=State,
        default=State.PROPOSED,
        help_text="alone: taken back by its proposer, or withdrawn before that took two people.",
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="None: by perfmgr."
    )
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, help_text="What the second person says.")

    objects = WithdrawalQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["exclusion"], condition=Q(state="proposed"), name="one_proposed_withdrawal_per_exclusion"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(asked_by=None) | ~Q(decided_by=F("asked_by")),
                name="withdrawal_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "alone"], decided_by=None, decided_at=None)
                | Q(state__in=["approved", "rejected"], decided_by__isnull=False, decided_at__isnull=False),
                name="withdrawal_decided_by_and_at_together",
            ),
        ]

    def __str__(self):
        return f"withdrawal of {self.exclusion}"
