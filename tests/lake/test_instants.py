"""Instants by a clock: midnight of the zone, and the hour that occurs twice when summer time ends."""

from datetime import datetime

import pytest

from lake.instants import by_clock, clock_said, in_words, instant_of, written

LONDON, PARIS = "Europe/London", "Europe/Paris"


@pytest.mark.parametrize(
    ("stored", "zone", "shown"),
    [
        ("2016-01-31T23:30", LONDON, "2016-01-31 23:30"),  # GMT
        ("2016-01-31T23:30", PARIS, "2016-02-01 00:30"),  # CET, an hour before UTC
        ("2016-07-31T22:59", LONDON, "2016-07-31 23:59"),  # BST
        ("2016-07-31T23:00", LONDON, "2016-08-01 00:00"),
        ("2016-07-31T21:59:59", PARIS, "2016-07-31 23:59:59"),  # CEST
        ("2016-07-31T22:00", PARIS, "2016-08-01 00:00"),
        ("2016-10-29T23:30", LONDON, "2016-10-30 00:30"),  # before the hour that London's clocks go back over
        ("2016-10-30T00:30", LONDON, "2016-10-30 01:30 +01:00"),
        ("2016-10-30T01:30", LONDON, "2016-10-30 01:30 +00:00"),
        ("2016-10-30T02:00", LONDON, "2016-10-30 02:00"),  # after it
        ("2016-10-30T00:30", PARIS, "2016-10-30 02:30 +02:00"),
        ("2016-10-30T01:30", PARIS, "2016-10-30 02:30 +01:00"),
        ("2016-03-27T00:59", LONDON, "2016-03-27 00:59"),  # 01:00 to 01:59 are skipped
        ("2016-03-27T01:00", LONDON, "2016-03-27 02:00"),
        ("2016-10-30T01:30", "UTC", "2016-10-30 01:30"),
    ],
)
def test_an_instant_is_written_by_the_clock_and_read_back(stored, zone, shown):
    instant = datetime.fromisoformat(stored)
    assert written(by_clock(instant, zone)) == shown
    assert instant_of(shown, zone) == instant


@pytest.mark.parametrize(
    ("typed", "zone", "instant"),
    [
        ("2016-08-01", LONDON, datetime(2016, 7, 31, 23)),
        ("2016-10-30 01:30", LONDON, datetime(2016, 10, 30, 0, 30)),  # twice: the first
        ("2016-03-27 01:30", LONDON, datetime(2016, 3, 27, 1, 30)),  # never: as 02:30 BST
        ("2016-08-01T00:30+01:00", PARIS, datetime(2016, 7, 31, 23, 30)),  # its own offset, whatever the clock
        ("2016-08-01T00:30Z", PARIS, datetime(2016, 8, 1, 0, 30)),
    ],
)
def test_a_typed_time_is_read_by_the_clock_unless_it_says_its_offset(typed, zone, instant):
    assert instant_of(typed, zone) == instant


def test_the_end_of_time_stays_what_it_is():
    """Extracts write 9999-12-31 for "never ends"; in Paris that would be the year 10000."""
    assert written(by_clock(datetime(9999, 12, 31, 23, 59, 59), PARIS)) == "9999-12-31 23:59:59"
    for text in ("May", "", "0001-01-01 00:00+14:00"):
        with pytest.raises(ValueError):
            instant_of(text, PARIS)


def test_in_words_a_moment_has_its_offset_in_the_hour_that_occurs_twice():
    def words(stored: str) -> str:
        return in_words(by_clock(datetime.fromisoformat(stored), LONDON))

    assert words("2025-07-07T15:30") == "7 Jul 2025, 16:30"
    assert words("2025-10-26T00:30") == "26 Oct 2025, 01:30 +01:00"
    assert words("2025-10-26T01:30") == "26 Oct 2025, 01:30 +00:00"


def test_a_clock_is_called_by_its_names_where_it_has_some():
    assert clock_said(LONDON) == "Times are by the clock of Europe/London (GMT/BST)."
    assert clock_said("America/Sao_Paulo") == "Times are by the clock of America/Sao_Paulo."  # called -03 only
    assert clock_said("UTC") == "Times are in UTC."
