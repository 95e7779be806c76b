"""Control charts of series: limits by two roads, phases, locks, exclusions, Laney, icons, suggested re-bases."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.spc.chart import Layout as SpcLayout
from analytics.spc.charts import individuals, laney_p
from analytics.spc.icons import assurance_icon, variation_icon
from analytics.spc.signals import signals
from kpis import control
from kpis.control import Layout, Series, chart_all

ENGLAND = Path(__file__).parent.parent / "data" / "spc" / "ae_england_monthly.csv"


def charted(values, **words):
    layout = {name: words.pop(name) for name in list(words) if name in Layout.__slots__}
    return chart_all([Series("x", np.array(values, dtype=float), layout=Layout(**layout), **words)])[0]


def flat(n=24):
    """12, 10, 12, 10 ...: mean 11, every moving range 2."""
    return [12.0, 10.0] * (n // 2)


class TestLimits:
    def test_those_of_plain_numpy(self):
        values = np.random.default_rng(5).normal(50, 4, 36)
        made = charted(values)
        first = values[:24]  # the limits stand from the 24th point on
        half = 2.66 * np.abs(np.diff(first)).mean()
        assert made.centre == pytest.approx(np.full(36, first.mean()))
        assert made.upper == pytest.approx(np.full(36, first.mean() + half), rel=1e-3)
        assert made.lower == pytest.approx(np.full(36, first.mean() - half), rel=1e-3)

    def test_a_25th_point_does_not_move_them_and_a_24th_does(self):
        assert charted([*flat(24), 90]).centre[0] == 11
        assert charted([*flat(22), 12, 34]).centre[0] == 12

    def test_unless_all_points_are_asked_for(self):
        assert charted([*flat(24), 36], baseline="all").centre[0] == 12

    def test_a_phase_has_limits_of_its_own(self):
        made = charted([*flat(12), *(v + 50 for v in flat(12))], phases=(12,))
        assert made.centre.tolist() == [11] * 12 + [61] * 12
        assert made.found == ()  # in one phase, this would be two shifts

    def test_a_lock_makes_the_limits_of_its_phase(self):
        made = charted([*flat(12), *(v + 50 for v in flat(12))], baseline="locked", lock=(0, 11))
        assert set(made.centre) == {11}
        assert made.in_limits.sum() == 12
        later = charted([*flat(12), *(v + 50 for v in flat(12))], baseline="locked", lock=(12, 23))
        assert set(later.centre) == {61}

    def test_an_excluded_point_is_drawn_but_counts_for_nothing(self):
        values = [*flat(12), 99, *flat(12)]
        assert "nhs_limits" in {f.rule for f in charted(values, baseline="all").found}
        made = charted(values, excluded=frozenset({12}))
        assert made.found == ()
        assert (made.centre[12], made.excluded[12], made.in_limits[12]) == (11, True, False)

    def test_a_phase_of_one_point_has_none_and_says_nothing(self):
        made = charted([*flat(12), 50], phases=(12,))
        assert np.isnan(made.centre[12]) and not made.has_limits
        assert (made.variation, made.deciding) == ("too_few_points", None)


class TestCounts:
    """Seen within four hours in England: 2 million attendances a month, sigma_z near 40."""

    @pytest.fixture(scope="class")
    def england(self):
        rows = list(csv.DictReader(ENGLAND.open()))
        sizes = np.array([float(row["attendances"]) for row in rows])
        counts = sizes - np.array([float(row["breaches"]) for row in rows])
        return counts, sizes

    def made(self, england, **layout):
        counts, sizes = england
        words = {"counts": counts, "sizes": sizes, "scale": 100.0, "better": "higher", "target": 95.0}
        return charted(100 * counts / sizes, **words, **layout)

    def test_laney_is_chosen_where_sigma_z_is_far_from_one(self, england):
        made = self.made(england)
        assert made.chart == "laney_p"
        assert made.sigma_z[0] > 10

    def test_its_limits_are_those_of_laney(self, england):
        made, one = self.made(england), laney_p(*england, layout=SpcLayout(baseline=24))
        assert made.upper == pytest.approx(100 * one.upper)
        assert made.lower == pytest.approx(100 * one.lower)
        assert made.sigma_z == pytest.approx(one.sigma_z)

    def test_and_those_of_plain_numpy(self, england):
        counts, sizes = england
        p = counts[:24].sum() / sizes[:24].sum()
        plain = np.sqrt(p * (1 - p) / sizes)
        factor = np.abs(np.diff(((counts / sizes - p) / plain)[:24])).mean() / 1.128379
        assert self.made(england).upper == pytest.approx(100 * np.minimum(1, p + 3 * factor * plain), rel=1e-6)

    def test_a_plain_p_chart_can_be_chosen_and_calls_nearly_everything_special(self, england):
        made = self.made(england, chart="p")
        assert made.chart == "p"
        assert len({f.position for f in made.found if f.rule == "nhs_limits"}) > 20

    def test_an_excluded_point_has_limits_of_its_own_size(self, england):
        made = self.made(england, excluded=frozenset({3}))
        assert np.isfinite(made.upper).all()

    def test_95_per_cent_is_out_of_reach(self, england):
        assert self.made(england).assurance == "fails"

    def test_more_events_than_units_make_a_rate(self):
        counts, sizes = np.full(24, 30.0) + np.arange(24) % 3, np.full(24, 10.0)
        assert charted(counts / sizes, counts=counts, sizes=sizes).chart in ("u", "laney_u")


class TestIcons:
    @pytest.mark.parametrize("rules", ["nhs", "western_electric", "nelson", "anhoej"])
    @given(values=st.lists(st.floats(-100, 100).map(lambda v: round(v, 3)), min_size=13, max_size=30))
    def test_rules_are_those_of_one_chart(self, rules, values):
        made = charted(values, rule_set=rules, better="higher", target=5.0, baseline="all")
        chart = individuals(values)
        expected = [(s.rule, s.position, s.side, s.pattern) for s in signals(chart, rules).found]
        assert sorted((f.rule, f.position, f.side, f.pattern) for f in made.found) == sorted(expected)
        assert made.assurance == assurance_icon(chart, 5.0, "higher").kind
        if rules != "anhoej":
            assert made.variation == variation_icon(chart, "higher", rules=rules).kind

    @pytest.mark.parametrize(
        ("better", "kind"), [("higher", "concerning"), ("lower", "improving"), ("neither", "neutral")]
    )
    def test_a_low_point_is_worse_better_or_neither(self, better, kind):
        made = charted([*flat(24), 0], better=better)
        assert (made.variation, made.deciding.rule) == (kind, "nhs_limits")

    def test_twelve_points_make_a_chart_but_no_icon(self):
        assert charted(flat(12), target=11.0).variation == "too_few_points"

    def test_without_a_target_there_is_no_assurance(self):
        assert charted(flat(24), better="higher").assurance == "no_target"


class TestSuggestedRebase:
    def test_eight_in_a_row_to_the_end_suggest_one_where_they_began(self):
        assert charted([*flat(24), *[14.0] * 8]).rebase_at == 24

    def test_seven_do_not_nor_a_shift_that_is_over(self):
        assert charted([*flat(24), *[14.0] * 7]).rebase_at is None
        assert charted([*flat(24), *[14.0] * 8, 10.0]).rebase_at is None

    def test_after_the_re_base_there_is_nothing_to_suggest(self):
        assert charted([*flat(24), *[14.0, 16.0] * 4], phases=(24,)).rebase_at is None


class TestBadSeries:
    @pytest.mark.parametrize("values", [[5.0], [5.0, 5.0], [0.0] * 13, [1e300, -1e300] * 7])
    def test_any_series_is_charted_or_has_no_limits(self, values):
        made = charted(values, better="higher", target=1.0)
        assert made.variation in ("too_few_points", "common_cause", "improving", "concerning")
        assert made.has_limits is (len(values) > 1)

    def test_a_constant_series_signals_at_the_first_other_point(self):
        made = charted([*[5.0] * 24, 6.0], better="higher")
        assert made.variation == "improving"

    def test_many_series_at_once_are_as_one_by_one(self):
        random = np.random.default_rng(3)
        many = [Series(n, random.normal(0, 1, 13 + n % 20), layout=Layout(phases=(6,))) for n in range(40)]
        for together, alone in zip(chart_all(many), (chart_all([one])[0] for one in many), strict=True):
            assert together.upper == pytest.approx(alone.upper)
            assert together.found == alone.found


def test_a_chart_is_drawn_from_twelve_points():
    assert control.FEWEST == 12
