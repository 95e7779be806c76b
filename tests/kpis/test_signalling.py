"""Signals are found for all series in one batch, stored once, marked as gone, and told; limits never move silently."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.models import Job
from kpis import events, rebasing, signalling
from kpis.charting import chart_of
from kpis.models import ChartVerdict, Result, Signal
from kpis.rebasing import ChartRefused
from kpis.workflow import SecondPersonNeeded
from organization.access import access_of
from tests.factories import UnitFactory, UserFactory, member
from tests.kpis.sample_series import a_share, an_amount, day_after, met, month, write

pytestmark = pytest.mark.django_db
NOW, LATER = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)


def find(*kpis, months=25, now=NOW):
    return signalling.find_signals([kpi.pk for kpi in kpis], day=day_after(months), now=now)


def verdict(kpi, unit=None) -> ChartVerdict:
    return ChartVerdict.objects.get(kpi=kpi, unit=unit or kpi.unit, grain="month")


@pytest.fixture
def share():
    """24 quiet months, then one of 20 in 100."""
    kpi = a_share()
    write(kpi, [*met(24), 20], target=95.0)
    return kpi


class TestTheBatch:
    def test_a_low_month_is_a_signal_for_the_worse_and_95_is_out_of_reach(self, share):
        assert find(share) == signalling.Batch(series=1, signals=1, new=1, gone=0)
        signal, said = Signal.objects.get(), verdict(share)
        assert (signal.rule, signal.kind, signal.side) == ("nhs_limits", "bad", "low")
        assert signal.period_start == month(24) == said.period_start
        assert (said.variation, said.assurance, said.rule) == ("concerning", "fails", "nhs_limits")

    def test_the_same_signal_is_stored_once(self, share):
        find(share)
        assert find(share, now=LATER).new == 0
        assert Signal.objects.get().found_at == NOW

    def test_one_that_no_longer_fires_is_gone_but_stays(self, share):
        find(share)
        Result.objects.filter(period_start=month(24)).update(value=62.0, numerator=62)
        assert find(share, now=LATER).gone == 1
        assert Signal.objects.get().gone_at == LATER
        assert not Signal.objects.current().exists()

    def test_an_open_month_is_in_no_chart(self, share):
        Result.objects.filter(period_start=month(24)).update(is_open=True)
        assert find(share).signals == 0
        assert verdict(share).period_start == month(23)

    def test_nor_is_one_that_ends_after_the_day(self, share):
        assert find(share, months=24).signals == 0

    def test_eleven_months_make_no_chart(self):
        kpi = a_share()
        write(kpi, met(11))
        assert find(kpi, months=11).series == 0

    def test_rolling_numbers_make_none_for_they_share_rows(self):
        kpi = a_share(kind="cumulative", base_kind="ratio", window="rolling", window_periods=3)
        write(kpi, [50.0] * 24)
        assert find(kpi).series == 0

    def test_the_cost_of_a_batch_does_not_grow_with_series(self, share):
        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as made:
                find(share)
            return len(made)

        find(share)
        before = queries()
        for _ in range(50):
            write(share, [*met(24), 20], unit=UnitFactory())
        find(share)
        assert queries() == before
        assert ChartVerdict.objects.count() == 51

    def test_others_hear_of_it_in_the_transaction(self, share):
        heard = []
        receiver = lambda sender, kpis, **_: heard.append(kpis)  # noqa: E731
        events.signals_found.connect(receiver)
        find(share)
        events.signals_found.disconnect(receiver)
        assert heard == [{share.pk}]


class TestLimitsNeverMoveSilently:
    def test_a_new_month_does_not_move_settled_limits(self, share):
        find(share)
        write(share, [62], first=25)
        find(share, months=26, now=LATER)
        assert verdict(share).moved_at is None

    def test_while_the_baseline_grows_it_is_said(self):
        kpi = an_amount()
        write(kpi, met(13))
        find(kpi, months=13)
        before = verdict(kpi).centre
        write(kpi, [90], first=13)
        find(kpi, months=14, now=LATER)
        said = verdict(kpi)
        assert said.moved_at == LATER
        assert said.moved_because == "the baseline grew from 13 to 14 points"
        assert said.moved_from["centre"] == before

    def test_a_restated_month_within_the_baseline_is_said(self):
        kpi = an_amount()
        write(kpi, met(25))
        find(kpi)
        Result.objects.filter(period_start=month(3)).update(value=70.0)
        find(kpi, now=LATER)
        assert verdict(kpi).moved_because == "results within the baseline were restated"


class TestRebasing:
    @pytest.fixture
    def shifted(self):
        """24 months about 62, then 12 about 82."""
        kpi = a_share()
        write(kpi, [*met(24), *(m + 20 for m in met(12))])
        find(kpi, months=36)
        return kpi

    @pytest.fixture
    def two(self, shifted):
        return member("analyst", shifted.unit), member("manager", shifted.unit)

    def propose(self, kpi, by):
        when = month(24).replace(day=15)
        return rebasing.propose_phase(kpi, kpi.unit, "month", when, by=by, reason="New triage desk")

    def test_a_lasting_shift_suggests_one(self, shifted):
        assert verdict(shifted).rebase_from == month(24)
        assert round(verdict(shifted).centre) == 62

    def test_proposed_it_changes_nothing_approved_it_does(self, shifted, two):
        analyst, manager = two
        phase = self.propose(shifted, analyst)
        assert phase.starts_on == month(24)  # the first day of the period
        find(shifted, months=36, now=LATER)
        assert verdict(shifted).moved_at is None
        rebasing.decide_phase(phase, approve=True, by=manager, now=timezone.now())
        find(shifted, months=36, now=LATER)
        assert round(verdict(shifted).centre) == 82
        assert verdict(shifted).moved_because.startswith("a person changed the chart")
        assert Signal.objects.current().filter(period_start__gte=month(24)).count() == 0

    def test_nobody_approves_their_own(self, shifted, two):
        phase = self.propose(shifted, two[1])
        with pytest.raises(SecondPersonNeeded):
            rebasing.decide_phase(phase, approve=True, by=two[1], now=timezone.now())

    def test_rejected_it_says_why_and_is_not_suggested_again(self, shifted, two):
        phase = self.propose(shifted, two[0])
        with pytest.raises(ChartRefused, match="Say why"):
            rebasing.decide_phase(phase, approve=False, by=two[1], now=timezone.now())
        rebasing.decide_phase(phase, approve=False, by=two[1], remark="Only a holiday", now=timezone.now())
        access = access_of(two[0], day_after(36))
        assert chart_of(shifted, shifted.unit, "month", day_after(36), access).suggested_from is None
        self.propose(shifted, two[0])  # a rejected one does not stand in the way

    def test_a_reason_is_asked_for_and_one_start_once(self, shifted, two):
        with pytest.raises(ChartRefused, match="without a reason"):
            rebasing.propose_phase(shifted, shifted.unit, "month", month(24), by=two[0], reason=" ")
        self.propose(shifted, two[0])
        with pytest.raises(ChartRefused, match="already"):
            self.propose(shifted, two[0])

    def test_a_phase_has_two_periods_on_either_side(self, shifted, two):
        with pytest.raises(ChartRefused, match="two complete periods"):
            rebasing.propose_phase(shifted, shifted.unit, "month", month(35), by=two[0], reason="x")

    def test_an_excluded_point_stays_visible_with_its_reason(self, share):
        analyst = member("analyst", share.unit)
        rebasing.exclude_point(share, share.unit, "month", month(24), by=analyst, reason="Flood")
        assert find(share).signals == 0
        chart = chart_of(share, share.unit, "month", day_after(25), access_of(analyst, day_after(25)))
        last = chart.points[-1]
        assert (last.value, last.excluded.reason, last.in_limits) == (20.0, "Flood", False)
        assert last.upper is not None
        rebasing.include_point(last.excluded, by=analyst)
        assert find(share, now=LATER).new == 1

    def test_a_locked_baseline(self, shifted, two):
        lock = partial(rebasing.set_chart, shifted, shifted.unit, "month", by=two[0], baseline="locked")
        setting = lock(baseline_from=month(24), baseline_to=month(35) + timedelta(days=9), reason="After the move")
        assert (setting.baseline_from, setting.baseline_to) == (month(24), month(35))  # named by any of their days
        find(shifted, months=36, now=LATER)
        assert round(verdict(shifted).centre) == 82
        with pytest.raises(ChartRefused, match="runs forward"):
            lock(baseline_from=month(5), baseline_to=month(5), reason="x")

    def test_rules_are_chosen_per_chart(self, share):
        by = UserFactory()
        rebasing.set_chart(
            share, share.unit, "month", by=by, rule_set="western_electric", chart="individuals", reason="House"
        )
        find(share)
        assert {signal.rule for signal in Signal.objects.current()} >= {"we1"}
        assert (verdict(share).chart, verdict(share).rule_set) == ("individuals", "western_electric")


class TestJobs:
    def test_a_change_of_the_chart_asks_for_it_to_be_made(self, share):
        rebasing.exclude_point(share, share.unit, "month", month(24), by=UserFactory(), reason="Flood")
        assert Job.objects.get(kind=signalling.KIND).arguments["kpis"] == [share.pk]

    def test_the_job_finds_signals_and_asks_for_forecasts(self, share, settings):
        from tests.factories import perform

        settings.AS_OF = day_after(25).isoformat()
        outcome = perform(signalling.request([share.pk]))
        assert outcome == {"series": 1, "signals": 1, "new": 1, "gone": 0}
        outcome = perform(Job.objects.get(kind="kpis.forecasts"))
        assert outcome == {"made": 1, "unchanged": 0, "refused": 0}

    def test_amounts_are_charted_as_individuals(self):
        kpi = an_amount()
        write(kpi, [10.0, 12.0] * 12)
        find(kpi)
        assert (verdict(kpi).chart, verdict(kpi).variation) == ("individuals", "common_cause")
