"""Building a scorecard, entering numbers by hand, tying KPIs to objectives, telling others."""

import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from doors.outgoing import UnsafeAddress
from kpis import manual, scorecards, strategy, webhooks
from kpis.manual import EntryRefused
from kpis.models import Result, Run, StatusChange, WebhookDelivery
from kpis.recompute import recompute
from kpis.scorecards import ScorecardCycle, ScorecardError
from kpis.selectors.manual import due
from kpis.workflow import SecondPersonNeeded
from organization.access import access_of
from tests.factories import KpiFactory, ResultFactory, ScorecardFactory, UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db
DAY = date(2025, 4, 10)


@pytest.fixture
def manager():
    return UserFactory()


def node(scorecard, by, name="", parent=None, kpi=None, **more):
    kind = "kpi" if kpi else "perspective"
    return scorecards.add_node(scorecard, by=by, kind=kind, name=name, parent=parent, kpi=kpi, **more)


def test_a_row_cannot_stand_below_itself(manager):
    scorecard = ScorecardFactory()
    top = node(scorecard, manager, "Top")
    middle = node(scorecard, manager, "Middle", top)
    low = node(scorecard, manager, "Low", middle)
    with pytest.raises(ScorecardCycle, match="A scorecard cycle: Top > Middle > Low > Top"):
        scorecards.move_node(top, low, by=manager)
    with pytest.raises(ScorecardCycle, match="Top > Top"):
        scorecards.move_node(top, top, by=manager)


def test_rows_are_moved_among_their_siblings(manager):
    scorecard = ScorecardFactory()
    first, second, third = (node(scorecard, manager, name) for name in ("1", "2", "3"))
    scorecards.move_node(third, None, by=manager, position=0)
    assert [str(n) for n in scorecard.nodes.order_by("position")] == ["3", "1", "2"]
    scorecards.move_node(second, first, by=manager)
    assert second.parent == first


def test_what_does_not_fit_is_refused(manager):
    scorecard, kpi = ScorecardFactory(), KpiFactory()
    leaf = node(scorecard, manager, kpi=kpi)
    with pytest.raises(ScorecardError, match="stands there already"):
        node(scorecard, manager, kpi=kpi)
    with pytest.raises(ScorecardError, match="nothing stands below"):
        node(scorecard, manager, "Below", leaf)
    with pytest.raises(ScorecardError, match="another scorecard"):
        node(ScorecardFactory(), manager, "Elsewhere", leaf)
    with pytest.raises(ScorecardError, match="a name"):
        node(scorecard, manager)


def test_a_weight_holds_from_its_day_and_siblings_rebalance(manager):
    scorecard = ScorecardFactory()
    first, second = node(scorecard, manager, "1", weight=1), node(scorecard, manager, "2", weight=1)
    scorecards.set_weight(first, 3, from_day=date(2025, 2, 1), by=manager)
    assert scorecards.shares(scorecard, None, date(2025, 1, 31)) == {first.pk: 50, second.pk: 50}
    assert scorecards.shares(scorecard, None, date(2025, 2, 1)) == {first.pk: 75, second.pk: 25}
    with pytest.raises(ScorecardError, match="from 0"):
        scorecards.set_weight(first, -1, from_day=DAY, by=manager)


# --- by hand -------------------------------------------------------------------------------------------------------


def test_an_entered_value_counts_once_a_second_person_approved_it(manager, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    kpi = KpiFactory()
    evidence = SimpleUploadedFile("count ../../x.pdf", b"%PDF")
    entry = manual.enter(
        kpi, kpi.unit, day=date(2025, 3, 31), value=Decimal(7), by=manager, today=DAY, evidence=evidence
    )
    assert (entry.period_start, entry.evidence_name) == (date(2025, 3, 1), "x.pdf")
    assert not Result.objects.exists()
    with pytest.raises(SecondPersonNeeded):
        manual.approve(entry, by=manager, now=timezone.now())
    manual.approve(entry, by=UserFactory(), now=timezone.now())
    recompute(None, day=DAY)
    assert Result.objects.current().get().value == 7
    with pytest.raises(EntryRefused, match="approved already"):
        manual.reject(entry, by=UserFactory(), reason="late", now=timezone.now())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"value": Decimal("NaN")}, "finite"),
        ({"numerator": Decimal(1)}, "or neither"),
        ({"numerator": Decimal(1), "denominator": Decimal(0)}, "denominator is 0"),
        ({"numerator": Decimal(1), "denominator": Decimal(4)}, "is 0.250000, not 1"),
        ({"evidence": SimpleUploadedFile("run.exe", b"MZ")}, "Evidence is one of"),
        ({"day": date(2030, 1, 15)}, "Jan 2030 has not begun"),
    ],
)
def test_an_entry_that_cannot_be_says_why(manager, values, message):
    kpi = KpiFactory()
    with pytest.raises(EntryRefused, match=message):
        manual.enter(kpi, kpi.unit, **{"day": DAY, "value": Decimal(1), "by": manager, "today": DAY, **values})


