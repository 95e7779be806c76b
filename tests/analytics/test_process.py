import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.inputs import EmptyInput, LengthMismatch, NegativeValue, NotFinite, OutOfRange, ZeroDenominator
from analytics.process.defects import dpmo, dpmo_of_level, sigma_level
from analytics.process.flow import Overdetermined, cycle_efficiency, littles_law, oee, rolled_yield, takt
from analytics.process.fmea import failure_mode
from analytics.process.pareto import pareto
from analytics.process.priority import MissingRating, ice, rice, weighted_ranking, wsjf


class TestDefects:
    def test_dpmo_counts_opportunities(self):
        result = dpmo(34, 500, 4)  # 34 in 2,000 chances
        assert result.dpmo == 17_000
        assert result.dpu == 0.068
        assert result.yield_share == 0.983

    @pytest.mark.parametrize(
        ("defects", "level"), [(3.4, 6.0), (233, 5.0), (6_210, 4.0), (66_807, 3.0), (308_538, 2.0), (691_462, 1.0)]
    )
    def test_the_one_tailed_table(self, defects, level):
        assert sigma_level(defects).level == pytest.approx(level, abs=0.005)

    @pytest.mark.parametrize(("level", "defects"), [(3, 66_811), (1, 697_672)])
    def test_the_two_tailed_table_differs(self, level, defects):
        assert dpmo_of_level(level, tails="two") == pytest.approx(defects, abs=0.6)
        assert sigma_level(defects, tails="two").level == pytest.approx(level, abs=1e-4)

    def test_more_defects_never_mean_a_higher_level(self):
        levels = [sigma_level(d).level for d in (10, 1_000, 100_000, 900_000)]
        assert levels == sorted(levels, reverse=True)

    def test_no_defects_have_no_level(self):
        assert sigma_level(0).level is None

    def test_the_shift_is_a_choice(self):
        assert sigma_level(66_807, shift=0).level == pytest.approx(1.5, abs=1e-4)

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [((1, 0), ZeroDenominator), ((-1, 5), OutOfRange), ((9, 2, 4), OutOfRange), ((float("nan"), 5), NotFinite)],
    )
    def test_bad_counts(self, arguments, error):
        with pytest.raises(error):
            dpmo(*arguments)


class TestFlow:
    def test_rolled_yield_is_the_product_and_names_the_weakest_step(self):
        result = rolled_yield([100, 98, 95], [95, 90, 95])
        assert result.rolled == pytest.approx(0.95 * 90 / 98 * 1)
        assert result.final == 0.95  # the last step hides the rework before it
        assert result.weakest_step == 1

    def test_oee_by_hand(self):
        # 480 min shift less 60 of breaks = 420 planned (a break is no loss), 47 of stops, 19,271 units at 1 s, 423 bad
        result = oee(
            planned_time=420 * 60, stop_time=47 * 60, ideal_cycle_time=1.0, total_units=19_271, good_units=18_848
        )
        assert result.availability == pytest.approx(0.888095, abs=1e-6)
        assert result.performance == pytest.approx(0.861081, abs=1e-6)
        assert result.quality == pytest.approx(0.978050, abs=1e-6)
        assert result.oee == pytest.approx(0.747937, abs=1e-6)

    def test_oee_refuses_an_impossible_speed(self):
        with pytest.raises(OutOfRange, match="ideal cycle time"):
            oee(planned_time=100, stop_time=0, ideal_cycle_time=2, total_units=60, good_units=60)

    def test_takt_and_stations(self):
        assert takt(27_000, 450).takt == 60
        assert takt(27_000, 450, work_content=180).stations == 3  # exactly three, not four
        assert takt(27_000, 450, work_content=181).stations == 4

    def test_littles_law_from_any_two(self):
        assert littles_law(arrival_rate=6, time_in_system=0.5).in_system == 3
        assert littles_law(in_system=3, time_in_system=0.5).arrival_rate == 6
        assert littles_law(in_system=3, arrival_rate=6).time_in_system == 0.5
        with pytest.raises(Overdetermined):
            littles_law(in_system=3)

    def test_cycle_efficiency(self):
        assert cycle_efficiency(188, 23.6 * 24 * 3600).efficiency == pytest.approx(0.0000922, rel=1e-3)

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            (lambda: rolled_yield([0], [0]), ZeroDenominator),
            (lambda: rolled_yield([5, 5], [5]), LengthMismatch),
            (lambda: rolled_yield([5], [-1]), NegativeValue),
            (lambda: rolled_yield([5], [6]), OutOfRange),
            (lambda: rolled_yield([], []), EmptyInput),
            (lambda: takt(100, 0), ZeroDenominator),
            (lambda: cycle_efficiency(1, 0), ZeroDenominator),
            (lambda: littles_law(in_system=1, arrival_rate=0), ZeroDenominator),
            (
                lambda: oee(planned_time=1, stop_time=1, ideal_cycle_time=1, total_units=0, good_units=0),
                ZeroDenominator,
            ),
        ],
    )
    def test_bad_input(self, call, error):
        with pytest.raises(error):
            call()


