"""Business calendars (when a unit works) and fiscal calendars (how its year is divided)."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from .units import DatedQuerySet


class SharedQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Calendars belong to no unit: whoever may see anything may see them."""
        return self if access.anywhere("view") else self.none()


class BusinessCalendar(models.Model):
    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("business_calendar", args=[self.pk])

    def may_change(self, access) -> bool:
        """Whoever administers every unit that has this calendar of its own (and at least one unit)."""
        return _administers_users(self, access)


class CalendarVersion(models.Model):
    """The calendar as it holds from `valid_from` up to, not including, `valid_to`."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="versions")
    valid_from = models.DateField(default=date(1900, 1, 1))
    valid_to = models.DateField(null=True, blank=True)
    timezone = models.CharField(max_length=60, help_text="IANA name, such as Europe/Paris.")
    country = models.CharField(max_length=8, blank=True, help_text="ISO code: its public holidays are closed days.")
    subdivision = models.CharField(max_length=12, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["calendar", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "valid_from"], name="one_calendar_version_per_start"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="calendar_version_ends_after_it_starts",
            ),
        ]


class OpeningWindow(models.Model):
    """Open from `opens` to `closes` on `weekday` (0 Monday); `closes` at or before `opens` is on the next day."""

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField(
        choices=list(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")))
    )
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_is_monday_to_sunday"),
            models.UniqueConstraint(fields=["version", "weekday", "opens"], name="one_window_per_weekday_and_opening"),
        ]


class CalendarDay(models.Model):
    """A day that differs: closed, or open in one window of its own (several rows: several windows)."""

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="days")
    day = models.DateField()
    name = models.CharField(max_length=200, blank=True)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    source = models.CharField(max_length=10, default="hand", choices=[("hand", "By hand"), ("ics", "ICS import")])

    class Meta:
        ordering = ["day", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens=None, closes=None) | Q(opens__isnull=False, closes__isnull=False),
                name="calendar_day_has_both_times_or_neither",
            )
        ]


class FiscalCalendar(models.Model):
    """How the year is divided; the arithmetic is `lake.periods.Calendar`, made by `organization.fiscal`."""

    class Kind(models.TextChoices):
        MONTHS = "months", "Calendar months"
        ISO_WEEKS = "iso_weeks", "ISO weeks"
        WEEKS_445 = "445", "4-4-5 weeks"
        WEEKS_454 = "454", "4-5-4 weeks"
        WEEKS_544 = "544", "5-4-4 weeks"
        PERIODS_13 = "13", "13 periods of 4 weeks"

    class Anchor(models.TextChoices):
        LAST = "last", "Last weekday of the closing month"
        NEAREST = "nearest", "Weekday nearest to the end of the closing month"

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.MONTHS)
    start_month = models.PositiveSmallIntegerField(default=1, help_text="First month of the fiscal year.")
    week_starts_on = models.PositiveSmallIntegerField(default=0, help_text="0 Monday to 6 Sunday.")
    anchor = models.CharField(max_length=8, choices=Anchor, default=Anchor.LAST)

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_month__gte=1, start_month__lte=12), name="fiscal_year_starts_in_a_month"
            ),
            models.CheckConstraint(condition=Q(week_starts_on__lte=6), name="week_starts_on_a_weekday"),
        ]

    def __str__(self):
        return self.name

    def may_change(self, access) -> bool:
        """Whoever administers every unit that has this calendar of its own (and at least one unit)."""
        return _administers_users(self, access)


def _administers_users(calendar: models.Model, access) -> bool:
    administered = access.units("administer")
    return bool(administered) and not calendar.unit_set.exclude(pk__in=administered).exists()
