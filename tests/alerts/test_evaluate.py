"""What rules find in stored results: who is told of what, once, and when it is over."""

from datetime import date, time, timedelta

import pytest

from alerts.evaluate import RulesFailed, ask, evaluate, evaluate_all
from alerts.models import Alert, AlertRule, InboxEntry, Mail, Notice
from alerts.rules import change_rule, switch
from alerts.series import READERS
from datasets.models import Dataset
from jobs.models import Job
from kpis.models import ChartVerdict, Forecast, KpiVersion, Signal
from organization.access import access_of
from tests.factories import DatasetFactory, ResultFactory, UnitFactory, UserFactory, member, perform

from .samples import DAY, MONTHS, NOW, a_rule, add_results, an_alert, change, kpi_with, manager_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return UnitFactory(code="north", name="North", timezone="Europe/London")


def look(rule, now=NOW, day=DAY):
    outcome = evaluate(rule.pk, now=now, day=day)
    return [len(outcome.raised), len(outcome.reopened), len(outcome.resolved)]


def test_a_missed_target_raises_one_alert_and_tells_the_manager_once(unit):
    manager = manager_of(unit)
    rule = a_rule(kpi_with([96.0, 92.0], unit=unit, name="In time", unit_of_measure="percent"))
    assert look(rule) == [1, 0, 0]
    assert look(rule) == [0, 0, 0]
    alert = Alert.objects.get()
    assert (alert.state, alert.period_start, alert.summary) == (
        "open",
        date(2025, 6, 1),
        "92.0 % in Jun 2025, target 95.0 %",
    )
    entry = InboxEntry.objects.get()
    assert (entry.user, entry.notice.link) == (manager, f"/alerts/{alert.pk}/")
    assert Mail.objects.count() == 1


def test_it_is_over_when_the_next_month_meets_the_target(unit):
    manager_of(unit)
    kpi = kpi_with([92.0, 96.0], unit=unit)
    rule = a_rule(kpi)
    assert look(rule, day=date(2025, 6, 20)) == [1, 0, 0]  # seen from June, May is the last complete month
    assert look(rule) == [0, 0, 1]
    alert = Alert.objects.get()
    assert (alert.state, alert.resolved_by) == ("resolved", None)
    assert alert.reason == "The condition is clear: 96.0 in Jun 2025."
    assert list(Notice.objects.values_list("kind", flat=True)) == ["alert.opened", "alert.resolved"]
    assert Mail.objects.count() == 1  # that it is over, the inbox says


