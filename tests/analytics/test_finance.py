from datetime import date
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.finance.rates import SameSign, irr, mirr, xirr
from analytics.finance.sensitivity import breakpoint_of, sensitivity
from analytics.finance.value import npv, payback, periodic_rate, real_flows, real_rate, returns
from analytics.inputs import EmptyInput, LengthMismatch, NegativeValue, NotFinite, OutOfRange, ZeroDenominator


class TestPresentValue:
    def test_numpy_and_excel_differ_by_one_period(self):
        flows = [-40_000, 5_000, 8_000, 12_000, 30_000]
        now, end = npv(0.08, flows), npv(0.08, flows, first_flow="end_of_period")
        assert now.npv == pytest.approx(3065.22, abs=0.005)  # numpy-financial's documented example
        assert end.npv == pytest.approx(now.npv / 1.08)

    def test_excels_documented_example(self):
        assert npv(0.1, [-10_000, 3_000, 4_200, 6_800], first_flow="end_of_period").npv == pytest.approx(
            1188.44, abs=0.005
        )

    def test_a_monthly_rate_compounds_to_the_yearly_one(self):
        assert (1 + periodic_rate(0.12)) ** 12 == pytest.approx(1.12)
        assert periodic_rate(0.12) == pytest.approx(0.009489, abs=5e-7)  # not 1 %


class TestPayback:
    def test_linear_within_the_period(self):
        assert payback([-100, 40, 40, 40]).periods == 2.5
        assert payback([-100, 40, 40, 40], rate=0.1).periods is None  # 99.47 after three
        assert payback([-100, 40, 40, 40, 40], rate=0.1).periods == pytest.approx(3 + 0.526 / 27.32, abs=1e-3)

    def test_the_last_passing_counts(self):
        assert payback([-100, 120, -60, 50]).periods == pytest.approx(2.8)

    def test_never_out_and_never_back(self):
        assert payback([10, 5]).periods == 0
        assert payback([-10, 5]).periods is None
        assert "1 periods" in payback([-10, 5]).words

    def test_back_exactly_at_the_end(self):
        assert payback([-0.3, 0.1, 0.2]).periods == 2


class TestReturns:
    def test_roi_is_net_and_the_ratio_has_its_own_name(self):
        result = returns([150_000], [100_000])
        assert (result.roi, result.bcr, result.benefit_ratio) == (0.5, 1.5, 1.5)

    def test_both_sides_are_discounted(self):
        result = returns([0, 110], [50, 55], rate=0.1)
        assert (result.benefits, result.costs) == pytest.approx((100, 100))

    def test_without_costs_there_is_no_ratio(self):
        with pytest.raises(ZeroDenominator):
            returns([1], [0])

    def test_real_and_nominal_have_the_same_worth(self):
        rate = real_rate(0.08, 0.03)
        assert rate.real == pytest.approx(0.0485437)
        flows = [-100, 50, 60, 70]
        assert npv(rate.real, real_flows(flows, 0.03)).npv == pytest.approx(npv(0.08, flows).npv)


class TestIrr:
    def test_excels_documented_example(self):
        assert irr([-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]).rate == pytest.approx(0.08663, abs=5e-6)
        assert irr([-70_000, 12_000, 15_000, 18_000, 21_000]).rate == pytest.approx(-0.021245, abs=5e-7)

    def test_two_sign_changes_two_rates_and_both_are_said(self):
        result = irr([-4_000, 25_000, -25_000])  # 25 % and 400 %
        assert result.rates == pytest.approx((0.25, 4.0))
        assert (result.outcome, result.rate, result.sign_changes) == ("several", None, 2)
        assert "MIRR" in result.words

    def test_two_sign_changes_and_no_rate(self):
        result = irr([1_000, -3_000, 2_500])
        assert (result.rates, result.outcome) == ((), "none")

    def test_flows_of_one_sign_have_none(self):
        assert irr([100, 100]).outcome == "none"
        assert irr([0, 0]).outcome == "none"

    def test_thirty_years_of_months(self):
        payment = 1000 * 0.005 / (1 - 1.005**-360)
        assert irr([-1000] + [payment] * 360).rate == pytest.approx(0.005)

    def test_xirr_is_actual_over_365(self):
        days = [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1)]
        result = xirr([-10_000, 2_750, 4_250, 3_250, 2_750], days)  # Excel's documented example
        assert result.rate == pytest.approx(0.373362535, abs=5e-7)

    def test_xirr_takes_dates_in_any_order(self):
        days = [date(2024, 12, 31), date(2024, 1, 1)]
        assert xirr([110, -100], days).rate == pytest.approx(0.1)  # 365 days apart

    def test_mirr_is_excels(self):
        flows = [-120_000, 39_000, 30_000, 21_000, 37_000, 46_000]
        assert mirr(flows, finance_rate=0.1, reinvest_rate=0.12).rate == pytest.approx(0.126094, abs=5e-7)

    @settings(max_examples=40)
    @given(
        outlay=st.integers(1, 10_000),
        inflows=st.lists(st.integers(0, 10_000), min_size=1, max_size=15).filter(lambda x: sum(x) > 0),
    )
    def test_the_value_at_the_rate_is_zero(self, outlay, inflows):
        flows = [-outlay, *inflows]
        result = irr(flows)
        assert result.outcome in ("one", "none")
        if result.outcome == "one":
            weights = (1 + result.rate) ** -np.arange(len(flows))
            assert npv(result.rate, flows).npv == pytest.approx(0, abs=1e-9 * (np.abs(flows) @ weights))

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            (lambda: irr([]), EmptyInput),
            (lambda: irr([1, np.nan]), NotFinite),
            (lambda: xirr([1, -1], [date(2024, 1, 1)]), LengthMismatch),
            (lambda: xirr([1, -1], [date(2024, 1, 1)] * 2), OutOfRange),
            (lambda: mirr([100, 200], finance_rate=0.1, reinvest_rate=0.1), SameSign),
            (lambda: npv(-1, [1]), OutOfRange),
            (lambda: npv(0.1, [1], first_flow="later"), OutOfRange),
            (lambda: returns([-1], [1]), NegativeValue),
        ],
    )
    def test_bad_input(self, call, error):
        with pytest.raises(error):
            call()


class TestSensitivity:
    base = MappingProxyType({"volume": 1000.0, "saving": 5.0, "cost": 3000.0})

    @staticmethod
    def case(a):
        return a["volume"] * a["saving"] - a["cost"]

    def test_the_widest_swing_comes_first(self):
        result = sensitivity(self.case, self.base, {"cost": (2500, 4000), "saving": (3, 7), "volume": (900, 1100)})
        assert result.base == 2000
        assert [(s.name, s.swing) for s in result.swings] == [("saving", 4000), ("cost", 1500), ("volume", 1000)]
        assert (result.swings[1].at_low, result.swings[1].at_high) == (2500, 1000)

    def test_where_it_breaks(self):
        assert breakpoint_of(self.case, self.base, "saving", 0, 10).value == pytest.approx(3)
        assert breakpoint_of(self.case, self.base, "saving", 4, 10).value is None

    def test_unknown_assumptions_are_named(self):
        with pytest.raises(OutOfRange, match="known are volume"):
            sensitivity(self.case, self.base, {"price": (1, 2)})
