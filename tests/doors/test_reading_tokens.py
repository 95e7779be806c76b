"""A token that only reads changes nothing, also where reading is all that its person's role needs to change it."""

from datetime import UTC, datetime

import pytest
from rest_framework.test import APIClient

from organization.models import Role
from tests.doors.test_every_view_is_scoped import API
from tests.factories import ApiTokenFactory, UnitFactory, UserFactory, loaded_dataset, member
from tests.slas.factories import CreditClaimFactory, PeriodResultFactory
from vendors.models import SurveyQuestion

# What only asks although it is a POST, and revoking. One more here is a decision.
BY_READING = {
    "DatasetViewSet": {"explore", "sql"},
    "FunctionViewSet": {"create"},
    "KpiViewSet": {"check", "preview"},
    "AuditViewSet": {"verify"},
    "TokenViewSet": {"destroy"},
}


@pytest.fixture
def unit(db):
    return UnitFactory()


def caller(role, unit, *scopes):
    token = ApiTokenFactory(user=member(role, unit), scopes=list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    return lambda path, body=None: client.post(f"/api/v1/{path}", body or {}, format="json")


@pytest.mark.parametrize(("scopes", "status"), [(["read"], 403), (["read", "upload"], 403), (["read", "define"], 200)])
def test_finance_claims_a_credit_with_the_scope_that_changes_things(unit, scopes, status):
    closed = {
        "state": "closed",
        "figures_hash": "f" * 64,
        "cases_hash": "c" * 64,
        "closed_at": datetime(2025, 2, 3, tzinfo=UTC),
    }
    period = PeriodResultFactory(agreement__unit=unit, closed_by=UserFactory(), **closed)
    credit = CreditClaimFactory(period=period, claim_by="2100-01-01")
    answer = caller(Role.FINANCE, unit, *scopes)(f"service-credits/{credit.pk}/claim/", {"note": "Invoice 7"})
    assert answer.status_code == status
    credit.refresh_from_db()
    assert credit.state == ("claimed" if status == 200 else "calculated")


def test_the_refusal_says_which_scope_it_takes(unit):
    answer = caller(Role.VIEWER, unit, "read")("inbox/read-all/")
    assert (answer.status_code, answer.json()["detail"]) == (
        403, "This changes something: it takes a token with the scope define. This token has the scope read.",
    )  # fmt: skip


def test_a_vendor_is_not_rated_by_a_token_that_reads(unit):
    vendor = UnitFactory(parent=unit, kind="vendor", code="acme")
    SurveyQuestion.objects.create(code="q1", text="How quick are they?", unit=unit)
    rating = {"vendor": vendor.code, "question": "q1", "day": "2025-05-01", "rating": 1}
    assert caller(Role.EXECUTIVE, unit, "read")("vendor-answers/", rating).status_code == 403


@pytest.mark.child_process
def test_questions_sent_by_post_are_answered(unit):
    from lake.contract import Column, ColumnType, Contract
    from lake.contract import Role as Of

    contract = Contract(columns=(Column("id", roles=(Of.KEY,)), Column("cost", type=ColumnType.NUMBER)))
    loaded_dataset("id,cost\n1,2\n2,3\n", contract, unit=unit, code="orders")
    ask = caller(Role.ANALYST, unit, "read")
    question = {"question": {"totals": [{"function": "sum", "column": "cost"}]}}
    assert ask("datasets/orders/explore/", question).json()["rows"] == [[5.0]]
    assert ask("datasets/orders/sql/", {"sql": "select count(*) as n from facts"}).json()["rows"] == [[2]]
    assert ask("datasets/orders/views/", {"name": "Costs", **question}).status_code == 403


def test_what_a_reading_token_may_call_besides_gets_is_written_down():
    classes = {getattr(view, "cls", None) for _, view in API} - {None}
    assert {cls.__name__: set(cls.by_reading) for cls in classes if getattr(cls, "by_reading", None)} == BY_READING
