"""Periods: what they say, that a closed one never changes, what it owes, and how it is restated."""

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from django.utils import timezone

from alerts.models import InboxEntry
from jobs.models import Job
from slas import claims, closing, drafting, exclusions, lifecycle, periods, telling
from slas.drafting import AgreementRefused
from slas.figures import read_figures
from slas.models import CreditClaim, PeriodResult
from tests.factories import member, perform, upload_csv

from .sample import DAY, Desk, deliveries, deliveries_csv, timed_cases

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def dataset(desk):
    return deliveries(desk.unit)


@pytest.fixture
def agreement(desk, dataset):
    made = desk.signed(dataset).agreement
    periods.refresh(made, day=DAY)
    return made


def the(agreement, start) -> PeriodResult:
    return agreement.periods.get(period_start=start)


def on_time(period, plain=None):
    return read_figures(plain or period.figures)["on-time"]


def test_a_period_says_good_of_total_charge_and_state(agreement):
    january = the(agreement, JANUARY)
    figure = on_time(january)
    assert (figure.good, figure.total, figure.attainment, figure.is_met) == ("8", "10", D("80.0000"), False)
    assert (january.figures["charge"], january.figures["currency"], january.state) == ("1000.00", "USD", "provisional")
    february = the(agreement, FEBRUARY)  # data are complete through 19 February: it is still open
    assert (on_time(february).attainment, february.state) == (D("100.0000"), "open")
    assert agreement.periods.count() == 2  # none for March, of which there are no data


def test_data_through_its_last_day_end_a_period(desk, agreement, dataset):
    upload_csv(dataset, deliveries_csv() + "228,2025-02-28,2025-02-28,100.00,sea\n", name="whole.csv")
    periods.refresh(agreement, day=DAY)
    assert the(agreement, FEBRUARY).state == "provisional"
    assert agreement.periods.count() == 2
    periods.refresh(agreement, day=date(2025, 2, 28))  # that day is not over yet
    assert the(agreement, FEBRUARY).state == "open"


