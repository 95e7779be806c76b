"""The days of contracts, each checked on a calendar."""

from datetime import date

import pytest

from vendors.contract_dates import Terms, add_months, dates_on, end_after_notice, near

YEAR = Terms(date(2025, 1, 1), date(2025, 12, 31), notice_days=90, renew_months=12)
FIXED = Terms(date(2025, 1, 1), date(2025, 12, 31), notice_days=90)
OPEN_END = Terms(date(2025, 1, 1), None, notice_days=30)


@pytest.mark.parametrize(
    ("terms", "day", "expected"),
    [
        (YEAR, date(2024, 12, 31), ("upcoming", date(2025, 12, 31), date(2025, 10, 2))),
        (YEAR, date(2025, 10, 2), ("active", date(2025, 12, 31), date(2025, 10, 2))),  # the last day for notice
        (YEAR, date(2025, 10, 3), ("active", date(2025, 12, 31), None)),  # too late: it renews
        (YEAR, date(2026, 1, 1), ("active", date(2026, 12, 31), date(2026, 10, 2))),
        (FIXED, date(2025, 12, 31), ("active", date(2025, 12, 31), None)),
        (FIXED, date(2026, 1, 1), ("expired", date(2025, 12, 31), None)),
        (OPEN_END, date(2030, 1, 1), ("active", None, None)),
    ],
)
def test_state_end_and_last_day_for_notice(terms, day, expected):
    found = dates_on(terms, day)
    assert (found.state, found.term_end, found.notice_by) == expected


@pytest.mark.parametrize(
    ("terms", "on", "last"),
    [
        (YEAR, date(2025, 10, 2), date(2025, 12, 31)),
        (YEAR, date(2025, 10, 3), date(2026, 12, 31)),  # a day too late costs a year
        (OPEN_END, date(2025, 6, 1), date(2025, 7, 1)),
        (FIXED, date(2025, 12, 1), date(2025, 12, 31)),  # a fixed term ends anyway
    ],
)
def test_notice_ends_the_term_that_it_is_in_time_for(terms, on, last):
    assert end_after_notice(terms, on) == last


def test_under_notice_and_ended_early():
    given = Terms(date(2025, 1, 1), None, notice_days=30, notice_given_on=date(2025, 6, 1))
    assert dates_on(given, date(2025, 7, 1)).state == "under_notice"
    assert dates_on(given, date(2025, 7, 2)).state == "expired"
    ended = Terms(date(2025, 1, 1), date(2025, 12, 31), ended_on=date(2025, 3, 1))
    assert (dates_on(ended, date(2025, 3, 1)).state, dates_on(ended, date(2025, 2, 28)).state) == ("ended", "active")


def test_what_is_near():
    day = date(2025, 9, 5)
    assert near(dates_on(YEAR, day), day, 30) == [("notice", date(2025, 10, 2))]
    assert near(dates_on(YEAR, day), day, 20) == []
    assert near(dates_on(FIXED, date(2025, 12, 10)), date(2025, 12, 10), 30) == [("end", date(2025, 12, 31))]


def test_months_are_counted_from_the_first_term():
    assert add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert add_months(date(2025, 1, 31), 2) == date(2025, 3, 31)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
