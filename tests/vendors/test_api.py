"""The API of vendors: the same verbs, strict about what it takes, blind where pages are; and a contact's token."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from organization.models import Role
from tests.factories import ApiTokenFactory, UnitFactory, UserFactory, member
from tests.matrix.description import as_described
from vendors import reviews
from vendors.models import Contract, VendorAction

from .factories import (
    DAY,
    NOW,
    THIRD,
    ContractFactory,
    a_contact,
    a_manager,
    a_result,
    a_template,
    a_vendor_below,
)

pytestmark = pytest.mark.django_db


class Caller:
    """Calls as `person` by a token of `scopes`."""

    def __init__(self, person, scopes=("read", "define")):
        self.token = ApiTokenFactory(user=person, scopes=list(scopes)).secret
        self.client = Client(headers={"Authorization": f"Bearer {self.token}"})

    def get(self, path, **query):
        return as_described("get", f"/api/v1/{path}", self.client.get(f"/api/v1/{path}", query))

    def post(self, path, **body):
        answer = self.client.post(f"/api/v1/{path}", body, content_type="application/json")
        return as_described("post", f"/api/v1/{path}", answer)

    def patch(self, path, **body):
        answer = self.client.patch(f"/api/v1/{path}", body, content_type="application/json")
        return as_described("patch", f"/api/v1/{path}", answer)


@pytest.fixture
def vendor(group, manager, kpis):
    vendor = a_vendor_below(group, template=a_template(group, kpis, by=manager), manager=manager)
    a_result(kpis[0], vendor, 89.0, target=90.0)
    a_result(kpis[1], vendor, 10.0)
    return vendor


def test_a_day_is_one_that_a_calendar_holds(manager, vendor):
    for day in ("0001-01-01", "9999-12-31"):
        refused = Caller(manager).patch(f"vendors/{vendor.pk}/", cadence_from=day)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "cadence_from")
        assert "1900 to 2200" in refused.json()["detail"]


def test_a_weak_first_password_of_a_contact_is_named_by_its_field(manager, vendor):
    contact = Caller(manager).post("vendor-contacts/", vendor=vendor.pk, name="Vic Vendor").json()["id"]
    refused = Caller(manager).post(f"vendor-contacts/{contact}/let-in/", username="vic", password="short")
    assert refused.json()["errors"][0]["field"] == "password"


def test_a_vendor_is_registered_changed_and_scored(group, manager, vendor):
    caller, unit = Caller(manager), UnitFactory(kind="vendor", parent=group, code="trinity")
    made = caller.post("vendors/", unit="trinity", manager=manager.username, tier=2, template=vendor.template.code)
    assert (made.status_code, made.json()["code"]) == (201, "trinity")
    again = caller.post("vendors/", unit="trinity", manager=manager.username)
    assert (again.status_code, again.json()["errors"][0]["field"]) == (400, "unit")
    changed = caller.patch(f"vendors/{made.json()['id']}/", tier=1, exit_plan="Buy elsewhere")
    assert (changed.json()["tier"], changed.json()["exit_plan"]) == (1, "Buy elsewhere")
    card = caller.get(f"vendors/{vendor.pk}/scorecard/", period="2025-07-01").json()
    assert card["score"] == pytest.approx(0.6 * 60 + 0.4 * 100)
    assert [line["used"] for line in card["lines"]] == [60, 40]
    assert [row["unit"] for row in caller.get("vendors/league/").json()] == [vendor.code, unit.code]
    assert caller.get(f"vendors/{vendor.pk}/scorecard/", grain="decade").status_code == 400
    assert caller.get(f"vendors/{vendor.pk}/scorecard/", nonsense="1").status_code == 400


def test_a_contacts_token_sees_its_own_vendor_only(group, manager, vendor):
    """The scorecard and its own actions; nothing behind them, and nothing of another vendor."""
    contact, other = a_contact(vendor), a_vendor_below(group, "Trinity", template=vendor.template)
    values = {"given_by": manager, "due_on": DAY}
    mine = VendorAction.objects.create(vendor=vendor, title="Mine", owner=contact, **values)
    theirs = VendorAction.objects.create(vendor=vendor, title="Internal", owner=manager, **values)
    foreign = VendorAction.objects.create(vendor=other, title="Foreign", owner=manager, **values)
    ContractFactory(vendor=vendor)
    reviews.generate(vendor, at=THIRD, day=DAY, now=NOW, by=manager)
    caller = Caller(contact, ["read", "upload", "define", "administer"])
    listed = caller.get("vendors/").json()["results"]
    assert [set(row) for row in listed] == [{"id", "code", "name"}] and listed[0]["code"] == vendor.code
    assert caller.get(f"vendors/{vendor.pk}/scorecard/").status_code == 200
    assert caller.get(f"vendors/{other.pk}/scorecard/").status_code == 404
    assert [row["title"] for row in caller.get("vendor-actions/").json()["results"]] == ["Mine"]
    assert caller.get(f"vendor-actions/{theirs.pk}/").status_code == 404
    assert caller.post(f"vendor-actions/{foreign.pk}/answer/", text="x").status_code == 404
    behind = (
        "vendor-contacts/", "vendor-contracts/", "vendor-documents/", "vendor-scorecards/", "vendor-questions/",
        "vendor-respondents/", "vendor-reviews/", "vendor-plans/", "selection-rounds/", "vendors/league/",
        f"vendors/{vendor.pk}/overview/", f"vendors/{vendor.pk}/risks/",
    )  # fmt: skip
    assert {path: caller.get(path).status_code for path in behind} == dict.fromkeys(behind, 403)
    assert caller.patch(f"vendors/{vendor.pk}/", tier=1).status_code == 403
    assert caller.post(f"vendor-actions/{mine.pk}/close/", text="Done").status_code == 403
    assert caller.post(f"vendor-actions/{mine.pk}/answer/", text="Done").json()["state"] == "answered"


def test_a_token_that_only_reads_does_not_answer(vendor, manager):
    contact = a_contact(vendor)
    mine = VendorAction.objects.create(vendor=vendor, title="Mine", owner=contact, given_by=manager, due_on=DAY)
    assert Caller(contact, ["read"]).post(f"vendor-actions/{mine.pk}/answer/", text="x").status_code == 403


def test_who_merely_sees_a_vendor_gets_its_name_only(group, vendor):
    analyst = member(Role.ANALYST, UnitFactory())
    analyst.memberships.create(unit=group, role=Role.VIEWER, valid_from="2020-01-01")
    (row,) = Caller(analyst).get("vendors/").json()["results"]
    assert set(row) == {"id", "code", "name"}


def test_a_contract_is_money_as_text_and_knows_its_days(vendor, manager):
    caller = Caller(manager)
    body = {
        "vendor": vendor.pk, "code": "C-1", "title": "Kits", "value": "1234.50", "currency": "USD",
        "starts_on": "2025-01-01", "ends_on": "2026-12-31", "notice_days": 90, "renew_months": 12,
        "owner": manager.username,
    }  # fmt: skip
    made = caller.post("vendor-contracts/", **body).json()
    assert (made["value"], made["state"], made["notice_by"]) == ("1234.50", "active", "2026-10-02")
    assert caller.post("vendor-contracts/", **body).status_code == 400
    given = caller.post(f"vendor-contracts/{made['id']}/notice/", on="2025-12-01", reason="Late").json()
    assert (given["state"], given["term_end"]) == ("under_notice", "2026-12-31")
    again = caller.post(f"vendor-contracts/{made['id']}/notice/", on="2025-12-02", reason="Late")
    assert (again.status_code, again.json()["code"]) == (409, "contract_refused")
    assert Contract.objects.get().value == Decimal("1234.50")


def test_a_paper_goes_up_and_comes_down(vendor, manager):
    caller = Caller(manager)
    body = {"vendor": vendor.pk, "title": "Signed", "file": SimpleUploadedFile("signed.pdf", b"%PDF")}
    made = caller.client.post("/api/v1/vendor-documents/", body)
    assert made.status_code == 201, made.content
    download = caller.get(f"vendor-documents/{made.json()['id']}/download/")
    assert (b"".join(download), download["Content-Disposition"]) == (b"%PDF", 'attachment; filename="signed.pdf"')
    bad = caller.client.post("/api/v1/vendor-documents/", body | {"file": SimpleUploadedFile("x.exe", b"MZ")})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (400, "file")


def test_a_template_from_draft_to_force(group, manager, kpis):
    caller = Caller(manager)
    made = caller.post("vendor-scorecards/", code="new", name="New", unit="supply").json()
    path = f"vendor-scorecards/{made['id']}"
    criterion = {"code": "a", "name": "A", "weight": "40", "kpi": kpis[0].code, "floor": "80", "target": "95"}
    added = caller.post(f"{path}/criteria/", **criterion)
    assert added.status_code == 201, added.content
    refused = caller.post(f"{path}/publish/", from_day="2025-01-01")
    assert refused.json()["errors"][0]["message"].startswith("The weights add up to 40 %")
    caller.patch(f"{path}/criteria/{added.json()['id']}/", weight="100")
    assert caller.post(f"{path}/publish/", from_day="2025-01-01").json()["versions"][0]["state"] == "in_force"
    assert caller.post(f"{path}/criteria/", **criterion).status_code == 404  # no draft any more
    assert caller.post(f"{path}/draft/", minimum_coverage_pct=80).json()["versions"][0]["number"] == 2
    flat = caller.post(f"{path}/criteria/", **criterion | {"code": "b", "target": "80"})
    assert (flat.status_code, flat.json()["errors"][0]["field"]) == (400, "curve")


def test_a_review_by_the_api(vendor, manager):
    caller = Caller(manager)
    made = caller.post("vendor-reviews/", vendor=vendor.pk, at="2025-07-01").json()
    assert (made["label"], made["pack"]["card"]["grade"]) == ("2025 Q3", "B")
    path = f"vendor-reviews/{made['id']}"
    refused = caller.post(f"{path}/publish/")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "minutes")
    caller.post(f"{path}/minutes/", held_on="2025-10-20", minutes="We talked.")
    caller.post(f"{path}/decisions/", text="Keep it")
    done = caller.post(f"{path}/publish/").json()
    assert (done["state"], done["decisions"][0]["text"], len(done["pack_sha256"])) == ("published", "Keep it", 64)
    assert caller.post(f"{path}/decisions/", text="More").status_code == 409


def test_a_plan_by_the_api(vendor, manager, kpis):
    caller, contact = Caller(manager), a_contact(vendor)
    made = caller.post(
        "vendor-plans/", vendor=vendor.pk, kpi=kpis[0].code, grain="quarter", reason="89 %", plan_due_on="2026-01-10",
        ask=contact.username, periods_needed=1,
    ).json()  # fmt: skip
    Caller(contact).post(f"vendor-actions/{made['asked']}/answer/", text="A second plant")
    path = f"vendor-plans/{made['id']}"
    assert caller.post(f"{path}/accept/", verify_from="2025-07-01").json()["state"] == "verifying"
    seen = caller.get(f"{path}/verification/").json()
    assert seen["periods"] == [{"period": "2025 Q3", "value": 89.0, "target": 90.0, "is_met": False}]
    assert caller.post(f"{path}/close/").status_code == 409


def test_a_round_is_blind_until_it_is_opened(group, manager):
    first, second = a_manager(group), a_manager(group)
    caller = Caller(manager)
    made = caller.post("selection-rounds/", code="kits", name="Kits", unit="supply", currency="USD", price_weight="40")
    path = f"selection-rounds/{made.json()['id']}"
    quality = caller.post(f"{path}/criteria/", name="Quality", weight="1").json()["id"]
    bids = [caller.post(f"{path}/bids/", bidder=b, price=p).json()["id"] for b, p in (("Cheap", "80"), ("Good", "100"))]
    for user in (first, second):
        caller.post(f"{path}/evaluators/", user=user.username)
    assert caller.post(f"{path}/start/").json()["state"] == "scoring"
    for user, scores in ((first, ("6", "9")), (second, ("6", "9"))):
        rows = [{"bid": bid, "criterion": quality, "score": s} for bid, s in zip(bids, scores, strict=True)]
        assert caller.get(f"{path}/ranking/").status_code == 409
        assert Caller(user).post(f"{path}/score/", scores=rows).status_code == 204
    assert "score" not in caller.get(f"{path}/").content.decode().replace('"scoring"', "")
    caller.post(f"{path}/open/")
    ranking = caller.get(f"{path}/ranking/").json()
    assert [(o["bid"], o["rank"], o["total"]) for o in ranking["offers"]] == [
        (bids[1], 1, pytest.approx(0.4 * 80 + 0.6 * 90)), (bids[0], 2, pytest.approx(0.4 * 100 + 0.6 * 60))
    ]  # fmt: skip
    price = next(s for s in ranking["sensitivity"] if s["weight_of"] == "price")
    assert (price["above"], price["winner_above"]) == (pytest.approx(0.6), bids[0])
    assert caller.post(f"{path}/award/", bid=bids[1], reason="Best").json()["awarded"] == bids[1]


def test_surveys_by_the_api(vendor, manager):
    caller, stranger = Caller(manager), UserFactory()
    caller.post("vendor-questions/", code="quick", text="Quick?", unit="supply")
    caller.post("vendor-respondents/", vendor=vendor.pk, user=manager.username)
    given = caller.post("vendor-answers/", vendor=vendor.pk, question="quick", day="2025-07-01", rating=4)
    assert (given.status_code, given.json()["period_end"]) == (201, "2025-10-01")
    assert (
        caller.post("vendor-answers/", vendor=vendor.pk, question="quick", day="2025-07-01", rating=6).status_code
        == 400
    )
    assert stranger.pk and not Caller(stranger).get("vendor-answers/").content.count(b"quick")