class TestPareto:
    def test_vital_few_and_the_rest_last_even_if_it_is_the_largest(self):
        result = pareto(["late", "damaged", "Other", "wrong", "late"], [20, 20, 45, 5, 10])
        assert [bar.name for bar in result.bars] == ["late", "damaged", "wrong", "Other"]
        assert [bar.cumulative for bar in result.bars] == pytest.approx([0.30, 0.50, 0.55, 1.0])
        assert result.bars[-1].is_vital is False

    def test_the_cause_that_reaches_the_cut_is_the_last_vital_one(self):
        assert pareto(list("abcd"), [50, 30, 15, 5]).vital_few == ("a", "b")

    def test_a_tie_at_the_cut_is_shown_as_a_tie(self):
        assert pareto(list("abc"), [60, 20, 20]).vital_few == ("a", "b", "c")

    def test_small_causes_are_collected(self):
        bars = pareto(list("abcd"), [50, 30, 15, 5], show=2).bars
        assert (bars[-1].name, bars[-1].amount, bars[-1].members) == ("Other", 20, 2)

    @settings(max_examples=30)
    @given(amounts=st.lists(st.integers(0, 50), min_size=1, max_size=8), show=st.integers(1, 9))
    def test_bars_always_add_up(self, amounts, show):
        if sum(amounts) == 0:
            with pytest.raises(ZeroDenominator):
                pareto([str(i) for i in range(len(amounts))], amounts)
            return
        result = pareto([str(i) for i in range(len(amounts))], amounts, show=show)
        assert sum(bar.amount for bar in result.bars) == sum(amounts)
        assert result.bars[-1].cumulative == pytest.approx(1)


class TestFmea:
    @pytest.mark.parametrize(
        ("ratings", "rpn", "priority"),
        [
            ((10, 10, 10), 1000, "high"),
            ((9, 2, 7), 126, "high"),  # RPN alone would rank it below (5, 6, 5) = 150
            ((5, 6, 5), 150, "medium"),
            ((9, 4, 1), 36, "medium"),
            ((8, 6, 1), 48, "medium"),
            ((7, 3, 4), 84, "low"),
            ((10, 1, 10), 100, "low"),
            ((3, 9, 8), 216, "medium"),
            ((1, 10, 10), 100, "low"),
        ],
    )
    def test_rpn_and_action_priority(self, ratings, rpn, priority):
        result = failure_mode(*ratings)
        assert (result.rpn, result.action_priority) == (rpn, priority)

    def test_priority_never_falls_when_a_rating_rises(self):
        order = {"low": 0, "medium": 1, "high": 2}
        scale = range(1, 11)
        table = {(s, o, d): order[failure_mode(s, o, d).action_priority] for s in scale for o in scale for d in scale}
        for (s, o, d), level in table.items():
            for worse in ((s + 1, o, d), (s, o + 1, d), (s, o, d + 1)):
                assert table.get(worse, 2) >= level

    def test_ratings_are_one_to_ten(self):
        with pytest.raises(OutOfRange):
            failure_mode(0, 5, 5)


class TestPriority:
    def test_the_three_formulas(self):
        assert wsjf(value=8, time_criticality=5, risk_reduction=2, size=3).score == 5
        assert rice(reach=500, impact=2, confidence=0.8, effort=4).score == 200
        assert ice(impact=7, confidence=5, ease=4).score == 140
        assert ice(impact=7, confidence=5, ease=6, how="mean").score == 6

    def test_confidence_is_a_share(self):
        with pytest.raises(OutOfRange):
            rice(reach=500, impact=2, confidence=80, effort=4)

    def test_zero_effort_is_refused(self):
        with pytest.raises(ZeroDenominator):
            rice(reach=500, impact=2, confidence=0.8, effort=0)

    def test_weighted_ranking_with_the_weight_that_would_change_the_winner(self):
        ratings = {"robot": {"value": 9, "ease": 2}, "training": {"value": 4, "ease": 8}}
        result = weighted_ranking(ratings, {"value": 3, "ease": 1})
        assert [(o.name, o.score, o.rank) for o in result.options] == [("robot", 7.25, 1), ("training", 5.0, 2)]
        value = result.sensitivity[0]
        # 2 + 7w = 8 - 4w at w = 6/11: below it training wins
        assert (value.winner_below, value.switches_below_at) == ("training", pytest.approx(6 / 11))
        assert value.winner_above is None

    def test_ties_share_a_rank(self):
        ranking = weighted_ranking({"b": {"x": 1}, "a": {"x": 1}, "c": {"x": 0}}, {"x": 1})
        assert [(o.name, o.rank) for o in ranking.options] == [("a", 1), ("b", 1), ("c", 3)]

    @pytest.mark.parametrize(
        ("ratings", "weights", "error"),
        [
            ({}, {"x": 1}, EmptyInput),
            ({"a": {}}, {"x": 1}, MissingRating),
            ({"a": {"x": 1}}, {"x": 0}, ZeroDenominator),
            ({"a": {"x": 1}}, {"x": -1}, OutOfRange),
        ],
    )
    def test_bad_input(self, ratings, weights, error):
        with pytest.raises(error):
            weighted_ranking(ratings, weights)
