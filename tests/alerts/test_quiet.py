"""Quiet hours on the clock of a place: over midnight, and on the days when the clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.quiet import released_at

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = time(22), time(7)


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("moment", "hours", "released"),
    [
        (berlin("2025-06-02 21:59"), NIGHT, berlin("2025-06-02 21:59")),
        (berlin("2025-06-02 22:00"), NIGHT, berlin("2025-06-03 07:00")),  # over midnight: the end is tomorrow
        (berlin("2025-06-03 06:59"), NIGHT, berlin("2025-06-03 07:00")),
        (berlin("2025-06-03 07:00"), NIGHT, berlin("2025-06-03 07:00")),  # the end does not belong to them
        (berlin("2025-06-03 13:00"), (time(12), time(14)), berlin("2025-06-03 14:00")),
        (berlin("2025-03-29 23:00"), NIGHT, datetime(2025, 3, 30, 5, 0, tzinfo=UTC)),  # summer time began at 2
        (berlin("2025-03-30 01:59"), (time(1), time(2, 30)), datetime(2025, 3, 30, 1, 30, tzinfo=UTC)),  # no 2:30 then
        (berlin("2025-10-26 02:15", fold=1), (time(1), time(2, 30)), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)),
        (berlin("2025-06-02 23:00"), (None, None), berlin("2025-06-02 23:00")),
    ],
)
def test_it_is_released_when_the_quiet_hours_end(moment, hours, released):
    assert released_at(moment, *hours, BERLIN) == released


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="has a time zone"):
        released_at(datetime(2025, 1, 1), *NIGHT, BERLIN)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_nothing_goes_out_early_and_nothing_is_held_for_longer_than_a_day(moment, start, end, zone):
    released = released_at(moment, start, end, ZoneInfo(zone))
    assert moment <= released <= moment + timedelta(hours=26)
