"""Who buys, lets in, publishes and awards: rows for `tests.matrix.table`."""

from tests.factories import MembershipFactory
from tests.matrix.table import Resource

from .factories import DAY
from .resources import (
    BUYERS,
    A,
    a_contact_of,
    a_contract,
    a_draft,
    a_plan,
    a_question,
    a_respondent,
    a_review,
    a_round,
    a_vendor,
    an_action,
    posted,
    written,
)

ON = DAY.isoformat()
WHY = {"reason": "Late"}


def a_colleague(unit):
    return MembershipFactory(unit=unit)


def somebody_at(vendor) -> str:
    """A person whom everybody at the vendor's unit may name."""
    return MembershipFactory(unit=vendor.unit, role="manager").user.username


def made(name: str, path: str, make, body, status: int = 201, elsewhere: int = 400) -> Resource:
    """What is added: whose it is stands in the body."""
    return posted(name, f"{A}/{path}/", make, status, body=body, elsewhere=elsewhere)


RESOURCES = [
    made("API: adding a vendor", "vendors", a_colleague,
         lambda one: {"unit": one.unit.code, "manager": one.user.username}, 400),  # no unit of a vendor
    Resource("API: assessing a risk", "post", f"{A}/vendors/{{}}/risks/", a_vendor, BUYERS, status=400, door="oversee"),
    made("API: adding a contact", "vendor-contacts", a_vendor, lambda v: {"vendor": v.pk, "name": "Ann"}),
    written("API: removing a contact", f"{A}/vendor-contacts/{{}}/", a_contact_of, "delete", status=204),
    posted("API: letting a contact in", f"{A}/vendor-contacts/{{}}/let-in/", a_contact_of, 400),
    posted("API: ending a contract", f"{A}/vendor-contracts/{{}}/end/", a_contract, 200, body={"on": ON} | WHY),
    posted("API: giving notice", f"{A}/vendor-contracts/{{}}/notice/", a_contract, 200, body={"on": ON} | WHY),
    made("API: adding a vendor scorecard", "vendor-scorecards", a_colleague,
         lambda one: {"code": "new-card", "name": "New", "unit": one.unit.code}),
    posted("API: adding a criterion", f"{A}/vendor-scorecards/{{}}/criteria/", a_draft, 400),
    posted("API: publishing a vendor scorecard", f"{A}/vendor-scorecards/{{}}/publish/", a_draft, 400),
    made("API: asking a question", "vendor-questions", a_colleague,
         lambda one: {"code": "new-question", "text": "Quick?", "unit": one.unit.code}),
    written("API: no longer asking a question", f"{A}/vendor-questions/{{}}/", a_question, "patch",
            body={"is_active": False}),
    written("API: no longer asking a person", f"{A}/vendor-respondents/{{}}/", a_respondent, "delete", status=204),
    made("API: generating a review", "vendor-reviews", a_vendor, lambda v: {"vendor": v.pk, "at": "2025-07-01"}),
    posted("API: keeping minutes", f"{A}/vendor-reviews/{{}}/minutes/", a_review, 200,
           body={"held_on": ON, "minutes": "Met"}),
    posted("API: publishing a review", f"{A}/vendor-reviews/{{}}/publish/", a_review, 400),
    made("API: giving an action", "vendor-actions", a_vendor,
         lambda v: {"vendor": v.pk, "title": "New", "owner": somebody_at(v), "due_on": "2030-01-01"}),
    posted("API: cancelling an action", f"{A}/vendor-actions/{{}}/cancel/", an_action, 200, body={"text": "Gone"}),
    posted("API: sending an action back", f"{A}/vendor-actions/{{}}/send-back/", an_action, 409, body={"text": "No"}),
    posted("API: accepting a plan", f"{A}/vendor-plans/{{}}/accept/", a_plan, 400),
    posted("API: closing a plan", f"{A}/vendor-plans/{{}}/close/", a_plan, 409),
    posted("API: sending a plan back", f"{A}/vendor-plans/{{}}/send-back/", a_plan, 409, body=WHY),
    posted("API: handing a plan in", f"{A}/vendor-plans/{{}}/submit/", a_plan, 200, body={"text": "We train"}),
    posted("API: withdrawing a plan", f"{A}/vendor-plans/{{}}/withdraw/", a_plan, 200, body=WHY),
    made("API: a round of selection", "selection-rounds", a_colleague,
         lambda one: {"code": "new-round", "name": "New", "unit": one.unit.code, "currency": "EUR",
                      "price_weight": "40"}),
    posted("API: a bid", f"{A}/selection-rounds/{{}}/bids/", a_round, 400),
    posted("API: a round's criterion", f"{A}/selection-rounds/{{}}/criteria/", a_round, 400),
    posted("API: an evaluator", f"{A}/selection-rounds/{{}}/evaluators/", a_round, 400),
    posted("API: starting a round", f"{A}/selection-rounds/{{}}/start/", a_round, 409),
    posted("API: opening a round", f"{A}/selection-rounds/{{}}/open/", a_round, 409),
    posted("API: awarding a round", f"{A}/selection-rounds/{{}}/award/", a_round, 400),
    written("API: changing a criterion", f"{A}/vendor-scorecards/{{}}/criteria/1/", a_draft, "patch", status=404),
    written("API: removing a criterion", f"{A}/vendor-scorecards/{{}}/criteria/1/", a_draft, "delete", status=404),
    written("API: removing a bid", f"{A}/selection-rounds/{{}}/bids/1/", a_round, "delete", status=404),
]  # fmt: skip
