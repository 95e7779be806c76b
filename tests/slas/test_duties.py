"""Who must be a second person where agreements decide on numbers and money; that it stands on the page afterwards."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from datasets import undo
from doors.revisions import ChangedMeanwhile
from kpis import definitions
from organization import audit
from slas import claims, closing, drafting, exclusions, lifecycle, periods
from slas.drafting import AgreementRefused
from slas.models import AgreementVersion, CreditClaim, Exclusion
from slas.revisions import revision_of
from tests.factories import ApiTokenFactory, member, perform, upload_csv

from .factories import AgreementFactory, ExclusionFactory
from .sample import DAY, Desk, deliveries, deliveries_csv, described

pytestmark = pytest.mark.django_db
JUNE = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def day(settings):
    settings.AS_OF = DAY.isoformat()


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def second(desk):
    """Another who may sign."""
    return member("manager", desk.unit)


@pytest.fixture
def agreement(desk):
    return AgreementFactory(code="acme", unit=desk.unit)


@pytest.fixture
def approved(desk, agreement):
    return excluded(desk, agreement)


def excluded(desk, agreement, **words) -> Exclusion:
    asked = {"kind": "maintenance", "reason": "Planned", "cases": ["C-1"]} | words
    made = exclusions.propose(agreement, by=desk.author, **asked)
    return exclusions.decide(made, by=desk.signer, is_approved=True, now=timezone.now())


def page(client, user, name, *args) -> str:
    client.force_login(user)
    return client.get(reverse(name, args=args)).content.decode()


def said(client, user, name, *args, **data) -> str:
    """What the page says after the step."""
    client.force_login(user)
    answer = client.post(reverse(name, args=args), data, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


class Caller:
    """A person over REST: (status, body)."""

    def __init__(self, client, user):
        self.client = client
        self.headers = {"Authorization": f"Bearer {ApiTokenFactory(user=user, scopes=['read', 'define']).secret}"}

    def __call__(self, path, **body):
        options = {"data": body, "content_type": "application/json", "headers": self.headers}
        answer = self.client.post(f"/api/v1/{path}", **options)
        return answer.status_code, answer.json()


# exclusions


def test_what_two_people_excluded_counts_again_once_a_second_person_agrees(client, desk, second, approved):
    asked = said(client, desk.author, "exclusion_decide", approved.pk, "withdraw", reason="Wrong month")
    assert asked == "Asked for: what it leaves out counts again once a second person has agreed."
    approved.refresh_from_db()
    assert approved.state == "approved"  # it goes on to be left out
    shown = page(client, second, "agreement_exclusions", "acme")
    assert f"Withdrawal asked for by {desk.author}" in shown and "Wrong month" in shown
    assert "Let it count again" in shown
    assert said(client, second, "exclusion_decide", approved.pk, "approve-withdrawal") == "Withdrawn: it counts again."
    approved.refresh_from_db()
    assert approved.state == "withdrawn"
    shown = page(client, desk.author, "agreement_exclusions", "acme")
    assert f"Agreed to by {second}" in shown and "Wrong month" in shown


def test_who_asks_for_a_withdrawal_does_not_decide_on_it(client, desk, approved):
    exclusions.withdraw(approved, by=desk.signer, reason="Wrong month", now=timezone.now())
    shown = page(client, desk.signer, "agreement_exclusions", "acme")
    assert "Let it count again" not in shown
    assert "Waits for a second person: who asked for the withdrawal cannot decide on it." in shown
    refused = "You asked for this withdrawal: a second person must decide on it."
    assert said(client, desk.signer, "exclusion_decide", approved.pk, "approve-withdrawal") == refused
    status, problem = Caller(client, desk.signer)(f"exclusions/{approved.pk}/approve_withdrawal/")
    assert (status, problem["code"], problem["detail"]) == (409, "second_person_needed", refused)
    approved.refresh_from_db()
    assert approved.state == "approved"


def test_a_withdrawal_is_kept_out_with_a_reason_and_may_be_asked_for_again(client, desk, second, approved):
    exclusions.withdraw(approved, by=desk.author, reason="Wrong month", now=timezone.now())
    with pytest.raises(AgreementRefused, match="Say why it stays"):
        exclusions.decide_withdrawal(approved, by=second, is_approved=False, now=timezone.now())
    said(client, second, "exclusion_decide", approved.pk, "reject-withdrawal", reason="The plant was down")
    shown = page(client, desk.author, "agreement_exclusions", "acme")
    assert f"Rejected by {second}" in shown and "The plant was down" in shown
    exclusions.withdraw(approved, by=desk.author, reason="It was not", now=timezone.now())
    with pytest.raises(exclusions.WrongState, match="waits for a second person already"):
        exclusions.withdraw(approved, by=desk.signer, reason="Me too", now=timezone.now())


def test_a_proposal_is_taken_back_by_its_maker_alone(client, desk, agreement):
    asked = exclusions.propose(agreement, by=desk.author, kind="customer", reason="Away", cases=["C-1"])
    with pytest.raises(exclusions.SecondPersonNeeded, match="reject it instead"):
        exclusions.withdraw(asked, by=desk.signer, reason="No", now=timezone.now())
    assert "Take back" not in page(client, desk.signer, "agreement_exclusions", "acme")
    assert "Take back" in page(client, desk.author, "agreement_exclusions", "acme")
    exclusions.withdraw(asked, by=desk.author, reason="They were there", now=timezone.now())
    shown = page(client, desk.signer, "agreement_exclusions", "acme")
    assert f"Withdrawn by {desk.author}" in shown and "They were there" in shown


@pytest.mark.parametrize("reason", ["", "  "])
def test_ending_or_rejecting_an_exclusion_asks_for_the_reason_at_every_door(client, desk, agreement, approved, reason):
    waiting = exclusions.propose(agreement, by=desk.author, kind="customer", reason="Away", cases=["C-2"])
    assert "Say why" in said(client, desk.author, "exclusion_decide", approved.pk, "withdraw", reason=reason)
    assert "Say why" in said(client, desk.signer, "exclusion_decide", waiting.pk, "reject", reason=reason)
    caller = Caller(client, desk.signer)
    for path, field in ((f"{approved.pk}/withdraw", "reason"), (f"{waiting.pk}/reject", "note")):
        status, problem = caller(f"exclusions/{path}/", **{field: reason})
        assert (status, problem["errors"][0]["field"]) == (400, field)
    assert set(agreement.exclusions.values_list("state", flat=True)) == {"approved", "proposed"}


def test_the_api_shows_a_withdrawal_as_the_page_does(client, desk, second, approved):
    status, body = Caller(client, desk.author)(f"exclusions/{approved.pk}/withdraw/", reason="Wrong month")
    assert (status, body["state"], body["withdrawals"][0]["state"]) == (200, "approved", "proposed")
    status, body = Caller(client, second)(f"exclusions/{approved.pk}/approve_withdrawal/", note="Right")
    (ended,) = body["withdrawals"]
    assert (status, body["state"], ended["state"]) == (200, "withdrawn", "approved")
    people = (ended["asked_by"], ended["reason"], ended["decided_by"], ended["note"])
    assert people == (desk.author.username, "Wrong month", second.username, "Right")


@pytest.mark.parametrize(
    "stretch",
    [
        {"starts_at": JUNE},
        {"ends_at": JUNE},
        {"starts_at": JUNE, "ends_at": JUNE},
        {"starts_at": JUNE, "ends_at": datetime(2025, 5, 1, tzinfo=UTC)},
    ],
)
def test_the_database_takes_no_half_stretch_of_time(stretch):
    with pytest.raises(IntegrityError, match="exclusion_time_runs_forward"), transaction.atomic():
        ExclusionFactory(**stretch)


def test_half_stretches_of_before_are_withdrawn_and_what_they_said_is_kept(client, desk, agreement):
    """Migration 0004: nobody can say what was meant, and half of it could not be applied."""
    with connection.cursor() as cursor:
        cursor.execute("alter table slas_exclusion drop constraint exclusion_time_runs_forward")
    whole = excluded(desk, agreement, starts_at=JUNE, ends_at=datetime(2025, 6, 2, tzinfo=UTC))
    half = excluded(desk, agreement)
    waits = ExclusionFactory(agreement=agreement, ends_at=JUNE)
    over = ExclusionFactory(agreement=agreement, state="rejected", starts_at=JUNE)
    Exclusion.objects.filter(pk=half.pk).update(starts_at=JUNE)
    import_module("slas.migrations.0004_whole_stretches").make_whole(apps, None)
    states = dict(agreement.exclusions.values_list("pk", "state"))
    assert states == {whole.pk: "approved", half.pk: "withdrawn", waits.pk: "withdrawn", over.pk: "rejected"}
    assert list(agreement.exclusions.exclude(starts_at=None)) == [whole]
    shown = page(client, desk.signer, "agreement_exclusions", "acme")
    assert "Of a stretch of time only this end was given: from 2025-06-01 00:00 UTC." in shown
    assert "Withdrawn by perfmgr" in shown and "Propose it again with both." in shown


def test_withdrawals_that_one_person_made_before_stand_on_the_page_with_their_reason(client, desk, agreement):
    """Migration 0004 takes them over from the audit trail."""
    old = excluded(desk, agreement)
    Exclusion.objects.filter(pk=old.pk).update(state="withdrawn")
    audit.record(desk.author, "exclusion withdrawn", old, unit=desk.unit, reason="The port was open")
    import_module("slas.migrations.0004_whole_stretches").take_over(apps, None)
    shown = page(client, desk.signer, "agreement_exclusions", "acme")
    assert f"Withdrawn by {desk.author}" in shown and "The port was open" in shown


# restatements


@pytest.fixture
def january(desk):
    """A closed January of 8 on time out of 10."""
    made = desk.signed(deliveries(desk.unit)).agreement
    periods.refresh(made, day=DAY)
    return closing.close_period(
        made.periods.get(period_start=date(2025, 1, 1)), by=desk.signer, day=DAY, now=timezone.now()
    )


def restated(january, by, late=(3,)):
    """What perfmgr proposes after `by` loaded January anew, with these lines late."""
    dataset = january.agreement.versions.get().targets.get().measure.dataset
    upload_csv(dataset, deliveries_csv(late=late, months=(1,)), name=f"{late}.csv", by=by)
    periods.refresh(january.agreement, day=DAY)
    return january.restatements.get(state="proposed")


def test_who_loaded_the_rows_does_not_decide_on_what_was_restated_by_them(client, desk, second, january):
    asked = restated(january, desk.signer)
    assert (asked.proposed_by, list(asked.caused_by.all())) == (None, [desk.signer])
    own = page(client, desk.signer, "agreement_period", "acme", "2025-01-01")
    assert "Let it count" not in own and "You changed what this restatement is made from" in own
    step = ("agreement_restatement", "acme", "2025-01-01", 1, "approve")
    assert "a second person must decide on it" in said(client, desk.signer, *step, seen=asked.pk)
    status, problem = Caller(client, desk.signer)(f"restatements/{asked.pk}/approve/")
    assert (status, problem["code"]) == (409, "second_person_needed")
    other = page(client, second, "agreement_period", "acme", "2025-01-01")
    assert "Let it count" in other and f"was changed by {desk.signer}" in other
    assert said(client, second, *step, seen=asked.pk) == "The restated figures count."


def test_rows_of_later_months_are_no_cause_and_an_undo_is(desk, january):
    dataset = january.agreement.versions.get().targets.get().measure.dataset
    upload_csv(dataset, "301,2025-03-01,2025-03-01,100.00,air\n".join(["line,due_on,done_on,freight,mode\n", ""]),
               by=desk.signer)  # fmt: skip
    loaded = upload_csv(dataset, deliveries_csv(late=(), months=(1,)), name="january.csv")
    periods.refresh(january.agreement, day=DAY)
    assert list(january.restatements.get().caused_by.all()) == [dataset.owner]  # not who loaded March
    closing.decide_restatement(
        january.restatements.get(), by=desk.signer, is_approved=True, day=DAY, now=timezone.now()
    )
    perform(undo.request_undo(loaded, by=desk.signer))
    periods.refresh(january.agreement, day=DAY)
    assert list(january.restatements.get(state="proposed").caused_by.all()) == [desk.signer]


def test_rejecting_a_restatement_asks_for_the_reason_and_shows_it(client, desk, january):
    asked = restated(january, desk.author)
    step = ("agreement_restatement", "acme", "2025-01-01", 1, "reject")
    assert said(client, desk.signer, *step, seen=asked.pk) == "Say why the figures of the close go on to count."
    caller = Caller(client, desk.signer)
    status, problem = caller(f"restatements/{asked.pk}/reject/")
    assert (status, problem["errors"][0]["field"]) == (400, "note")
    status, body = caller(f"restatements/{asked.pk}/reject/", note="No proof of delivery")
    assert (status, body["state"], body["decision_note"]) == (200, "rejected", "No proof of delivery")
    shown = page(client, desk.author, "agreement_period", "acme", "2025-01-01")
    assert (
        f"rejected by {desk.signer}" in shown and shown.count("No proof of delivery") == 2
    )  # there and in the history


def test_what_was_looked_at_is_decided_on_not_what_took_its_number(client, desk, january):
    """The data change while the page is open: another proposal stands under the same number."""
    looked_at = restated(january, desk.author).pk
    now = restated(january, desk.author, late=())
    assert (now.number, now.pk == looked_at) == (1, False)
    step = ("agreement_restatement", "acme", "2025-01-01", 1, "approve")
    assert "replaced by another one" in said(client, desk.signer, *step, seen=looked_at)
    now.refresh_from_db()
    assert now.state == "proposed"


def test_a_dispute_and_how_it_ended_stand_in_the_history_of_the_period(client, desk):
    made = desk.signed(deliveries(desk.unit)).agreement
    periods.refresh(made, day=DAY)
    one = periods.dispute(made.periods.get(period_start=date(2025, 1, 1)), by=desk.author, reason="Strike at the port")
    periods.settle(one, by=desk.signer, outcome="Two lines are left out")
    shown = page(client, desk.author, "agreement_period", "acme", "2025-01-01")
    assert "dispute settled" in shown and "Strike at the port" in shown and "Two lines are left out" in shown


# signatures


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


# credits


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


# closing


def test_the_figures_that_were_looked_at_are_closed(client, desk):
    """Rows come while the page is open: 9 of 10 would be frozen where 8 of 10 was read."""
    dataset = deliveries(desk.unit)
    made = desk.signed(dataset).agreement
    periods.refresh(made, day=DAY)
    january = made.periods.get(period_start=date(2025, 1, 1))
    seen = january.figures_hash
    upload_csv(dataset, deliveries_csv(late=(3,), months=(1,)), name="corrected.csv")
    step = ("agreement_period_step", "acme", "2025-01-01", "close")
    assert "Look at it again, then decide." in said(client, desk.signer, *step, figures_hash=seen)
    january.refresh_from_db()
    assert (january.state, january.figures["targets"]["on-time"]["good"]) == ("provisional", "9")  # shown from now on
    status, problem = Caller(client, desk.signer)(f"agreement-periods/{january.pk}/close/", figures_hash=seen)
    assert (status, problem["code"]) == (409, "changed_meanwhile")
    assert "Closed." in said(client, desk.signer, *step, figures_hash=january.figures_hash)


# attainment KPIs


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