@pytest.mark.parametrize(
    ("side", "bound", "required", "owed"),
    [
        ("below", 80, 80, None),  # 8 of 10 are what is required, and not below it
        ("at_or_below", 80, 80, "50.00"),  # the bound itself earns: the tier says so
        ("at_or_below", 90, 80, None),  # a tier of every target, above what this one requires, is not about it
        ("below", 90, 90, "50.00"),
    ],
)
def test_a_tier_states_whether_its_bound_earns(desk, dataset, side, bound, required, owed):
    version = desk.agreement(dataset)
    drafting.set_target(version, "on-time", by=desk.author, required_pct=D(required))
    tier = {"target": None, "below_pct": D(bound), "side": side, "credit_pct": D(5)}
    drafting.set_tiers(version, [tier], by=desk.author)
    lifecycle.sign(lifecycle.offer(version, by=desk.author), by=desk.signer, day=DAY, now=timezone.now())
    periods.refresh(version.agreement, day=DAY)
    claim = CreditClaim.objects.filter(
        period=closing.close_period(the(version.agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now())
    )
    assert [str(one.amount) for one in claim] == ([owed] if owed else [])


def test_a_credit_shows_the_attainment_as_its_period_does(desk, agreement):
    """Cut after four places in both: 77.7778 in the credit beside 77.7777 in the period would be asked about."""
    asked = exclusions.propose(agreement, by=desk.author, kind="customer", reason="Not at home", cases=["101"])
    exclusions.decide(asked, by=desk.signer, is_approved=True, now=timezone.now())
    periods.refresh(agreement, day=DAY)
    closed = closing.close_period(the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now())
    assert on_time(closed).attainment == D("77.7777")  # 7 of 9
    assert closed.claim.breakdown[0]["attainment"] == "77.7777"


def test_closing_freezes_and_calculates_the_credit(desk, agreement):
    closed = closing.close_period(the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now())
    claim = closed.claim
    assert (closed.state, claim.state) == ("closed", "calculated")
    assert (claim.amount, claim.charge, claim.currency) == (D("100.00"), D("1000.00"), "USD")  # 20 % capped at 10 %
    assert claim.breakdown[-1] == {"earned": "200.00", "cap": "100.00", "is_capped": True, "amount": "100.00"}
    assert claim.claim_by == date(2025, 4, 9)
    with pytest.raises(periods.WrongState, match="closed; this step needs it to be provisional"):
        periods.close(closed, by=desk.signer, now=timezone.now())


def test_an_open_period_is_not_closed(desk, agreement):
    with pytest.raises(periods.WrongState, match="is open"):
        closing.close_period(the(agreement, FEBRUARY), by=desk.signer, day=DAY, now=timezone.now())


def frozen(period) -> tuple:
    period.refresh_from_db()
    return period.figures, period.figures_hash, period.cases_hash, period.sources


def test_a_closed_period_stays_bit_equal_and_later_data_open_a_restatement(desk, agreement, dataset):
    january = closing.close_period(the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now())
    before = frozen(january)
    upload_csv(dataset, deliveries_csv(late=(3,), months=(1,)), name="corrected.csv")  # line 107 was on time after all
    for job in Job.objects.unfinished().filter(kind="slas.periods"):
        perform(job)
    assert frozen(january) == before
    proposed = january.restatements.get()
    assert "deliveries from version" in proposed.cause and proposed.proposed_by is None
    assert [on_time(january, plain).good for plain in (proposed.before, proposed.after)] == ["8", "9"]
    periods.refresh(agreement, day=DAY)
    assert january.restatements.count() == 1  # the same difference is not proposed twice
    closing.decide_restatement(proposed, by=desk.signer, is_approved=True, day=DAY, now=timezone.now())
    january.refresh_from_db()
    assert january.state == "restated" and frozen(january) == before
    assert on_time(january, periods.standing_figures(january)).attainment == D("90.0000")
    assert not CreditClaim.objects.exists()  # 90 of 90: the unclaimed credit is gone


def test_a_rejected_restatement_is_not_proposed_again(desk, agreement, dataset):
    january = closing.close_period(the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now())
    upload_csv(dataset, deliveries_csv(late=(), months=(1,)), name="corrected.csv")
    periods.refresh(agreement, day=DAY)
    closing.decide_restatement(
        january.restatements.get(), by=desk.signer, is_approved=False, day=DAY, note="As agreed", now=timezone.now()
    )
    periods.refresh(agreement, day=DAY)
    assert january.restatements.count() == 1
    assert periods.standing_figures(january) == january.figures


def test_who_asks_for_a_restatement_does_not_decide_on_it(desk, agreement, dataset):
    january = closing.close_period(the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now())
    with pytest.raises(periods.WrongState, match="would be the same"):
        periods.propose_restatement(january, by=desk.signer, cause="Recount")
    upload_csv(dataset, deliveries_csv(late=(), months=(1,)), name="corrected.csv")
    asked = periods.propose_restatement(january, by=desk.signer, cause="Late proof of delivery")
    with pytest.raises(periods.SecondPersonNeeded):
        periods.decide_restatement(asked, by=desk.signer, is_approved=True, now=timezone.now())


def test_a_dispute_holds_the_close_up(desk, agreement):
    january = periods.dispute(the(agreement, JANUARY), by=desk.author, reason="Strike at the port.")
    with pytest.raises(periods.WrongState, match="under dispute"):
        closing.close_period(january, by=desk.signer, day=DAY, now=timezone.now())
    settled = periods.settle(january, by=desk.signer, outcome="Two lines excluded.")
    assert closing.close_period(settled, by=desk.signer, day=DAY, now=timezone.now()).state == "closed"


def test_an_exclusion_counts_once_a_second_person_approves_it(desk, agreement):
    asked = exclusions.propose(
        agreement,
        by=desk.author,
        kind="force_majeure",
        reason="Storm closed the port.",
        starts_at=datetime(2025, 1, 13, tzinfo=UTC),
        ends_at=datetime(2025, 1, 14, tzinfo=UTC),
    )
    periods.refresh(agreement, day=DAY)
    assert on_time(the(agreement, JANUARY)).total == "10"
    with pytest.raises(exclusions.SecondPersonNeeded):
        exclusions.decide(asked, by=desk.author, is_approved=True, now=timezone.now())
    exclusions.decide(asked, by=desk.signer, is_approved=True, now=timezone.now())
    periods.refresh(agreement, day=DAY)
    figure = on_time(the(agreement, JANUARY))
    assert (figure.attainment, figure.attainment_with_all, figure.excluded) == (D("88.8888"), D("80.0000"), 1)  # 8 of 9
    newest = agreement.attainment_kpis.get().kpi.versions.first()
    assert "cast('2025-01-13 00:00:00' as timestamp)" in newest.condition and newest.state == "certified"
    exclusions.withdraw(asked, by=desk.author, reason="The port was open.", now=timezone.now())
    exclusions.decide_withdrawal(asked, by=desk.signer, is_approved=True, now=timezone.now())
    periods.refresh(agreement, day=DAY)
    assert on_time(the(agreement, JANUARY)).total == "10"


def test_cases_of_a_measured_promise_are_the_rows_of_its_one_key(desk, agreement):
    asked = exclusions.propose(agreement, by=desk.author, kind="customer", reason="Not at home", cases=["103", "107"])
    exclusions.decide(asked, by=desk.signer, is_approved=True, now=timezone.now())
    periods.refresh(agreement, day=DAY)
    figure = on_time(the(agreement, JANUARY))
    assert (figure.good, figure.total, figure.all_total, figure.excluded) == ("8", "8", "10", 2)


def test_an_exclusion_says_what_it_is_about(desk, agreement):
    ask = {"by": desk.author, "kind": "maintenance", "reason": "x"}
    with pytest.raises(AgreementRefused, match="Say what is excluded"):
        exclusions.propose(agreement, **ask)
    with pytest.raises(AgreementRefused, match="no target p9"):
        exclusions.propose(agreement, target_code="p9", cases=["1"], **ask)
    with pytest.raises(AgreementRefused) as refusal:
        exclusions.propose(agreement, condition="mod = 'air'", **ask)
    assert refusal.value.faults[0].suggestion == "mode"


def test_a_claim_goes_through_two_hands_and_in_time(desk, agreement):
    claim = closing.close_period(the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now()).claim
    with pytest.raises(claims.DeadlinePassed, match="2025-04-09"):
        claims.claim_credit(claim, by=desk.finance, day=date(2025, 4, 10))
    claim = claims.claim_credit(claim, by=desk.finance, day=DAY)
    with pytest.raises(claims.SecondPersonNeeded):
        claims.agree(claim, by=desk.finance, day=DAY)
    with pytest.raises(claims.ClaimRefused, match=r"up to \$100.00"):
        claims.agree(claim, by=desk.signer, day=DAY, amount=D("100.01"))
    claim = claims.agree(claim, by=desk.signer, day=DAY, amount=D("80"), note="One line was in dispute")
    with pytest.raises(claims.ClaimRefused, match="credit note"):
        claims.credit(claim, by=desk.finance, day=DAY, reference=" ")
    claim = claims.credit(claim, by=desk.finance, day=DAY, reference="CN-17")
    assert (claim.state, claim.agreed_amount, claim.reference) == ("credited", D("80.00"), "CN-17")


def test_who_may_claim_is_told_once_before_the_last_day(desk, agreement):
    closing.close_period(
        the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now()
    )  # to be claimed by 9 April
    now = datetime(2025, 4, 2, 6, tzinfo=UTC)
    assert telling.claims_near(date(2025, 4, 1), now=now) == 0
    assert telling.claims_near(date(2025, 4, 2), now=now) == telling.claims_near(date(2025, 4, 3), now=now) == 1
    (told,) = InboxEntry.objects.filter(user=desk.finance)
    assert told.notice.subject == "Claim $100.00 by 9 Apr 2025"
    assert not InboxEntry.objects.filter(user=desk.author).exists()


def test_a_rejected_claim_keeps_its_reason(desk, agreement):
    claim = closing.close_period(the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now()).claim
    claims.claim_credit(claim, by=desk.finance, day=DAY)
    claim = claims.reject(claim, by=member("manager", desk.unit), day=DAY, reason="Force majeure clause.")
    assert (claim.state, claim.decision_note) == ("rejected", "Force majeure clause.")


def test_a_met_period_after_it_earns_a_credit_back(desk, dataset):
    agreement = desk.signed(dataset, earn_back_pct=D(50), earn_back_periods=1).agreement
    upload_csv(dataset, deliveries_csv(months=(1, 2, 3)), name="more.csv")
    periods.refresh(agreement, day=DAY)
    claim = closing.close_period(the(agreement, JANUARY), by=desk.signer, day=DAY, now=timezone.now()).claim
    assert claim.earned_back == 0
    closing.close_period(the(agreement, FEBRUARY), by=desk.signer, day=DAY, now=timezone.now())
    claim.refresh_from_db()
    assert claim.earned_back == D("50.00")


def test_clocked_promises_are_counted_from_the_agreements_cases(desk, dataset):
    version = desk.agreement(dataset)
    clock = {"dataset": dataset, "case_column": "line", "source": "columns", "started_column": "due_on",
             "stopped_column": "done_on"}  # fmt: skip
    for code, metric, more in (("fix", "resolution", {}), ("p90", "percentile", {"percentile": D("0.9")})):
        drafting.set_target(version, code, by=desk.author, name=code, metric=metric, required_pct=D(90),
                            threshold_seconds=100, clock=clock, **more)  # fmt: skip
    version = lifecycle.sign(lifecycle.offer(version, by=desk.author), by=desk.signer, day=DAY, now=timezone.now())
    assert version.agreement.attainment_kpis.count() == 1  # no case was timed so far
    early, late = datetime(2025, 1, 5, 10), datetime(2025, 1, 31, 23, 59, 59)
    rows = [(f"C{n}", "fix", "met", 10 * n, 100, early, "") for n in range(8)]
    rows += [
        ("C8", "fix", "missed", 900, 100, late, ""),
        ("C9", "fix", "missed", 900, 100, late, "customer"),
        ("C10", "fix", "in_flight", 5, 100, late, ""),
        ("C11", "fix", "cancelled", 5, 100, late, ""),
    ]
    rows += [(f"C{n}", "p90", "met", 10 * n, 100, early, "") for n in range(11)]
    timed_cases(desk.unit, "sla-acme", rows)
    assert version.agreement.attainment_kpis.count() == 3  # the first run made the others
    periods.refresh(version.agreement, day=DAY)
    figures = read_figures(the(version.agreement, JANUARY).figures)
    fix, p90 = figures["fix"], figures["p90"]
    assert (fix.good, fix.total, fix.attainment, fix.is_met) == ("8", "9", D("88.8888"), False)
    assert (fix.all_total, fix.excluded, fix.in_flight, fix.cancelled) == ("10", 1, 1, 1)
    assert (p90.value, p90.required, p90.is_met) == ("90", "90", True)  # R-7 of 0, 10 ... 100
