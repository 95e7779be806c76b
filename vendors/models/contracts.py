"""Contracts with vendors, their papers, and the reminders that went out."""

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from organization.money import decimals_of

from .register import OverseenQuerySet, Vendor

CURRENCY = RegexValidator(r"\A[A-Z]{3}\Z", "Write a currency as its three letters, such as EUR.")


class Contract(models.Model):
    """An agreed value for an agreed time. Its dates and state on a day: `vendors.contract_dates`."""

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="contracts")
    code = models.CharField(max_length=60, help_text="As the paper has it.")
    title = models.CharField(max_length=200)
    value = models.DecimalField(max_digits=18, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, validators=[CURRENCY])
    starts_on = models.DateField()
    ends_on = models.DateField("ends on", null=True, blank=True, help_text="The last day; empty: until notice.")
    notice_days = models.PositiveSmallIntegerField("days of notice", default=90)
    renew_months = models.PositiveSmallIntegerField(
        "renews by months", default=0, help_text="0: it ends. 12: it goes on for a year unless notice is given."
    )
    remind_days = models.PositiveSmallIntegerField(
        "remind days before", default=30, help_text="Before the last day for notice, and before the end."
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    notice_given_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True, help_text="Ended early, from this day on.")
    reason = models.TextField(blank=True, help_text="Why notice was given, or why it was ended.")

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["vendor", "-starts_on", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "code"],
                name="one_contract_per_vendor_and_code",
                violation_error_message="The vendor has a contract of this code already.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="a_contract_ends_after_it_starts",
                violation_error_message="A contract must end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(renew_months=0) | Q(ends_on__isnull=False),
                name="what_renews_has_an_end",
                violation_error_message="A contract that renews has a last day; one until notice has nothing to renew.",
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.title}"

    def get_absolute_url(self):
        return reverse("vendor_contract", args=[self.pk])

    @property
    def money_format(self) -> str:
        """To the cent: see `dashboards.formats`."""
        return f"{self.currency}:{decimals_of(self.currency)}"


class Document(models.Model):
    """A file of the vendor, perhaps of one of its contracts. Its name is ours on the disk, theirs at the download."""

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="documents")
    contract = models.ForeignKey(Contract, models.PROTECT, null=True, blank=True, related_name="documents")
    title = models.CharField(max_length=200)
    effective_on = models.DateField(null=True, blank=True, help_text="From which day it holds, if not from the upload.")
    file = models.FileField(upload_to="vendors/%Y/%m")
    file_name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self):
        return self.title


class Reminder(models.Model):
    """The owner of a contract was told of a day that comes near; once for each day."""

    class Kind(models.TextChoices):
        NOTICE = "notice", "last day for notice"
        END = "end", "end of the contract"

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=6, choices=Kind)
    day = models.DateField(help_text="What it reminds of.")
    sent_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "kind", "day"], name="one_reminder_per_contract_and_day")
        ]
