"""Who may do what with agreements: rows for `tests.matrix.table`. A vendor contact reads its own vendor's."""

from dataclasses import dataclass
from datetime import UTC, datetime

from organization.models import Role
from slas.models import Restatement
from tests.factories import UserFactory
from tests.matrix.table import ALL, Resource

from .factories import (
    AgreementFactory,
    CreditClaimFactory,
    ExclusionFactory,
    PeriodResultFactory,
    ServiceTargetFactory,
    SloFactory,
)

AUTHORS = frozenset({Role.ANALYST, Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})
SIGNERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
PAYERS = frozenset({Role.EXECUTIVE, Role.FINANCE, Role.ADMINISTRATOR})
A = "/api/v1"
NOW = datetime(2025, 2, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Address:
    """What fills the `{}` of a page's address, where that is more than an id."""

    pk: str
    code: str


def an_agreement(unit, **words):
    return AgreementFactory(unit=unit, providers=[unit], code=f"agreement-of-{unit.code}", **words)


def its_page(unit):
    return Address(an_agreement(unit).code, unit.code)


def its_draft(unit):
    return Address(f"{an_agreement(unit, version={'state': 'draft'}).code}/versions/1", unit.code)


def the_version(unit):
    return an_agreement(unit).versions.get()


def a_draft(unit):
    return an_agreement(unit, version={"state": "draft"}).versions.get()


def a_target(unit):
    return ServiceTargetFactory(version=a_draft(unit), code=f"target-of-{unit.code}")


def a_period(unit, **words):
    return PeriodResultFactory(agreement=an_agreement(unit), state="provisional", **words)


def its_period(unit):
    return Address(f"{a_period(unit).agreement.code}/periods/2025-01-01", unit.code)


def an_exclusion(unit):
    return ExclusionFactory(agreement=an_agreement(unit), reason=f"exclusion-of-{unit.code}")


def an_approved_exclusion(unit):
    decided = {"state": "approved", "decided_by": UserFactory(), "decided_at": NOW}
    return ExclusionFactory(agreement=an_agreement(unit), **decided)


def an_approved_one(unit):
    """Whose withdrawal waits."""
    made = an_approved_exclusion(unit)
    made.withdrawals.create(asked_by=UserFactory(), asked_at=NOW, reason="Wrong month")
    return made


def a_closed_period(unit):
    closed = {"figures_hash": "f" * 64, "cases_hash": "c" * 64, "closed_at": NOW}
    agreement = an_agreement(unit)
    return PeriodResultFactory(agreement=agreement, state="closed", closed_by=agreement.owner, **closed)


def a_restatement(unit):
    period = a_closed_period(unit)
    return Restatement.objects.create(period=period, number=1, cause="A late extract", before={}, after={})


def its_restatement(unit):
    return Address(f"{a_restatement(unit).period.agreement.code}/periods/2025-01-01/restatements/1", unit.code)


def a_credit(unit):
    return CreditClaimFactory(period=a_closed_period(unit), claim_by="2100-01-01")


def a_claimed_credit(unit, **words):
    claimed = {"state": "claimed", "claimed_on": "2025-02-03", "claimed_by": UserFactory()} | words
    return CreditClaimFactory(period=a_closed_period(unit), claim_by="2100-01-01", **claimed)


def an_agreed_credit(unit):
    return a_claimed_credit(unit, state="agreed", agreed_amount="500.00", decided_by=UserFactory())


def an_slo(unit):
    return SloFactory(unit=unit, code=f"slo-of-{unit.code}")


def its_slo(unit):
    return Address(an_slo(unit).code, unit.code)


def code(thing) -> str:
    return thing.code


def of_agreement(thing) -> str:
    return thing.agreement.code


def post(name, path, make, allowed, door="view", **more):
    return Resource(name, "post", path, make, allowed, status=302, door=door, **more)


def call(title, path, make, allowed, door, status=200, method="post", **body):
    return Resource(title, method, path, make, allowed, status=status, door=door, body=body)


RESOURCES = [
    Resource("the agreements", "get", "/agreements/", an_agreement, is_list=True, marker=code),
    Resource("an agreement's page", "get", "/agreements/{}/", its_page),
    Resource("an agreement's document", "get", "/agreements/{}/document/", its_page),
    Resource("changing its parties", "get", "/agreements/{}/change/", its_page, AUTHORS, door="define"),
    Resource("writing its document", "get", "/agreements/{}/edit/", its_draft, AUTHORS, door="define"),
    Resource("its credit tiers", "get", "/agreements/{}/tiers/", its_draft, AUTHORS, door="define"),
    Resource("choosing a target", "get", "/agreements/{}/target-choice/", its_draft, AUTHORS, door="define"),
    post("offering a version", "/agreements/{}/steps/offer/", its_draft, AUTHORS),
    post("signing a version", "/agreements/{}/steps/sign/", its_draft, SIGNERS),
    Resource("an agreement's periods", "get", "/agreements/{}/periods/", its_page),
    Resource("a period", "get", "/agreements/{}/", its_period),
    post("closing a period", "/agreements/{}/steps/close/", its_period, SIGNERS),
    post("approving a restatement", "/agreements/{}/approve/", its_restatement, SIGNERS),
    post("rejecting a restatement", "/agreements/{}/reject/", its_restatement, SIGNERS),
    Resource("the exclusions", "get", "/agreements/{}/exclusions/", its_page),
    Resource("proposing an exclusion", "get", "/agreements/{}/exclusions/new/", its_page, AUTHORS, door="define"),
    post("approving an exclusion", "/exclusions/{}/approve/", an_exclusion, SIGNERS),
    post("rejecting an exclusion", "/exclusions/{}/reject/", an_exclusion, SIGNERS),
    post("withdrawing an exclusion", "/exclusions/{}/withdraw/", an_exclusion, AUTHORS),
    post("agreeing to a withdrawal", "/exclusions/{}/approve-withdrawal/", an_approved_one, SIGNERS),
    post("rejecting a withdrawal", "/exclusions/{}/reject-withdrawal/", an_approved_one, SIGNERS),
    Resource("all credits", "get", "/service-credits/", a_credit, is_list=True, marker=of_agreement),
    Resource("a credit", "get", "/service-credits/{}/", a_credit),
    post("claiming a credit", "/service-credits/{}/claim/", a_credit, PAYERS),
    post("agreeing to a credit", "/service-credits/{}/agree/", a_claimed_credit, SIGNERS | PAYERS),
    post("rejecting a credit", "/service-credits/{}/reject/", a_claimed_credit, SIGNERS | PAYERS),
    post("writing the credit note down", "/service-credits/{}/credit/", an_agreed_credit, PAYERS),
    Resource("the objectives", "get", "/slos/", an_slo, is_list=True, marker=code),
    Resource("an objective", "get", "/slos/{}/", its_slo),
    Resource("API: agreements", "get", f"{A}/agreements/", an_agreement, is_list=True, marker=code),
    Resource("API: an agreement", "get", f"{A}/agreements/{{}}/", an_agreement),
    call("API: renaming it", f"{A}/agreements/{{}}/", an_agreement, AUTHORS, "define", method="patch", name="New name"),
    Resource("API: a version", "get", f"{A}/agreement-versions/{{}}/", the_version),
    call("API: a draft", f"{A}/agreement-versions/{{}}/", a_draft, AUTHORS, "define", method="patch", terms="New"),
    call("API: notice", f"{A}/agreement-versions/{{}}/notice/", the_version, SIGNERS, "certify", day="2100-01-01",
         reason="Price"),
    Resource("API: targets", "get", f"{A}/service-targets/", a_target, is_list=True, marker=code),
    call("API: removing a target", f"{A}/service-targets/{{}}/", a_target, AUTHORS, "define", 204, "delete"),
    Resource("API: a period", "get", f"{A}/agreement-periods/{{}}/", a_period),
    call("API: disputing it", f"{A}/agreement-periods/{{}}/dispute/", a_period, AUTHORS, "define", reason="Late data"),
    call("API: approving a restatement", f"{A}/restatements/{{}}/approve/", a_restatement, SIGNERS, "certify"),
    call("API: rejecting a restatement", f"{A}/restatements/{{}}/reject/", a_restatement, SIGNERS, "certify",
         note="As agreed"),
    Resource("API: exclusions", "get", f"{A}/exclusions/", an_exclusion, is_list=True, marker=lambda e: e.reason),
    call("API: approving one", f"{A}/exclusions/{{}}/approve/", an_exclusion, SIGNERS, "certify"),
    call("API: rejecting one", f"{A}/exclusions/{{}}/reject/", an_exclusion, SIGNERS, "certify", note="No such day"),
    call("API: asking to withdraw one", f"{A}/exclusions/{{}}/withdraw/", an_approved_exclusion, AUTHORS, "define",
         reason="Wrong month"),
    call("API: agreeing to that", f"{A}/exclusions/{{}}/approve_withdrawal/", an_approved_one, SIGNERS, "certify"),
    call("API: rejecting that", f"{A}/exclusions/{{}}/reject_withdrawal/", an_approved_one, SIGNERS, "certify",
         note="It holds"),
    Resource("API: a credit", "get", f"{A}/service-credits/{{}}/", a_credit, ALL),
    call("API: claiming one", f"{A}/service-credits/{{}}/claim/", a_credit, PAYERS, "money"),
    call("API: agreeing to a credit", f"{A}/service-credits/{{}}/agree/", a_claimed_credit, SIGNERS | PAYERS, "view"),
    call("API: rejecting a credit", f"{A}/service-credits/{{}}/reject/", a_claimed_credit, SIGNERS | PAYERS, "view",
         reason="Force majeure"),
    call("API: its credit note", f"{A}/service-credits/{{}}/credit/", an_agreed_credit, PAYERS, "money",
         reference="CN-1"),
    call("API: signing", f"{A}/agreement-versions/{{}}/sign/", a_draft, SIGNERS, "certify", 409),  # it was not offered
    Resource("API: SLOs", "get", f"{A}/slos/", an_slo, is_list=True, marker=code),
]  # fmt: skip
