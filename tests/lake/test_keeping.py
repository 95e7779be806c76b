"""Extracts that lack columns: what they do not bring, they do not change. Small numbers, and a replay in Python."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.contract import Column, ColumnType, Contract, Role, RowRule
from lake.intake import Dialect, IntakeError, keep, load, load_records
from lake.store import (
    Closed,
    ClosedRows,
    Commit,
    Complete,
    Conflict,
    FactStore,
    FactTable,
    Kept,
    LaterComplete,
    LaterKept,
)

CONTRACT = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("hours", type=ColumnType.INTEGER),
        Column("closed", type=ColumnType.DATE),
        Column("note"),
        Column("minutes", type=ColumnType.INTEGER, formula="hours * 60"),
    ),
    rules=(RowRule("in order", "closed >= day", "closed before it was opened"),),
)
JANUARY = date(2025, 1, 1), date(2025, 1, 31)
FULL = "id,day,hours,closed,note\n1,2025-01-10,1,2025-01-12,first\n2,2025-01-20,2,2025-02-02,second\n"


@pytest.fixture
def table(tmp_path: Path) -> FactTable:
    return FactStore(tmp_path / "lake").table("orders")


def send(table: FactTable, load_id: str, text: str, *, blank: bool = False, **more) -> Commit:
    """`text` loaded as an upload is: read, completed from the newest version, committed upon it."""
    into = table.folder.parent.parent / load_id
    into.mkdir()
    (into / "x.csv").write_text(text)
    loaded = load(into / "x.csv", CONTRACT, Dialect(), into=into)
    assert not loaded.rejected
    accepted, version = loaded.accepted_path, table.version
    if loaded.lacking and not blank and version is not None:
        accepted = keep(accepted, CONTRACT, loaded.lacking, table.relation(), into=into).path
    kept = Kept(loaded.lacking, version) if loaded.lacking and not blank else None
    return table.commit(load_id, accepted, CONTRACT, kept=kept, **more)


def rows(table: FactTable, columns: str = "id, hours, closed::varchar, note, minutes") -> list[tuple]:
    return duckdb.sql(f"select {columns} from ({table.relation()}) order by id").fetchall()


def test_a_record_keeps_what_the_extract_does_not_bring_and_what_is_computed_of_it(table):
    send(table, "L1", FULL)
    commit = send(table, "L2", "id,day,note\n2,2025-01-20,changed\n3,2025-01-30,third\n")
    assert rows(table) == [
        ("1", 1, "2025-01-12", "first", 60), ("2", 2, "2025-02-02", "changed", 120), ("3", None, None, "third", None)
    ]  # fmt: skip
    assert (commit.replaced, commit.unchanged, commit.kept) == (1, 0, ("hours", "closed"))
    assert table.find("L2") == commit  # the log tells it too


def test_a_blank_cell_of_a_column_that_is_there_is_a_value(table):
    send(table, "L1", FULL)
    send(table, "L2", "id,day,hours,closed,note\n1,2025-01-10,,,\n")
    assert rows(table)[0] == ("1", None, None, None, None)


def test_the_kept_days_touch_their_months_and_have_their_local_day(table):
    send(table, "L1", FULL)
    commit = send(table, "L2", "id,day,note\n2,2025-03-01,moved\n".replace("2025-03-01", "2025-01-21"))
    assert commit.touched_months == {"day": (202501,), "closed": (202502,)}
    assert rows(table, "closed__day")[1] == (date(2025, 2, 2),)


def test_the_same_records_without_a_column_change_nothing_of_closed_days(table):
    send(table, "L1", FULL)
    january = Closed("day", date(2025, 1, 31))
    commit = send(table, "L2", "id,day,note\n1,2025-01-10,first\n2,2025-01-20,second\n", closed=january)
    assert (commit.replaced, commit.unchanged) == (2, 2)
    with pytest.raises(ClosedRows):
        send(table, "L3", "id,day,note\n1,2025-01-10,first\n", blank=True, closed=january)


def test_a_rule_that_a_kept_value_breaks_refuses_the_file_and_names_the_row(table):
    send(table, "L1", FULL)
    with pytest.raises(IntakeError) as refusal:
        send(table, "L2", "id,day,note\n1,2025-01-10,same\n2,2025-02-03,later\n")
    fault = refusal.value
    assert (fault.code, fault.row, fault.details) == (
        "kept_breaks_rule", 3, [{"row": 3, "message": "closed before it was opened"}]
    )  # fmt: skip
    assert fault.message == (
        "The file has no column hours, closed, so the records that it replaces keep their values there; with them a "
        "row breaks a rule of the contract. Row 3: closed before it was opened."
    )


def test_rows_that_were_completed_from_another_version_are_not_committed(table, tmp_path):
    send(table, "L1", FULL)
    (tmp_path / "x.csv").write_text("id,day,note\n1,2025-01-10,late\n")
    loaded = load(tmp_path / "x.csv", CONTRACT, Dialect(), into=tmp_path / "late")
    send(table, "L2", FULL.replace(",1,", ",9,"))
    with pytest.raises(Conflict, match="no longer at version 1"):
        table.commit("L3", loaded.accepted_path, CONTRACT, kept=Kept(loaded.lacking, 1))
    assert rows(table)[0][:2] == ("1", 9)


def test_json_lines_lack_a_key_that_no_line_has(tmp_path):
    lines = '{"id": "1", "day": "2025-01-10", "note": "a"}\n{"id": "2", "day": "2025-01-11", "hours": 3}\n'
    (tmp_path / "x.jsonl").write_text(lines)
    loaded = load(tmp_path / "x.jsonl", CONTRACT, Dialect(kind="jsonl", header_row=0), into=tmp_path / "out")
    assert loaded.lacking == ("closed",)


def test_of_corrected_rows_one_may_have_been_given_what_its_file_lacks(tmp_path):
    records = [{"id": "1", "day": "2025-01-10", "hours": "7"}, {"id": "2", "day": "2025-01-20"}]
    loaded = load_records(records, CONTRACT, into=tmp_path)
    assert loaded.lacking == ("hours", "closed", "note")
    stored = "select * from (values ('1', 1, null, 'a'), ('2', 2, null, 'b')) t(id, hours, closed, note)"
    kept = keep(loaded.accepted_path, CONTRACT, loaded.lacking, stored, into=tmp_path)
    found = duckdb.sql(f"select id, hours, note, minutes from '{kept.path}' order by id").fetchall()
    assert (kept.records, found) == (2, [("1", 7, "a", 420), ("2", 2, "b", 120)])


# --- taking back ------------------------------------------------------------------------------------------------------


def test_a_load_whose_values_a_later_one_keeps_waits_until_that_is_taken_back(table):
    send(table, "L1", FULL)
    send(table, "L2", FULL.replace(",1,", ",9,"))
    send(table, "L3", "id,day,note\n1,2025-01-10,c\n")
    with pytest.raises(LaterKept) as refusal:
        table.undo("L2", "U2")
    assert (refusal.value.load_id, refusal.value.columns, refusal.value.total) == ("L3", ("closed",), 1)
    table.undo("L3", "U3")
    table.undo("L2", "U2")
    assert rows(table)[0] == ("1", 1, "2025-01-12", "first", 60)


def test_a_load_that_brought_nothing_in_the_column_can_be_taken_back_before_a_later_one_like_it(table):
    for number, note in enumerate("abc", start=1):
        send(table, f"L{number}", f"id,day,note\n1,2025-01-10,{note}\n")
    table.undo("L2", "U2")
    assert rows(table) == [("1", None, None, "c", None)]


def test_what_came_by_way_of_a_load_that_was_taken_back_is_still_found(table):
    send(table, "L1", FULL)
    send(table, "L2", "id,day,note\n1,2025-01-10,b\n")
    send(table, "L3", "id,day,note\n1,2025-01-10,c\n")
    table.undo("L2", "U2")
    with pytest.raises(LaterKept) as refusal:
        table.undo("L1", "U1")
    assert refusal.value.load_id == "L3"


def test_what_tells_who_kept_what_outlives_the_vacuum_and_a_compaction(table):
    send(table, "L1", FULL)
    send(table, "L2", "id,day,note\n1,2025-01-10,b\n")
    table.compact("C1", more_than_files=0)
    table.vacuum(2**62, undoable=["L1", "L2"])
    with pytest.raises(LaterKept):
        table.undo("L1", "U1")


def test_a_record_that_came_again_without_a_column_since_it_was_removed_holds_its_removal(table):
    send(table, "L1", FULL)
    send(table, "L2", FULL.splitlines()[0] + "\n1,2025-01-10,1,,\n", complete=Complete("day", *JANUARY, allowed=9))
    send(table, "L3", "id,day,note\n2,2025-01-20,again\n")
    assert rows(table)[1] == ("2", None, None, "again", None)
    with pytest.raises(LaterKept):
        table.undo("L2", "U2")
    table.undo("L3", "U3")
    table.undo("L2", "U2")
    assert rows(table)[1] == ("2", 2, "2025-02-02", "second", 120)


# --- by chance --------------------------------------------------------------------------------------------------------

VALUES = {"hours": st.none() | st.integers(1, 9), "note": st.sampled_from(["", "a", "b"])}
RECORD = st.fixed_dictionaries({"day": st.integers(1, 3), **VALUES})
LOAD = st.tuples(
    st.just("load"),
    st.dictionaries(st.sampled_from("pqrs"), RECORD, min_size=1, max_size=3),
    st.sets(st.sampled_from(sorted(VALUES))),  # the columns that the file has
    st.sampled_from([False, False, True]),  # whether what it lacks is blanked
    st.none() | st.none() | st.tuples(st.integers(1, 3), st.integers(1, 3)),  # the days that it holds all records of
)
STEPS = st.lists(LOAD | st.tuples(st.just("undo"), st.integers(0, 9)), max_size=8)


def text_of(records, columns) -> str:
    named = ["id", "day", *sorted(columns)]
    lines = [",".join(named)]
    for key, record in records.items():
        cells = {**record, "id": key, "day": f"2025-01-0{record['day']}"}
        lines.append(",".join("" if cells[name] is None else str(cells[name]) for name in named))
    return "\n".join(lines) + "\n"


def replayed(loads) -> list[tuple]:
    """What the loads that stand say, in turn: id, day, hours, note, minutes."""
    table: dict[str, dict] = {}
    for records, columns, blank, stretch in loads:
        if stretch:
            first, last = sorted(stretch)
            table = {key: row for key, row in table.items() if key in records or not first <= row["day"] <= last}
        for key, record in records.items():
            before = {} if blank else table.get(key, {})
            values = {name: (record[name] if name in columns else before.get(name)) for name in VALUES}
            table[key] = {"day": record["day"], **values}
    return [
        (key, row["day"], row["hours"], row["note"] or None, row["hours"] and row["hours"] * 60)
        for key, row in sorted(table.items())
    ]


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_whatever_columns_come_and_whatever_is_taken_back_the_table_is_what_the_standing_loads_say(steps):
    with tempfile.TemporaryDirectory() as folder:
        table, standing = FactStore(Path(folder) / "lake").table("orders"), {}
        for number, (what, *said) in enumerate(steps):
            if what == "load":
                records, columns, blank, stretch = said
                days = [date(2025, 1, day) for day in sorted(stretch)] if stretch else None
                complete = Complete("day", *days, allowed=9) if days else None
                send(table, f"L{number}", text_of(records, columns), blank=blank, complete=complete)
                standing[f"L{number}"] = said
            elif standing:
                load_id = list(standing)[said[0] % len(standing)]
                try:
                    table.undo(load_id, f"U{number}")
                except (LaterKept, LaterComplete) as refusal:
                    assert list(standing).index(refusal.load_id) > list(standing).index(load_id)
                else:
                    del standing[load_id]
            if table.exists:
                found = rows(table, "id, day(day), hours, note, minutes")
                assert found == replayed(standing.values())
