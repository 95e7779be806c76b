import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from analytics.inputs import EmptyInput, LengthMismatch, NegativeValue, NotFinite, OutOfRange, ZeroDenominator
from analytics.queueing.deferred import backlog_plan, required_hours
from analytics.queueing.erlang_a import QueueTooLong, erlang_a
from analytics.queueing.erlang_b import blocking, erlang_b, lines_required
from analytics.queueing.erlang_c import LoadExceedsAgents, erlang_c
from analytics.queueing.service_level import day_service_level, service_level
from analytics.queueing.staffing import (
    Limits,
    NoLimit,
    Unreachable,
    agents_required,
    agents_required_batch,
    gross_agents,
)

HALF_HOUR = {"calls": 100, "aht": 180, "interval": 1800}  # 10 Erlangs


def plain_blocking(load, lines):
    """The textbook recursion, the second road."""
    value = 1.0
    for n in range(1, lines + 1):
        value = load * value / (n + load * value)
    return value


class TestErlangB:
    @pytest.mark.parametrize(
        ("load", "lines", "expected"),
        [(10, 17, 0.012949), (10, 18, 0.007142)],  # a published page says 0.0183 and 0.0095
    )
    def test_known_values(self, load, lines, expected):
        assert erlang_b(load, lines).blocking == pytest.approx(expected, abs=5e-7)

    @pytest.mark.parametrize(("load", "share", "lines"), [(10, 0.01, 18), (8, 0.01, 15), (8, 0.02, 14)])
    def test_lines_required(self, load, share, lines):
        assert lines_required(load, max_blocking=share).lines == lines

    @pytest.mark.parametrize(
        ("load", "lines"),
        [(0.5, 3), (50, 1), (700, 20), (9999, 10_000), (10_000, 9_000), (10_000, 1), (20, 200), (3, 0)],
    )
    def test_the_closed_form_agrees_with_the_recursion(self, load, lines):
        assert erlang_b(load, lines).blocking == pytest.approx(plain_blocking(load, lines), rel=1e-8, abs=1e-300)

    def test_arrays_broadcast(self):
        assert blocking([[1.0], [2.0]], [1, 2, 3]).shape == (2, 3)


class TestErlangC:
    def test_by_hand(self):
        # A = 1, n = 2: B = 1/5, C = (1/5) / (1 - 1/2 x 4/5) = 1/3
        result = erlang_c(calls=10, aht=180, interval=1800, agents=2, within=0)
        assert result.waiting_probability == pytest.approx(1 / 3)
        assert result.service_level == pytest.approx(2 / 3)
        assert result.asa == pytest.approx(60)
        assert result.mean_wait_of_waiting == pytest.approx(180)
        assert (result.occupancy, result.queue) == (0.5, pytest.approx(1 / 3))

    def test_the_classic_example(self):
        # 100 calls of 180 s in half an hour: 14 agents reach 80 % in 20 s (88.8 %), 13 do not
        assert erlang_c(**HALF_HOUR, agents=14).service_level == pytest.approx(0.888, abs=5e-4)
        assert erlang_c(**HALF_HOUR, agents=14).asa == pytest.approx(7.8, abs=0.05)
        assert erlang_c(**HALF_HOUR, agents=13).service_level < 0.80

    def test_agents_at_or_below_the_load_are_refused_with_the_number_needed(self):
        with pytest.raises(LoadExceedsAgents, match="11 or more"):
            erlang_c(**HALF_HOUR, agents=10)

    def test_no_calls_wait_for_nobody(self):
        result = erlang_c(calls=0, aht=180, interval=1800, agents=0)
        assert (result.service_level, result.asa, result.occupancy) == (1, 0, 0)

    def test_stable_at_ten_thousand_agents(self):
        result = erlang_c(calls=9_990, aht=1800, interval=1800, agents=10_000)
        waits = plain_blocking(9_990, 10_000)
        waits /= 1 - 0.999 * (1 - waits)
        assert result.waiting_probability == pytest.approx(waits, rel=1e-7)

    @settings(max_examples=30)
    @given(calls=st.integers(1, 2000), extra=st.integers(1, 40), within=st.integers(0, 300))
    def test_one_more_agent_never_hurts(self, calls, extra, within):
        agents = int(calls * 180 / 1800) + extra
        few = erlang_c(calls=calls, aht=180, interval=1800, agents=agents, within=within)
        more = erlang_c(calls=calls, aht=180, interval=1800, agents=agents + 1, within=within)
        assert more.service_level >= few.service_level - 1e-12
        assert more.asa <= few.asa + 1e-12


