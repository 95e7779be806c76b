"""Dates as people write them, DD/MM/YYYY, and the formats of a contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.contract import Column, ColumnType, Contract, ContractError
from lake.contract.dates import as_format, as_written, not_understood


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
    ("written", "word"),
    [
        ("DD/MM/YYYY HH:MM:SSS", "SSS"),
        ("dd/mm/yyyy hh:mm:sss", "sss"),
        ("YYYY-MM-DD HH:MM:SS.SSS", "SSS"),
        ("YYYY-MM-DDTHH:MM:SS.FFFZ", "FFFZ"),
        ("DD/MM/YYY", "YYY"),
        ("DD/MM/YYYYY", "YYYYY"),
        ("DD/MM/YYYY HH24:MI:SS", "MI"),
        ("TT.MM.JJJJ", "TT"),
        ("DD/MM/YYYY hh:mm tt", "tt"),
        ("iso | DD/MM/YYYY HH:MMM:SSS", "SSS"),
    ],
)
def test_a_word_that_is_part_of_no_date_is_named(written, word):
    assert not_understood(written) == word


@pytest.mark.parametrize(
    "written",
    [
        "YYYY-MM-DDTHH:MM:SSZ", "YYYY-MM-DD'T'HH:MM", "DD.MM.YYYY um HH:MM Uhr", "DD.MM.YYYY UM HH:MM UHR",
        "HHhMM DD/MM/YY", "D de MMMM de YYYY", "D DE MMMM DE YYYY", "DD.MM.YYYY HH:MM MESZ",
        "DDDD, D MMMM YYYY", "DDth MMMM YYYY", "MM/DD/YYYY at HH:MM AM",
        "YYYYMMDDHHMMSS UTC",
        "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "epoch_ms", "excel_serial", "iso|DD/MM/YYYY", "", "the usual",
    ],
)  # fmt: skip
def test_other_texts_of_a_date_stay_as_they_are(written):
    assert not_understood(written) == ""


@pytest.mark.parametrize(
    ("text", "left"),
    [("%d/%m/%Y %H:%M:%SS", "S"), ("%d/%m/%YYYY", "YYY"), ("%d/%m/%Y %H:MM", "MM"), ("%Y-%m-%d %H:%M:%SS.SSS", "S")],
)
def test_a_contract_has_no_letters_that_look_like_a_part_and_are_none(text, left):
    column = Column("at", type=ColumnType.TIMESTAMP, format=text)
    with pytest.raises(ContractError, match=f"{left!r} as a text that every value would need; each part is written"):
        Contract(columns=(column,)).check()


@pytest.mark.parametrize(
    "text",
    [
        "%Y-%m-%dT%H:%M:%SZ",
        "%d.%m.%Y um %H:%M Uhr",
        "%d/%m/%y %Hh%M",
        "%Y-%m-%d %HH%MM%SS",
        "Day %d/%m/%Y",
        "%dth %b %Y",
    ],
)
def test_a_contract_keeps_the_texts_that_stand_in_dates(text):
    Contract(columns=(Column("at", type=ColumnType.TIMESTAMP, format=text),)).check()


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
