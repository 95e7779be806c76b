"""Who may do what with vendors: rows for `tests.matrix.table`. A contact sees its scorecard and answers its actions."""

from datetime import date
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from organization.models import Role
from tests.factories import KpiFactory, UserFactory
from tests.matrix.table import ALL, Resource
from vendors import documents, reviews, selection, surveys
from vendors.models import Contact, CorrectivePlan, Respondent, SurveyQuestion, VendorAction

from .factories import DAY, NOW, ContractFactory, VendorFactory, a_template

OVERSEERS = frozenset({Role.ANALYST, Role.MANAGER, Role.EXECUTIVE, Role.FINANCE, Role.ADMINISTRATOR})
BUYERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
V, A = "/vendors", "/api/v1"


def a_vendor(unit):
    return VendorFactory(unit=unit)


def a_scored_vendor(unit):
    return VendorFactory(unit=unit, template=a_template(unit))


def a_contact_of(unit):
    return Contact.objects.create(vendor=a_vendor(unit), name=f"contact-of-{unit.code}")


def a_contract(unit):
    return ContractFactory(vendor=a_vendor(unit), code=f"contract-of-{unit.code}")


def a_document(unit):
    vendor = a_vendor(unit)
    file = SimpleUploadedFile("paper.pdf", b"%PDF")
    return documents.add_document(vendor, file=file, title=f"paper-of-{unit.code}", by=vendor.manager)


def a_card(unit):
    return a_template(unit)


def a_draft(unit):
    return a_template(unit, publish=False)


def a_question(unit):
    return SurveyQuestion.objects.create(code=f"question-of-{unit.code}", text="Quick?", unit=unit)


def a_respondent(unit):
    return Respondent.objects.create(vendor=a_vendor(unit), user=UserFactory(username=f"respondent-of-{unit.code}"))


def an_answer(unit):
    respondent = a_respondent(unit)
    question = a_question(unit)
    return surveys.answer(respondent.vendor, question, day=date(2025, 7, 1), rating=3, by=respondent.user)


def a_review(unit):
    vendor = a_vendor(unit)
    return reviews.generate(vendor, at=date(2025, 7, 1), day=DAY, now=NOW, by=vendor.manager)


def an_action(unit):
    vendor = a_vendor(unit)
    values = {"owner": vendor.manager, "given_by": vendor.manager, "due_on": DAY}
    return VendorAction.objects.create(vendor=vendor, title=f"action-of-{unit.code}", **values)


def a_plan(unit):
    vendor = a_vendor(unit)
    values = {"issued_by": vendor.manager, "issued_on": DAY, "plan_due_on": DAY, "kpi": KpiFactory(unit=unit)}
    return CorrectivePlan.objects.create(vendor=vendor, reason=f"plan-of-{unit.code}", **values)


def a_round(unit):
    by = UserFactory()
    return selection.create_round(
        code=f"round-of-{unit.code}", name="Round", unit=unit, currency="EUR", price_weight=Decimal(40), by=by
    )


def read(name: str, path: str, make, allowed=OVERSEERS, **more) -> Resource:
    return Resource(name, "get", path, make, allowed, **{"door": "view" if allowed == ALL else "oversee"} | more)


def listed(name: str, path: str, make, marker, allowed=OVERSEERS) -> Resource:
    return read(name, path, make, allowed, is_list=True, marker=marker)


def written(name: str, path: str, make, method: str = "get", **more) -> Resource:
    return Resource(name, method, path, make, BUYERS, door="procure", **more)


def posted(name: str, path: str, make, status: int = 302, **more) -> Resource:
    return written(name, path, make, "post", status=status, **more)


