"""The fact store: loads, replacement by key, undo, versions, growth of the schema. Numbers are small."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake.contract import Column, ColumnType, Contract, Role
from lake.store import (
    Commit,
    DuplicateKey,
    FactStore,
    FactTable,
    SchemaConflict,
    StoreError,
    UnknownLoad,
    UnknownVersion,
)

CONTRACT = Contract(
    columns=(
        Column("ticket", type=ColumnType.TEXT, roles=(Role.KEY,)),
        Column("opened", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("closed", type=ColumnType.DATE),
        Column("unit", type=ColumnType.TEXT, roles=(Role.UNIT,)),
        Column("cost", type=ColumnType.DECIMAL, roles=(Role.MEASURE,)),
    ),
    reporting_timezone="Europe/Paris",
)
ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.DATE: pa.date32(),
    ColumnType.DECIMAL: pa.decimal128(18, 4),
    ColumnType.INTEGER: pa.int64(),
}
JAN, FEB, MAR = datetime(2025, 1, 10), datetime(2025, 2, 10), datetime(2025, 3, 10)


@pytest.fixture
def table(tmp_path: Path) -> FactTable:
    return FactStore(tmp_path / "lake").table("incidents")


def accepted(folder: Path, rows: list[tuple[Any, ...]], contract: Contract = CONTRACT, name: str = "accepted") -> Path:
    """Typed rows as the intake leaves them: the contract's columns (a short row has nulls at its end) and `_row`."""
    columns: dict[str, pa.Array] = {}
    for index, column in enumerate(contract.columns):
        values = [row[index] if index < len(row) else None for row in rows]
        columns[column.name] = pa.array(values, pa.float64()) if column.type is ColumnType.DECIMAL else pa.array(values)
        columns[column.name] = columns[column.name].cast(ARROW[column.type])
    columns["_row"] = pa.array(range(2, len(rows) + 2), pa.int64())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def load(table: FactTable, load_id: str, *rows: tuple[Any, ...], contract: Contract = CONTRACT) -> Commit:
    return table.commit(load_id, accepted(table.folder.parent.parent / "in", list(rows), contract), contract)


def stored(table: FactTable, columns: str = "ticket, cost, _load", version: int | None = None) -> list[tuple[Any, ...]]:
    found = duckdb.sql(f"select {columns} from ({table.relation(version)}) order by all").fetchall()
    return [tuple(float(v) if type(v).__name__ == "Decimal" else v for v in row) for row in found]


def test_a_load_is_one_version_with_the_stored_row_of_the_plan(table: FactTable) -> None:
    commit = load(table, "L1", ("a", datetime(2025, 1, 31, 23, 30), date(2025, 2, 2), "North", 1.5), ("b", JAN))
    assert (commit.version, commit.previous_version, commit.rows, commit.accepted, commit.replaced) == (1, 0, 2, 2, 0)
    assert commit.months == (202501, 202502)  # half past eleven in London is February in Paris
    assert commit.touched_months == {"opened": (202501, 202502), "closed": (202502,)}
    assert [(f.month, f.rows) for f in commit.files] == [(202501, 1), (202502, 1)]
    assert stored(table, "ticket, opened__day, closed__day, _month, _load, _row") == [
        ("a", date(2025, 2, 1), date(2025, 2, 2), 202502, "L1", 2),
        ("b", date(2025, 1, 10), None, 202501, "L1", 3),
    ]


def test_the_same_load_again_writes_nothing(table: FactTable) -> None:
    first = load(table, "L1", ("a", JAN))
    assert load(table, "L1", ("a", JAN), ("b", JAN)) == first == table.find("L1")
    assert table.version == first.version
    assert table.find("L2") is None


def test_a_later_record_replaces_the_stored_one(table: FactTable) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1), ("b", JAN, None, "N", 2), ("c", FEB, None, "N", 3))
    commit = load(table, "L2", ("b", JAN, None, "N", 20), ("c", FEB, None, "N", 3), ("d", MAR, None, "N", 4))
    assert (commit.accepted, commit.replaced, commit.unchanged, commit.rows) == (3, 2, 1, 4)
    assert stored(table) == [("a", 1.0, "L1"), ("b", 20.0, "L2"), ("c", 3.0, "L2"), ("d", 4.0, "L2")]


def test_months_without_a_superseded_record_keep_their_files(table: FactTable) -> None:
    before = load(table, "L1", ("a", JAN), ("b", FEB))
    load(table, "L2", ("b", FEB), ("c", JAN))
    january = [f for f in before.files if f.month == 202501]
    assert january[0] in table.data_files() and before.files[1] not in table.data_files()


def test_a_record_whose_event_time_moves_leaves_its_old_month(table: FactTable) -> None:
    load(table, "L1", ("a", JAN), ("b", JAN))
    commit = load(table, "L2", ("a", MAR))
    assert commit.months == (202501, 202503)
    assert commit.touched_months["opened"] == (202501, 202503)
    assert stored(table, "ticket, _month") == [("a", 202503), ("b", 202501)]


