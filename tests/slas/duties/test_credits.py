"""Who claims a credit does not decide on it; the amount that was looked at is claimed."""

import pytest
from django.db import IntegrityError, transaction

from slas import claims
from slas.models import CreditClaim

from ..sample import DAY
from .doors import Caller, page, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim(january):
    """$100.00, the cap, for 8 of 10."""
    return january.claim


def test_who_claimed_agreed_and_credited_stands_on_the_credit(client, desk, claim):
    claims.claim_credit(claim, by=desk.finance, day=DAY)
    assert "who claimed it cannot agree to it" in page(client, desk.finance, "service_credit", claim.pk)
    assert "a second person, of finance or who may sign" in page(client, desk.author, "service_credit", claim.pk)
    less = {"amount": "80.00"}
    step = ("service_credit_step", claim.pk, "agree")
    assert said(client, desk.signer, *step, **less) == "Say why less than $100.00 is agreed."
    assert said(client, desk.signer, *step, **less, reason="One line was disputed") == "$80.00 are agreed."
    said(client, desk.finance, "service_credit_step", claim.pk, "credit", reference="CN-17")
    shown = page(client, desk.author, "service_credit", claim.pk)
    assert f"{desk.signer}, 10 Mar 2025: One line was disputed" in shown
    assert f"{desk.finance}, 10 Mar 2025, CN-17" in shown


def test_the_api_asks_for_the_same_reasons_and_shows_the_same_people(client, desk, claim):
    claims.claim_credit(claim, by=desk.finance, day=DAY, note="By letter")
    caller = Caller(client, desk.signer)
    status, problem = caller(f"service-credits/{claim.pk}/agree/", amount="80.00")
    assert (status, problem["errors"][0]["field"]) == (400, "note")
    status, body = caller(f"service-credits/{claim.pk}/reject/", reason="Force majeure")
    shown = (body["note"], body["decided_by"], body["decision_note"])
    assert (status, shown) == (200, ("By letter", desk.signer.username, "Force majeure"))


def test_the_amount_that_was_looked_at_is_claimed(client, desk, claim):
    """A restatement changes it while the page is open."""
    step = ("service_credit_step", claim.pk, "claim")
    CreditClaim.objects.update(amount="90.00")
    assert "The credit is $90.00 by now, not $100.00" in said(client, desk.finance, *step, amount="100.00")
    status, problem = Caller(client, desk.finance)(f"service-credits/{claim.pk}/claim/", amount="100.00")
    assert (status, problem["code"]) == (409, "changed_meanwhile")
    assert said(client, desk.finance, *step, amount="90.00") == "$90.00 are claimed."


def test_nobody_decides_on_the_credit_that_they_claimed(desk, claim):
    claims.claim_credit(claim, by=desk.finance, day=DAY)
    with pytest.raises(IntegrityError, match="credit_decided_by_a_second_person"), transaction.atomic():
        CreditClaim.objects.update(decided_by=desk.finance)