def mandelbaum_zeltyn(calls, aht, interval, agents, patience, within):
    """P(Ab), E[W], P(V > T) by the integrals of Mandelbaum and Zeltyn: the second road."""
    rate, mu, theta = calls / interval, 1 / aht, 1 / patience

    def weight(x):
        return np.exp(rate * (1 - np.exp(-theta * x)) / theta - agents * mu * x)

    def integral(function, start):
        return quad(function, start, 200 * aht, limit=500)[0]

    free, factor = 0.0, 1.0  # E = sum of (load^j / j!) / (load^(n-1) / (n-1)!) / (n mu) ... built downwards
    for j in range(agents - 1, -1, -1):
        free += factor
        factor *= j / (rate / mu)
    total = free + rate * integral(weight, 0)
    lost = (1 + (rate - agents * mu) * integral(weight, 0)) / total
    wait = rate * integral(lambda x: (1 - np.exp(-theta * x)) / theta * weight(x), 0) / total
    return lost, wait, rate * integral(weight, within) / total


class TestErlangA:
    @pytest.mark.parametrize(
        ("agents", "patience", "within"), [(14, 60, 20), (8, 60, 20), (10, 300, 30), (12, 20, 5), (3, 90, 60)]
    )
    def test_agrees_with_the_integrals_of_mandelbaum_and_zeltyn(self, agents, patience, within):
        result = erlang_a(**HALF_HOUR, agents=agents, patience=patience, within=within, formula=1)
        lost, wait, late = mandelbaum_zeltyn(**HALF_HOUR, agents=agents, patience=patience, within=within)
        assert result.abandonment == pytest.approx(lost, rel=1e-6)
        assert result.asa == pytest.approx(wait, rel=1e-6)
        # formula 1 counts all who are done with waiting by T: 1 - P(V > T and patience > T)
        assert result.service_level == pytest.approx(1 - late * np.exp(-within / patience), rel=1e-6)

    def test_identities(self):
        result = erlang_a(**HALF_HOUR, agents=11, patience=120)
        rate = 100 / 1800
        assert result.abandonment == pytest.approx(result.queue / 120 / rate)  # P(ab) = theta E[Q] / lambda
        assert result.occupancy == pytest.approx(10 * (1 - result.abandonment) / 11)
        assert result.queue == pytest.approx(rate * result.asa)  # Little

    @settings(max_examples=12, deadline=None)
    @given(agents=st.integers(11, 40), within=st.integers(0, 120))
    def test_tends_to_erlang_c_as_patience_grows(self, agents, within):
        endless = erlang_c(**HALF_HOUR, agents=agents, within=within)
        gaps = []
        for patience in (1e4, 1e6, 1e8):
            patient = erlang_a(**HALF_HOUR, agents=agents, within=within, patience=patience)
            gaps.append(abs(patient.service_level - endless.service_level))
        assert gaps[0] >= gaps[1] - 1e-12
        assert gaps[2] < 1e-4
        assert patient.asa == pytest.approx(endless.asa, rel=1e-3, abs=1e-9)
        assert patient.abandonment == pytest.approx(0, abs=1e-4)

    def test_fewer_agents_than_load_are_allowed(self):
        result = erlang_a(**HALF_HOUR, agents=1, patience=60)
        assert result.abandonment == pytest.approx(0.9, abs=0.001)  # one agent serves one Erlang of ten
        assert result.occupancy == pytest.approx(10 * (1 - result.abandonment))

    def test_formulas_differ(self):
        levels = {f: erlang_a(**HALF_HOUR, agents=9, patience=60, formula=f).service_level for f in (1, 2, 3, 4)}
        assert levels[3] < levels[4] < levels[1]
        assert levels[3] < levels[2]

    @pytest.mark.parametrize("agents", [9_900, 10_000])
    def test_stable_at_ten_thousand_agents(self, agents):
        result = erlang_a(calls=10_000, aht=1800, interval=1800, agents=agents, patience=600)
        assert 0 < result.abandonment < 0.02
        assert 0.98 < result.occupancy <= 1

    def test_an_endless_queue_is_refused(self):
        with pytest.raises(QueueTooLong):
            erlang_a(calls=10_000, aht=180, interval=1800, agents=1, patience=1e9)


