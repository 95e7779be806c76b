"""Drafting, offering, signing, ending: who may, what is refused, and which word is wrong."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from kpis import targets
from kpis.models import Kpi, Target
from kpis.selectors.target_grid import target_grid
from organization.access import access_of
from organization.models import AuditEntry
from slas import attainment, drafting, lifecycle
from slas.checks import faults_of_version
from slas.models import AgreementVersion
from slas.supports import backing_of, hours
from tests.factories import perform
from tests.pages import text_of

from .factories import AgreementFactory, AgreementVersionFactory, ClockRuleFactory, ServiceTargetFactory
from .sample import DAY, Desk, deliveries, described

pytestmark = pytest.mark.django_db
State = AgreementVersion.State


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def dataset(desk):
    return described(desk.unit)


def test_from_draft_to_active_by_two_people(desk, dataset):
    version = lifecycle.offer(desk.agreement(dataset), by=desk.author)
    assert version.state == State.IN_NEGOTIATION
    with pytest.raises(lifecycle.SecondPersonNeeded):
        lifecycle.sign(version, by=desk.author, day=DAY, now=timezone.now())
    version = lifecycle.sign(version, by=desk.signer, day=DAY, now=timezone.now())
    assert (version.state, version.signed_by) == (State.ACTIVE, desk.signer)
    actions = AuditEntry.objects.filter(action__startswith="agreement").order_by("seq").values_list("action", flat=True)
    assert list(actions) == ["agreement drafted", "agreement offered", "agreement signed", "agreement active"]


def test_a_version_that_begins_later_waits_for_its_day(desk, dataset):
    version = desk.signed(dataset, valid_from=date(2025, 4, 1))
    assert version.state == State.SIGNED
    assert lifecycle.turn_all(date(2025, 3, 31)) == 0
    assert lifecycle.turn_all(date(2025, 4, 1)) == 1
    version.refresh_from_db()
    assert version.state == State.ACTIVE


def test_an_edit_in_negotiation_takes_the_offer_back(desk, dataset):
    version = lifecycle.offer(desk.agreement(dataset), by=desk.author)
    drafting.change_version(version, by=desk.author, claim_days=45)
    version.refresh_from_db()
    assert (version.state, version.submitted_by) == (State.DRAFT, None)


def test_signed_text_stays_and_a_new_version_copies_it(desk, dataset):
    version = desk.signed(dataset)
    with pytest.raises(drafting.WrongState, match="Draft a new version"):
        drafting.change_version(version, by=desk.author, claim_days=45)
    second = drafting.new_version(version, by=desk.author, valid_from=date(2025, 6, 1))
    assert [(t.code, t.measure.good) for t in second.targets.all()] == [
        (t.code, t.measure.good) for t in version.targets.all()
    ]
    assert second.tiers.count() == version.tiers.count() == 2
    drafting.set_target(second, "on-time", by=desk.author, required_pct=Decimal(95))
    signed = lifecycle.sign(lifecycle.offer(second, by=desk.author), by=desk.signer, day=DAY, now=timezone.now())
    version.refresh_from_db()
    assert (version.valid_to, signed.state) == (date(2025, 6, 1), State.SIGNED)
    assert [v.number for v in signed.agreement.versions.all()] == [2, 1]


def test_only_one_draft_at_a_time(desk, dataset):
    version = desk.signed(dataset)
    draft = drafting.new_version(version, by=desk.author, valid_from=date(2025, 6, 1))
    with pytest.raises(drafting.WrongState, match="discard"):
        drafting.new_version(version, by=desk.author, valid_from=date(2025, 7, 1))
    drafting.discard(draft, by=desk.author)
    with pytest.raises(drafting.WrongState, match="only version"):
        drafting.discard(AgreementVersionFactory(state="draft"), by=desk.author)


def test_notice_takes_its_days_and_then_the_agreement_is_terminated(desk, dataset):
    version = desk.signed(dataset, notice_days=30)
    words = {"by": desk.signer, "day": DAY, "reason": "Tendered anew."}
    with pytest.raises(lifecycle.WrongState, match="2025-04-09 at the earliest"):
        lifecycle.give_notice(version, last_day=date(2025, 4, 8), **words)
    version = lifecycle.give_notice(version, last_day=date(2025, 4, 30), **words)
    assert (version.state, version.valid_to) == (State.UNDER_NOTICE, date(2025, 5, 1))
    assert lifecycle.turn_all(date(2025, 5, 1)) == 1
    version.refresh_from_db()
    assert version.state == State.TERMINATED


def test_notice_can_be_withdrawn(desk, dataset):
    version = desk.signed(dataset, notice_days=0)
    version = lifecycle.give_notice(version, by=desk.signer, day=DAY, last_day=date(2025, 4, 30), reason="Price")
    version = lifecycle.withdraw_notice(version, by=desk.signer, reason="A better price")
    assert (version.state, version.valid_to) == (State.ACTIVE, None)


def test_notice_never_makes_a_fixed_term_longer(desk, dataset):
    version = desk.signed(dataset, notice_days=0, valid_to=date(2025, 7, 1))
    words = {"by": desk.signer, "day": DAY, "reason": "Price"}
    with pytest.raises(lifecycle.WrongState, match="ends on 2025-06-30 already"):
        lifecycle.give_notice(version, last_day=date(2025, 7, 31), **words)
    version = lifecycle.give_notice(version, last_day=date(2025, 4, 30), **words)
    assert lifecycle.withdraw_notice(version, by=desk.signer, reason="A better price").valid_to == date(2025, 7, 1)


def test_a_version_with_an_end_expires(desk, dataset):
    version = desk.signed(dataset, valid_to=date(2025, 3, 1))
    assert version.state == State.EXPIRED


def test_a_formula_names_the_wrong_word_and_the_nearest_column(desk, dataset):
    version = desk.agreement(dataset)
    words = {"by": desk.author, "name": "Air", "metric": "quality", "required_pct": Decimal(90)}
    measure = {"dataset": dataset, "good": "count(case when done_onn <= due_on then 1 end)", "total": "count(*)"}
    with pytest.raises(drafting.AgreementRefused) as refusal:
        drafting.set_target(version, "air", measure=measure, **words)
    (fault,) = refusal.value.faults
    assert (fault.field, fault.token, fault.suggestion) == ("good", "done_onn", "done_on")


def test_a_clock_condition_must_be_true_or_false_and_fit_the_dataset(desk, dataset):
    version = desk.agreement(dataset)
    words = {
        "by": desk.author,
        "name": "P1",
        "metric": "resolution",
        "required_pct": Decimal(90),
        "threshold_seconds": 60,
    }
    clock = {
        "dataset": dataset,
        "case_column": "lin",
        "start": "line + 1",
        "stop": "mode = 'air'",
        "pause": "modus = 'x'",
    }
    with pytest.raises(drafting.AgreementRefused) as refusal:
        drafting.set_target(version, "p1", clock=clock, **words)
    faults = {fault.field: fault for fault in refusal.value.faults}
    assert set(faults) == {"case_column", "start", "pause"}
    assert (faults["case_column"].suggestion, faults["pause"].suggestion) == ("line", "mode")
    assert "true or false" in faults["start"].message or "boolean" in faults["start"].message


@pytest.mark.parametrize(
    ("metric", "words", "missing"),
    [
        ("resolution", {}, {"threshold_seconds", "stop"}),
        ("percentile", {"threshold_seconds": 60}, {"percentile", "stop"}),
        ("delivery", {}, {"due_column", "stop"}),
    ],
)
def test_what_a_clock_lacks_is_asked_for(desk, dataset, metric, words, missing):
    version = desk.agreement(dataset)
    with pytest.raises(drafting.AgreementRefused) as refusal:
        drafting.set_target(
            version, "t", by=desk.author, name="T", metric=metric, required_pct=Decimal(90), **words,
            clock={"dataset": dataset, "case_column": "line"},
        )  # fmt: skip
    assert {fault.field for fault in refusal.value.faults} == missing


def test_an_empty_agreement_is_not_offered(desk):
    version = drafting.create_agreement(
        code="empty", name="Empty", kind="sla", unit=desk.unit, owner=desk.author, by=desk.author, valid_from=DAY
    )
    with pytest.raises(drafting.AgreementRefused, match="add a target"):
        lifecycle.offer(version, by=desk.author)


def supported(*seconds: int) -> AgreementVersion:
    """An SLA of eight hours with a supporting OLA for each of `seconds`."""
    version = AgreementVersionFactory(state="draft")
    ClockRuleFactory(target=ServiceTargetFactory(version=version, code="p1", threshold_seconds=8 * 3600))
    for number, allowed in enumerate(seconds):
        ola = AgreementFactory(code=f"ola-{number}", kind="ola", supports=[version.agreement])
        ServiceTargetFactory(version=ola.versions.get(), code="p1", threshold_seconds=allowed)
        ServiceTargetFactory(version=ola.versions.get(), code="other", condition="x", threshold_seconds=99 * 3600)
    return version


@pytest.mark.parametrize(("olas", "holds"), [((4 * 3600, 4 * 3600), True), ((4 * 3600, 5 * 3600), False)])
def test_the_targets_of_supporting_agreements_fit_into_the_promise(olas, holds):
    (backing,) = backing_of(supported(*olas))
    assert (backing.total_seconds, backing.holds) == (sum(olas), holds)


def test_sums_that_are_too_large_keep_it_from_being_offered():
    faults = faults_of_version(supported(4 * 3600, 5 * 3600))
    assert [f.message for f in faults if f.field == "p1.threshold_seconds"] == [
        "Target p1: ola-0 4 h + ola-1 5 h = 9 h is more than 8 h."
    ]


def test_agreements_do_not_support_each_other_in_a_circle():
    first = AgreementFactory()
    second = AgreementFactory(supports=[first])
    with pytest.raises(drafting.AgreementRefused, match="circle"):
        drafting.change_agreement(first, by=first.owner, supports=[second])


def test_hours_read_as_people_say_them():
    assert [hours(s) for s in (28800, 5400, 45, 0, None)] == ["8 h", "1 h 30 min", "45 s", "0 s", "no time"]


def test_signing_makes_a_certified_ratio_kpi_with_the_promise_as_its_target(desk):
    version = desk.signed(deliveries(desk.unit))
    kpi = Kpi.objects.get(attainment__agreement=version.agreement)
    assert kpi.code == attainment.kpi_code(version.agreement, "on-time") == "sla_acme_on_time"
    newest = kpi.versions.get()
    assert (newest.kind, newest.state, newest.certified_by) == ("ratio", "certified", desk.signer)
    from jobs.models import Job

    for job in Job.objects.unfinished():
        perform(job)
    january = kpi.results.current().get(grain="month", period_start=date(2025, 1, 1), dimension="", unit=desk.unit)
    assert (january.value, january.status) == (80.0, "red")  # 8 of 10, 90 required


def test_the_kpis_target_follows_the_versions(desk, dataset):
    version = desk.signed(dataset)
    second = drafting.new_version(version, by=desk.author, valid_from=date(2025, 6, 1))
    drafting.set_target(second, "on-time", by=desk.author, required_pct=Decimal(95))
    lifecycle.sign(lifecycle.offer(second, by=desk.author), by=desk.signer, day=DAY, now=timezone.now())
    found = Target.objects.filter(kpi__attainment__agreement=version.agreement).order_by("valid_from")
    assert [(t.valid_from, t.valid_to, t.value) for t in found] == [
        (date(2025, 1, 1), date(2025, 6, 1), 90),
        (date(2025, 6, 1), None, 95),
    ]


def test_a_target_set_by_hand_within_the_promise_gives_way_to_what_was_signed(desk, dataset):
    version = desk.signed(dataset)
    kpi = Kpi.objects.get(attainment__agreement=version.agreement)
    march = targets.Goal(kpi, desk.unit, date(2025, 3, 1), date(2025, 4, 1), Decimal(80), split_standing=True)
    targets.set_target(march, by=desk.author, by_keeper=True)  # as there are from before this was refused
    assert kpi.targets.count() == 3
    attainment.keep(version.agreement, by=desk.author)
    assert [(t.valid_from, t.valid_to, t.value) for t in kpi.targets.all()] == [(date(2025, 1, 1), None, 90)]


def test_the_promise_is_changed_in_the_agreement_and_not_by_hand(desk, dataset):
    version = desk.signed(dataset)
    kpi = Kpi.objects.get(attainment__agreement=version.agreement)
    march = targets.Goal(kpi, desk.unit, date(2025, 3, 1), date(2025, 4, 1), Decimal(80), split_standing=True)
    said = f"what the agreement {version.agreement.name} requires and follows its signed versions: draft a new version"
    for act in (
        lambda: targets.set_target(march, by=desk.author),
        lambda: targets.set_many([march], by=desk.author),
        lambda: targets.end_target(kpi.targets.get(), date(2025, 3, 31), by=desk.author),
        lambda: targets.remove_target(kpi.targets.get(), by=desk.author),
    ):
        with pytest.raises((targets.TargetError, targets.GridRefused), match=said):
            act()
    assert kpi.targets.get().value == 90
    limit = targets.Goal(kpi, desk.unit, date(2025, 1, 1), None, Decimal(75), comparator="red_limit")
    assert targets.set_target(limit, by=desk.author).value == 75  # what stands beside the promise is anybody's
    override = targets.set_target(march, by=desk.author, by_keeper=True)
    assert targets.remove_target(override, by=desk.author).value == 90  # an old one can go


def test_the_grid_shows_the_promise_and_where_it_is_changed(client, desk, dataset):
    version = desk.signed(dataset)
    kpi = Kpi.objects.get(attainment__agreement=version.agreement)
    grid = target_grid(kpi, desk.unit, "target", date(2025, 3, 1), date(2025, 3, 1), access_of(desk.signer, DAY))
    said = f"This target is what the agreement {version.agreement.name} requires and follows its signed versions"
    assert {cell.kept.partition(":")[0] for cell in grid.cells() if cell.unit_id == desk.unit.pk} == {said}
    assert not any(cell.keeps for cell in grid.cells())  # nothing is asked about what may not be typed
    assert [kept.partition(":")[0] for _, _, kept in grid.listed] == [said]
    limits = target_grid(kpi, desk.unit, "red_limit", date(2025, 3, 1), date(2025, 3, 1), access_of(desk.signer, DAY))
    assert not any(cell.kept for cell in limits.cells())
    client.force_login(desk.signer)
    address = f"{reverse('targets')}?kpi={kpi.code}&unit={desk.unit.code}&year=2025-01-01"
    sent = client.post(address, {f"c_{desk.unit.pk}_2025-03-01": "80", "before": "{}"})
    assert sent.status_code == 422
    assert said in text_of(sent)
    assert "Nothing was set yet" not in text_of(sent)