def test_a_closing_date_that_moves_touches_both_of_its_months(table: FactTable) -> None:
    load(table, "L1", ("a", JAN, date(2025, 2, 1)))
    commit = load(table, "L2", ("a", JAN, date(2025, 6, 1)))
    assert commit.touched_months == {"opened": (202501,), "closed": (202502, 202506)}


def test_as_it_was_at_version_n(table: FactTable) -> None:
    first = load(table, "L1", ("a", JAN, None, "N", 1))
    load(table, "L2", ("a", JAN, None, "N", 2))
    assert stored(table, version=first.version) == [("a", 1.0, "L1")]
    assert table.files(months=[202412]) == ()
    assert len(table.files(months=[202501])) == 1


def test_undo_brings_back_what_the_load_had_replaced(table: FactTable) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1), ("b", JAN, None, "N", 2))
    load(table, "L2", ("a", MAR, None, "N", 10), ("c", FEB, None, "N", 3))
    commit = table.undo("L2", "U1")
    assert stored(table) == [("a", 1.0, "L1"), ("b", 2.0, "L1")]
    assert (commit.operation, commit.removed, commit.restored, commit.rows) == ("undo", 2, 1, 2)
    assert commit.months == (202501, 202502, 202503)
    assert table.find("L2") is None
    assert table.undo("L2", "U1") == commit


def test_undo_leaves_what_a_later_load_replaced(table: FactTable) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1))
    load(table, "L2", ("a", JAN, None, "N", 2), ("b", JAN, None, "N", 2))
    load(table, "L3", ("a", JAN, None, "N", 3))
    table.undo("L2", "U")
    assert stored(table) == [("a", 3.0, "L3")]


def test_undo_does_not_bring_back_a_load_that_was_itself_taken_back(table: FactTable) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1))
    load(table, "L2", ("a", JAN, None, "N", 2), ("b", FEB, None, "N", 2))
    load(table, "L3", ("a", JAN, None, "N", 3), ("b", FEB, None, "N", 3))
    table.undo("L2", "U2")
    table.compact("C1")
    table.undo("L3", "U3")
    assert stored(table) == [("a", 1.0, "L1")]


def test_a_load_that_was_taken_back_can_be_loaded_again(table: FactTable) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1))
    table.undo("L1", "U1")
    assert stored(table) == []
    again = load(table, "L1", ("a", JAN, None, "N", 1))
    assert stored(table) == [("a", 1.0, "L1")] and table.find("L1") == again


def test_undo_of_what_is_not_there_is_refused(table: FactTable) -> None:
    load(table, "L1", ("a", JAN))
    table.undo("L1", "U1")
    for load_id in ("L1", "U1", "other"):
        with pytest.raises(UnknownLoad, match="nothing to take back"):
            table.undo(load_id, "U2")


def test_without_a_key_rows_are_told_apart_by_content_and_occurrence(table: FactTable) -> None:
    contract = Contract(columns=tuple(Column(c.name, type=c.type, roles=()) for c in CONTRACT.columns))
    path = accepted(table.folder.parent.parent / "in", [("x", JAN), ("x", JAN)], contract)
    with_key = pq.read_table(path).append_column("_key", pa.array(["hash-1", "hash-2"]))
    pq.write_table(with_key, path)
    table.commit("L1", path, contract)
    assert table.commit("L2", path, contract).unchanged == 2
    assert stored(table, "ticket, _month, _load") == [("x", 0, "L2"), ("x", 0, "L2")]
    plain = accepted(table.folder.parent.parent / "in", [("x", JAN)], contract)
    assert table.commit("L3", plain, contract).rows == 3  # no identity given: a row of its own


def test_a_key_that_comes_twice_in_one_load(table: FactTable) -> None:
    with pytest.raises(DuplicateKey, match="ticket a at row 3"):
        load(table, "L1", ("a", JAN, None, "N", 1), ("a", JAN, None, "N", 2))
    last = Contract(columns=CONTRACT.columns, on_duplicate="last")
    load(table, "L1", ("a", JAN, None, "N", 1), ("a", FEB, None, "N", 2), contract=last)
    assert stored(table) == [("a", 2.0, "L1")]


def test_B34_quotes_in_codes_and_ids_are_only_text(table: FactTable) -> None:
    hostile = "O'Hara'); drop table x; --"
    load(table, hostile, (hostile, JAN, None, "N'1", 1), ("b", JAN, None, 'N"2', 2))
    load(table, "L2", (hostile, JAN, None, "N'1", 5))
    assert stored(table) == [(hostile, 5.0, "L2"), ("b", 2.0, hostile)]
    table.undo("L2", "U'2")
    assert stored(table) == [(hostile, 1.0, hostile), ("b", 2.0, hostile)]


