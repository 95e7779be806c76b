"""Numbers that people enter, with evidence; they count once a second person has approved them."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction

from organization import audit
from organization.models import Unit

from . import requests
from .calendars import calendars_of
from .models import Kpi, KpiVersion, ManualEntry
from .workflow import SecondPersonNeeded

if TYPE_CHECKING:
    from lake.periods import Period

LARGEST = Decimal(10) ** 17
EVIDENCE_LIMIT = 20 * 2**20
EVIDENCE_KINDS = {".pdf", ".png", ".jpg", ".jpeg", ".csv", ".xlsx", ".docx", ".txt", ".eml", ".msg"}


class EntryRefused(Exception):
    """An entry that cannot be taken; `field` names what to change."""

    def __init__(self, message: str, field: str = ""):
        self.field = field
        super().__init__(message)


@transaction.atomic
def enter(
    kpi: Kpi,
    unit: Unit,
    *,
    day: date,
    value: Decimal,
    by,
    today: date,
    numerator: Decimal | None = None,
    denominator: Decimal | None = None,
    note: str = "",
    evidence=None,
) -> ManualEntry:
    """Enter the number of the period (of the KPI's grain) that holds `day`. Raises EntryRefused.

    today: a period that begins after it has no number yet. evidence: an uploaded file. With numerator and denominator
    the value must be their quotient, times 100 for a KPI in percent.
    """
    version = _entered_on(kpi, day)
    if version is None:
        raise EntryRefused(f"{kpi} is not entered by hand on {day}.", "kpi")
    _check_numbers(value, numerator, denominator, 100 if version.unit_of_measure == "percent" else 1)
    period = _period(version, day, today)
    entry = ManualEntry(
        kpi=kpi,
        unit=unit,
        grain=version.grain,
        period_start=period.start,
        period_end=period.end,
        value=value,
        numerator=numerator,
        denominator=denominator,
        note=note,
        entered_by=by,
    )
    if evidence is not None:
        _attach(entry, evidence)
    entry.full_clean(exclude=["evidence"])
    entry.save()
    audit.record(by, "value entered", entry, unit=unit, kpi=kpi.code, period=period.label, value=value)
    return entry


def _entered_on(kpi: Kpi, day: date) -> KpiVersion | None:
    """The version by which it is entered by hand on `day`."""
    version = kpi.versions.in_force(day).order_by("-number").first()
    return version if version and version.kind == KpiVersion.Kind.MANUAL else None


def _period(version: KpiVersion, day: date, today: date) -> "Period":
    """The period that holds `day`; it counts by the version of its first day. Raises EntryRefused."""
    kpi = version.kpi
    calendar = calendars_of([kpi.unit_id], day)[kpi.unit_id]
    period = calendar.period_of(day, version.grain)
    if period.start > today:
        raise EntryRefused(f"{period.label} has not begun: it has no number yet.", "day")
    first = _entered_on(kpi, period.start)
    if first is None or first.grain != version.grain:
        raise EntryRefused(
            f"{period.label} begins before {version.valid_from:%-d %b %Y}, from when on {kpi} is entered by hand each "
            f"{version.grain}: the first that counts is {calendar.next(period).label}.",
            "day",
        )
    return period


@transaction.atomic
def approve(entry: ManualEntry, *, by, now: datetime) -> ManualEntry:
    """Let the entry count. Raises SecondPersonNeeded, EntryRefused."""
    entry = _decided(entry, ManualEntry.State.APPROVED, by, now)
    audit.record(by, "value approved", entry, unit=entry.unit, kpi=entry.kpi.code, value=entry.value)
    requests.definition(entry.kpi, f"manual entry {entry.pk}", by=by)
    return entry


@transaction.atomic
def reject(entry: ManualEntry, *, by, now: datetime, reason: str) -> ManualEntry:
    """Turn the entry down. Raises SecondPersonNeeded, EntryRefused."""
    entry = _decided(entry, ManualEntry.State.REJECTED, by, now)
    audit.record(by, "value rejected", entry, unit=entry.unit, kpi=entry.kpi.code, reason=reason)
    return entry


def _decided(entry: ManualEntry, state: str, by, now: datetime) -> ManualEntry:
    entry = ManualEntry.objects.select_for_update(of=("self",)).select_related("kpi", "unit").get(pk=entry.pk)
    if entry.state != ManualEntry.State.ENTERED:
        raise EntryRefused(f"This entry is {entry.get_state_display().lower()} already.")
    if entry.entered_by_id == by.pk:
        raise SecondPersonNeeded("You entered this value: a second person must decide on it.")
    entry.state, entry.decided_by, entry.decided_at = state, by, now
    entry.save(update_fields=["state", "decided_by", "decided_at"])
    return entry


def _check_numbers(value: Decimal, numerator: Decimal | None, denominator: Decimal | None, scale: int) -> None:
    given = {"value": value, "numerator": numerator, "denominator": denominator}
    for field, number in given.items():
        if number is not None and not (Decimal(number).is_finite() and abs(number) < LARGEST):
            raise EntryRefused("Write a finite number below 10^17.", field)
    if (numerator is None) != (denominator is None):
        raise EntryRefused("Give numerator and denominator, or neither.", "denominator")
    if denominator is not None:
        if denominator == 0:
            raise EntryRefused("The denominator is 0: there is no value.", "denominator")
        quotient = scale * numerator / denominator
        if abs(Decimal(value) - quotient) > Decimal("0.00001") * scale:
            raise EntryRefused(f"{numerator} / {denominator} is {quotient:.6f}, not {value}.", "value")


def _attach(entry: ManualEntry, evidence) -> None:
    ending = PurePath(evidence.name).suffix.lower()
    if ending not in EVIDENCE_KINDS:
        raise EntryRefused(f"Evidence is one of {', '.join(sorted(EVIDENCE_KINDS))}.", "evidence")
    if evidence.size > EVIDENCE_LIMIT:
        raise EntryRefused("Evidence is at most 20 MB.", "evidence")
    entry.evidence_name = PurePath(evidence.name).name[:255]
    evidence.name = f"{uuid4().hex}{ending}"  # their name is never used as a path
    entry.evidence = evidence
