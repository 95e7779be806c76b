"""A vendor contact's token over every address of service levels: its own vendor's agreements, and nothing else."""

import pytest

from organization.models import Role
from tests.factories import ApiTokenFactory, UnitFactory, member

from .factories import (
    AgreementFactory,
    CreditClaimFactory,
    ExclusionFactory,
    PeriodResultFactory,
    ServiceTargetFactory,
    SloFactory,
)

pytestmark = pytest.mark.django_db
LISTS = (
    "agreements", "agreement-versions", "service-targets", "agreement-periods", "restatements", "exclusions",
    "service-credits", "clocks", "slos",
)  # fmt: skip


def everything_of(code: str, buyer, vendors) -> dict[str, str]:
    """An agreement with all that hangs on it; list -> the key of its row there."""
    agreement = AgreementFactory(code=code, unit=buyer, providers=vendors)
    version = agreement.versions.get()
    closed = {"state": "closed", "figures_hash": "f" * 64, "cases_hash": "c" * 64, "closed_by": agreement.owner,
              "closed_at": version.signed_at}  # fmt: skip
    period = PeriodResultFactory(agreement=agreement, version=version, **closed)
    restatement = period.restatements.create(number=1, cause=code, before={}, after={}, proposed_by=agreement.owner)
    rows = {
        "agreements": agreement.pk, "clocks": agreement.code, "agreement-versions": version.pk,
        "service-targets": ServiceTargetFactory(version=version).pk, "agreement-periods": period.pk,
        "restatements": restatement.pk, "exclusions": ExclusionFactory(agreement=agreement, reason=code).pk,
        "service-credits": CreditClaimFactory(period=period).pk,
        "slos": SloFactory(unit=vendors[0] if vendors else buyer, code=f"slo-{code}").pk,
    }  # fmt: skip
    return {name: str(key) for name, key in rows.items()}


@pytest.fixture
def world(client):
    """(own, others): an agreement of the contact's vendor, those of a rival, of both together, and an internal one."""
    buyer = UnitFactory(code="supply")
    own, rival = (UnitFactory(code=code, parent=buyer, kind="vendor") for code in ("acme", "rival"))
    contact = member(Role.VENDOR_CONTACT, own)
    token = ApiTokenFactory(user=contact, scopes=["read", "define", "certify", "money", "administer"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token.secret}"
    others = [
        everything_of(code, buyer, vendors)
        for code, vendors in (("of-rival", [rival]), ("of-both", [rival, own]), ("internal", []))
    ]
    return everything_of("of-acme", buyer, [own]), others


def address(name: str, rows: dict) -> str:
    return f"/api/v1/{name}/{rows[name]}/"


@pytest.mark.parametrize("name", LISTS)
def test_a_contact_s_token_lists_and_reads_its_own_vendor_only(client, world, name):
    own, others = world
    listed = client.get(f"/api/v1/{name}/").json()["results"]
    key = "code" if name == "clocks" else "id"
    assert {str(row[key]) for row in listed} == {own[name]}
    assert client.get(address(name, own)).status_code == 200
    assert {client.get(address(name, rows)).status_code for rows in others} == {404}


@pytest.mark.parametrize(
    ("name", "step", "body"),
    [
        ("agreement-versions", "notice", {"day": "2100-01-01", "reason": "x"}),
        ("agreement-periods", "dispute", {"reason": "x"}),
        ("restatements", "approve", {}),
        ("exclusions", "approve", {}),
        ("service-credits", "claim", {}),
        ("service-credits", "reject", {"reason": "x"}),
        ("clocks", "run", {}),
    ],
)
def test_a_contact_s_token_changes_nothing(client, world, name, step, body):
    """Whether it is there or not, the answer to a step that contacts never take is the same, or it is not found."""
    own, others = world

    def status(rows) -> int:
        return client.post(f"{address(name, rows)}{step}/", body, content_type="application/json").status_code

    assert status(own) == 403
    assert {status(rows) for rows in others} <= {403, 404}


def test_there_is_no_other_list_of_service_levels():
    from slas.api_urls import router

    assert {prefix for prefix, *_ in router.registry} == set(LISTS)
