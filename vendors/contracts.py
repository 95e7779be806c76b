"""Contracts: made, changed, given notice of, ended; and reminding their owners of days that come near."""

from datetime import date, datetime

from django.db import transaction

from organization import audit
from organization.changes import set_fields

from . import telling
from .contract_dates import ENDED, EXPIRED, UNDER_NOTICE, Terms, dates_on, near
from .models import Contract, Reminder, Vendor
from .refusals import Refusal

FIELDS = frozenset(
    {
        "code",
        "title",
        "value",
        "currency",
        "starts_on",
        "ends_on",
        "notice_days",
        "renew_months",
        "remind_days",
        "owner",
    }
)


class ContractRefused(Refusal):
    """The contract does not allow this step any more."""


@transaction.atomic
def add_contract(vendor: Vendor, *, by, **values) -> Contract:
    """Raises ValidationError."""
    contract = Contract(vendor=vendor, **_known(values))
    contract.full_clean()
    contract.save()
    audit.record(by, "contract added", contract, unit=vendor.unit, value=contract.value, currency=contract.currency)
    return contract


@transaction.atomic
def change_contract(contract: Contract, *, by, **values) -> Contract:
    """Raises ValidationError."""
    change = set_fields(contract, _known(values))
    contract.full_clean()
    if change:
        contract.save(update_fields=list(change["after"]))
        audit.record(by, "contract changed", contract, unit=contract.vendor.unit, **change)
    return contract


@transaction.atomic
def give_notice(contract: Contract, *, on: date, reason: str, by) -> Contract:
    """Let the contract run out. Raises ContractRefused where it is under notice or over already."""
    state = dates_on(Terms.of(contract), on).state
    if state in (UNDER_NOTICE, EXPIRED, ENDED) or contract.notice_given_on:
        raise ContractRefused(f"{contract} is {state.replace('_', ' ')} on {on}: there is nothing to give notice of.")
    contract.notice_given_on, contract.reason = on, reason
    contract.save(update_fields=["notice_given_on", "reason"])
    audit.record(by, "notice given", contract, unit=contract.vendor.unit, on=on, reason=reason)
    return contract


@transaction.atomic
def end_contract(contract: Contract, *, on: date, reason: str, by) -> Contract:
    """End it early: from `on` on it no longer holds. Raises ContractRefused."""
    state = dates_on(Terms.of(contract), on).state
    if state in (EXPIRED, ENDED) or contract.ended_on:
        raise ContractRefused(f"{contract} is over already.")
    contract.ended_on, contract.reason = on, reason
    contract.save(update_fields=["ended_on", "reason"])
    audit.record(by, "contract ended", contract, unit=contract.vendor.unit, on=on, reason=reason)
    return contract


@transaction.atomic
def remind(now: datetime) -> list[Reminder]:
    """Remind owners of the days that come within their contract's `remind_days`; of each day once, ever."""
    day, made = now.date(), []
    for contract in Contract.objects.select_related("vendor__unit", "owner").filter(ended_on=None):
        for kind, on in near(dates_on(Terms.of(contract), day), day, contract.remind_days):
            reminder, is_new = Reminder.objects.get_or_create(
                contract=contract, kind=kind, day=on, defaults={"sent_on": day}
            )
            if is_new:
                audit.record(None, "contract reminder", contract, unit=contract.vendor.unit, kind=kind, day=on)
                telling.contract_near(reminder, now)
                made.append(reminder)
    return made


def _known(values: dict) -> dict:
    if unknown := set(values) - FIELDS:
        raise TypeError(f"a contract has no {min(unknown)} to set")
    return values
