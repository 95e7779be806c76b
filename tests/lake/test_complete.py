"""Complete loads: records of their days that are not in them leave, and an undo brings them back. Counted by hand."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.store import Closed, ClosedRows, Complete, FactStore, FactTable, LaterComplete, TooManyLeave
from tests.lake.test_store import CONTRACT, accepted, stored

DAYS = {"a": (1, 10), "b": (1, 20), "c": (1, 31), "d": (2, 1), "e": (2, 20)}
JANUARY = Complete("opened", date(2025, 1, 1), date(2025, 1, 31), allowed=9)


def row(ticket: str, cost: int, *, closed: date | None = None, unit: str = "N", at: datetime | None = None):
    return ticket, at or datetime(2025, *DAYS[ticket], 12), closed, unit, cost


@pytest.fixture
def table(tmp_path: Path) -> FactTable:
    """Three records of January, two of February."""
    table = FactStore(tmp_path / "lake").table("orders")
    load(table, "L1", *(row(ticket, number) for number, ticket in enumerate(DAYS, start=1)))
    return table


def load(table, load_id, *rows, complete=None, closed=None):
    path = accepted(table.folder.parent.parent / "in", list(rows), CONTRACT, load_id)
    return table.commit(load_id, path, CONTRACT, complete=complete, closed=closed)


def tickets(table) -> str:
    return "".join(ticket for ticket, _, _ in stored(table))


def test_records_of_its_days_that_are_not_in_it_leave_in_the_same_version(table):
    commit = load(table, "L2", row("a", 9), complete=JANUARY)
    assert [(ticket, int(cost), of) for ticket, cost, of in stored(table)] == [
        ("a", 9, "L2"), ("d", 4, "L1"), ("e", 5, "L1")
    ]  # fmt: skip
    assert (commit.version, commit.rows, commit.accepted, commit.replaced, commit.removed) == (2, 3, 1, 1, 2)
    assert (commit.complete, table.find("L2")) == (JANUARY, commit)  # the log tells it too
    assert [ticket for ticket, _, _ in stored(table, version=1)] == list("abcde")  # as they were
    assert load(table, "L2", row("a", 9), complete=JANUARY) == commit  # the same load again changes nothing


def test_a_removed_record_touches_the_months_of_all_its_times(table):
    load(table, "L2", row("b", 2, closed=date(2025, 7, 1)))
    commit = load(table, "L3", row("a", 1), row("c", 3), complete=JANUARY)
    assert (commit.removed, commit.months) == (1, (202501,))
    assert commit.touched_months == {"opened": (202501,), "closed": (202507,)}


def test_without_a_record_of_the_month_left_its_file_goes(table):
    whole = Complete("opened", date(2025, 1, 1), date(2025, 2, 28), allowed=9)
    commit = load(table, "L2", row("d", 4), complete=whole)
    assert (tickets(table), commit.removed, commit.touched_months["opened"]) == ("d", 4, (202501, 202502))
    assert table.files(months=[202501]) == ()


def test_a_complete_load_that_lacks_nothing_removes_nothing(table):
    commit = load(table, "L2", row("a", 1), row("b", 2), row("c", 3), complete=JANUARY)
    assert (commit.removed, commit.replaced, commit.unchanged) == (0, 3, 3)


def test_days_are_those_of_the_reporting_clock_on_both_edges_of_a_clock_change(table):
    """In Paris the clocks go forward on 30 March: its day begins at 23:00 UTC of the 29th and ends at 22:00 UTC."""
    times = {"a": (29, 22, 59), "b": (29, 23, 0), "c": (30, 21, 59), "d": (30, 22, 0)}
    load(table, "L2", *(row(ticket, 1, at=datetime(2025, 3, *at)) for ticket, at in times.items()))
    that_day = Complete("opened", date(2025, 3, 30), date(2025, 3, 30), allowed=9)
    commit = load(table, "L3", row("e", 5, at=datetime(2025, 3, 30, 10)), complete=that_day)
    assert (commit.removed, tickets(table)) == (2, "ade")  # b and c were of 30 March


def test_a_record_without_an_event_time_is_of_no_day_and_stays(table):
    load(table, "L2", ("n", None, None, "N", 7))
    load(table, "L3", row("a", 1), complete=JANUARY)
    assert tickets(table) == "aden"


def test_a_load_without_rows_removes_nothing(table):
    commit = load(table, "L2", complete=JANUARY)
    assert (commit.removed, commit.complete, tickets(table)) == (0, None, "abcde")


def test_rows_that_do_not_meet_the_condition_stay(table):
    load(table, "L2", row("b", 2, unit="S"))
    north = Complete("opened", date(2025, 1, 1), date(2025, 1, 31), where="\"unit\" in ('N')", allowed=9)
    commit = load(table, "L3", row("a", 1), complete=north)
    assert (commit.removed, tickets(table)) == (1, "abde")  # c was of N


def test_half_may_leave_unasked_and_more_only_as_many_as_allowed(table):
    asked = Complete("opened", date(2025, 1, 1), date(2025, 2, 1))
    before, version = stored(table), table.version
    with pytest.raises(TooManyLeave) as refusal:
        load(table, "L2", row("a", 1), complete=asked)
    assert (refusal.value.total, refusal.value.stored) == (3, 4)
    assert refusal.value.rows.column("ticket").to_pylist() == ["d", "c", "b"]  # as stored, the newest first
    with pytest.raises(TooManyLeave):
        load(table, "L2", row("a", 1), complete=Complete(asked.column, asked.first, asked.last, allowed=2))
    assert (stored(table), table.version, table.orphans(), table.find("L2")) == (before, version, (), None)
    assert load(table, "L3", row("a", 1), row("b", 2), complete=asked).removed == 2  # of 4: just half
    table.undo("L3", "U3")
    three = Complete(asked.column, asked.first, asked.last, allowed=3)
    assert load(table, "L2", row("a", 1), complete=three).removed == 3


def test_a_closed_day_loses_no_record_unless_it_is_restated(table):
    closed = Closed("opened", date(2025, 1, 20))
    with pytest.raises(ClosedRows) as refusal:
        load(table, "L2", row("a", 1), complete=JANUARY, closed=closed)
    found = [(one.row, one.key, one.day, one.stored_day) for one in refusal.value.rows]
    assert (found, tickets(table)) == ([(None, "b", None, date(2025, 1, 20))], "abcde")
    commit = load(table, "L2", row("a", 1), complete=JANUARY, closed=Closed("opened", date(2025, 1, 20), restate=True))
    assert (commit.restated, commit.removed) == (1, 2)


def test_an_undo_brings_back_what_was_removed_and_touches_its_months(table):
    load(table, "L2", row("b", 2, closed=date(2025, 7, 1)))
    before = stored(table)
    load(table, "L3", row("a", 9), row("c", 3), complete=JANUARY)
    back = table.undo("L3", "U3")
    assert (stored(table), back.removed, back.restored) == (before, 2, 3)
    assert back.touched_months == {"opened": (202501,), "closed": (202507,)}


def test_an_undo_leaves_what_came_again_since(table):
    load(table, "L2", row("a", 1), complete=JANUARY)
    load(table, "L3", row("b", 22))
    table.undo("L2", "U2")
    assert [(ticket, int(cost)) for ticket, cost, _ in stored(table)] == [
        ("a", 1),
        ("b", 22),
        ("c", 3),
        ("d", 4),
        ("e", 5),
    ]
    table.undo("L3", "U3")  # taken back the other way round, b is there as L1 had it
    assert [int(cost) for _, cost, _ in stored(table)] == [1, 2, 3, 4, 5]


def test_an_undo_does_not_contradict_a_later_complete_load(table):
    load(table, "L2", row("a", 1), row("c", 3), complete=JANUARY)
    load(table, "L3", row("a", 1), row("c", 3), complete=JANUARY)
    with pytest.raises(LaterComplete) as refusal:
        table.undo("L2", "U2")
    assert (refusal.value.load_id, refusal.value.total, tickets(table)) == ("L3", 1, "acde")
    table.undo("L3", "U3")
    table.undo("L2", "U2")
    assert tickets(table) == "abcde"


def test_what_an_undo_needs_outlives_the_vacuum_and_a_compaction(table):
    before = stored(table)
    load(table, "L2", row("a", 9), complete=JANUARY)
    load(table, "L3", row("d", 9))
    table.compact("C1", more_than_files=0)
    table.vacuum(2**62, undoable=["L2", "L3"])
    table.undo("L3", "U3")
    table.undo("L2", "U2")
    assert stored(table) == before


RECORDS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), max_size=4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("load"), RECORDS, st.none()),
        st.tuples(st.just("load"), RECORDS, st.tuples(st.integers(1, 9), st.integers(1, 9))),
        st.tuples(st.just("undo"), st.integers(0, 9), st.none()),
    ),
    max_size=9,
)


def replayed(loads) -> dict[str, int]:
    """Ticket -> its day, which is all that tells its rows apart: pandas' answer to the loads that stand, in turn."""
    table = pd.Series(dtype=int)
    for records, stretch in loads:
        if stretch and records:
            table = table[table.index.isin(list(records)) | ~table.between(*sorted(stretch))]
        table = pd.concat([table[~table.index.isin(list(records))], pd.Series(records, dtype=int)])
    return {str(ticket): int(day) for ticket, day in table.items()}


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_whatever_is_loaded_and_taken_back_the_table_is_what_the_standing_loads_say(steps):
    with tempfile.TemporaryDirectory() as folder:
        table, standing = FactStore(Path(folder) / "lake").table("orders"), {}
        for number, (what, given_, stretch) in enumerate(steps):
            if what == "load":
                rows = [row(ticket, day, at=datetime(2025, 1, day, 12)) for ticket, day in given_.items()]
                days = [date(2025, 1, day) for day in sorted(stretch)] if stretch else None
                load(table, f"L{number}", *rows, complete=Complete("opened", *days, allowed=99) if days else None)
                standing[f"L{number}"] = (given_, stretch)
            elif standing:
                load_id = list(standing)[given_ % len(standing)]
                try:
                    table.undo(load_id, f"U{number}")
                except LaterComplete as refusal:
                    assert refusal.load_id in standing
                    assert list(standing).index(refusal.load_id) > list(standing).index(load_id)
                else:
                    del standing[load_id]
        if table.exists:
            assert {ticket: int(cost) for ticket, cost, _ in stored(table)} == replayed(standing.values())
