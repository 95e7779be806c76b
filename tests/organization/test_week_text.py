"""A week's opening windows as people write them, and what is said about a line that is none."""

from datetime import time

import pytest

from organization.business_calendars import Window
from organization.week_text import WeekFault, read_day, read_week, write_week


def test_a_line_holds_one_window_or_several_for_one_weekday_or_a_stretch_of_them():
    read = read_week("Mon-Tue 08:00-12:00, 13:00 – 17:30\n\nSat 22:00-06:00\nsun 0:00-24:00")
    assert write_week(read) == [
        "Mon 08:00-12:00",
        "Mon 13:00-17:30",
        "Tue 08:00-12:00",
        "Tue 13:00-17:30",
        "Sat 22:00-06:00",
        "Sun 00:00-00:00",
    ]
    assert sorted(read_week("\n".join(write_week(read)))) == sorted(read)
    assert {window.weekday for window in read_week("Fri-Mon 09:00-10:00")} == {4, 5, 6, 0}
    in_a_line = read_week("Mon 08:00-12:00; Fri 22:00-06:00;")
    assert in_a_line == [Window(0, time(8), time(12)), Window(4, time(22), time(6))]
    assert read_week("Mon 08:00-12:00") == [Window(0, time(8), time(12))]


def test_a_day_is_its_windows_or_closed():
    assert read_day("09:00-12:00, 13:00-15:00") == [(time(9), time(12)), (time(13), time(15))]
    assert read_day(" ") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mon-Fri", r"Line 1, 'Mon-Fri', is no window: write one such as Mon-Fri 09:00-17:00\."),
        ("Mon 09:00-17:00\nSat 08:00-12:00, noon", r"Line 2: 'noon' is no window: write one such as 09:00-12:00\."),
        ("Mon 09:00-12:00 13:00-17:00", r"Line 1: '09:00-12:00 13:00-17:00' is no window"),
        ("Mon 09:00-25:00", r"Line 1: 25:00 is no time of day\."),
        ("Mit 09:00-17:00", r"Line 1: 'Mit' is no weekday"),
    ],
)
def test_a_line_that_is_no_window_is_named(text, said):
    with pytest.raises(WeekFault, match=said):
        read_week(text)
