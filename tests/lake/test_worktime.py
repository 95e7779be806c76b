"""Business time by hand: days on which clocks change, nights, lunch, holidays, pauses; and a walk minute by minute."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.clock import NEVER, OutsideTable, Pauses, WorkTable, seconds_of
from organization.business_calendars import Rules, Window, opening_spans

OFFICE = tuple(Window(day, time(9), time(17)) for day in range(5))
LUNCH = tuple(w for day in range(5) for w in (Window(day, time(9), time(12)), Window(day, time(13), time(17))))
NIGHTS = tuple(Window(day, time(22), time(6)) for day in range(7))
AROUND = tuple(Window(day, time(0), time(0)) for day in range(7))
HOURS, MINUTES = 3600, 60


def table(windows, *, first=date(2025, 1, 1), last=date(2025, 12, 31), zone="Europe/Paris", rules=None, **values):
    rules = rules or [Rules(start=date(1900, 1, 1), end=None, timezone=zone, windows=windows, **values)]
    spans = np.array(
        [[span.timestamp() for span in pair] for pair in opening_spans(rules, first, last)], dtype=np.int64
    ).reshape(-1, 2)
    begin, end = (int(datetime.combine(day, time(), tzinfo=UTC).timestamp()) for day in (first, last))
    return WorkTable.from_spans(spans[:, 0], spans[:, 1], begin, end)


def at(text, zone="Europe/Paris"):
    """Seconds of a local time; the second of two equal ones is marked by a trailing *."""
    local = datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=ZoneInfo(zone), fold=text.endswith("*"))
    return int(local.timestamp())


def pauses_of(*pauses, zone="Europe/Paris"):
    """The pauses of one case, each "from/to"."""
    pairs = [[at(part, zone) for part in pause.split("/")] for pause in pauses]
    values = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Pauses(np.array([0, len(pairs)]), values[:, 0], values[:, 1])


def used(worktable, start, stop, *pauses, zone="Europe/Paris"):
    given_pauses = pauses_of(*pauses, zone=zone) if pauses else None
    return int(worktable.elapsed([at(start, zone)], [at(stop, zone)], given_pauses)[0])


@pytest.mark.parametrize(
    ("windows", "start", "stop", "hours"),
    [
        (OFFICE, "2025-01-06 10:00", "2025-01-06 11:30", 1.5),
        (OFFICE, "2025-01-06 16:00", "2025-01-07 10:00", 2),  # 16-17 and 9-10
        (OFFICE, "2025-01-10 16:00", "2025-01-13 10:00", 2),  # Friday to Monday: the weekend counts nothing
        (OFFICE, "2025-01-06 06:00", "2025-01-06 10:00", 1),  # starts before opening
        (OFFICE, "2025-01-06 16:00", "2025-01-06 23:00", 1),  # stops after closing
        (OFFICE, "2025-01-11 10:00", "2025-01-12 10:00", 0),  # all on a weekend
        (OFFICE, "2025-01-06 17:00", "2025-01-07 09:00", 0),  # the closing instant is outside
        (OFFICE, "2025-01-07 10:00", "2025-01-07 10:00", 0),
        (OFFICE, "2025-01-07 11:00", "2025-01-07 10:00", 0),  # stops before it starts: nothing used, never negative
        (LUNCH, "2025-01-06 11:00", "2025-01-06 14:00", 2),
        (LUNCH, "2025-01-06 12:15", "2025-01-06 12:45", 0),
        (LUNCH, "2025-01-06 08:00", "2025-01-07 18:00", 14),  # seven hours a day
        (NIGHTS, "2025-01-06 20:00", "2025-01-07 12:00", 8),
        (NIGHTS, "2025-01-06 23:00", "2025-01-08 01:00", 10),  # 23-06 and 22-01
        (NIGHTS, "2025-03-29 20:00", "2025-03-30 12:00", 7),  # the night of the spring change is an hour short
        (NIGHTS, "2025-10-25 20:00", "2025-10-26 12:00", 9),  # the night of the autumn change an hour long
        (AROUND, "2025-03-30 00:00", "2025-03-31 00:00", 23),
        (AROUND, "2025-10-26 00:00", "2025-10-27 00:00", 25),
        (AROUND, "2025-10-26 02:30", "2025-10-26 02:30*", 1),  # half past two comes twice, an hour apart
        (OFFICE, "2025-03-28 16:00", "2025-03-31 10:00", 2),  # office hours do not feel the change between them
    ],
)
def test_working_time_by_hand(windows, start, stop, hours):
    assert used(table(windows), start, stop) == hours * HOURS


def test_a_holiday_in_the_middle_counts_nothing():
    """Friday 11 July 16:00 to Tuesday 15 July 10:00: an hour on Friday, none on Bastille Day, an hour on Tuesday."""
    assert used(table(OFFICE, country="FR"), "2025-07-11 16:00", "2025-07-15 10:00") == 2 * HOURS
    assert used(table(OFFICE), "2025-07-11 16:00", "2025-07-15 10:00") == 10 * HOURS


def test_new_opening_hours_hold_from_their_day_on():
    """Until 5 January 9-17, from the 6th 9-12: 8 hours on Friday the 3rd, 3 on Monday the 6th."""
    short = tuple(Window(day, time(9), time(12)) for day in range(5))
    versions = [
        Rules(start=date(1900, 1, 1), end=date(2025, 1, 6), timezone="Europe/Paris", windows=OFFICE),
        Rules(start=date(2025, 1, 6), end=None, timezone="Europe/Paris", windows=short),
    ]
    assert used(table((), rules=versions), "2025-01-03 00:00", "2025-01-07 00:00") == 11 * HOURS


@pytest.mark.parametrize(
    ("pauses", "hours"),
    [
        (["2025-01-06 10:00/2025-01-06 11:00"], 7),
        (["2025-01-06 15:00/2025-01-07 10:00"], 6),  # 2 hours of Monday; the night takes nothing
        (["2025-01-06 18:00/2025-01-06 23:00"], 8),  # wholly outside hours
        (["2025-01-05 00:00/2025-01-06 10:00"], 7),  # began before the case
        (["2025-01-06 10:00/2025-01-06 12:00", "2025-01-06 11:00/2025-01-06 13:00"], 5),  # overlap: 10-13, not 4 h
        (["2025-01-06 10:00/2025-01-06 13:00", "2025-01-06 11:00/2025-01-06 12:00"], 5),  # one within the other
        (["2025-01-06 11:00/2025-01-06 12:00", "2025-01-06 10:00/2025-01-06 11:00"], 6),  # any order; they touch
        (["2025-01-06 10:00/2025-01-06 11:00"] * 3, 7),
        (["2025-01-06 13:00/2025-01-06 12:00"], 8),  # ends before it starts: covers nothing
        (["2024-12-01 00:00/2026-02-01 00:00"], 0),  # longer than the table
    ],
)
def test_pauses_take_only_the_working_time_that_they_cover(pauses, hours):
    """Of a case that is open all Monday, 9 to 17."""
    assert used(table(OFFICE), "2025-01-06 08:00", "2025-01-06 20:00", *pauses) == hours * HOURS


def test_a_pause_over_the_weekend_takes_friday_and_monday_hours_only():
    """Friday 15:00 to Monday 11:00 is 4 working hours; paused Friday 16:00 to Monday 10:00 takes 2 of them."""
    assert used(table(OFFICE), "2025-01-10 15:00", "2025-01-13 11:00", "2025-01-10 16:00/2025-01-13 10:00") == 2 * HOURS


def test_elapsed_and_paused_add_up_to_the_working_time():
    worktable, start, stop = table(LUNCH), [at("2025-01-06 08:00")], [at("2025-01-08 10:00")]
    pauses = pauses_of("2025-01-06 11:00/2025-01-06 14:00", "2025-01-06 13:30/2025-01-07 09:30")
    assert worktable.paused(start, stop, pauses)[0] == 5.5 * HOURS  # Monday 11-12 and 13-17, Tuesday half an hour
    assert worktable.elapsed(start, stop, pauses)[0] + worktable.paused(start, stop, pauses)[0] == 15 * HOURS


@pytest.mark.parametrize(
    ("start", "hours", "pauses", "expected"),
    [
        ("2025-01-06 10:00", 2, [], "2025-01-06 12:00"),
        ("2025-01-06 09:00", 8, [], "2025-01-06 17:00"),  # used up at closing, not at the next opening
        ("2025-01-06 09:00", 8.25, [], "2025-01-07 09:15"),
        ("2025-01-10 16:00", 2, [], "2025-01-13 10:00"),
        ("2025-01-11 16:00", 1, [], "2025-01-13 10:00"),  # starts on Saturday: the hour is Monday's
        ("2025-01-11 16:00", 0, [], "2025-01-11 16:00"),  # nothing allowed: due at once
        ("2025-01-06 10:00", 2, ["2025-01-06 11:00/2025-01-06 13:00"], "2025-01-06 14:00"),
        ("2025-01-06 10:00", 2, ["2025-01-06 12:00/2025-01-06 13:00"], "2025-01-06 12:00"),  # used up as it pauses
        ("2025-01-06 10:00", 2, ["2025-01-06 15:00/2025-01-06 16:00"], "2025-01-06 12:00"),  # too late to help
        (
            "2025-01-06 10:00",
            2,
            [
                f"2025-01-06 {pause}"
                for pause in ("11:00/2025-01-06 12:00", "11:30/2025-01-06 13:00", "13:30/2025-01-07 10:00")
            ],
            "2025-01-07 10:30",  # an hour until 11, half an hour from 13:00 to 13:30, the rest on Tuesday
        ),
        ("2025-03-29 20:00", 8, [], "2025-03-30 23:00"),  # nights: the spring night has 7 hours, the eighth is 22-23
    ],
)
def test_when_a_target_is_used_up(start, hours, pauses, expected):
    worktable = table(NIGHTS if start == "2025-03-29 20:00" else OFFICE)
    assert worktable.due([at(start)], [int(hours * HOURS)], pauses_of(*pauses))[0] == at(expected)


def test_time_that_the_table_does_not_describe_is_refused_not_counted_as_closed():
    worktable = table(OFFICE)
    with pytest.raises(OutsideTable, match="known only from 2025-01-01 00:00:00 to 2025-12-31"):
        used(worktable, "2024-12-30 10:00", "2025-01-03 10:00")
    with pytest.raises(OutsideTable, match="1 targets are not used up before 2025-12-31"):
        worktable.due([at("2025-12-30 10:00")], [100 * HOURS])
    assert worktable.due([at("2025-12-30 10:00")], [100 * HOURS], beyond=NEVER)[0] == NEVER


def test_a_calendar_that_is_never_open_uses_nothing_and_is_never_due():
    worktable = table(())
    assert used(worktable, "2025-01-06 10:00", "2025-03-06 10:00") == 0
    assert worktable.due([at("2025-01-06 10:00")], [1], beyond=NEVER)[0] == NEVER


def test_around_the_clock_counts_actual_seconds():
    worktable = WorkTable.always(1000, 9000)
    assert worktable.elapsed([1000, 1500], [9000, 1507]).tolist() == [8000, 7]


def test_boundaries_choose_quarters_minutes_or_a_search_and_all_agree():
    """Opening at 09:00, at 09:07 and at 09:07:30."""
    steps, opened = [], (time(9), time(9, 7), time(9, 7, 30))
    for opens in opened:
        worktable = table(tuple(Window(day, opens, time(17)) for day in range(5)))
        steps.append(worktable.step)
        expected = (17 - opens.hour) * HOURS - opens.minute * MINUTES - opens.second
        assert used(worktable, "2025-01-06 00:00", "2025-01-07 00:00") == expected
    assert steps == [900, 60, 0]


def test_instants_may_be_datetimes_of_numpy():
    assert seconds_of(np.array(["2025-01-06T09:00:00.999999"], "datetime64[us]"))[0] == at("2025-01-06 09:00", "UTC")


@pytest.mark.parametrize(("starts", "ends"), [([10, 5], [12, 8]), ([5, 7], [8, 9]), ([9], [8])])
def test_spans_out_of_order_are_refused(starts, ends):
    with pytest.raises(ValueError, match="run forward and do not overlap"):
        WorkTable.from_spans(starts, ends, 0, 100)


def test_many_cases_in_blocks_are_the_same_cases_one_by_one():
    worktable, random = table(LUNCH), np.random.default_rng(3)
    starts = worktable.first + random.integers(0, 300 * 86400, 300_000)
    stops = starts + random.integers(0, 20 * 86400, len(starts))
    case = random.integers(0, len(starts), 600_000)
    begins = starts[case] + random.integers(-86400, 10 * 86400, len(case))
    pauses = Pauses.of(case, begins, begins + random.integers(0, 5 * 86400, len(case)), len(starts))
    together = worktable.elapsed(starts, stops, pauses)
    for number in random.integers(0, len(starts), 40):
        own = pauses.part(number, number + 1)
        assert worktable.elapsed(starts[number : number + 1], stops[number : number + 1], own)[0] == together[number]


# --- the law: the same as a walk, minute by minute --------------------------------------------------------------------

FIRST = int(datetime(2025, 3, 28, tzinfo=UTC).timestamp())  # four days with the spring change in the middle
LENGTH = 4 * 1440


@st.composite
def weeks(draw):
    """Windows of the seven days: none, one or two a day, perhaps over midnight on the last."""
    windows = []
    for day in range(7):
        bounds = sorted(draw(st.lists(st.integers(0, 23 * 4), min_size=0, max_size=4, unique=True)))
        for opens, closes in zip(bounds[::2], bounds[1::2], strict=False):
            windows.append(Window(day, time(opens // 4, opens % 4 * 15), time(closes // 4, closes % 4 * 15)))
    return tuple(windows)


minutes = st.integers(0, LENGTH)


def walk(open_minutes, start, stop, pauses):
    """Minutes that are open, in the case, and in no pause: one by one."""
    return sum(
        1 for m in range(start, stop) if m in open_minutes and not any(begin <= m < end for begin, end in pauses)
    )


@settings(max_examples=60, deadline=None)
@given(
    windows=weeks(),
    case=st.tuples(minutes, minutes),
    pauses=st.lists(st.tuples(minutes, minutes), max_size=4),
    target=st.integers(1, 600),
)
def test_business_time_is_what_a_walk_minute_by_minute_finds(windows, case, pauses, target):
    zone, (start, stop) = ZoneInfo("Europe/Paris"), sorted(case)
    worktable = table(windows, first=date(2025, 3, 28), last=date(2025, 4, 2))
    open_minutes = {
        m
        for m in range(LENGTH)
        if any(
            w.weekday == local.weekday() and w.opens <= local.time().replace(tzinfo=None) < w.closes
            for local in [datetime.fromtimestamp(FIRST + m * 60, zone)]
            for w in windows
        )
    }
    values = np.array(pauses, dtype=np.int64).reshape(-1, 2) * 60 + FIRST
    lists = Pauses(np.array([0, len(pauses)]), values[:, 0], values[:, 1])
    start_s, stop_s = FIRST + start * 60, FIRST + stop * 60
    expected = walk(open_minutes, start, stop, pauses)
    assert worktable.elapsed([start_s], [stop_s], lists)[0] == expected * 60
    assert worktable.paused([start_s], [stop_s], lists)[0] == (walk(open_minutes, start, stop, []) - expected) * 60
    due = int(worktable.due([start_s], [target * 60], lists, beyond=NEVER)[0])
    if due <= FIRST + LENGTH * 60:  # at the due instant the target is used up, a second before it is not
        assert worktable.elapsed([start_s], [due], lists)[0] == target * 60
        assert worktable.elapsed([start_s], [due - 1], lists)[0] == target * 60 - 1
