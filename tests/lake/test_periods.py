"""Calendars: periods tile time, and to-date windows compare like with like."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.periods import GRAINS, Calendar, Period, Span

PLAIN = Calendar()
APRIL = Calendar(fiscal_start_month=4)
RETAIL = Calendar("454", year_end_month=1, anchor="nearest", week_start=6, year_named="start")
CALENDARS = [
    PLAIN,
    APRIL,
    RETAIL,
    Calendar("445"),
    Calendar("544", year_end_month=9, anchor="nearest"),
    Calendar("13", year_end_month=12, week_start=6),
    Calendar(week_start=6),
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CALENDARS), st.sampled_from(GRAINS), st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_periods_tile_time(calendar, grain, day):
    periods = calendar.periods(grain, day, day + timedelta(days=800))
    assert day in periods[0]
    assert all(one.end == other.start for one, other in pairwise(periods))
    assert periods[-1].start < day + timedelta(days=800) <= periods[-1].end
    for period in periods[:15]:
        last = period.end - timedelta(days=1)
        assert calendar.period_of(period.start, grain) == calendar.period_of(last, grain) == period
        assert calendar.previous(calendar.next(period)) == period


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(CALENDARS), st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_months_quarters_and_years_nest_and_count_from_one(calendar, day):
    year = calendar.period_of(day, "year")
    for grain in ("month", "quarter"):
        parts = calendar.periods(grain, year.start, year.end)
        assert (parts[0].start, parts[-1].end) == (year.start, year.end)
        assert [part.index for part in parts] == list(range(1, len(parts) + 1))
        assert {part.fiscal_year for part in parts} == {year.fiscal_year}
    if calendar.kind != "month":
        assert year.span.days in (364, 371)


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_weeks_are_iso_weeks(day):
    week = PLAIN.period_of(day, "week")
    assert (week.fiscal_year, week.index) == tuple(day.isocalendar())[:2]


@pytest.mark.parametrize(
    ("calendar", "grain", "day", "start", "end", "label"),
    [
        (PLAIN, "month", date(2025, 4, 5), date(2025, 4, 1), date(2025, 5, 1), "Apr 2025"),
        (APRIL, "quarter", date(2025, 1, 31), date(2025, 1, 1), date(2025, 4, 1), "FY2025 Q4"),
        (APRIL, "year", date(2025, 4, 1), date(2025, 4, 1), date(2026, 4, 1), "FY2026"),
        # the retail year 2023 has 53 weeks, its January takes the fifth
        (RETAIL, "year", date(2023, 6, 1), date(2023, 1, 29), date(2024, 2, 4), "FY2023"),
        (RETAIL, "month", date(2024, 1, 30), date(2023, 12, 31), date(2024, 2, 4), "FY2023 P12"),
        (RETAIL, "week", date(2024, 1, 30), date(2024, 1, 28), date(2024, 2, 4), "2023-W53"),
        # Apple's year ends on the last Saturday of September
        (
            Calendar("544", year_end_month=9, week_start=6),
            "year",
            date(2023, 1, 1),
            date(2022, 9, 25),
            date(2023, 10, 1),
            "FY2023",
        ),
    ],
)
def test_known_periods(calendar, grain, day, start, end, label):
    period = calendar.period_of(day, grain)
    assert (period.start, period.end, period.label) == (start, end, label)


def test_month_to_date_compares_with_as_many_days():
    assert PLAIN.like_for_like(date(2025, 4, 5), "month") == (
        Span(date(2025, 4, 1), date(2025, 4, 6)),
        Span(date(2025, 3, 1), date(2025, 3, 6)),
    )
    assert PLAIN.like_for_like(date(2025, 3, 31), "month")[1] == Span(date(2025, 2, 1), date(2025, 3, 1))
    assert PLAIN.like_for_like(date(2025, 4, 5), "month", against="last_year")[1] == Span(
        date(2024, 4, 1), date(2024, 4, 6)
    )


def test_month_to_date_by_working_days():
    """1-7 April 2025 has five weekdays; March's fifth is the 7th (it began on a Saturday)."""
    weekdays = [d for n in range(60) if (d := date(2025, 3, 1) + timedelta(days=n)).weekday() < 5]
    now, before = PLAIN.like_for_like(date(2025, 4, 7), "month", working_days=weekdays)
    assert before == Span(date(2025, 3, 1), date(2025, 3, 8))
    assert PLAIN.like_for_like(date(2025, 3, 2), "month", working_days=weekdays)[1] is None
    assert now.days == 7


def test_last_year_is_the_same_place_in_the_year_before():
    assert PLAIN.same_last_year(PLAIN.period_of(date(2024, 2, 29), "day")).start == date(2023, 2, 28)
    assert PLAIN.same_last_year(PLAIN.period_of(date(2025, 1, 1), "week")).label == "2024-W01"
    assert PLAIN.same_last_year(PLAIN.period_of(date(2020, 12, 31), "week")) is None  # 2019 has no week 53
    assert PLAIN.same_last_year(PLAIN.period_of(date(2020, 12, 31), "week"), shifted=True).label == "2020-W01"
    week_53 = RETAIL.period_of(date(2024, 1, 30), "week")
    assert RETAIL.same_last_year(week_53) is None
    assert RETAIL.same_last_year(week_53, shifted=True).label == "2023-W01"
    assert APRIL.same_last_year(APRIL.period_of(date(2025, 5, 1), "quarter")).label == "FY2025 Q1"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(CALENDARS),
    st.sampled_from(("week", "month", "quarter", "year")),
    st.dates(date(1995, 1, 1), date(2050, 1, 1)),
)
def test_last_year_keeps_the_index(calendar, grain, day):
    period = calendar.period_of(day, grain)
    earlier = calendar.same_last_year(period)
    if earlier is None:
        assert period.index == 53
    else:
        assert (earlier.index, earlier.fiscal_year) == (period.index, period.fiscal_year - 1)


def test_windows():
    june = PLAIN.period_of(date(2025, 6, 15), "month")
    assert PLAIN.to_date(date(2025, 6, 15), "quarter") == Span(date(2025, 4, 1), date(2025, 6, 16))
    assert PLAIN.rolling(june, 12) == Span(date(2024, 7, 1), date(2025, 7, 1))
    with pytest.raises(ValueError, match="one period or more"):
        PLAIN.rolling(june, 0)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="runs forward"):
        Span(date(2025, 1, 1), date(2025, 1, 1))
    with pytest.raises(ValueError, match="runs forward"):
        Period("month", date(2025, 1, 2), date(2025, 1, 1), "", 2025, 1)
    with pytest.raises(ValueError, match="a grain is one of"):
        PLAIN.period_of(date(2025, 1, 1), "decade")
    with pytest.raises(ValueError, match="kind is one of"):
        Calendar("lunar")
    assert PLAIN.periods("month", date(2025, 1, 1), date(2025, 1, 1)) == []