def test_a_period_that_began_before_the_kpi_was_entered_by_hand_is_not_taken(manager):
    """From 15 May on: May counts by its first day, when there was no such KPI, so June is the first."""
    kpi = KpiFactory(unit=UnitFactory(), valid_from=date(2025, 5, 15))
    one = {"value": Decimal(3), "by": manager, "today": date(2025, 6, 20)}
    with pytest.raises(EntryRefused, match="May 2025 begins before 15 May 2025.* the first that counts is Jun 2025"):
        manual.enter(kpi, kpi.unit, day=date(2025, 5, 20), **one)
    analyst = access_of(member("analyst", kpi.unit), DAY)
    assert due(analyst, date(2025, 6, 20)) == []
    assert [one.period.label for one in due(analyst, date(2025, 7, 1))] == ["Jun 2025"]
    assert manual.enter(kpi, kpi.unit, day=date(2025, 6, 20), **one).period_start == date(2025, 6, 1)
    assert due(analyst, date(2025, 7, 1)) == []


# --- strategy ------------------------------------------------------------------------------------------------------


def test_orphans_are_listed_both_ways(manager):
    unit = UnitFactory()
    theme = strategy.add_theme("Reliable", by=manager)
    kept = strategy.add_objective(theme, "On time", unit=unit, owner=manager, by=manager)
    alone = strategy.add_objective(theme, "Happy", unit=unit, owner=manager, by=manager)
    linked, loose = KpiFactory(unit=unit), KpiFactory(unit=unit)
    strategy.link(kept, linked, "contributes", by=manager)
    found = strategy.orphans(access_of(member("viewer", unit), DAY))
    assert (found.objectives, found.kpis) == ((alone,), (loose,))
    strategy.unlink(kept.links.get(), by=manager)
    assert len(strategy.orphans(access_of(member("viewer", unit), DAY)).kpis) == 2


# --- webhooks ------------------------------------------------------------------------------------------------------


def changed(unit):
    run = Run.objects.create(trigger="test", started_at=datetime(2025, 4, 1, tzinfo=UTC))
    result = ResultFactory(kpi=KpiFactory(unit=unit), status="red", run=run)
    values = {"kpi": result.kpi, "unit": unit, "grain": "month", "period_start": result.period_start}
    StatusChange.objects.create(**values, before="green", after="red", result=result, at=run.started_at)
    return run


def hook_for(unit, manager):
    return webhooks.Webhook.objects.create(
        name="hook", url="https://example.org/hook", unit=unit, secret="s3cret", created_by=manager
    )


def test_a_change_is_told_to_the_webhooks_above_it(manager):
    group = UnitFactory()
    team = UnitFactory(parent=group)
    hook_for(group, manager)
    hook_for(UnitFactory(), manager)
    assert webhooks.announce(changed(team)) == 1
    body = WebhookDelivery.objects.get().body
    assert (body["before"], body["after"], body["unit"]) == ("green", "red", team.code)


def test_an_address_that_leads_inside_meanwhile_is_told_and_not_tried_again(manager):
    unit = UnitFactory()
    hook = hook_for(unit, manager)
    webhooks.Webhook.objects.filter(pk=hook.pk).update(url="http://127.0.0.1/hook")
    webhooks.announce(changed(unit))
    delivery = WebhookDelivery.objects.get()
    with pytest.raises(UnsafeAddress, match="not on the public internet"):
        webhooks.deliver(delivery.pk, datetime(2025, 4, 1, tzinfo=UTC))
    delivery.refresh_from_db()
    assert delivery.attempts == 1 and "127.0.0.1" in delivery.response


def test_a_message_is_signed_and_sent_again_until_it_is_heard(manager, monkeypatch):
    from doors import outgoing

    unit = UnitFactory()
    hook_for(unit, manager)
    webhooks.announce(changed(unit))
    delivery, sent, answers = WebhookDelivery.objects.get(), [], [503, 204]

    def post(url, body, headers, timeout):
        sent.append((body, headers))
        return outgoing.Reply(answers.pop(0), "")

    monkeypatch.setattr(outgoing, "post", post)
    now = datetime(2025, 4, 1, tzinfo=UTC)
    with pytest.raises(webhooks.NotHeard) as unheard:
        webhooks.deliver(delivery.pk, now)
    assert unheard.value.after == timedelta(seconds=15)  # then 1 minute, 4, 16, and three times an hour
    webhooks.deliver(delivery.pk, now)
    webhooks.deliver(delivery.pk, now)
    delivery.refresh_from_db()
    assert (len(sent), delivery.attempts, delivery.delivered_at) == (2, 2, now)
    moment, digest = (part.partition("=")[2] for part in sent[1][1]["X-Perfmgr-Signature"].split(","))
    assert digest == hmac.new(b"s3cret", moment.encode() + b"." + sent[1][0], hashlib.sha256).hexdigest()


def test_of_a_receiver_that_redirects_it_is_told_where_to_and_what_to_do(manager, monkeypatch):
    from doors import outgoing

    unit = UnitFactory()
    hook_for(unit, manager)
    webhooks.announce(changed(unit))
    delivery, place = WebhookDelivery.objects.get(), "https://example.org/hook/"
    monkeypatch.setattr(outgoing, "post", lambda *_, **__: outgoing.Reply(308, "", place))
    with pytest.raises(webhooks.NotHeard):
        webhooks.deliver(delivery.pk, datetime(2025, 4, 1, tzinfo=UTC))
    delivery.refresh_from_db()
    advice = "and redirects are not followed. Add a webhook with the final address."
    assert delivery.response == f"308: it redirects to {place}, {advice}"
    monkeypatch.setattr(outgoing, "post", lambda *_, **__: outgoing.Reply(302, "", place + "x" * 5000))
    with pytest.raises(webhooks.NotHeard):
        webhooks.deliver(delivery.pk, datetime(2025, 4, 1, tzinfo=UTC))
    delivery.refresh_from_db()
    assert delivery.response.endswith(advice)