RESOURCES = [
    listed("the vendors page", f"{V}/", a_vendor, lambda v: v.name, ALL),
    read("a vendor's scorecard", f"{V}/{{}}/scorecard/", a_vendor, ALL),
    read("a vendor's page", f"{V}/{{}}/", a_vendor),
    listed("the league table", f"{V}/league/", a_scored_vendor, lambda v: v.name),
    listed("vendors side by side", f"{V}/compare/", a_scored_vendor, lambda v: v.name),
    written("changing a vendor", f"{V}/{{}}/change/", a_vendor),
    written("a vendor's exit plan", f"{V}/{{}}/exit-plan/", a_vendor),
    written("assessing a risk", f"{V}/{{}}/risk/", a_vendor),
    written("adding a contact", f"{V}/{{}}/contacts/add/", a_vendor),
    written("letting a contact in", f"{V}/contacts/{{}}/let-in/", a_contact_of),
    posted("shutting a contact out", f"{V}/contacts/{{}}/shut-out/", a_contact_of),
    posted("removing a contact", f"{V}/contacts/{{}}/remove/", a_contact_of),
    written("adding a contract", f"{V}/{{}}/contracts/add/", a_vendor),
    read("a contract", f"{V}/contracts/{{}}/", a_contract),
    written("changing a contract", f"{V}/contracts/{{}}/change/", a_contract),
    written("giving notice", f"{V}/contracts/{{}}/notice/", a_contract),
    written("adding a document", f"{V}/{{}}/documents/add/", a_vendor),
    read("a document", f"{V}/documents/{{}}/", a_document),
    posted("removing a document", f"{V}/documents/{{}}/remove/", a_document, body={"reason": "wrong"}),
    listed("vendor scorecards", f"{V}/scorecards/", a_card, lambda t: f"/scorecards/{t.pk}/"),
    read("a vendor scorecard's template", f"{V}/scorecards/{{}}/", a_card),
    posted("drafting a vendor scorecard", f"{V}/scorecards/{{}}/step/", a_card, body={"do": "draft"}),
    written("a vendor scorecard's settings", f"{V}/scorecards/{{}}/settings/", a_draft),
    written("adding a criterion", f"{V}/scorecards/{{}}/criteria/", a_draft),
    listed("surveys", f"{V}/surveys/", a_question, lambda q: q.code),
    posted("no longer asking a question", f"{V}/surveys/questions/{{}}/switch/", a_question),
    posted("no longer asking a person", f"{V}/surveys/respondents/{{}}/remove/", a_respondent),
    read("a vendor's reviews", f"{V}/{{}}/reviews/", a_vendor),
    posted("generating a review", f"{V}/{{}}/reviews/generate/", a_vendor, body={"period": "2025-07-01"}),
    read("a review", f"{V}/reviews/{{}}/", a_review),
    posted("a review's decision", f"{V}/reviews/{{}}/step/", a_review, body={"do": "decide", "text": "Stay"}),
    read("an action of another", f"{V}/actions/{{}}/", an_action, refused=404, door="view"),
    posted("closing an action", f"{V}/actions/{{}}/step/", an_action, body={"do": "close", "text": "Done"}),
    written("giving an action", f"{V}/{{}}/actions/add/", a_vendor),
    read("a corrective plan", f"{V}/plans/{{}}/", a_plan),
    written("issuing a corrective plan", f"{V}/{{}}/plans/issue/", a_vendor),
    posted("escalating a plan", f"{V}/plans/{{}}/step/", a_plan, body={"do": "escalate", "reason": "Late"}),
    listed("selection rounds", f"{V}/selection/", a_round, lambda r: r.code),
    read("a selection round", f"{V}/selection/{{}}/", a_round),
    posted("cancelling a round", f"{V}/selection/{{}}/step/", a_round, body={"do": "cancel", "reason": "x"}),
    listed("API: vendors", f"{A}/vendors/", a_vendor, lambda v: v.code, ALL),
    read("API: a vendor's scorecard", f"{A}/vendors/{{}}/scorecard/", a_vendor, ALL),
    read("API: a vendor's overview", f"{A}/vendors/{{}}/overview/", a_vendor),
    read("API: a vendor's risks", f"{A}/vendors/{{}}/risks/", a_vendor),
    written("API: changing a vendor", f"{A}/vendors/{{}}/", a_vendor, "patch", body={"tier": 1}),
    listed("API: contacts", f"{A}/vendor-contacts/", a_contact_of, lambda c: c.name),
    posted("API: shutting a contact out", f"{A}/vendor-contacts/{{}}/shut-out/", a_contact_of, 200),
    listed("API: contracts", f"{A}/vendor-contracts/", a_contract, lambda c: c.code),
    written("API: changing a contract", f"{A}/vendor-contracts/{{}}/", a_contract, "patch", body={"title": "New"}),
    listed("API: documents", f"{A}/vendor-documents/", a_document, lambda d: d.title),
    read("API: a document's file", f"{A}/vendor-documents/{{}}/download/", a_document),
    posted("API: removing a document", f"{A}/vendor-documents/{{}}/remove/", a_document, 204, body={"reason": "x"}),
    listed("API: vendor scorecards", f"{A}/vendor-scorecards/", a_card, lambda t: t.code),
    posted("API: drafting a scorecard", f"{A}/vendor-scorecards/{{}}/draft/", a_card, 200),
    listed("API: questions", f"{A}/vendor-questions/", a_question, lambda q: q.code),
    listed("API: who is asked", f"{A}/vendor-respondents/", a_respondent, lambda r: r.user.username),
    read("API: an answer of another", f"{A}/vendor-answers/{{}}/", an_answer, refused=404, door="view"),
    listed("API: reviews", f"{A}/vendor-reviews/", a_review, lambda r: r.vendor.code),
    posted("API: a decision", f"{A}/vendor-reviews/{{}}/decisions/", a_review, 201, body={"text": "Stay"}),
    read("API: an action of another", f"{A}/vendor-actions/{{}}/", an_action, refused=404, door="view"),
    posted("API: closing an action", f"{A}/vendor-actions/{{}}/close/", an_action, 200, body={"text": "Done"}),
    listed("API: corrective plans", f"{A}/vendor-plans/", a_plan, lambda p: p.reason),
    posted("API: escalating a plan", f"{A}/vendor-plans/{{}}/escalate/", a_plan, 200, body={"reason": "Late"}),
    listed("API: selection rounds", f"{A}/selection-rounds/", a_round, lambda r: r.code),
    posted("API: cancelling a round", f"{A}/selection-rounds/{{}}/cancel/", a_round, 200, body={"reason": "x"}),
]
