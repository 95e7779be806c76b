"""ISO weeks as days: 2025-W07 is its Monday, and a week that its year does not have is no day."""

from datetime import date, datetime

import duckdb
import pytest

from lake import intake
from lake.contract import Column, ColumnType
from lake.intake.spelling import reads
from lake.intake.weeks import iso_week
from tests.corpus.reading import cells, codes, day, messages, when

WEEKS = {"2025-W01": date(2024, 12, 30), "2020-W53": date(2020, 12, 28), "2026-W53": date(2026, 12, 28)}


def test_a_week_is_its_monday(tmp_path):
    early = {"minimum": "2020-01-01", "maximum": "2030-01-01"}
    assert cells(tmp_path, day(format="iso_week", **early), *WEEKS).column("d") == [*WEEKS.values()]
    found = cells(tmp_path, day(format="iso_week"), "2025W07", "2025 W07", "2025-W07-1", "2025-W07-3", "2025W077")
    assert [found_day.day for found_day in found.column("d")] == [10, 10, 10, 12, 16]  # of February 2025
    assert cells(tmp_path, when(format="iso_week"), "2025-W07").column("t") == [datetime(2025, 2, 10)]


def test_a_week_is_read_as_people_write_it(tmp_path):
    written = (
        "W07-2025",
        "KW 07/2025",
        "KW07/2025",
        "kw 7 2025",
        "CW 7, 2025",
        "2025 KW 7",
        "2025/KW07",
        "Week 7 2025",
    )
    found = cells(tmp_path, day(format="iso_week"), *written, "Woche 7.2025", "2025-W7", "2025-W07-3")
    assert found.column("d") == [date(2025, 2, 10)] * 10 + [date(2025, 2, 12)]
    others = cells(
        tmp_path, day(format="iso_week"), "KW 53/2025", "KW 07/25", "07/2025", "Q1-2025", "KW 072025", "KW 1/2026"
    )
    assert others.column("d") == [date(2025, 12, 29)] and codes(others) == ["not_a_date"] * 5
    assert messages(others)[0] == "d: 'KW 53/2025' is a week that its year does not have; correct the week."


def test_a_week_that_its_year_does_not_have_is_set_aside_with_the_reason(tmp_path):
    found = cells(tmp_path, day(format="iso_week"), "2025-W53", "2025-W00", "2025-W52", "W52", "2025-W52-8")
    assert found.column("d") == [date(2025, 12, 22)] and codes(found) == ["not_a_date"] * 4
    missing, _, other, *_ = messages(found)
    assert missing == "d: '2025-W53' is a week that its year does not have; correct the week."
    assert "'W52' is not a date written as a week such as 2025-W07; correct it" in other


def test_weeks_may_stand_among_days_where_both_are_declared(tmp_path):
    found = cells(tmp_path, day(format="iso|iso_week"), "2025-02-11", "2025-W07")
    assert found.column("d") == [date(2025, 2, 11), date(2025, 2, 10)]


def test_the_reader_and_the_preview_know_the_same_weeks_as_python():
    texts = [f"{year}-W{week:02}" for year in range(1900, 2101) for week in range(55)]
    sql = f"select {iso_week('x')}::date from (select unnest($texts) as x)"
    read = [found for (found,) in duckdb.execute(sql, {"texts": texts}).fetchall()]
    assert [found is not None for found in read] == [reads(text, "iso_week") for text in texts]
    known = [(text, found) for text, found in zip(texts, read, strict=True) if found]
    assert all(found == date.fromisocalendar(int(text[:4]), int(text[6:]), 1) for text, found in known)
    assert len(known) == 10_488  # 201 years of 52 weeks, 36 of which have a 53rd
    for written in ("W{1}-{0}", "KW {1}/{0}", "{0} CW{1}"):
        again = duckdb.execute(sql, {"texts": [written.format(text[:4], text[6:]) for text, _ in known]}).fetchall()
        assert [found for (found,) in again] == [found for _, found in known]


@pytest.mark.parametrize(
    ("values", "types", "formats"),
    [
        (("2025-W06", "2025-W07"), ("date", "timestamp", "text"), ("iso_week",)),
        (("2025W06", "2025W07"), ("date", "timestamp", "text"), ("iso_week",)),
        (("2025-W06-1", "2025-W07-3"), ("date", "timestamp", "text"), ("iso_week",)),
        (("W06-2025", "W07-2025"), ("date", "timestamp", "text"), ("iso_week",)),
        (("KW 06/2025", "KW 07/2025"), ("date", "timestamp", "text"), ("iso_week",)),
        (("2025-W06", "W07"), ("text",), ()),
        (("KW 06/25", "KW 07/25"), ("text",), ()),
        (("2025-W52", "2025-W53"), ("text",), ()),
    ],
)
def test_a_column_of_weeks_is_proposed_as_days(tmp_path, values, types, formats):
    path = tmp_path / "x.csv"
    path.write_text("id,week\n" + "".join(f"k{n},{value}\n" for n, value in enumerate(values)))
    preview = intake.inspect(path)
    assert (preview.columns[1].types, preview.columns[1].formats) == (types, formats)
    if formats:
        column = Column("t", type=ColumnType(types[0]), format=formats[0])
        assert len(cells(tmp_path, column, *values).column("t")) == 2


def test_one_week_too_many_is_told_and_the_others_are_days(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,week\n" + "".join(f"k{n},2025-W{n:02}\n" for n in range(30, 54)))
    preview = intake.inspect(path)
    assert preview.columns[1].formats == ("iso_week",)
    read, monday = (note for note in preview.notes if note.startswith("week: "))
    assert "2025-W53" in read and "not dates written a week such as 2025-W07" in read
    assert "2025-W30 is a week and is read as its Monday" in monday
