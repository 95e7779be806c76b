"""Open hours as exact spans of UTC: windows, nights, holidays, days that differ, and both changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from organization import business_calendars as calendars
from organization import ics
from organization.business_calendars import CalendarRefused, Rules, Window, opening_spans
from organization.models import AuditEntry, BusinessCalendar

NINE_TO_FIVE = tuple(Window(weekday, time(9), time(17)) for weekday in range(5))
NIGHTS = tuple(Window(weekday, time(22), time(6)) for weekday in range(7))


def paris(windows, **values):
    return [Rules(start=date(1900, 1, 1), end=None, timezone="Europe/Paris", windows=windows, **values)]


def hours(rules, first, last=None):
    return sum((end - start for start, end in opening_spans(rules, first, last or first)), timedelta()) / timedelta(
        hours=1
    )


def test_a_working_day_in_paris_is_eight_hours_of_utc():
    assert opening_spans(paris(NINE_TO_FIVE), date(2025, 1, 6), date(2025, 1, 6)) == [
        (datetime(2025, 1, 6, 8, tzinfo=UTC), datetime(2025, 1, 6, 16, tzinfo=UTC))
    ]


def test_a_week_has_forty_open_hours_and_the_weekend_none():
    assert hours(paris(NINE_TO_FIVE), date(2025, 1, 6), date(2025, 1, 12)) == 40
    assert hours(paris(NINE_TO_FIVE), date(2025, 1, 11), date(2025, 1, 12)) == 0


def test_a_lunch_break_is_two_windows():
    lunch = (Window(0, time(9), time(12)), Window(0, time(13), time(17)))
    assert hours(paris(lunch), date(2025, 1, 6)) == 7


def test_a_public_holiday_is_closed_and_a_day_of_its_own_opens_it_again():
    assert hours(paris(NINE_TO_FIVE, country="FR"), date(2025, 7, 14)) == 0  # Bastille Day, a Monday
    own = {date(2025, 7, 14): ((time(10), time(12)),)}
    assert hours(paris(NINE_TO_FIVE, country="FR", days=own), date(2025, 7, 14)) == 2


def test_the_night_before_counts_on_its_morning():
    """22:00 on Sunday to 06:00 on Monday, then Monday's own night."""
    spans = opening_spans(paris(NIGHTS), date(2025, 1, 6), date(2025, 1, 6))
    assert [(end - start) / timedelta(hours=1) for start, end in spans] == [8, 8]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 1, 7), 8),
        (date(2025, 3, 29), 7),  # at 02:00 on the 30th the clocks go to 03:00
        (date(2025, 10, 25), 9),  # at 03:00 on the 26th they go back to 02:00
    ],
)
def test_a_night_over_a_change_of_the_clocks(day, expected):
    _, (start, end) = opening_spans(paris(NIGHTS), day, day)  # the night before, and the one that begins on `day`
    assert (end - start) / timedelta(hours=1) == expected


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25), (date(2025, 6, 1), 24)]
)
def test_always_open_is_23_24_or_25_hours_a_day(day, expected):
    assert hours(paris((Window(day.weekday(), time(0), time(0)),)), day) == expected


def test_a_time_that_the_clocks_jump_over_is_the_moment_of_the_jump():
    early = (
        Window(6, time(2, 30), time(4)),
    )  # Sunday 30 March 2025: 02:30 does not exist; 03:00 summer time is 01:00 UTC
    assert opening_spans(paris(early), date(2025, 3, 30), date(2025, 3, 30)) == [
        (datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2025, 3, 30, 2, tzinfo=UTC))
    ]


def test_versions_follow_each_other_by_day():
    rules = [
        Rules(date(1900, 1, 1), date(2025, 7, 1), "Europe/Paris", NINE_TO_FIVE),
        Rules(date(2025, 7, 1), None, "Europe/Paris", tuple(Window(d, time(9), time(13)) for d in range(5))),
    ]
    assert hours(rules, date(2025, 6, 30)) == 8
    assert hours(rules, date(2025, 7, 1)) == 4


@pytest.mark.parametrize(
    "windows",
    [
        (Window(0, time(9), time(12)), Window(0, time(11), time(17))),
        (Window(0, time(22), time(6)), Window(1, time(5), time(9))),
        (Window(6, time(22), time(6)), Window(0, time(5), time(9))),  # Sunday night into Monday
    ],
)
def test_windows_that_overlap_are_refused(windows):
    with pytest.raises(CalendarRefused, match="overlaps"):
        calendars.check_windows(windows)


