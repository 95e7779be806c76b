"""A row of a monthly report speaks for its whole month."""

from datetime import date

import pytest

from datasets.watermark import complete_through


@pytest.mark.parametrize(
    ("last_day", "covers", "expected"),
    [
        (date(2019, 3, 14), "day", date(2019, 3, 14)),
        (date(2019, 3, 1), "month", date(2019, 3, 31)),
        (date(2019, 3, 31), "month", date(2019, 3, 31)),
        (date(2020, 2, 1), "month", date(2020, 2, 29)),
        (date(2019, 12, 1), "month", date(2019, 12, 31)),
        (date(2019, 4, 1), "quarter", date(2019, 6, 30)),
        (date(2019, 12, 31), "quarter", date(2019, 12, 31)),
        (date(2019, 5, 5), "year", date(2019, 12, 31)),
        (date(9999, 12, 5), "month", date(9999, 12, 31)),  # there is no day after it
        (None, "month", None),
    ],
)
def test_data_are_complete_through_the_end_of_what_the_last_row_stands_for(last_day, covers, expected):
    assert complete_through(last_day, covers) == expected