def test_two_of_three_with_a_clear_limit(unit):
    kpi = kpi_with([94.0, 96.0, 93.0, 95.5, 95.5, 95.5], unit=unit)
    rule = a_rule(kpi, comparator="below", limit="95", margin="1", times=2, periods=3)
    answers = [look(rule, day=date(2025, month, 5)) for month in (2, 3, 4, 5, 6, 7)]
    # March completes 2 of 3; later months waver between 95 and 96 and do not clear it
    assert answers == [[0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert [one["value"] for one in Alert.objects.get().evidence] == [94.0, 96.0, 93.0]
    change(kpi, MONTHS[-1], 96.0)
    assert look(rule) == [0, 0, 1]


def test_a_restated_month_stands_again_as_the_same_alert(unit):
    kpi = kpi_with([92.0], unit=unit)
    rule = a_rule(kpi)
    answers = [look(rule)]
    for value in (97.0, 91.0):
        change(kpi, MONTHS[-1], value)
        answers.append(look(rule))
    assert answers == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert Alert.objects.get().summary == "91.0 in Jun 2025, target 95.0"


def test_every_unit_below_and_only_the_newest_period_counts(unit):
    south, closed = UnitFactory(code="south", parent=unit), UnitFactory(code="closed", parent=unit)
    kpi = kpi_with([96.0, 96.0], unit=unit)
    add_results(kpi, [96.0, 90.0], unit=south)
    add_results(kpi, [80.0, 80.0], unit=closed)
    kpi.results.filter(unit=closed, period_start=MONTHS[-1]).delete()  # it stopped in May: no alert by May's number
    assert look(a_rule(kpi, below=True)) == [1, 0, 0]
    assert Alert.objects.get().unit == south


def test_member_by_member_of_a_dimension(unit):
    kpi = kpi_with([96.0], unit=unit, dimensions=["priority"])
    for priority, value in (("high", 90.0), ("low", 90.0), ("none", 97.0)):
        add_results(kpi, [value], dimension="priority", member=priority)
    assert look(a_rule(kpi, dimension="priority")) == [2, 0, 0]
    assert look(a_rule(kpi, dimension="priority", members=["high"])) == [1, 0, 0]
    assert look(a_rule(kpi)) == [0, 0, 0]


def test_becoming_red(unit):
    kpi = kpi_with([96.0, 90.0], unit=unit)
    rule = a_rule(kpi, condition="status", statuses=["red"])
    assert look(rule) == [1, 0, 0]
    assert Alert.objects.get().summary == "Off target with 90.0 in Jun 2025"


def test_a_band_is_left_on_either_side(unit):
    kpi = kpi_with([100.0], unit=unit, target=None, direction="band")
    kpi.results.update(target_low=10.0, target_high=20.0)
    assert look(a_rule(kpi)) == [1, 0, 0]
    assert Alert.objects.get().summary == "100.0 in Jun 2025, target 10.0 to 20.0"


def test_no_number_for_a_month_that_should_be_final(unit):
    kpi = kpi_with([96.0, 96.0], unit=unit, reporting_lag_days=14)
    rule = a_rule(kpi, condition="no_data")
    assert look(rule, day=date(2025, 8, 14)) == [0, 0, 0]  # July is not final before 15 August
    assert look(rule, day=date(2025, 8, 15)) == [1, 0, 0]
    assert Alert.objects.get().summary == "No number for Jul 2025"
    ResultFactory(kpi=kpi, month=date(2025, 7, 1), value=97.0)
    assert look(rule, day=date(2025, 8, 15)) == [0, 0, 1]


class TestLateData:
    @pytest.fixture
    def rule(self, unit):
        dataset = DatasetFactory(unit=unit, refresh_promise_hours=48, code="tickets")
        Dataset.objects.update(loaded_at=NOW - timedelta(hours=49))
        kpi = kpi_with([96.0], unit=unit)
        KpiVersion.objects.update(kind="simple", dataset=dataset)
        return a_rule(kpi, condition="late_data")

    def test_a_broken_refresh_promise_is_an_alert_until_new_data_come(self, rule):
        assert look(rule) == [1, 0, 0]
        alert = Alert.objects.get()
        assert (alert.dimension, alert.member) == ("dataset", "tickets")
        assert alert.summary == "New data were promised every 48 hours; the last came 49 hours ago."
        assert look(rule, now=NOW + timedelta(hours=5)) == [0, 0, 0]
        Dataset.objects.update(loaded_at=NOW)
        assert look(rule, now=NOW + timedelta(hours=5)) == [0, 0, 1]
        assert look(rule, now=NOW + timedelta(hours=49)) == [1, 0, 0]  # and again, after the next load

    def test_a_grace_is_given(self, rule):
        assert look(change_rule(rule, by=rule.owner, now=NOW, grace_hours=2)) == [0, 0, 0]

    def test_data_that_do_not_reach_as_far_as_the_kpi_promises(self, rule):
        """Final after 5 days: on 10 July all of June must be there."""
        KpiVersion.objects.update(reporting_lag_days=5)
        Dataset.objects.update(loaded_at=NOW, complete_through=date(2025, 6, 30))
        assert look(rule) == [0, 0, 0]
        Dataset.objects.update(complete_through=date(2025, 6, 29))
        assert look(rule) == [1, 0, 0]
        assert Alert.objects.get().summary == "Data should be complete through 2025-06-30; they are through 2025-06-29."

    def test_a_kpi_made_of_others_is_late_with_their_data(self, rule, unit):
        made_of = kpi_with([1.0], unit=unit)
        version = made_of.versions.get()
        KpiVersion.objects.filter(pk=version.pk).update(kind="derived")
        version.inputs.add(rule.kpi)
        assert look(a_rule(made_of, condition="late_data")) == [1, 0, 0]


# --- who is told, and when -------------------------------------------------------------------------------------------


def test_the_nearest_holders_of_a_role_are_told(unit):
    group_manager = manager_of(unit)
    south, west = UnitFactory(parent=unit), UnitFactory(parent=unit)
    south_manager = manager_of(south)
    kpi = kpi_with([96.0], unit=unit)
    add_results(kpi, [90.0], unit=south)
    add_results(kpi, [90.0], unit=west)
    look(a_rule(kpi, below=True))
    told = dict(InboxEntry.objects.values_list("notice__unit", "user"))
    assert told == {south.pk: south_manager.pk, west.pk: group_manager.pk}


def test_who_lost_the_role_is_not_told_and_then_the_owner_is(unit):
    analyst = member("analyst", unit)
    rule = a_rule(kpi_with([90.0], unit=unit, owner=member("manager", unit)), people=[analyst], roles=[])
    analyst.memberships.all().delete()
    look(rule)
    assert InboxEntry.objects.count() == 0  # named in person, but may not see the unit any more
    analyst.is_active = False
    analyst.save()
    rule = a_rule(kpi_with([90.0], unit=unit, owner=member("manager", unit)), roles=["executive"])
    look(rule)
    assert [entry.user for entry in InboxEntry.objects.all()] == [rule.kpi.owner]


def test_many_alerts_at_once_are_one_notice(unit):
    manager = manager_of(unit)
    kpi = kpi_with([96.0], unit=unit)
    for _ in range(6):
        add_results(kpi, [90.0], unit=UnitFactory(parent=unit))
    rule = a_rule(kpi, below=True)
    assert look(rule) == [6, 0, 0]
    entry = InboxEntry.objects.get(user=manager)
    assert entry.notice.subject == f"6 alerts: {rule}"
    assert entry.notice.link == f"/alerts/?rule={rule.pk}"


def test_quiet_hours_of_the_unit_hold_the_e_mail(unit):
    """22:30 UTC is 23:30 in London; the hours end at 7:00 there, 6:00 UTC."""
    manager_of(unit)
    rule = a_rule(kpi_with([90.0], unit=unit), quiet_from=time(22), quiet_until=time(7))
    look(rule, now=NOW.replace(hour=22, minute=30))
    assert (InboxEntry.objects.count(), Mail.objects.get().due_at) == (1, NOW.replace(day=11, hour=6))


# --- rules that change -----------------------------------------------------------------------------------------------


def test_a_changed_rule_ends_its_alerts_and_looks_anew(unit):
    rule = a_rule(kpi_with([92.0], unit=unit))
    look(rule)
    rule = change_rule(rule, by=rule.owner, now=NOW, comparator="below", limit="93")
    assert Alert.objects.get().reason == "The rule was changed."
    assert look(rule) == [1, 0, 0]


def test_a_new_name_leaves_its_alerts_as_they_are(unit):
    rule = a_rule(kpi_with([92.0], unit=unit))
    look(rule)
    assert look(change_rule(rule, by=rule.owner, now=NOW, name="Other")) == [0, 0, 0]
    assert Alert.objects.get().state == "open"


def test_a_rule_that_is_off_does_not_look(unit):
    rule = a_rule(kpi_with([92.0], unit=unit))
    look(rule)
    switch(rule, on=False, by=rule.owner, now=NOW)
    assert (Alert.objects.get().state, look(rule)) == ("resolved", [0, 0, 0])


# --- as a job --------------------------------------------------------------------------------------------------------


def test_a_change_of_results_asks_for_one_look(unit):
    watched, other = kpi_with([92.0], unit=unit), kpi_with([92.0], unit=unit)
    a_rule(watched)
    Job.objects.all().delete()
    ask([watched.pk, other.pk])
    ask([watched.pk])
    job = Job.objects.get(kind="alerts.evaluate")
    assert job.arguments == {"kpis": [watched.pk]}
    assert perform(job) == {"rules": 1, "raised": 1, "resolved": 0}


def test_a_rule_in_trouble_does_not_keep_others_from_being_looked_at(unit, monkeypatch):
    broken, fine = a_rule(kpi_with([92.0], unit=unit)), a_rule(kpi_with([92.0], unit=unit))
    AlertRule.objects.filter(pk=broken.pk).update(condition="status", statuses=["red"])
    monkeypatch.delitem(READERS, "status")
    with pytest.raises(RulesFailed, match=f"rule {broken.pk}"):
        evaluate_all(None, now=NOW, day=DAY)
    broken.refresh_from_db()
    assert broken.fault == "KeyError: 'status'"
    assert Alert.objects.get().rule == fine


def test_a_look_takes_as_many_queries_for_fifty_units_as_for_one(unit, django_assert_max_num_queries):
    kpi = kpi_with([96.0], unit=unit)
    rule = a_rule(kpi, below=True)
    for _ in range(50):
        add_results(kpi, [96.0], unit=UnitFactory(parent=unit))
    with django_assert_max_num_queries(13):
        look(rule)


def test_what_a_person_may_see_is_decided_when_they_look(unit):
    alert, person = an_alert(unit), UserFactory()
    assert not Alert.objects.visible_to(access_of(person, DAY)).exists()
    person.memberships.create(unit=unit, role="viewer", valid_from=date(2020, 1, 1))
    assert list(Alert.objects.visible_to(access_of(person, DAY))) == [alert]


# --- signals and forecasts -------------------------------------------------------------------------------------------


class TestSignals:
    @pytest.fixture
    def kpi(self, unit):
        kpi = kpi_with([96.0, 90.0], unit=unit)
        self.drawn(kpi, MONTHS[-1])
        return kpi

    @staticmethod
    def drawn(kpi, month):
        values = {"centre": 95.0, "lower": 93.0, "upper": 97.0, "sigma": 0.7, "points": 24, "in_limits": 24, "at": NOW}
        names = {"chart": "individuals", "rule_set": "nhs", "variation": "concerning", "assurance": "fails"}
        key = {"kpi": kpi, "unit": kpi.unit, "grain": "month"}
        ChartVerdict.objects.update_or_create(**key, defaults={**values, **names, "period_start": month, "layout": ""})

    @staticmethod
    def signal(kpi, month, kind="bad", rule="beyond_limits"):
        key = {"kpi": kpi, "unit": kpi.unit, "grain": "month", "period_start": month, "pattern_start": month}
        return Signal.objects.create(**key, rule=rule, side="low", kind=kind, found_at=NOW)

    def test_a_signal_for_the_worse_is_an_alert_one_for_the_better_is_not(self, kpi):
        rule = a_rule(kpi, condition="signal", signal_kinds=["bad"])
        self.signal(kpi, MONTHS[-1], kind="good", rule="trend")
        assert look(rule) == [0, 0, 0]
        self.signal(kpi, MONTHS[-1])
        assert look(rule) == [1, 0, 0]
        assert Alert.objects.get().summary.startswith("90.0 in Jun 2025: ")

    def test_a_month_that_is_not_charted_yet_does_not_end_it(self, kpi):
        rule = a_rule(kpi, condition="signal", signal_kinds=["bad"])
        self.signal(kpi, MONTHS[-1])
        look(rule)
        ResultFactory(kpi=kpi, month=date(2025, 7, 1), value=96.0)
        assert look(rule, day=date(2025, 8, 5)) == [0, 0, 0]  # results are there, the chart is not
        self.drawn(kpi, date(2025, 7, 1))
        assert look(rule, day=date(2025, 8, 5)) == [0, 0, 1]

    def test_a_forecast_that_will_miss_the_target(self, kpi):
        rule = a_rule(kpi, condition="forecast_miss", chance_pct=50, margin=10)
        july = {"period_start": date(2025, 7, 1), "period_end": date(2025, 8, 1)}
        numbers = {"mean": 93.0, "low": 91.0, "high": 96.0, "confidence": 0.8, "target": 95.0, "points": 24}
        key = {"kpi": kpi, "unit": kpi.unit, "grain": "month", "model": "ets", "back_test": {}, "made_at": NOW}
        Forecast.objects.create(**key, **july, **numbers, chance=0.2, made_from="1")
        assert look(rule) == [1, 0, 0]
        assert Alert.objects.get().summary == "A chance of 20 % to meet the target in Jul 2025"
        Forecast.objects.update(chance=0.55)
        assert look(rule) == [0, 0, 0]  # clear again from 60 % on
        Forecast.objects.update(chance=0.6)
        assert look(rule) == [0, 0, 1]