zones = st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(zone=zones, opens=times, closes=times, day=st.dates(date(2020, 1, 1), date(2035, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_spans_are_ordered_apart_and_asking_in_parts_gives_the_same_hours(zone, opens, closes, day):
    rules = [Rules(date(1900, 1, 1), None, zone, tuple(Window(d, opens, closes) for d in range(7)))]
    week = opening_spans(rules, day, day + timedelta(days=6))
    assert all(start < end for start, end in week)
    assert all(end < start for (_, end), (start, _) in zip(week, week[1:], strict=False))
    parts = {span for offset in range(7) for span in opening_spans(rules, *(day + timedelta(days=offset),) * 2)}
    assert sum((e - s for s, e in week), timedelta()) <= sum((e - s for s, e in parts), timedelta())


@pytest.mark.django_db
def test_a_new_version_ends_the_one_before_and_rules_read_both():
    calendar = BusinessCalendar.objects.create(code="paris", name="Paris")
    calendars.add_version(calendar, timezone="Europe/Paris", windows=NINE_TO_FIVE, country="FR", by=None)
    second = calendars.add_version(
        calendar, timezone="Europe/Paris", windows=NINE_TO_FIVE[:4], valid_from=date(2025, 7, 1), by=None
    )
    calendars.set_day(second, date(2025, 7, 2), windows=[], name="Stocktaking", by=None)
    rules = calendars.rules_of(calendar)
    assert [(rule.start, rule.end) for rule in rules] == [
        (date(1900, 1, 1), date(2025, 7, 1)),
        (date(2025, 7, 1), None),
    ]
    assert hours(rules, date(2025, 6, 23), date(2025, 6, 29)) == 40
    assert hours(rules, date(2025, 7, 7), date(2025, 7, 13)) == 32
    assert hours(rules, date(2025, 7, 2)) == 0
    assert AuditEntry.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(("country", "subdivision"), [("XX", ""), ("FR", "Bavaria"), ("", "BY")])
def test_an_unknown_country_is_refused(country, subdivision):
    calendar = BusinessCalendar.objects.create(code="c", name="C")
    with pytest.raises(CalendarRefused):
        calendars.add_version(calendar, timezone="UTC", windows=[], country=country, subdivision=subdivision, by=None)


ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Works holiday\r\n"
    "{start}\r\n{end}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def ics_file(start="DTSTART;VALUE=DATE:20251224", end="DTEND;VALUE=DATE:20251227"):
    return ICS.format(start=start, end=end).encode()


def test_an_all_day_event_closes_its_days_up_to_its_exclusive_end():
    days = ics.read_days(ics_file())
    assert list(days) == [date(2025, 12, 24), date(2025, 12, 25), date(2025, 12, 26)]
    assert set(days.values()) == {"Works holiday"}


def test_a_cancelled_event_closes_nothing_and_several_calendars_of_a_file_are_read():
    later = ics_file(start="DTSTART;VALUE=DATE:20260101", end="CLASS:PUBLIC")
    cancelled = ics_file(end="STATUS:CANCELLED")
    assert list(ics.read_days(cancelled + later)) == [date(2026, 1, 1)]


EVERY_CHRISTMAS = "DTSTART;VALUE=DATE:20201225"


def years_of(rule: str, start: str = EVERY_CHRISTMAS) -> list[date]:
    return list(ics.read_days(ics_file(start=start, end=rule)))


def test_a_yearly_event_closes_its_day_of_each_year_as_long_as_its_rule_goes():
    three = [date(2020, 12, 25), date(2021, 12, 25), date(2022, 12, 25)]
    assert years_of("RRULE:FREQ=YEARLY;COUNT=3") == three
    assert years_of("RRULE:FREQ=YEARLY;UNTIL=20221225") == three
    assert years_of("RRULE:FREQ=YEARLY;UNTIL=20230101T000000Z") == three
    endless = years_of("RRULE:FREQ=YEARLY")
    assert (len(endless), endless[-1]) == (80, date(2099, 12, 25))


def test_a_rule_by_weekday_finds_thanksgiving():
    days = years_of("RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3", start="DTSTART;VALUE=DATE:20231123")
    assert days == [date(2023, 11, 23), date(2024, 11, 28), date(2025, 11, 27)]


def test_each_repeat_is_as_long_as_the_first():
    days = years_of("DTEND;VALUE=DATE:20201227\r\nRRULE:FREQ=YEARLY;COUNT=2")
    assert days == [date(2020, 12, 25), date(2020, 12, 26), date(2021, 12, 25), date(2021, 12, 26)]


def test_days_are_added_to_a_series_and_left_out_of_it():
    listed = "RRULE:FREQ=YEARLY;COUNT=3\r\nEXDATE;VALUE=DATE:20211225\r\nRDATE;VALUE=DATE:20211227"
    assert years_of(listed) == [date(2020, 12, 25), date(2021, 12, 27), date(2022, 12, 25)]


def test_one_day_of_a_series_is_moved_or_cancelled_by_an_event_of_its_own():
    series = ics_file(start=EVERY_CHRISTMAS, end="RRULE:FREQ=YEARLY;COUNT=3")
    moved = ics_file(start="DTSTART;VALUE=DATE:20211227", end="RECURRENCE-ID;VALUE=DATE:20211225")
    cancelled = ics_file(start=EVERY_CHRISTMAS, end="RECURRENCE-ID;VALUE=DATE:20221225\r\nSTATUS:CANCELLED")
    assert list(ics.read_days(series + moved + cancelled)) == [date(2020, 12, 25), date(2021, 12, 27)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an iCalendar|no all-day"),
        (b"%PDF-1.7 \x00", "not an iCalendar"),
        (ics_file(end="RRULE:FREQ=DAILY"), "repeats daily"),
        (ics_file(end="RRULE:FREQ=WEEKLY;BYDAY=SU"), "repeats weekly.*belong to the hours of the calendar"),
        (ics_file(end="RRULE:FREQ=YEARLY;BYHOUR=9,10"), "repeats at times of day"),
        (ics_file(end="RRULE:FREQ=YEARLY;BYMONTH=13"), "The rule by which .* fits no day: .*BYMONTH=13"),
        (ics_file(end="RRULE:FREQ=YEARLY;INTERVAL=0"), "fits no day"),
        (ics_file(end="RRULE:FREQ=YEARLY;COUNT=x"), "The rule by which .* cannot be read"),
        (ics_file(end="RRULE:FREQ=YEARLY\r\nRRULE:FREQ=MONTHLY"), "several rules"),
        (ics_file(end="EXDATE:soon"), "EXDATE of the event 'Works holiday' is no date"),
        (ics_file(end="RRULE:FREQ=YEARLY") * 51, "More than 50 events repeat"),
        (ics_file(start="DTSTART:20251224T090000Z"), "times of day"),
        (ics_file(end="DTEND;VALUE=DATE:20251220"), "does not end after"),
        (ics_file(start="DTSTART;VALUE=DATE:00010101"), "a year from"),
        (ics_file(start="DTSTART;VALUE=DATE:20250101", end="DTEND;VALUE=DATE:20991231"), "more than 5,000"),
        (ics_file(start="DTSTART;VALUE=DATE:99991231", end="CLASS:PUBLIC"), "lies in 9999"),
        (ics_file(end="DURATION:P9999999D"), "lies in 9999"),
        (ics_file(end="DURATION:PT3H"), "does not end after"),
        (ics_file(end="DURATION:soon"), "DURATION of the event 'Works holiday' is no date"),
        (ics_file(end="DTEND;VALUE=DATE:2025122"), "DTEND of the event 'Works holiday' is no date"),
        (ics_file(start="DTSTART;VALUE=DATE:20251341"), "DTSTART of the event 'Works holiday' is no date"),
        (ics_file(start="DTSTART;VALUE=TIME:100000", end="CLASS:PUBLIC"), "times of day"),
        (ics_file(end="DTEND;VALUE=DATE:20251225\r\nDTEND;VALUE=DATE:20251226"), "several DTEND"),
        (ics_file(end="SUMMARY:Büro").decode().encode("latin-1"), "not written in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_taken_over_exactly_is_refused(content, message):
    with pytest.raises(ics.IcsRefused, match=message):
        ics.read_days(content)


@pytest.mark.django_db
def test_a_second_import_replaces_the_first_but_not_days_set_by_hand():
    calendar = BusinessCalendar.objects.create(code="c", name="C")
    version = calendars.add_version(calendar, timezone="UTC", windows=NINE_TO_FIVE, by=None)
    calendars.set_day(version, date(2025, 12, 24), windows=[(time(9), time(12))], name="Half a day", by=None)
    assert ics.close_days(calendar, ics.read_days(ics_file()), by=None) == 2
    assert ics.close_days(calendar, {date(2026, 1, 1): "New Year"}, by=None) == 1
    assert sorted(version.days.values_list("day", "source")) == [
        (date(2025, 12, 24), "hand"),
        (date(2026, 1, 1), "ics"),
    ]


@pytest.mark.django_db
def test_days_that_differ_hold_in_the_version_of_their_day():
    calendar = BusinessCalendar.objects.create(code="c", name="C")
    first = calendars.add_version(calendar, timezone="UTC", windows=NINE_TO_FIVE, by=None)
    calendars.set_day(first, date(2025, 12, 22), windows=[], name="Outing", by=None)
    calendars.set_day(first, date(2025, 1, 2), windows=[], name="Closed", by=None)
    calendars.add_version(calendar, timezone="UTC", windows=NINE_TO_FIVE[:4], valid_from=date(2025, 7, 1), by=None)
    rules = calendars.rules_of(calendar)
    assert hours(rules, date(2025, 12, 22)) == 0  # set before the version that it now falls into
    days = {date(2025, 3, 3): "Spring", date(2025, 12, 23): "Winter"}
    assert ics.close_days(calendar, days, by=None) == 2
    rules = calendars.rules_of(calendar)
    assert [hours(rules, day) for day in (date(2025, 1, 2), *days)] == [0, 0, 0]
    assert ics.close_days(calendar, {date(2025, 3, 4): "Later"}, by=None) == 1
    assert (
        hours(calendars.rules_of(calendar), date(2025, 12, 23)) == 8
    )  # the import before is replaced in every version
