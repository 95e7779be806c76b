"""Lengths of time as people write them, money as pages write it, and where a running period lands."""

from datetime import date
from decimal import Decimal

import pytest

from slas.durations import NotADuration, read_duration
from slas.figures import Figure, percent
from slas.forecast import forecast
from slas.models import PeriodResult
from slas.templatetags.slas import attained, money, share


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("4 h", 14400), ("1 h 30 min", 5400), ("2d", 172800), ("20 s", 20), ("1.5 h", 5400), ("8", 28800)],
)
def test_a_length_of_time_is_read(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "4 x", "4 h and more", "-1 h"])
def test_what_is_none_is_refused(text):
    with pytest.raises(NotADuration, match="no length of time"):
        read_duration(text)


def test_attainment_is_cut_and_never_rounded_up():
    assert percent("9499999", "10000000") == Decimal("94.9999")
    assert percent("0", "0") is None
    figure = Figure("t", "T", "resolution", "95", good="9499999", total="10000000")
    assert figure.is_met is False and figure.attainment == Decimal("94.9999")
    assert Figure("t", "T", "resolution", "95", good="95", total="100").is_met is True
    assert attained(type("Promise", (), {"figure": figure})) == "94.9 %"


def test_money_is_written_exactly():
    assert money("1234567.5", "EUR") == "€1,234,567.50"
    assert money("1020", "JPY") == "¥1,020"
    assert money(None, "EUR") == "–"
    assert share(-0.18) == "−18.0 %"


def running(figures: dict, start=date(2025, 3, 1), end=date(2025, 4, 1), state="open") -> PeriodResult:
    return PeriodResult(period_start=start, period_end=end, state=state, figures={"targets": figures})


def plain(good: int, total: int, **more) -> dict:
    words = {"code": "t", "name": "T", "metric": "resolution", "required": "90", "good": str(good), "total": str(total)}
    return {"t": words | more}


def test_a_running_period_lands_by_its_own_cases_and_those_before():
    before = running(plain(279, 310), date(2025, 2, 1), date(2025, 3, 1), "closed")
    landing = forecast(running(plain(80, 100)), [before], date(2025, 3, 10))["t"]
    assert landing.remaining == round(310 * 21 / 31) == 210  # twenty-one of thirty-one days are left
    assert landing.expected == pytest.approx((80 + 210 * (1 + 80 + 279) / (2 + 100 + 310)) / 310)
    assert landing.can_be_bad == 11  # 279 of 310 must be good, 199 of them are still to come


def test_cases_in_flight_are_the_least_that_is_to_come():
    assert forecast(running(plain(8, 10, in_flight=7)), [], date(2025, 3, 30))["t"].remaining == 7


def test_a_period_that_has_ended_is_not_forecast():
    assert forecast(running(plain(8, 10), state="provisional"), [], date(2025, 4, 2)) == {}
