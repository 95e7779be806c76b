"""An agreement, and the effective-dated versions of its document."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from datasets.models import Dataset
from organization.access import CERTIFY
from organization.models import BusinessCalendar, Unit


class AgreementQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Agreements of which the person may see a party. A vendor's contact sees those of that vendor alone."""
        units = access.units("view")
        of_a_party = Q(unit__in=units) | Q(pk__in=self._provided_by(Q(unit__in=units)))
        if not access.is_vendor_only:
            return self.filter(of_a_party | Q(customer__in=units))
        return self.filter(of_a_party).exclude(pk__in=self._provided_by(~Q(unit__in=units)))

    def _provided_by(self, units: Q):
        return Agreement.providers.through.objects.filter(units).values("agreement_id")


class Agreement(models.Model):
    """A promise about a service between parties that are all units of the organisation; a vendor is one of its kind."""

    class Kind(models.TextChoices):
        SLA = "sla", "Service level agreement"
        OLA = "ola", "Operational level agreement"
        UC = "uc", "Underpinning contract"

    code = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=3, choices=Kind, default=Kind.SLA)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="agreements", help_text="Who answers for it.")
    customer = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="agreements_as_customer", help_text="Who is served."
    )
    providers = models.ManyToManyField(
        Unit, related_name="agreements_as_provider", blank=True, help_text="Who does the work; vendors among them."
    )
    supports = models.ManyToManyField(
        "self",
        symmetrical=False,
        related_name="supported_by",
        blank=True,
        help_text="The agreements that rely on this one.",
    )
    service = models.CharField(max_length=200, blank=True, help_text="The service that it is about.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    dataset = models.OneToOneField(
        Dataset,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="agreement",
        help_text="Derived: one row a case and target.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("agreement", args=[self.code])

    @property
    def dataset_code(self) -> str:
        """The code of its derived dataset."""
        return f"sla-{self.code}"

    def version_on(self, day: date) -> "AgreementVersion | None":
        """The signed version that governs `day`."""
        return self.versions.governing().in_force(day).first()


class AgreementVersionQuerySet(models.QuerySet):
    def governing(self):
        """Signed at some time; drafts and negotiations bind nobody."""
        return self.exclude(state__in=[AgreementVersion.State.DRAFT, AgreementVersion.State.IN_NEGOTIATION])

    def in_force(self, day: date):
        """Versions whose days hold `day`; one without an end holds until replaced."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)

    def visible_to(self, access):
        return self.filter(agreement__in=Agreement.objects.visible_to(access).values("pk"))

    def to_sign(self, access):
        """What others wrote and offered, of agreements that the person may sign."""
        offered = self.filter(state=AgreementVersion.State.IN_NEGOTIATION, agreement__unit__in=access.units(CERTIFY))
        mine = Q(submitted_by=access.user_id) | Q(created_by=access.user_id)
        return offered.exclude(mine).exclude(authors=access.user_id)


class AgreementVersion(models.Model):
    """The document as it holds from `valid_from` up to, not including, `valid_to`. Signed, it never changes again."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_NEGOTIATION = "in_negotiation", "In negotiation"
        SIGNED = "signed", "Signed"
        ACTIVE = "active", "Active"
        UNDER_NOTICE = "under_notice", "Under notice"
        EXPIRED = "expired", "Expired"
        TERMINATED = "terminated", "Terminated"

    class Period(models.TextChoices):
        MONTH = "month", "Month"
        QUARTER = "quarter", "Quarter"
        YEAR = "year", "Year"

    class ChargeBasis(models.TextChoices):
        FIXED = "fixed", "A fixed charge a month"
        MEASURED = "measured", "Measured: a sum over the rows of a dataset"

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=14, choices=State, default=State.DRAFT)
    period = models.CharField(max_length=8, choices=Period, default=Period.MONTH, help_text="What is reported on.")
    calendar = models.ForeignKey(
        BusinessCalendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="When clocks run; empty: day and night.",
    )

    # money
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217, such as EUR.")
    charge_basis = models.CharField(max_length=8, choices=ChargeBasis, default=ChargeBasis.FIXED)
    monthly_charge = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    charge_dataset = models.ForeignKey(Dataset, models.PROTECT, null=True, blank=True, related_name="+")
    charge_formula = models.TextField(blank=True, help_text="Measured: an aggregate, such as sum(freight_cost).")
    charge_condition = models.TextField(blank=True, help_text="Measured: only rows for which it holds.")
    charge_time_column = models.CharField(max_length=100, blank=True, help_text="Empty: the dataset's event time.")
    at_risk_pct = models.DecimalField(
        max_digits=7, decimal_places=4, null=True, blank=True, help_text="Credits of a period: at most this share."
    )
    minimum_credit = models.DecimalField(
        max_digits=18, decimal_places=2, default=Decimal(0), help_text="A smaller credit is not claimed."
    )
    repeat_multiplier = models.DecimalField(
        max_digits=6, decimal_places=3, default=Decimal(1), help_text="For a target that was missed repeatedly."
    )
    repeat_misses = models.PositiveSmallIntegerField(default=2, help_text="Missed this often in a row: repeatedly.")
    earn_back_pct = models.DecimalField(
        max_digits=7, decimal_places=4, default=Decimal(0), help_text="Share of a credit that may be earned back."
    )
    earn_back_periods = models.PositiveSmallIntegerField(
        default=0, help_text="Periods in a row that must be met for it; 0: no earn-back."
    )
    claim_days = models.PositiveSmallIntegerField(default=30, help_text="Days after the period's close to claim.")

    notice_days = models.PositiveSmallIntegerField(default=90)
    notice_given_on = models.DateField(null=True, blank=True)
    notice_reason = models.TextField(blank=True)
    end_before_notice = models.DateField(null=True, blank=True, editable=False, help_text="valid_to without notice.")
    terms = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="+",
        blank=True,
        help_text="Who wrote any of it: they do not sign it.",
    )
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)

    objects = AgreementVersionQuerySet.as_manager()

    class Meta:
        ordering = ["agreement", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="one_agreement_version_per_number"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="agreement_version_ends_after_it_starts",
                violation_error_message="A version must end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(signed_by=None, signed_at=None) | Q(signed_by__isnull=False, signed_at__isnull=False),
                name="agreement_signed_by_and_at_together",
            ),
            models.CheckConstraint(
                condition=Q(signed_by=None) | ~Q(signed_by=F("submitted_by")),
                name="agreement_signed_by_a_second_person",
                violation_error_message="Who offered the version cannot sign it.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "in_negotiation"]) | Q(signed_at__isnull=False),
                name="agreement_binds_once_signed",
            ),
            models.CheckConstraint(
                condition=Q(at_risk_pct=None) | Q(at_risk_pct__gte=0, at_risk_pct__lte=100),
                name="at_risk_is_a_percentage",
                violation_error_message="The share at risk is 0 to 100 percent.",
            ),
        ]

    def __str__(self):
        return f"{self.agreement} v{self.number}"

    def get_absolute_url(self):
        return reverse("agreement_version", args=[self.agreement.code, self.number])

    @property
    def is_editable(self) -> bool:
        return self.state in (self.State.DRAFT, self.State.IN_NEGOTIATION)

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)