def test_a_contract_that_gains_a_column_reads_old_files_as_null(table: FactTable) -> None:
    load(table, "L1", ("a", JAN), ("b", FEB))
    grown = Contract(columns=(*CONTRACT.columns, Column("priority", type=ColumnType.INTEGER)))
    load(table, "L2", ("b", FEB, None, "N", 2, 7), contract=grown)
    assert stored(table, "ticket, priority") == [("a", None), ("b", 7)]
    table.undo("L2", "U")
    assert stored(table, "ticket, priority") == [("a", None), ("b", None)]
    load(table, "L3", ("c", FEB))  # and the older contract still loads
    assert stored(table, "ticket, priority") == [("a", None), ("b", None), ("c", None)]


def test_a_column_that_changes_its_type_is_refused(table: FactTable) -> None:
    load(table, "L1", ("a", JAN))
    changed = tuple(Column("cost", type=ColumnType.TEXT) if c.name == "cost" else c for c in CONTRACT.columns)
    with pytest.raises(SchemaConflict, match=r"cost is stored as DECIMAL\(18,4\), the contract says VARCHAR"):
        load(table, "L2", ("b", JAN, None, "N", "x"), contract=Contract(columns=changed))
    assert stored(table, "ticket") == [("a",)]


def test_null_key_parts_and_null_event_times_are_kept(table: FactTable) -> None:
    columns = (
        Column("a", type=ColumnType.TEXT, roles=(Role.KEY,)),
        Column("b", type=ColumnType.TEXT, roles=(Role.KEY,)),
    )
    contract = Contract(columns=(*columns, Column("at", type=ColumnType.DATE, roles=(Role.EVENT_TIME,))))
    load(table, "L1", ("x", None, None), ("x", "y", date(2025, 1, 1)), contract=contract)
    commit = load(table, "L2", ("x", None, date(2025, 2, 1)), contract=contract)
    assert commit.replaced == 1 and commit.months == (0, 202502)
    assert stored(table, "a, b, _month") == [("x", "y", 202501), ("x", None, 202502)]


def test_compaction_changes_no_row_and_sorts(table: FactTable) -> None:
    for number in range(4):
        load(table, f"L{number}", (f"t{number}", JAN, None, f"U{9 - number}", number), (f"u{number}", FEB))
    before = stored(table)
    commit = table.compact("C1", sort_by=["unit"])
    assert commit is not None and len(commit.files) == 2 and commit.rows == 8
    assert stored(table) == before
    units = duckdb.read_parquet(str(table.files(months=[202501])[0])).fetchall()
    assert [row[3] for row in units] == ["U6", "U7", "U8", "U9"]
    assert table.compact("C2") is None


def test_rows_that_are_reported_together_lie_together(table: FactTable) -> None:
    """By unit, then by vendor or the first dimension, then in time: a query of one unit reads a stretch of the file."""
    load(table, "L1", *((f"t{n}", JAN, None, f"U{n % 3}", n) for n in range(9)))
    rows = duckdb.read_parquet(str(table.files(months=[202501])[0])).fetchall()
    assert [row[3] for row in rows] == ["U0"] * 3 + ["U1"] * 3 + ["U2"] * 3


def test_vacuum_keeps_what_undo_and_readers_need(table: FactTable) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1))
    second = load(table, "L2", ("a", JAN, None, "N", 2))
    load(table, "L3", ("a", JAN, None, "N", 3))
    far = 1 << 62
    assert table.vacuum(0) == 0
    assert table.vacuum(far, undoable=["L3"]) == 1  # the file of L1 alone
    with pytest.raises(UnknownVersion, match="past retention"):
        table.files(1)
    assert stored(table, version=second.version) == [("a", 2.0, "L2")]
    with pytest.raises(UnknownVersion, match="past retention"):
        table.undo("L3", "U1") and table.undo("L2", "U2")
    assert stored(table) == [("a", 2.0, "L2")]


def test_absurdly_many_months_are_refused(table: FactTable) -> None:
    days = [(f"t{i}", datetime(1000 + i // 12, i % 12 + 1, 5)) for i in range(2401)]
    with pytest.raises(StoreError, match=r"2401 months, 100001 to 120001"):
        load(table, "L1", *days)
    assert table.history() == ()


def test_history_tells_every_commit(table: FactTable) -> None:
    commits = [load(table, "L1", ("a", JAN)), load(table, "L2", ("b", JAN)), table.undo("L1", "U1")]
    assert list(table.history()) == commits
    assert [c.operation for c in table.history()] == ["load", "load", "undo"]


def test_an_empty_load_and_an_empty_table(table: FactTable) -> None:
    assert table.files() == () and table.find("L1") is None and table.version is None and table.history() == ()
    commit = load(table, "L1")
    assert (commit.accepted, commit.rows, commit.files) == (0, 0, ())
    assert load(table, "L1", ("a", JAN)) == commit
    assert stored(table) == []


def test_table_names_cannot_leave_the_root(tmp_path: Path) -> None:
    for name in ("../x", "", "A", "a/b", ".hidden"):
        with pytest.raises(ValueError, match="no table name"):
            FactStore(tmp_path).table(name)
    assert FactStore(tmp_path / "none").tables() == ()
