"""Closed days of a table (B23, C61): what a load or an undo may not change, told by the values of the rows."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.contract import Column, ColumnType, Contract, Role
from lake.store import CellChange, ChangedRow, Closed, ClosedRows, FactStore, FactTable
from tests.lake.test_store import CONTRACT, accepted, stored

DEC, JAN, FEB = datetime(2024, 12, 10), datetime(2025, 1, 10), datetime(2025, 2, 10)
JANUARY = Closed("opened", date(2025, 1, 31))
RESTATED = Closed("opened", date(2025, 1, 31), restate=True)


@pytest.fixture
def table(tmp_path: Path) -> FactTable:
    """Three records: a of December and b of January, closed later; c of February."""
    table = FactStore(tmp_path / "lake").table("incidents")
    load(table, "L1", ("a", DEC, None, "N", 1), ("b", JAN, None, "N", 2), ("c", FEB, None, "N", 3))
    return table


def load(table, load_id, *rows, closed=None, contract=CONTRACT):
    path = accepted(table.folder.parent.parent / "in", list(rows), contract, load_id)
    return table.commit(load_id, path, contract, closed=closed)


def refused(table, load_id, *rows):
    """(row, key, day, stored day) of what would change; nothing of it is left in the table."""
    before, version = stored(table), table.version
    with pytest.raises(ClosedRows) as refusal:
        load(table, load_id, *rows, closed=JANUARY)
    assert (stored(table), table.version, table.orphans(), table.find(load_id)) == (before, version, (), None)
    assert refusal.value.total == len(refusal.value.rows)
    return [(one.row, one.key, one.day, one.stored_day) for one in refusal.value.rows]


@pytest.mark.parametrize(
    ("row", "day", "stored_day"),
    [
        (("n", JAN, None, "N", 9), date(2025, 1, 10), None),
        (("n", datetime(2025, 1, 31, 22, 30), None, "N", 9), date(2025, 1, 31), None),
        (("b", JAN, None, "N", 9), date(2025, 1, 10), date(2025, 1, 10)),
        (("b", JAN, None, "S", 2), date(2025, 1, 10), date(2025, 1, 10)),
        (("b", FEB, None, "N", 2), date(2025, 2, 10), date(2025, 1, 10)),
        (("b", None, None, "N", 2), None, date(2025, 1, 10)),
        (("c", JAN, None, "N", 3), date(2025, 1, 10), date(2025, 2, 10)),
    ],
    ids=["added", "added late on the last day", "number", "unit", "moved out", "lost its day", "moved in"],
)
def test_a_load_that_changes_a_closed_day_is_refused_whole(table, row, day, stored_day):
    good = ("d", FEB, None, "N", 4)
    assert refused(table, "L2", good, row) == [(3, row[0], day, stored_day)]


def test_the_first_minute_after_the_closed_days_is_open(table):
    """23:30 of 31 January in London is 00:30 of 1 February in Paris, where the days are counted."""
    assert load(table, "L2", ("n", datetime(2025, 1, 31, 23, 30), None, "N", 9), closed=JANUARY).restated == 0


def test_an_extract_may_repeat_closed_days_as_they_are(table):
    same = [("a", DEC, None, "N", 1), ("b", JAN, None, "N", 2)]
    commit = load(table, "L2", *same, ("c", FEB, None, "N", 5), closed=JANUARY)
    assert (commit.accepted, commit.unchanged, commit.restated) == (3, 2, 0)
    assert [cost for _, cost, _ in stored(table)] == [1, 2, 5]
    table.undo("L2", "U2", closed=JANUARY)  # what it repeated is as it was, so taking it back changes nothing closed
    assert [cost for _, cost, _ in stored(table)] == [1, 2, 3]


def test_a_restatement_changes_closed_days_and_counts_them(table):
    commit = load(table, "L2", ("b", FEB, None, "N", 2), ("c", FEB, None, "N", 9), ("n", JAN), closed=RESTATED)
    assert (commit.restated, commit.accepted) == (2, 3)  # b moved out, n came in; c was never closed
    assert table.find("L2").restated == 2


def test_a_load_that_is_in_the_lake_already_is_not_asked_again(table):
    commit = load(table, "L2", ("b", JAN, None, "N", 9))
    assert load(table, "L2", ("b", JAN, None, "N", 9), closed=JANUARY) == commit


def test_an_undo_may_neither_remove_nor_bring_back_rows_of_closed_days(table):
    load(table, "L2", ("b", FEB, None, "N", 9), ("n", JAN), ("d", FEB))
    before = stored(table)
    back = (CellChange("opened", "2025-02-10 00:00:00 UTC", "2025-01-10 00:00:00 UTC"), CellChange("cost", "9", "2"))
    for take_back in (
        lambda: table.check_undo("L2", JANUARY),
        lambda: table.undo("L2", "U2", closed=JANUARY),
    ):
        with pytest.raises(ClosedRows) as refusal:
            take_back()
        assert refusal.value.rows == (
            ChangedRow(2, "b", date(2025, 1, 10), date(2025, 2, 10), back),
            ChangedRow(3, "n", None, date(2025, 1, 10)),
        )
        assert (stored(table), table.orphans()) == (before, ())
    assert table.undo("L2", "U2", closed=RESTATED).restated == 2


def test_of_a_record_that_stays_each_value_that_differs_is_told(table):
    with pytest.raises(ClosedRows) as refusal:
        load(table, "L2", ("b", JAN, None, "S", None), ("n", JAN), closed=JANUARY)
    (changed, new) = refusal.value.rows
    assert changed.changes == (CellChange("unit", "N", "S"), CellChange("cost", "2", None))
    assert new.changes == ()


def test_an_undo_of_open_days_goes_on(table):
    load(table, "L2", ("c", FEB, None, "N", 9))
    table.check_undo("L2", JANUARY)
    assert table.undo("L2", "U2", closed=JANUARY).restored == 1


def test_the_first_twenty_of_many_rows_are_named(table):
    with pytest.raises(ClosedRows) as refusal:
        load(table, "L2", *[(f"n{number}", JAN) for number in range(500)], closed=JANUARY)
    assert (refusal.value.total, [one.row for one in refusal.value.rows]) == (500, list(range(2, 22)))
    assert "500 records on or before 2025-01-31" in str(refusal.value)


def test_rows_without_a_key_are_told_apart_by_all_their_values(tmp_path):
    contract = Contract((Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)), Column("site")))
    table = FactStore(tmp_path / "lake").table("visits")
    with pytest.raises(ClosedRows):
        load(table, "L1", (date(2025, 1, 3), "N"), contract=contract, closed=Closed("day", date(2025, 1, 31)))
    assert table.version == 0


RECORDS = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.sampled_from([None, DEC, JAN, FEB]), st.integers(0, 2)), min_size=1
)


def closed_rows(table):
    columns = "ticket, opened, cost"
    return {row for row in stored(table, columns) if row[1] is not None and row[1] < datetime(2025, 2, 1)}


@settings(max_examples=8)
@given(st.lists(st.tuples(RECORDS, st.booleans()), min_size=1, max_size=3), st.booleans())
def test_no_load_and_no_undo_changes_a_closed_row_without_restating_it(tmp_path_factory, loads, taken_back):
    """The law, over random histories: what is not refused leaves the closed rows as they were, and the other way round:
    what would leave them as they were is not refused."""
    table = FactStore(tmp_path_factory.mktemp("law") / "lake").table("incidents")
    load(table, "L0", ("a", DEC, None, None, 1), ("b", JAN, None, None, 1), ("c", FEB, None, None, 1))
    for number, (records, restate) in enumerate(loads, start=1):
        rows = [(ticket, opened, None, None, cost) for ticket, (opened, cost) in sorted(records.items())]
        before, name = closed_rows(table), f"L{number}"
        try:
            commit = load(table, name, *rows, closed=RESTATED if restate else JANUARY)
        except ClosedRows:
            assert closed_rows(table) == before
            load(table, name, *rows)
            assert closed_rows(table) != before
        else:
            assert (closed_rows(table) != before) == bool(commit.restated)
            assert restate or not commit.restated
        if taken_back:
            before = closed_rows(table)
            try:
                table.undo(name, f"U{number}", closed=JANUARY)
            except ClosedRows:
                assert closed_rows(table) == before
                table.undo(name, f"U{number}")
                assert closed_rows(table) != before
            else:
                assert closed_rows(table) == before
