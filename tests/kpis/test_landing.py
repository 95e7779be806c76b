"""Where the open period will land: never without its back-test, made once, kept to be held against what came."""

from datetime import UTC, datetime

import numpy as np
import pytest

from analytics.forecast.select import forecast
from kpis import landing
from kpis.models import Forecast
from organization.access import access_of
from tests.factories import TargetFactory, UnitFactory, member
from tests.kpis.sample_series import a_share, an_amount, day_after, met, month, write

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 3, 1, tzinfo=UTC)


def make(kpi, months=26, **more):
    return landing.make_forecasts([kpi.pk], day=day_after(months), now=NOW, **more)


def said(kpi, unit=None, months=26):
    unit = unit or kpi.unit
    return landing.landing(kpi, unit, "month", day_after(months), access_of(member("viewer", unit), day_after(months)))


@pytest.fixture
def amount():
    kpi = an_amount()
    TargetFactory(kpi=kpi, value=1000)
    rng = np.random.default_rng(4)
    write(kpi, [float(v) for v in np.round(100 + rng.normal(0, 5, 26), 3)])
    return kpi


class TestForecasts:
    def test_it_is_that_of_the_library_with_its_back_test(self, amount):
        assert make(amount) == landing.Made(made=1)
        made = said(amount).forecast
        values = list(amount.results.order_by("period_start").values_list("value", flat=True))
        plain = forecast(values, 1, seasons=(12,), candidates=landing.CANDIDATES, origins=8, confidence=0.8)
        assert (made.mean, made.low, made.high) == pytest.approx((plain.mean[0], plain.low[0], plain.high[0]))
        assert made.back_test["chosen"]["mae"] == pytest.approx(plain.back_test.accuracy.mae)
        assert made.back_test["benchmark"]["model"] == plain.benchmark
        assert made.period_start == month(26)

    def test_a_target_far_above_is_met_for_sure_when_lower_is_better(self, amount):
        make(amount)
        assert said(amount).forecast.chance > 0.99

    def test_the_same_numbers_are_not_forecast_twice(self, amount):
        make(amount)
        assert make(amount) == landing.Made(unchanged=1)
        amount.results.filter(period_start=month(25)).update(value=120.0)
        assert make(amount) == landing.Made(made=1)
        assert Forecast.objects.count() == 1

    def test_when_the_month_has_come_the_old_one_stays(self, amount):
        make(amount)
        write(amount, [101.0], first=26)
        make(amount, months=27)
        assert [one.period_start for one in Forecast.objects.order_by("period_start")] == [month(26), month(27)]

    def test_a_share_is_never_forecast_beyond_100(self):
        kpi = a_share()
        write(kpi, [99, 100] * 13)
        make(kpi)
        assert said(kpi).forecast.high <= 100

    def test_a_constant_series_has_an_interval_without_width(self):
        kpi = an_amount()
        write(kpi, [5.0] * 26)
        make(kpi)
        made = said(kpi).forecast
        assert (made.mean, made.low, made.high) == (5, 5, 5)


class TestWithout:
    def test_eleven_months_are_too_few(self):
        kpi = a_share()
        write(kpi, met(11))
        assert make(kpi, months=11) == landing.Made(refused=1)
        assert "there are 11" in said(kpi, months=11).why_not

    def test_a_gap_cuts_the_history(self):
        kpi = an_amount()
        write(kpi, [*[1.0] * 20, None, *[2.0] * 5])
        assert "there are 5" in said(kpi).why_not

    def test_other_units_have_one_where_they_have_a_target_or_it_was_asked_for(self, amount):
        other = UnitFactory()
        write(amount, [50.0, 52.0] * 13, unit=other)
        make(amount)
        assert said(amount, other).may_ask
        make(amount, unit=other.pk)
        assert said(amount, other).forecast
        assert make(amount).unchanged == 2  # and is kept up from then on

    def test_a_rolling_kpi(self):
        kpi = a_share(kind="cumulative", base_kind="ratio", window="rolling", window_periods=3)
        write(kpi, [50.0] * 24)
        assert "rolling" in said(kpi).why_not
