"""Pages of vendors: what they show, to whom, what their forms do, and how many queries they take."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from alerts.models import InboxEntry
from tests.factories import KpiFactory, UnitFactory
from tests.pages import signed_in
from vendors import register, reviews, selection
from vendors.models import Contract, CorrectivePlan, Review, ScorecardTemplate, SelectionRound, Vendor, VendorAction

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
from .test_selection import a_round, score_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor(group, manager, kpis):
    vendor = a_vendor_below(group, template=a_template(group, kpis, by=manager), manager=manager)
    a_result(kpis[0], vendor, 84.0, target=90.0, status="red", score=40.0)
    a_result(kpis[1], vendor, 10.0)
    return vendor


def text_of(response) -> str:
    body = re.sub(r"<[^>]+>", " ", response.content.decode().replace("&amp;", "&"))
    return re.sub(r" (?=[;,.])", "", re.sub(r"\s+", " ", body.replace("\N{NO-BREAK SPACE}", " ")))


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_scorecard_shows_weights_used_and_leads_to_each_kpi(vendor, manager, kpis):
    page = signed_in(manager).get(f"/vendors/{vendor.pk}/scorecard/")
    text = text_of(page)
    assert "gate closed On time is 84.0 %; below 85: C at best." in text
    assert "On time 2025 Q3 84.0 % 0 at 80, 100 at 95; gate below 85: C at best gate closed 27 60 % 60.0 % 16.0" in text
    href = f"/kpis/{kpis[0].code}/?unit={vendor.code}&amp;grain=quarter&amp;period=2025-07-01"
    assert href in page.content.decode()


def test_a_published_review_keeps_the_scorecard_and_the_page_says_so(vendor, manager, kpis):
    review = reviews.generate(vendor, at=THIRD, day=DAY, now=NOW, by=manager)
    reviews.keep_minutes(review, by=manager, held_on=DAY, minutes="Agreed")
    reviews.publish(review, day=DAY, now=NOW, by=manager)
    vendor.unit.results.filter(kpi=kpis[0]).update(value=95.0)
    client = signed_in(manager)
    assert "84.0 %" in text_of(client.get(f"/vendors/{vendor.pk}/scorecard/"))
    live = text_of(client.get(f"/vendors/{vendor.pk}/scorecard/?live=1"))
    assert "95.0 %" in live and "The published review kept others" in live


def test_a_contact_sees_the_scorecard_and_own_actions_and_nothing_else(vendor, manager, group):
    contact = a_contact(vendor)
    other = a_vendor_below(group, "Trinity", template=vendor.template)
    mine = VendorAction.objects.create(vendor=vendor, title="Mine", owner=contact, given_by=manager, due_on=DAY)
    theirs = VendorAction.objects.create(vendor=vendor, title="Internal", owner=manager, given_by=manager, due_on=DAY)
    contract = ContractFactory(vendor=vendor)
    review = reviews.generate(vendor, at=THIRD, day=DAY, now=NOW, by=manager)
    client = signed_in(contact)
    assert client.get(f"/vendors/{vendor.pk}/scorecard/").status_code == 200
    assert "Trinity" not in text_of(client.get("/vendors/"))
    listed = text_of(client.get("/vendors/actions/?show=all"))
    assert "Mine" in listed and "Internal" not in listed
    assert client.get(mine.get_absolute_url()).status_code == 200
    refused = {
        f"/vendors/{vendor.pk}/": 403, f"/vendors/{vendor.pk}/reviews/": 403, contract.get_absolute_url(): 403,
        review.get_absolute_url(): 403, "/vendors/league/": 403, "/vendors/compare/": 403, "/vendors/surveys/": 403,
        theirs.get_absolute_url(): 404, f"/vendors/{other.pk}/scorecard/": 404,
    }  # fmt: skip
    assert {address: client.get(address).status_code for address in refused} == refused


def test_the_journey_of_a_review(vendor, manager):
    """Generate, minute, decide, give an action, publish; the contact answers, the manager closes."""
    contact, client = a_contact(vendor), signed_in(manager)
    client.post(f"/vendors/{vendor.pk}/reviews/generate/", {"period": "2025-07-01"})
    review = Review.objects.get()
    step = f"/vendors/reviews/{review.pk}/step/"
    refused = client.post(step, {"do": "publish"}, follow=True)
    assert "Say when the review was held" in text_of(refused)
    client.post(step, {"do": "minutes", "held_on": "2025-10-20", "minutes": "We talked."})
    client.post(step, {"do": "decide", "text": "Keep the vendor"})
    words = {"title": "Say why", "owner": contact.pk, "due_on": "2026-01-10"}
    client.post(step, {"do": "action", **words})
    client.post(step, {"do": "publish"})
    review.refresh_from_db()
    assert (review.state, review.decisions.count(), review.actions.count()) == ("published", 1, 1)
    action = review.actions.get()
    assert InboxEntry.objects.get(user=contact).notice.link == action.get_absolute_url()
    signed_in(contact).post(f"/vendors/actions/{action.pk}/answer/", {"text": "A strike"})
    page = text_of(client.get(action.get_absolute_url()))
    assert "A strike" in page and "answered" in page
    client.post(f"/vendors/actions/{action.pk}/step/", {"do": "close", "text": "Clear"})
    action.refresh_from_db()
    assert action.state == "closed"
    assert "27" in text_of(client.get(review.get_absolute_url()))


def test_a_faulty_action_of_a_review_is_said_at_its_field(vendor, manager):
    review = reviews.generate(vendor, at=THIRD, day=DAY, now=NOW, by=manager)
    answer = signed_in(manager).post(
        f"/vendors/reviews/{review.pk}/step/", {"do": "action", "title": "", "due_on": "x"}
    )
    assert answer.status_code == 422
    assert "Write a day as YYYY-MM-DD." in text_of(answer)


def test_the_incidents_that_a_vendor_caused_are_a_kpi_of_its_entry(vendor, manager, group):
    incidents = KpiFactory(unit=group, name="Incidents caused", unit_of_measure="number", decimals=0)
    a_result(incidents, vendor, 7)
    client = signed_in(manager)
    assert "Incidents caused 2025 Q3" not in client.get(vendor.get_absolute_url()).content.decode()
    register.change(vendor, by=manager, incidents_kpi=incidents)
    page = client.get(vendor.get_absolute_url()).content.decode()
    assert "Incidents caused 2025 Q3" in page and "7 in 2025 to date" in " ".join(strip_tags(page).split())
    review = reviews.generate(vendor, at=THIRD, day=DAY, now=NOW, by=manager)
    assert review.pack["incidents"]["value"] == 7


def test_a_template_is_made_weighed_and_published(group, manager, kpis):
    client = signed_in(manager)
    client.post("/vendors/scorecards/new/", {"code": "new", "name": "New", "unit": group.pk})
    template = ScorecardTemplate.objects.get()
    criterion = {
        "code": "on_time", "name": "On time", "weight": "60", "source": "kpi", "kpi": kpis[0].pk, "curve": "step",
        "direction": "higher", "steps": "80: 40, 95: 100",
    }  # fmt: skip
    client.post(f"/vendors/scorecards/{template.pk}/criteria/", criterion)
    early = client.post(
        f"/vendors/scorecards/{template.pk}/step/", {"do": "publish", "from_day": "2025-01-01"}, follow=True
    )
    assert "add up to 60 %" in text_of(early)
    faulty = client.post(
        f"/vendors/scorecards/{template.pk}/criteria/", criterion | {"code": "b", "steps": "95: 40, 80: 100"}
    )
    assert faulty.status_code == 422 and "order of their limits" in text_of(faulty)
    found = template.versions.get().criteria.get()
    assert found.steps == [[80.0, 40.0], [95.0, 100.0]]
    client.post(f"/vendors/scorecards/{template.pk}/criteria/{found.pk}/", criterion | {"weight": "100"})
    client.post(f"/vendors/scorecards/{template.pk}/step/", {"do": "publish", "from_day": "2025-01-01"})
    assert template.versions.get().holds_on(DAY)


def test_a_vendor_is_registered_with_contract_and_paper(group, manager):
    client, unit = signed_in(manager), UnitFactory(kind="vendor", parent=group)
    words = {"unit": unit.pk, "tier": 1, "manager": manager.pk, "review_within_days": 30}
    assert client.post("/vendors/new/", words).status_code == 302
    vendor = Vendor.objects.get()
    contract = {
        "code": "C-1", "title": "Kits", "value": "1234.50", "currency": "USD", "starts_on": "2025-01-01",
        "notice_days": 30, "renew_months": 0, "remind_days": 30, "owner": manager.pk,
    }  # fmt: skip
    assert client.post(f"/vendors/{vendor.pk}/contracts/add/", contract).status_code == 302
    paper = SimpleUploadedFile("signed.pdf", b"%PDF-1.4")
    client.post(
        f"/vendors/{vendor.pk}/documents/add/",
        {"title": "Signed", "contract": Contract.objects.get().pk, "file": paper},
    )
    download = client.get(f"/vendors/documents/{vendor.documents.get().pk}/")
    assert (b"".join(download), download["Content-Disposition"]) == (b"%PDF-1.4", 'attachment; filename="signed.pdf"')
    assert (download["X-Content-Type-Options"], download["Content-Security-Policy"]) == ("nosniff", "sandbox")
    assert "$1,234.50" in text_of(client.get(vendor.get_absolute_url()))


def test_a_plan_is_issued_answered_and_accepted(vendor, manager, kpis):
    contact, client = a_contact(vendor), signed_in(manager)
    words = {
        "kpi": kpis[0].pk, "grain": "quarter", "periods_needed": 1, "reason": "84 %", "plan_due_on": "2026-01-10",
        "ask": contact.pk,
    }  # fmt: skip
    client.post(f"/vendors/{vendor.pk}/plans/issue/", words)
    plan = CorrectivePlan.objects.get()
    signed_in(contact).post(f"/vendors/actions/{plan.asked.pk}/answer/", {"text": "A second plant"})
    client.post(f"/vendors/plans/{plan.pk}/step/", {"do": "accept", "verify_from": "2025-07-01"})
    page = text_of(client.get(plan.get_absolute_url()))
    assert "A second plant" in page and "2025 Q3 84.0 % 90.0 % missed" in page
    assert "0 of 1 periods at target" in page
    refused = client.post(f"/vendors/plans/{plan.pk}/step/", {"do": "close"}, follow=True)
    assert "wait, or escalate" in text_of(refused)


def test_an_evaluator_does_not_see_the_others_scores_until_the_round_is_opened(group, manager):
    first, second = a_manager(group), a_manager(group)
    made = selection.start(a_round(group, manager, (first, second)), by=manager)
    score_all(made, first, {"Cheap": (5.25, 6), "Good": (9, 8)})
    for person in (second, manager):
        page = signed_in(person).get(made.get_absolute_url())
        assert "5.25" not in page.content.decode() and "ranking" not in page.context
    bids, criteria = list(made.bids.all()), list(made.criteria.all())
    scores = {f"s-{b.pk}-{c.pk}": "7" for b in bids for c in criteria}
    signed_in(second).post(f"/vendors/selection/{made.pk}/score/", scores)
    client = signed_in(manager)
    client.post(f"/vendors/selection/{made.pk}/step/", {"do": "open"})
    opened = text_of(client.get(made.get_absolute_url()))
    assert "Ranking" in opened and "How firm is the first place?" in opened
    client.post(f"/vendors/selection/{made.pk}/step/", {"do": "award", "bid": bids[1].pk, "reason": "Best"})
    assert SelectionRound.objects.get().awarded == bids[1]


def test_the_league_ranks_by_score_and_compare_marks_the_best(vendor, manager, group, kpis):
    rival = a_vendor_below(group, "Trinity", template=vendor.template)
    a_result(kpis[0], rival, 95.0)
    client = signed_in(manager)
    page = client.get("/vendors/league/")
    assert [(one.rank, one.vendor.name) for one in page.context["ranked"]] == [(1, "Trinity"), (2, "Orgenics")]
    beside = client.get(f"/vendors/compare/?v={vendor.pk}&v={rival.pk}")
    assert "On time" in text_of(beside)
    (name, cells), *_ = beside.context["beside"]
    best = {line.line.value: is_best for line, is_best in cells}
    assert (name, best) == ("On time", {84.0: False, 95.0: True})


@pytest.mark.parametrize("address", ["/vendors/", "/vendors/league/", "/vendors/actions/"])
def test_lists_cost_as_many_queries_for_fifty_vendors_as_for_one(address, vendor, manager, group, kpis):
    client = signed_in(manager)
    one = queries_of(client, address)
    for number in range(49):
        made = a_vendor_below(group, f"Vendor {number}", template=vendor.template, manager=manager)
        a_result(kpis[0], made, 90.0)
        VendorAction.objects.create(vendor=made, title=str(number), owner=manager, given_by=manager, due_on=DAY)
    assert queries_of(client, address) <= one + 2
    assert one < 45


def test_the_vendors_page_does_not_grow_with_what_hangs_on_it(vendor, manager):
    client = signed_in(manager)
    few = queries_of(client, vendor.get_absolute_url())
    for number in range(20):
        ContractFactory(vendor=vendor, owner=manager)
        VendorAction.objects.create(vendor=vendor, title=str(number), owner=manager, given_by=manager, due_on=DAY)
    assert queries_of(client, vendor.get_absolute_url()) <= few + 1


def test_periods_that_cannot_be_read_are_said(vendor, manager):
    page = signed_in(manager).get(f"/vendors/{vendor.pk}/scorecard/?period=soon&grain=decade")
    assert page.status_code == 200 and "is not a day" in text_of(page)
    assert page.context["card"].period_start == THIRD


def test_who_gives_a_new_scorecard_up_returns_to_the_list(manager):
    page = signed_in(manager).get("/vendors/scorecards/new/").content.decode()
    assert '<a class="btn" href="/vendors/scorecards/">Cancel</a>' in page
