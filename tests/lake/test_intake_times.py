"""Days and times of an extract: which way of writing is asked, never guessed; what does not exist is never shifted."""

from datetime import date, datetime

import pytest

from lake import intake
from lake.contract import Column, ColumnType
from lake.intake import Dialect
from tests.corpus.reading import cells, codes, contract, day, messages, proposed, when

DATE, TIMESTAMP, INTEGER, DECIMAL = ColumnType.DATE, ColumnType.TIMESTAMP, ColumnType.INTEGER, ColumnType.DECIMAL


def test_C35_day_first_is_asked_never_guessed(tmp_path):
    (tmp_path / "x").write_text("id,d\nk1,01/02/2025\n")
    (question,) = intake.inspect(tmp_path / "x").questions
    assert (question.code, set(question.options)) == ("day_first", {"%d/%m/%Y", "%m/%d/%Y"})
    (tmp_path / "x").write_text("id,d\nk1,01/02/2025\nk2,13/02/2025\n")
    preview = intake.inspect(tmp_path / "x")
    assert preview.questions == () and preview.columns[1].formats == ("%d/%m/%Y",)


def test_C35_both_orders_in_one_column(tmp_path):
    (tmp_path / "x").write_text("id,d\nk1,02/13/2025\nk2,13/02/2025\n")
    (note,) = intake.inspect(tmp_path / "x").notes
    assert "02/13/2025" in note and "13/02/2025" in note
    found = cells(tmp_path, day(format="%d/%m/%Y"), "02/13/2025", "13/02/2025", "01/02/2025")
    assert found.column("d") == [date(2025, 2, 13), date(2025, 2, 1)] and found.rejects == [(2, "d", "not_a_date")]


def test_C37_a_few_days_that_do_not_exist_leave_a_column_of_dates_and_are_named(tmp_path):
    good = [f"{day:02d}/03/2025" for day in range(1, 29)]
    column, (note,), questions = proposed(tmp_path, "opened", *good, "31/02/2025", "31/04/2025")
    assert (column.types[0], column.formats, column.roles, questions) == ("date", ("%d/%m/%Y",), ("event_time",), ())
    assert note == (
        "opened: 2 of 30 values looked at are '31/02/2025', '31/04/2025', not dates written day/month/year. Such rows "
        "are set aside when the file is loaded; choose the type text to take them as they are."
    )
    both, (note,), (question,) = proposed(tmp_path, "opened", *[f"0{n}/02/2025" for n in range(1, 10)], "31/02/2025")
    assert question.code == "day_first" and "'31/02/2025'" in note and len(both.formats) == 2
    text, notes, _ = proposed(tmp_path, "opened", *good[:8], "soon", "later")
    assert text.types == ("text",) and notes == ()


def test_C37_a_bad_day_far_below_is_noted_too(tmp_path):
    good = [f"2025-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29)] * 5
    column, (note,), _ = proposed(tmp_path, "opened", *good, "2025-02-31", "0001-01-01")
    assert column.types[0] == "date" and "2 of 1,682 values looked at are '0001-01-01', '2025-02-31'" in note


def test_C36_zones_and_epochs(tmp_path):
    texts = ["2025-07-01T10:00:00Z", "2025-07-01 10:00:00+05:30", "2025-07-01 10:00", "2025-07-01T10:00:00.250"]
    found = cells(tmp_path, when(), *texts, timezone="Europe/Paris", reporting_timezone="Asia/Tokyo")
    assert [str(value) for value in found.column("t")] == [
        "2025-07-01 10:00:00", "2025-07-01 04:30:00", "2025-07-01 08:00:00", "2025-07-01 08:00:00.250000",
    ]  # fmt: skip
    late = cells(tmp_path, when(), "2025-07-01 20:00", timezone="Europe/Paris", reporting_timezone="Asia/Tokyo")
    assert late.column("t__day") == [date(2025, 7, 2)]
    second = datetime(2025, 1, 2, 3, 4, 5)
    assert cells(tmp_path, when(format="epoch_s"), "1735787045", timezone="Asia/Tokyo").column("t") == [second]
    assert cells(tmp_path, when(format="epoch_ms"), "1735787045000").column("t") == [second]
    assert codes(cells(tmp_path, when(), "1735787045")) == ["not_a_timestamp"]


def test_C37_days_and_times_that_do_not_exist(tmp_path):
    assert codes(cells(tmp_path, day(), "2025-02-29", "2025-13-01")) == ["not_a_date"] * 2
    assert codes(cells(tmp_path, day(format="%d/%m/%Y"), "31/04/2025", "31/02/2025")) == ["not_a_date"] * 2
    assert codes(cells(tmp_path, when(), "2025-02-01 24:00", "2025-02-01 23:59:60")) == ["not_a_timestamp"] * 2
    assert codes(cells(tmp_path, day(), "epoch", "infinity", "2025-2-1", "2025-02-01 10:00")) == ["not_a_date"] * 4


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("2016-12-31 23:59:60", "", "a leap second, which times here do not have; write its second as 59."),
        ("2016-12-31T23:59:60Z", "", "a leap second, which"),
        ("31/12/2016 23:59:60", "%d/%m/%Y %H:%M:%S", "a leap second, which"),
        ("2025-02-01 24:00", "", "the end of its day; write 00:00 of the next day."),
        ("01/02/2025 24:00:00", "%d/%m/%Y %H:%M:%S", "the end of its day"),
    ],
)
def test_C37_a_leap_second_and_the_end_of_a_day_are_named_and_never_shifted(tmp_path, text, form, said):
    found = cells(tmp_path, when(format=form), text)
    assert found.rows == [] and messages(found)[0].startswith(f"t: {text!r} is {said}")


