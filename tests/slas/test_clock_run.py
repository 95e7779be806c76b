"""A clock run on a small desk: what each row says, when it is written again, and who is warned. Times are UTC."""

from datetime import datetime

import pytest

from .sample_clocks import HOUR

pytestmark = pytest.mark.django_db


def moment(text):
    return datetime.fromisoformat(text)


def test_each_case_has_its_time_its_target_and_its_verdict(desk):
    """The newest event is Tuesday 16:00, so open cases run up to then."""
    rows = desk.rows("target, elapsed_s / 3600 as hours, paused_s / 3600 as paused, verdict, used_pct")
    assert {case: tuple(row.values()) for case, row in rows.items()} == {
        "A": ("p1", 4, 0, "met", 100),  # 9 to 13, from its opening: exactly the target is met
        "B": ("p1", 5, 6, "missed", 125),  # 9-10, 16-17, 9-12; waiting from 10 to 16
        "C": ("p1", 4, 0, "met", 100),  # judged by its last priority, the hour at priority 2 counts as well
        "D": ("p2", 1, 0, "cancelled", 12.5),
        "E": ("p2", 7, 0, "in_flight", 87.5),
        "F": ("p1", 7, 0, "missed", 175),  # open, and past its target: missed now
        "G": ("p2", 0, 0, "in_flight", 0),
    }


def test_when_it_was_due_how_pauses_moved_that_and_who_had_it_then(desk):
    rows = desk.rows("original_due_at, due_at, held_at_breach, counted_at, stopped_at, actual_s")
    assert rows["B"] == {
        "original_due_at": moment("2025-01-06 13:00"),
        "due_at": moment("2025-01-07 11:00"),  # 1 hour on Monday morning, 1 before closing, 2 on Tuesday
        "held_at_breach": "db",
        "counted_at": moment("2025-01-07 11:00"),  # missed counts when it missed, not when somebody resolved it
        "stopped_at": moment("2025-01-07 12:00"),
        "actual_s": 21 * HOUR,  # 27 hours less 6 of waiting, day and night
    }
    assert rows["A"]["counted_at"] == rows["A"]["stopped_at"] == moment("2025-01-06 13:00")
    assert rows["F"]["stopped_at"] is None
    assert rows["F"]["counted_at"] == moment("2025-01-07 13:00")
    assert rows["E"]["counted_at"] is rows["D"]["counted_at"] is None


def test_rows_name_unit_priority_and_the_versions_that_govern(desk):
    row = desk.rows("unit, priority, holder, agreement_version, calendar_version, excluded, started_at")["B"]
    assert row == {
        "unit": "net",
        "priority": "1",
        "holder": "net",
        "agreement_version": 1,
        "calendar_version": "office from 1900-01-01",
        "excluded": None,
        "started_at": moment("2025-01-06 09:00"),
    }
