"""Error budgets by hand, with the published mistakes named, and as laws."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.budgets.budget import Objective, budget_of
from analytics.budgets.burn import POLICIES, alerts, burn_rate, exhausted_in
from analytics.budgets.landing import landing
from analytics.budgets.slices import PartAboveWhole, Slices, slices
from analytics.budgets.windows import Window
from analytics.inputs import BadInput, OutOfRange

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
HOUR = 3600
DAY = timedelta(days=1)


def hours(good, total, *, until: datetime = NOON) -> Slices:
    """Hourly slices that end at `until`."""
    first = int(until.timestamp()) - HOUR * len(good)
    return slices([first + HOUR * n for n in range(len(good))], good, total, seconds=HOUR)


FOUR = hours([100, 50, 100, 90], [100, 100, 100, 100])  # 340 of 400 good


@pytest.mark.parametrize(
    ("objective", "share", "consumed"),
    [
        (Objective(0.9), 0.85, 60 / 40),  # 60 bad of 400, 40 allowed
        (Objective(0.9, "Timeslices", 0.9), 0.75, 1 / 0.4),  # one bad slice of four, 0.4 allowed
        (Objective(0.9, "RatioTimeslices"), 0.85, 0.6 / 0.4),  # mean of 1, .5, 1, .9
    ],
)
def test_the_three_methods_of_the_same_hours(objective, share, consumed):
    found = budget_of(FOUR, objective, Window(1), at=NOON)
    assert (found.share, found.consumed) == (pytest.approx(share), pytest.approx(consumed))
    assert found.remaining == pytest.approx(1 - consumed)


def test_the_methods_part_where_slices_differ_in_size():
    parts = hours([990, 0], [1000, 10])
    assert budget_of(parts, Objective(0.9), Window(1), at=NOON).share == pytest.approx(990 / 1010)
    assert budget_of(parts, Objective(0.9, "RatioTimeslices"), Window(1), at=NOON).share == pytest.approx(0.495)


def test_unmeasured_time_is_coverage_and_never_good_time():
    found = budget_of(hours([0, 9, 0, 0], [0, 10, 0, 0]), Objective(0.9, "Timeslices", 0.5), Window(1), at=NOON)
    assert found.share == 1 and found.total == 1  # not 4 of 4
    assert found.coverage == pytest.approx(1 / 24)


def test_nothing_measured_is_no_verdict():
    found = budget_of(hours([], []), Objective(0.99), Window(30), at=NOON)
    assert (found.share, found.consumed, found.is_met, found.coverage) == (None, None, None, 0.0)


def test_a_rolling_window_ends_now_and_a_calendar_one_with_its_month():
    assert Window(30).bounds(NOON) == (NOON - 30 * DAY, NOON)
    month = Window(1, "month", is_rolling=False, zone="Europe/Paris")
    assert month.bounds(NOON) == (datetime(2025, 2, 28, 23, tzinfo=UTC), datetime(2025, 3, 31, 22, tzinfo=UTC))
    assert month.seconds(NOON) == 31 * 86400 - HOUR  # the spring change takes an hour away
    quarter = Window(1, "quarter", is_rolling=False).bounds(NOON)
    assert [moment.date().isoformat() for moment in quarter] == ["2025-01-01", "2025-04-01"]
    week = Window(1, "week", is_rolling=False).bounds(NOON)
    assert [moment.date().isoformat() for moment in week] == ["2025-03-10", "2025-03-17"]


def test_a_calendar_window_holds_only_its_own_slices():
    parts = hours([0] * 24 + [10] * 12, [10] * 36)  # yesterday all bad, today all good
    assert budget_of(parts, Objective(0.9), Window(1, "day", is_rolling=False), at=NOON).share == 1
    assert budget_of(parts, Objective(0.9), Window(1), at=NOON).share == pytest.approx(0.5)


def test_thresholds_are_budget_share_times_period_over_long_window():
    assert [round(policy.threshold(30 * DAY), 2) for policy in POLICIES] == [14.4, 6, 3, 1]
    assert round(POLICIES[0].threshold(28 * DAY), 2) == 13.44


def test_burn_rate_one_uses_the_budget_exactly():
    parts = hours([99] * 24, [100] * 24)
    assert burn_rate(parts, Objective(0.99), at=NOON, over=DAY) == pytest.approx(1)
    assert burn_rate(parts, Objective(0.999), at=NOON, over=DAY) == pytest.approx(10)


def five_minutes(bad_from_last: int, count: int = 3 * 288) -> Slices:
    """Three days of five minutes with 100 events each, of which 20 are bad in the last `bad_from_last`."""
    good = [100] * (count - bad_from_last) + [80] * bad_from_last
    first = int(NOON.timestamp()) - 300 * count
    return slices([first + 300 * n for n in range(count)], good, [100] * count, seconds=300)


def test_an_alert_needs_both_windows():
    objective, period = Objective(0.99), 30 * DAY  # 20 % bad burns at 20
    fast, *_ = alerts(five_minutes(12), objective, at=NOON, period=period)
    assert (fast.long_rate, fast.short_rate, fast.is_firing) == (pytest.approx(20), pytest.approx(20), True)
    over, *_ = alerts(five_minutes(12), objective, at=NOON + timedelta(minutes=10), period=period)
    assert over.short_rate is None and over.is_firing is None  # no slice ended in the last five minutes
    brief, *_ = alerts(five_minutes(2), objective, at=NOON, period=period)
    assert brief.short_rate == pytest.approx(20) and brief.is_firing is False  # the long window burns at 20 * 2 / 12


def test_a_window_shorter_than_a_slice_cannot_be_told():
    fast, middle, slow, slowest = alerts(hours([5] * 72, [10] * 72), Objective(0.9), at=NOON, period=30 * DAY)
    assert fast.short_rate is None and middle.short_rate is None
    assert slow.is_firing is True and slowest.is_firing is True


def test_a_burn_of_14_4_lasts_two_days_not_two_hours():
    fresh = budget_of(hours([10], [10]), Objective(0.99), Window(30), at=NOON)
    assert exhausted_in(fresh, 14.4, period=30 * DAY) / DAY == pytest.approx(2.0833, abs=1e-4)
    assert exhausted_in(fresh, 0, period=30 * DAY) is None
    overdrawn = budget_of(hours([5], [10]), Objective(0.99), Window(30), at=NOON)
    assert exhausted_in(overdrawn, 1, period=30 * DAY) == timedelta(0)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(PartAboveWhole, match="Slice 0 has 2 good events of 1"):
        hours([2], [1])
    with pytest.raises(BadInput, match="rise"):
        slices([0, 60], [1, 1], [1, 1], seconds=300)
    with pytest.raises(OutOfRange):
        Objective(1.0)
    with pytest.raises(BadInput, match="slice_target"):
        Objective(0.9, "Timeslices")
    with pytest.raises(OutOfRange, match="fortnight"):
        Window(1, "fortnight")
    with pytest.raises(OutOfRange, match="time zone"):
        Window(1).bounds(datetime(2025, 1, 1))


counts = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=48)
objectives = st.sampled_from(
    [Objective(0.9), Objective(0.995), Objective(0.9, "Timeslices", 0.8), Objective(0.9, "RatioTimeslices")]
)


@given(counts, objectives)
def test_consumed_and_burn_over_the_whole_window_are_one_number(pairs, objective):
    parts = hours([min(p) for p in pairs], [max(p) for p in pairs])
    found = budget_of(parts, objective, Window(2), at=NOON)
    rate = burn_rate(parts, objective, at=NOON, over=2 * DAY)
    assert (found.consumed is None) == (rate is None)
    if rate is not None:
        assert found.consumed == pytest.approx(rate) and found.consumed >= 0
        assert found.is_met == (found.share >= objective.target)


@given(counts, objectives, st.integers(0, 47))
def test_a_good_event_more_never_uses_budget(pairs, objective, where):
    good, total = np.array([min(p) for p in pairs]), np.array([max(p) + 1 for p in pairs])
    better = good.copy()
    better[where % len(pairs)] += 1
    before, after = (budget_of(hours(g, total), objective, Window(2), at=NOON).consumed for g in (good, better))
    assert after <= before + 1e-12


def test_a_period_that_is_over_has_landed():
    assert landing(95, 100, 0, required=0.95).chance == 1
    lost = landing(94, 100, 0, required=0.95)
    assert (lost.chance, lost.can_be_bad, lost.expected, lost.low, lost.high) == (0, None, 0.94, 0.94, 0.94)


def test_one_case_to_come_is_good_at_the_rate_so_far():
    # 8 of 9 so far, one to come, 9 of 10 required: it must be good, which Laplace's rule puts at (8 + 1) / (9 + 2)
    found = landing(8, 9, 1, required=0.9)
    assert found.chance == pytest.approx(9 / 11) and found.can_be_bad == 0
    assert found.expected == pytest.approx((8 + 9 / 11) / 10)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(OutOfRange, match="3 good of 2"):
        landing(3, 2, 1, required=0.9)
    with pytest.raises(OutOfRange, match="no case"):
        landing(0, 0, 0, required=0.9)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.floats(0.5, 1))
def test_a_landing_lies_in_its_interval_and_promises_no_more_than_it_can(good, bad, remaining, required):
    if good + bad + remaining == 0:
        return
    found = landing(good, good + bad, remaining, required=required)
    assert 0 <= found.low <= found.high <= 1 and 0 <= found.chance <= 1
    assert landing(good + 1, good + bad + 1, remaining, required=required).chance >= found.chance - 1e-9