def test_C38_clock_changes_by_the_stated_rule_and_counted(tmp_path):
    found = cells(tmp_path, when(), "2025-03-30 02:30", "2025-10-26 02:30", "2025-10-26 12:00", timezone="Europe/Paris")
    assert found.column("t") == [
        datetime(2025, 3, 30, 1, 30),
        datetime(2025, 10, 26, 0, 30),
        datetime(2025, 10, 26, 11),
    ]
    assert found.loaded.counts == {"dst_shifted": 1, "dst_ambiguous": 1}
    assert found.loaded.notes == (
        "Times in the hour that a clock change skips, shifted forward: 1.",
        "Times in the hour that a clock change repeats, taken as the first of the two: 1.",
    )


def test_C39_C40_serials_only_when_declared(tmp_path):
    assert codes(cells(tmp_path, when(), "45000.5")) == ["not_a_timestamp"]
    early = {"minimum": "1899-01-01"}
    found = cells(tmp_path, when(format="excel_serial", **early), "45000", "45000.5", "59", "60", "61", "1")
    assert [str(value) for value in found.column("t")] == [
        "2023-03-15 00:00:00", "2023-03-15 12:00:00",
        "1900-02-28 00:00:00", "1900-03-01 00:00:00", "1900-01-01 00:00:00",
    ]  # fmt: skip
    assert found.rejects == [(5, "t", "not_a_timestamp")]
    (mac,) = cells(tmp_path, day(format="excel_serial_1904"), "43538").column("d")
    (windows,) = cells(tmp_path, day(format="excel_serial"), "43538").column("d")
    assert (mac - windows).days == 1462


def test_C41_years_outside_the_window(tmp_path):
    texts = ["0001-01-01", "1900-01-01", "1970-01-01", "2025-01-01", "2099-01-01", "9999-12-31"]
    path = tmp_path / "x.csv"
    path.write_text("id,d\n" + "".join(f"k{i},{text}\n" for i, text in enumerate(texts)))
    of = contract(day())
    loaded = intake.load(path, of, Dialect(), into=tmp_path / "into", today=date(2026, 6, 1))
    assert (loaded.accepted, loaded.rejected) == (1, 5)
    assert codes(cells(tmp_path, day(minimum="2020-01-01", maximum="2020-12-31"), "2020-12-31", "2021-01-01")) == [
        "date_too_late"
    ]


def test_C42_two_digit_years_only_when_declared(tmp_path):
    assert codes(cells(tmp_path, day(format="%d/%m/%Y"), "01/02/25")) == ["date_too_early"]
    assert cells(tmp_path, day(format="%d/%m/%y"), "01/02/25").column("d") == [date(2025, 2, 1)]
    either = day(format="%m/%d/%y|%m/%d/%Y")
    assert cells(tmp_path, either, "11/13/06", "11/13/2006").column("d") == [date(2006, 11, 13)] * 2


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        (day(), "31.12.2025", "d: '31.12.2025' is not a date written as year-month-day; correct it or"),
        (day(format="%d/%m/%y|%d-%b-%Y"), "x", "written as day/month/two-digit year or day-month name-year; correct"),
        (day(format="%Y%m%d"), "2025-12-31", "written as year month day without separators; correct it"),
        (when(), "31.12.2025", "is not a time written as year-month-day hour:minute:second; correct it"),
        (
            when(format="%d/%m/%Y %I:%M %p"),
            "x",
            "is not a time written as day/month/year hour:minute am or pm; correct it",
        ),
        (when(format="excel_serial"), "x", "is not a time written as a day number of Excel; correct it"),
    ],
)
def test_a_reason_says_a_format_in_words(tmp_path, column, text, said):
    (message,) = messages(cells(tmp_path, column, text))
    assert said in message and "%" not in message


@pytest.mark.parametrize(
    ("header", "values", "form"),
    [
        ("opened", ("45658", "45659"), "excel_serial"),
        ("start date", ("1735787045", "1735787046"), "epoch_s"),
        ("created_at", ("1735787045000", "1735787045001"), "epoch_ms"),
        ("opened", ("45658", "7"), ""),
        ("amount", ("45658", "45659"), ""),
    ],
)
def test_C39_numbers_that_may_be_days_are_told_and_not_taken_as_such(tmp_path, header, values, form):
    path = tmp_path / "x.csv"
    path.write_text(f"id,{header}\n" + "".join(f"k{n},{value}\n" for n, value in enumerate(values)))
    preview = intake.inspect(path)
    assert preview.columns[1].types[0] == "integer"
    assert [f"its dates the format {form};" in note for note in preview.notes] == ([True] if form else [])
    if form:
        kind = DATE if form == "excel_serial" else TIMESTAMP
        assert len(cells(tmp_path, Column("t", type=kind, format=form), *values).column("t")) == 2