class TestStaffing:
    def test_the_limit_that_binds_is_named(self):
        limits = Limits(service_level=0.8, within=20, max_occupancy=0.85, max_abandonment=0.03)
        result = agents_required(**HALF_HOUR, limits=limits, patience=120, shrinkage=0.3)
        assert dict(result.per_limit) == {"service_level": 12, "max_occupancy": 11, "max_abandonment": 14}
        assert (result.agents, result.gross, result.binding) == (14, 20, ("max_abandonment",))
        assert result.performance.agents == 14

    def test_ties_are_shown_as_ties(self):
        result = agents_required(**HALF_HOUR, limits=Limits(service_level=0.8, max_asa=8))
        assert result.binding == ("service_level", "max_asa")

    def test_weak_limits_leave_stability(self):
        assert agents_required(**HALF_HOUR, limits=Limits(max_occupancy=0.99)).binding == ("stability",)

    def test_patience_needs_fewer_agents(self):
        limits = Limits(service_level=0.9, within=10)
        patient = agents_required(**HALF_HOUR, limits=limits, patience=60)
        assert patient.agents < agents_required(**HALF_HOUR, limits=limits).agents

    def test_shrinkage_divides(self):
        assert gross_agents(14, 0.3) == 20  # not 14 x 1.3 = 18.2, so 19
        assert gross_agents(7, 0.3) == 10  # 7 / 0.7 is ten in spite of floats

    def test_no_calls_need_nobody(self):
        result = agents_required(calls=0, aht=180, interval=1800, limits=Limits(service_level=0.8))
        assert (result.agents, result.gross, result.binding) == (0, 0, ())

    def test_the_batch_says_what_one_interval_says(self):
        calls = np.array([0, 1, 7, 55, 100, 421, 3000, 40_000])
        limits = Limits(service_level=0.8, within=20, max_occupancy=0.9, max_asa=10)
        batch = agents_required_batch(calls=calls, aht=240, interval=1800, limits=limits, shrinkage=0.28)
        for i, volume in enumerate(calls):
            one = agents_required(calls=volume, aht=240, interval=1800, limits=limits, shrinkage=0.28)
            assert (batch.agents[i], batch.gross[i], batch.binding(i)) == (one.agents, one.gross, one.binding)
            assert batch.service_level[i] == pytest.approx(one.performance.service_level)

    @settings(max_examples=25)
    @given(calls=st.integers(1, 3000), level=st.floats(0.5, 0.99))
    def test_one_agent_fewer_misses_the_limit(self, calls, level):
        result = agents_required(calls=calls, aht=200, interval=1800, limits=Limits(service_level=level))
        assert result.performance.service_level >= level
        if result.binding == ("service_level",):
            fewer = erlang_c(calls=calls, aht=200, interval=1800, agents=result.agents - 1)
            assert fewer.service_level < level

    @pytest.mark.parametrize(
        ("limits", "patience", "error"),
        [
            (Limits(), None, NoLimit),
            (Limits(max_abandonment=0.05), None, OutOfRange),
            (Limits(service_level=1.0), None, OutOfRange),
            (Limits(service_level=80), None, OutOfRange),
            (Limits(max_occupancy=0), None, OutOfRange),
            (Limits(max_occupancy=0.0001), None, Unreachable),
        ],
    )
    def test_bad_limits(self, limits, patience, error):
        with pytest.raises(error):
            agents_required(**HALF_HOUR, limits=limits, patience=patience)

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"calls": -1}, OutOfRange),
            ({"aht": 0}, OutOfRange),
            ({"interval": 0}, OutOfRange),
            ({"calls": np.nan}, NotFinite),
        ],
    )
    def test_bad_volumes(self, change, error):
        with pytest.raises(error):
            erlang_c(**(HALF_HOUR | change), agents=14)


