"""Dates as people write them, DD/MM/YYYY, and the formats of a contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.contract.dates import as_format, as_written


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("DD/MM/YYYY", "%d/%m/%Y"),
        ("dd/mm/yyyy hh:mm:ss", "%d/%m/%Y %H:%M:%S"),  # as a spreadsheet writes it
        ("d.m.yy", "%d.%m.%y"),
        ("YYYYMMDD", "%Y%m%d"),
        ("DD-MMM-YYYY", "%d-%b-%Y"),
        ("DDDD, D MMMM YYYY", "%A, %d %B %Y"),
        ("YYYY-MM-DDTHH:MM", "%Y-%m-%dT%H:%M"),
        ("MM/DD/YYYY HH:MM AM", "%m/%d/%Y %I:%M %p"),
        ("mm/dd/yyyy h:mm am/pm", "%m/%d/%Y %I:%M %p"),
        ("DD/MM/YYYY | YYYY-MM-DD", "%d/%m/%Y|%Y-%m-%d"),
        ("%d/%m/%Y", "%d/%m/%Y"),
        ("iso", "iso"),
        ("iso|DD/MM/YYYY", "iso|%d/%m/%Y"),
        ("epoch_ms", "epoch_ms"),
        ("", ""),
        ("the usual", "the usual"),  # which no contract takes
    ],
)
def test_what_a_person_writes_is_a_format(written, text):
    assert as_format(written) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("%d.%m.%y", "DD.MM.YY"),
        ("%Y-%m-%d %H:%M:%S", "YYYY-MM-DD HH:MM:SS"),
        ("%m/%d/%Y %I:%M %p", "MM/DD/YYYY HH:MM AM"),
        ("iso|%d/%m/%Y", "iso | DD/MM/YYYY"),
        ("%j of %Y", "%j of %Y"),  # the day of the year has no word of people
        ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f"),
        ("%d/%m/%Y %I:%M", "%d/%m/%Y %I:%M"),  # twelve hours without AM or PM: HH would say twenty-four
        ("", ""),
    ],
)
def test_a_format_is_shown_as_people_write_it_where_that_says_all_of_it(text, written):
    assert as_written(text) == written


@given(st.lists(st.sampled_from([*"YymbBdaAHIMSpfjz%", "T", " ", "/", ":", "Day ", "|"]), max_size=9))
def test_what_is_shown_means_the_same_when_it_comes_back(parts):
    text = "".join(f"%{part}" if part in "YymbBdaAHIMSpfjz%" else part for part in parts)
    assert as_format(as_written(text)) == as_format(text)
