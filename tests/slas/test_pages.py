"""Pages and REST of agreements: the journey of a person, what is refused beside which field, constant queries."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from organization.models import Unit
from slas import periods
from slas.models import Agreement, AgreementVersion, CreditClaim, Exclusion, ServiceTarget
from tests.factories import ApiTokenFactory, UnitFactory, member

from .factories import AgreementFactory, PeriodResultFactory
from .sample import DAY, Desk, deliveries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def day(settings):
    settings.AS_OF = DAY.isoformat()


@pytest.fixture
def desk():
    return Desk()


def get(client, user, page, /, *args, expect=200, **query):
    client.force_login(user)
    answer = client.get(reverse(page, args=args), query)
    assert answer.status_code == expect, answer.content.decode()[:1500]
    return b"".join(answer).decode()


def post(client, user, page, /, *args, expect=302, query="", **data):
    client.force_login(user)
    answer = client.post(reverse(page, args=args) + query, data)
    assert answer.status_code == expect, answer.content.decode()[:3000]
    return answer.content.decode()


def drafted(client, desk, dataset) -> None:
    """An agreement with a measured charge, a promise (whose formula is misspelt first), and tiers."""
    post(client, desk.author, "agreement_new", name="Acme", code="acme", kind="uc", unit="supply",
         owner=desk.author.username, valid_from="2025-01-01")  # fmt: skip
    assert "add a target" in get(client, desk.author, "agreement_document", "acme")
    charge = {"currency": "USD", "charge_basis": "measured", "charge_dataset": dataset.pk, "period": "month",
              "charge_formula": "sum(freight)", "at_risk_pct": "10", "minimum_credit": "0", "repeat_multiplier": "1",
              "repeat_misses": "2", "earn_back_pct": "0", "earn_back_periods": "0", "claim_days": "30",
              "notice_days": "90", "valid_from": "2025-01-01"}  # fmt: skip
    post(client, desk.author, "agreement_version_edit", "acme", 1, **charge)
    choice = {"metric": "quality", "dataset": "deliveries", "source": "events"}
    assert "Of how much" in get(client, desk.author, "agreement_target_choose", "acme", 1, **choice)
    words = {"name": "On time", "code": "on-time", "required_pct": "90", "weight": "1", "total": "count(*)",
             "good": "count(case when dune_on <= due_on then 1 end)"}  # fmt: skip
    query = "?metric=quality&dataset=deliveries&source=events"
    refused = post(client, desk.author, "agreement_target_add", "acme", 1, expect=422, query=query, **words)
    assert "dune_on" in refused and "Did you mean `due_on`?" in refused.replace("&#x27;", "'").replace("&#96;", "`")
    words["good"] = "count(case when done_on <= due_on then 1 end)"
    post(client, desk.author, "agreement_target_add", "acme", 1, query=query, **words)
    tiers = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 0, "form-0-below_pct": "90", "form-0-side": "below",
             "form-0-credit_pct": "5", "form-1-below_pct": "", "form-1-side": "below"}  # fmt: skip
    post(client, desk.author, "agreement_tiers", "acme", 1, **tiers)


def signed(client, desk) -> Agreement:
    """By a second person, as it was looked at."""
    post(client, desk.author, "agreement_step", "acme", 1, "offer")
    assert "waits for a second person" in get(client, desk.author, "agreement_document", "acme")
    offered = get(client, desk.signer, "agreement_document", "acme")
    revision = re.search(r'name="revision" value="(\w+)"', offered).group(1)
    post(client, desk.signer, "agreement_step", "acme", 1, "sign", revision=revision)
    agreement = Agreement.objects.get()
    assert agreement.versions.get().state == "active"
    return agreement


def test_from_an_empty_list_to_a_claimed_credit(client, desk):
    dataset = deliveries(desk.unit)
    assert "No agreements yet" in get(client, desk.author, "agreements")
    drafted(client, desk, dataset)
    agreement = signed(client, desk)
    periods.refresh(agreement, day=DAY)
    page = get(client, desk.signer, "agreement", "acme", period="2025-01-01")
    assert "80.00" in page and "broken" in page and "$50.00" in page
    assert "where feb 2025 will land" in get(client, desk.signer, "agreement", "acme").lower()
    assert "Close the period" in get(client, desk.signer, "agreement_period", "acme", "2025-01-01")
    shown = agreement.periods.get(period_start=date(2025, 1, 1)).figures_hash
    post(client, desk.signer, "agreement_period_step", "acme", "2025-01-01", "close", figures_hash=shown)
    claim = CreditClaim.objects.get()
    assert claim.amount == Decimal("50.00")  # 5 % of 1,000
    post(client, desk.finance, "service_credit_step", claim.pk, "claim", amount="50.00")
    post(client, desk.signer, "service_credit_step", claim.pk, "agree", amount="50.00")
    post(client, desk.finance, "service_credit_step", claim.pk, "credit", reference="CN-1")
    claim.refresh_from_db()
    assert claim.state == "credited"
    assert "CN-1" in get(client, desk.finance, "service_credits")
    assert "50.00" in get(client, desk.finance, "service_credits_export")
    assert "50.00" not in get(client, desk.finance, "service_credits_export", state="claimed")  # as the page lists


def test_an_exclusion_is_proposed_by_one_and_approved_by_another(client, desk):
    AgreementFactory(code="acme", unit=desk.unit)
    words = {"kind": "maintenance", "reason": "Planned", "cases": "C-1, C-2\nC-3", "condition": "", "target_code": ""}
    post(client, desk.author, "agreement_exclusion_new", "acme", **words)
    exclusion = Exclusion.objects.get()
    assert exclusion.cases == ["C-1", "C-2", "C-3"]
    client.force_login(desk.signer)
    post(client, desk.signer, "exclusion_decide", exclusion.pk, "approve")
    exclusion.refresh_from_db()
    assert (exclusion.state, exclusion.decided_by) == ("approved", desk.signer)


@pytest.mark.parametrize(
    ("start", "end", "field", "said"),
    [
        ("2025-01-10T00:00", "", "ends_at", "Say up to when as well"),
        ("", "2025-01-17T00:00", "starts_at", "Say from when as well"),
        ("2025-01-17T00:00", "2025-01-10T00:00", "ends_at", "It ends before it begins"),
        ("2025-01-10T00:00", "2025-01-10T00:00", "ends_at", "It ends before it begins"),  # nothing lies in it
    ],
)
def test_half_a_stretch_of_time_is_not_excluded(client, desk, start, end, field, said):
    AgreementFactory(code="acme", unit=desk.unit)
    client.force_login(desk.author)
    words = {"kind": "maintenance", "reason": "Planned", "starts_at": start, "ends_at": end}
    shown = client.post(reverse("agreement_exclusion_new", args=["acme"]), words)
    assert shown.status_code == 422 and said in str(shown.context["form"].errors[field])
    assert not Exclusion.objects.exists()


@pytest.mark.parametrize("count", [1, 50])
def test_the_list_costs_the_same_at_any_length(client, desk, count):
    for number in range(count):
        agreement = AgreementFactory(unit=desk.unit, providers=[desk.unit], version={"state": "active"})
        PeriodResultFactory(agreement=agreement, state="provisional", period_start=date(2025, 1, 1 + number % 3))
    client.force_login(desk.author)
    client.get(reverse("agreements"))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("agreements")).status_code == 200
    assert len(queries) <= 13


def test_a_vendors_contact_reads_its_own_agreement_by_page_and_token(client):
    group = UnitFactory()
    acme, other = (UnitFactory(parent=group, kind=Unit.Kind.VENDOR) for _ in range(2))
    AgreementFactory(code="acme", name="With Acme", unit=group, providers=[acme])
    AgreementFactory(code="other", name="With Other", unit=group, providers=[other])
    contact = member("vendor_contact", acme)
    page = get(client, contact, "agreements")
    assert "With Acme" in page and "With Other" not in page
    get(client, contact, "agreement", "acme")
    get(client, contact, "agreement", "other", expect=404)
    client.logout()
    headers = {"Authorization": f"Bearer {ApiTokenFactory(user=contact).secret}"}
    found = client.get("/api/v1/agreements/", headers=headers).json()["results"]
    assert [agreement["code"] for agreement in found] == ["acme"]


def test_the_api_drafts_offers_signs_and_refuses(client, desk):
    deliveries(desk.unit)
    author, signer = (
        {"Authorization": f"Bearer {ApiTokenFactory(user=user, scopes=['read', 'define']).secret}"}
        for user in (desk.author, desk.signer)
    )

    def send(method, path, who, expect, **body):
        answer = getattr(client, method)(f"/api/v1/{path}", data=body, content_type="application/json", headers=who)
        assert answer.status_code == expect, answer.content
        return answer.json() if answer.content else None

    new = {"code": "acme", "name": "Acme", "kind": "uc", "unit": "supply", "valid_from": "2025-01-01"}
    send("post", "agreements/", author, 201, **new)
    version = AgreementVersion.objects.get().pk
    target = {"version": version, "code": "on-time", "name": "On time", "metric": "quality", "required_pct": "90"}
    measure = {"dataset": "deliveries", "good": "count(case when done_onn <= due_on then 1 end)", "total": "count(*)"}
    refused = send("post", "service-targets/", author, 400, **target, measure=measure)
    assert refused["errors"][0]["suggestion"] == "done_on" and not ServiceTarget.objects.exists()
    measure["good"] = "count(case when done_on <= due_on then 1 end)"
    send("post", "service-targets/", author, 201, **target, measure=measure)
    path = f"agreement-versions/{version}/"
    send("patch", path, author, 200, currency="USD", monthly_charge="1000.00")
    tiers = send("put", f"{path}tiers/", author, 200, tiers=[{"below_pct": "90", "credit_pct": "5"}])["tiers"]
    assert tiers == [{"target": None, "below_pct": "90.0000", "side": "below", "credit_pct": "5.0000"}]
    send("post", f"{path}offer/", author, 200)
    assert send("post", f"{path}sign/", author, 403)
    assert send("post", f"{path}sign/", signer, 200)["state"] == "active"
    assert send("patch", path, author, 409, terms="x")["code"] == "wrong_state"
    periods.refresh(Agreement.objects.get(), day=DAY)
    january = client.get("/api/v1/agreement-periods/?period_start=2025-01-01", headers=author).json()["results"][0]
    assert january["attainment"]["on-time"] == {
        "attainment": "80.0000", "with_exclusions": "80.0000", "required": "90", "is_met": False
    }  # fmt: skip
    assert send("post", f"agreement-periods/{january['id']}/close/", signer, 200)["state"] == "closed"
    (credit,) = client.get("/api/v1/service-credits/", headers=author).json()["results"]
    assert (credit["amount"], credit["currency"], credit["state"]) == ("50.00", "USD", "calculated")


def test_what_a_person_does_happens_today_whatever_day_they_look_from(client, desk):
    """Looking from January, somebody closes it: February stays, and the deadline counts from the real close."""
    agreement = desk.signed(deliveries(desk.unit)).agreement
    periods.refresh(agreement, day=DAY)
    client.force_login(desk.signer)
    session = client.session
    session["as_of"] = "2025-01-20"
    session.save()
    seen = {"figures_hash": agreement.periods.get(period_start=date(2025, 1, 1)).figures_hash}
    answer = client.post(reverse("agreement_period_step", args=["acme", "2025-01-01", "close"]), seen)
    assert answer.status_code == 302
    assert list(agreement.periods.order_by("period_start").values_list("state", flat=True)) == ["closed", "open"]
    assert agreement.claims.get().claim_by == DAY + timedelta(days=30)