class TestServiceLevel:
    counts = {  # the example of the source
        "answered": 1000,
        "abandoned": 60,
        "answered_within": 860,
        "abandoned_within": 20,
        "abandoned_short": 10,
    }

    @pytest.mark.parametrize(
        ("formula", "expected"), [(1, 880 / 1060), (2, 860 / 1000), (3, 860 / 1060), (4, 860 / 1040), (5, 870 / 1060)]
    )
    def test_five_formulas_of_one_day(self, formula, expected):
        assert service_level(**self.counts, formula=formula).value == pytest.approx(expected)

    def test_the_default_is_the_fourth_and_says_so(self):
        assert service_level(**self.counts).words == "answered in T / (answered + abandoned after T)"

    def test_a_day_is_weighted_by_calls(self):
        assert day_service_level([10, 90], [0.0, 1.0]).value == 0.9  # not the mean of the levels, 0.5

    def test_nothing_offered_has_no_level(self):
        with pytest.raises(ZeroDenominator):
            service_level(answered_within=0, answered=0)
        with pytest.raises(OutOfRange):
            service_level(answered_within=9, answered=5)
        with pytest.raises(ZeroDenominator):
            day_service_level([0], [1])


class TestDeferred:
    def test_required_hours(self):
        assert required_hours(arrivals=90, aht_hours=0.5, backlog=10, utilisation=0.8).hours == 62.5

    def test_oldest_first_against_the_due_date(self):
        # 10 a day arrive, 8 a day are done, due the next day
        plan = backlog_plan(arrivals=[10] * 6, hours=[8] * 6, aht_hours=1, due_days=1, utilisation=1)
        assert [day.backlog for day in plan.days] == [2, 4, 6, 8, 10, 12]
        assert [day.late for day in plan.days] == [0, 0, 0, 0, 0, 0]
        # day 5 works off the 8 left of day 4; 2 of day 4 remain and are due tonight: overdue
        assert plan.days[5].overdue == 2
        assert plan.days[5].oldest == 1
        assert plan.on_time == 1
        assert plan.cleared_on is None

    def test_an_old_backlog_is_late_and_is_cleared(self):
        plan = backlog_plan(arrivals=[0, 0], hours=[4, 4], aht_hours=1, due_days=2, utilisation=1, opening=[1, 2, 3])
        # ages 3, 2 and 1 days: the 3 oldest are late today, then 1 of 2 days in time; tomorrow the rest is late
        assert [day.late for day in plan.days] == [3, 1]
        assert plan.on_time == pytest.approx(1 - 4 / 6)
        assert plan.cleared_on == 1

    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12))
    def test_no_item_is_lost(self, days):
        arrivals, hours = zip(*days, strict=True)
        plan = backlog_plan(arrivals=arrivals, hours=hours, aht_hours=0.7, due_days=1)
        assert sum(day.done for day in plan.days) + plan.days[-1].backlog == pytest.approx(sum(arrivals))

    @pytest.mark.parametrize(
        ("arrivals", "hours", "error"),
        [([], [], EmptyInput), ([-1], [1], NegativeValue), ([1, 2], [1], LengthMismatch), ([1], [np.nan], NotFinite)],
    )
    def test_bad_input(self, arrivals, hours, error):
        with pytest.raises(error):
            backlog_plan(arrivals=arrivals, hours=hours, aht_hours=1, due_days=1)
