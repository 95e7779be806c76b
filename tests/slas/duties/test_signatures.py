"""What was looked at is signed, by somebody who wrote none of it, and certifies no more than that."""

from datetime import date

import pytest
from django.utils import timezone

from doors.revisions import ChangedMeanwhile
from kpis import definitions
from slas import drafting, lifecycle, periods
from slas.models import AgreementVersion
from slas.revisions import revision_of

from ..sample import DAY, deliveries, described
from .doors import Caller, excluded, page, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered(desk):
    return lifecycle.offer(desk.agreement(described(desk.unit)), by=desk.author)


CHANGES = {
    "the document": lambda version, by: drafting.change_version(version, by=by, claim_days=45),
    "a target": lambda version, by: drafting.set_target(version, "on-time", by=by, required_pct=80),
    "how it is measured": lambda version, by: drafting.set_target(
        version, "on-time", by=by, measure={"good": "count(*)"}
    ),
    "a tier": lambda version, by: drafting.set_tiers(version, [{"below_pct": 90, "credit_pct": 9}], by=by),
    "a party": lambda version, by: drafting.change_agreement(
        version.agreement, by=by, providers=[version.agreement.unit]
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_looked_at_is_signed_not_what_was_offered_meanwhile(desk, offered, change):
    """A second tab: the author changes it and offers it again while the page is open."""
    offered.refresh_from_db()
    seen = revision_of(offered)
    change(offered, desk.author)
    offered.refresh_from_db()
    assert offered.state == "draft"  # the change took the offer back
    lifecycle.offer(offered, by=desk.author)
    with pytest.raises(ChangedMeanwhile, match="was changed since you opened it: nothing was decided"):
        lifecycle.sign(offered, by=desk.signer, day=DAY, seen=seen, now=timezone.now())
    now = AgreementVersion.objects.get()
    assert lifecycle.sign(now, by=desk.signer, day=DAY, seen=revision_of(now), now=timezone.now()).state == "active"


def test_the_pages_and_the_api_refuse_what_was_not_looked_at(client, desk, offered):
    old = said(client, desk.signer, "agreement_step", "acme", 1, "sign", revision="0" * 16)
    assert "Look at it again, then decide." in old
    assert "Look at it again" in said(client, desk.signer, "agreement_step", "acme", 1, "sign")  # a form of before
    status, problem = Caller(client, desk.signer)(f"agreement-versions/{offered.pk}/sign/", revision="0" * 16)
    assert (status, problem["code"]) == (409, "changed_meanwhile")
    offered.refresh_from_db()
    assert offered.state == "in_negotiation"


def test_saving_the_parties_as_they_are_leaves_the_offer(desk, offered):
    drafting.change_agreement(offered.agreement, by=desk.author, name="Acme", providers=[], supports=[])
    offered.refresh_from_db()
    assert offered.state == "in_negotiation"


def test_who_edited_a_version_of_another_does_not_sign_it(client, desk, second, offered):
    drafting.change_version(offered, by=desk.signer, claim_days=45)
    lifecycle.offer(offered, by=desk.author)
    shown = page(client, desk.signer, "agreement_document", "acme")
    assert 'name="revision"' not in shown and "who wrote any of it, or offered it, cannot sign it" in shown
    assert f"changed by {desk.signer}" in shown
    with pytest.raises(lifecycle.SecondPersonNeeded):
        lifecycle.sign(offered, by=desk.signer, day=DAY, now=timezone.now())
    assert lifecycle.sign(offered, by=second, day=DAY, now=timezone.now()).signed_by == second


def test_a_notice_is_withdrawn_with_a_reason_that_stands_on_the_agreement(client, desk):
    version = desk.signed(deliveries(desk.unit))
    periods.refresh(version.agreement, day=DAY)
    lifecycle.give_notice(version, by=desk.signer, day=DAY, last_day=date(2025, 12, 31), reason="Price")
    step = ("agreement_step", "acme", 1, "withdraw_notice")
    assert "Say why" in said(client, desk.signer, *step)
    assert "goes on" in said(client, desk.signer, *step, reason="A better price")
    shown = page(client, desk.author, "agreement", "acme")
    assert "notice withdrawn" in shown and "A better price" in shown


def test_a_signature_certifies_what_the_agreement_says_and_no_draft_beside_it(desk):
    """An analyst drafts weeks; an exclusion then lets the agreement word its KPI anew."""
    made = desk.signed(deliveries(desk.unit)).agreement
    kpi = made.attainment_kpis.get().kpi
    assert (kpi.versions.newest().grain, kpi.versions.newest().state) == ("month", "certified")
    draft = definitions.edit(kpi.versions.newest(), by=desk.author, grain="week")
    excluded(desk, made, cases=["103"])
    newest = kpi.versions.newest()
    assert (newest.grain, newest.state, newest.certified_by) == ("month", "certified", desk.signer)
    assert "103" in newest.condition
    draft.refresh_from_db()
    assert (draft.grain, draft.certified_by) == ("week", None)
