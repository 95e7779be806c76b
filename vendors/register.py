"""The register: taking a vendor in, changing what is kept of it, judging its risk."""

from datetime import date

from django.db import transaction

from organization import audit
from organization.changes import set_fields
from organization.models import Unit, User

from .models import RiskAssessment, Vendor
from .refusals import Refusal

FIELDS = frozenset(
    {
        "tier", "manager", "template", "cadence", "cadence_from", "cadence_to", "review_within_days", "spend_kpi",
        "incidents_kpi", "supplies", "exit_plan", "exit_plan_checked_on",
    }
)  # fmt: skip


class NotAVendor(Refusal):
    """The unit cannot be registered as a vendor."""


@transaction.atomic
def register(unit: Unit, *, manager: User, by, **values) -> Vendor:
    """Keep `unit` as a vendor. Raises NotAVendor, ValidationError."""
    if unit.kind != Unit.Kind.VENDOR:
        raise NotAVendor(f"{unit} is a {unit.get_kind_display().lower()}: change its kind to vendor first.", "unit")
    if Vendor.objects.filter(unit=unit).exists():
        raise NotAVendor(f"{unit} is registered already: change it there.", "unit")
    vendor = Vendor(unit=unit, manager=manager, **_known(values))
    vendor.full_clean()
    vendor.save()
    audit.record(by, "vendor registered", vendor, unit=unit, tier=vendor.tier)
    return vendor


@transaction.atomic
def change(vendor: Vendor, *, by, **values) -> Vendor:
    """Change what is kept of the vendor. Raises ValidationError."""
    change = set_fields(vendor, _known(values))
    vendor.full_clean()
    if change:
        vendor.save(update_fields=list(change["after"]))
        audit.record(by, "vendor changed", vendor, unit=vendor.unit, **change)
    return vendor


@transaction.atomic
def assess_risk(vendor: Vendor, *, by, on: date, likelihood: int, impact: int, risk: str, **more) -> RiskAssessment:
    """Write down how the risk is judged on a day; earlier judgements stay. Raises ValidationError."""
    made = RiskAssessment(
        vendor=vendor, assessed_on=on, likelihood=likelihood, impact=impact, risk=risk, assessed_by=by, **more
    )
    made.full_clean()
    made.save()
    audit.record(by, "vendor risk assessed", made, unit=vendor.unit, rating=made.rating, level=made.level)
    return made


def _known(values: dict) -> dict:
    if unknown := set(values) - FIELDS:
        raise TypeError(f"a vendor has no {min(unknown)} to change")
    return values
