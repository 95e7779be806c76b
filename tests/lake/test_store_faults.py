"""The fact store under faults: killed writers, full disks, flipped bits, damaged logs, competing writers (F3, F9-F22).

Real processes are killed at named points; after each fault every acknowledged load is there exactly once.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest

from lake.store import Conflict, DamagedFile, DamagedLog, FactStore, FactTable, StoreFull, UnknownVersion, durable, log
from lake.store import table as table_module
from tests.lake.test_store import CONTRACT, FEB, JAN, MAR, accepted, load, stored

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from lake.store import FactStore
from tests.lake.test_store import CONTRACT
root, load_id, path = sys.argv[1:4]
commit = FactStore(Path(root)).table("incidents").commit(load_id, Path(path), CONTRACT)
print(commit.version, flush=True)
"""


@pytest.fixture
def table(tmp_path: Path) -> FactTable:
    return FactStore(tmp_path / "lake").table("incidents")


def write_in_child(table: FactTable, load_id: str, path: Path, failpoint: str = "") -> int:
    """Load in a process of its own; returns its exit code."""
    child = subprocess.run(
        [sys.executable, "-c", WRITER, str(table.folder.parent), load_id, str(path)],
        cwd=ROOT,
        env={**os.environ, "PERFMGR_FAILPOINT": failpoint},
        capture_output=True,
        check=False,
    )
    return child.returncode


# --- killed writers -------------------------------------------------------------------------------------------------


def test_killed_between_lake_and_database_is_found_and_not_repeated(table: FactTable, tmp_path: Path) -> None:  # F3
    first = load(table, "L1", ("a", JAN, None, "N", 1))
    path = accepted(tmp_path / "in", [("a", JAN, None, "N", 2), ("b", FEB, None, "N", 3)], name="second")
    assert write_in_child(table, "L2", path, "after_lake_commit") == -signal.SIGKILL
    found = table.find("L2")
    assert found is not None and table.reconcile([first.version]).adopt == (found,)
    assert table.commit("L2", path, CONTRACT) == found
    assert stored(table) == [("a", 2.0, "L2"), ("b", 3.0, "L2")]


def test_ten_kills_inside_the_write_window_lose_and_double_nothing(table: FactTable, tmp_path: Path) -> None:
    load(table, "L0", ("a", JAN, None, "N", 0), ("b", FEB, None, "N", 0))
    for number in range(1, 11):
        rows = [("a", JAN, None, "N", number), (f"n{number}", MAR, None, "N", number)]
        path = accepted(tmp_path / "in", rows, name=f"load-{number}")
        before, version = stored(table), table.version
        assert write_in_child(table, f"L{number}", path, "before_lake_commit") == -signal.SIGKILL
        assert stored(table) == before and table.version == version and table.find(f"L{number}") is None
        assert len([orphan for orphan in table.orphans() if orphan.suffix == ".parquet"]) == 2
        assert table.commit(f"L{number}", path, CONTRACT).rows == 2 + number
        assert table.remove_orphans() == 3  # two data files and the staging folder
    tickets = [row[0] for row in stored(table)]
    assert tickets == sorted({"a", "b", *(f"n{number}" for number in range(1, 11))})
    assert stored(table)[0] == ("a", 10.0, "L10")
    assert table.verify() == len(table.files()) and table.orphans() == ()


# --- full disk ------------------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_committed_versions_and_no_remains(  # F17, T7
    table: FactTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1))
    rows = [(f"t{i}-{random.Random(i).random()}", FEB, None, f"U{i}", i) for i in range(20_000)]
    path = accepted(tmp_path / "in", rows, name="large")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StoreFull, match="disk of table incidents is full"):
            table.commit("L2", path, CONTRACT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert stored(table) == [("a", 1.0, "L1")] and table.orphans() == () and table.find("L2") is None
    assert table.commit("L2", path, CONTRACT).rows == 20_001


def test_a_disk_that_fills_up_with_the_log_entry_leaves_no_remains(
    table: FactTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(log, "commit", full)
        with pytest.raises(StoreFull):
            load(table, "L2", ("a", JAN, None, "N", 2))
    assert stored(table) == [("a", 1.0, "L1")] and table.orphans() == ()


def test_a_commit_whose_outcome_is_unknown_is_looked_up(
    table: FactTable, monkeypatch: pytest.MonkeyPatch
) -> None:  # F14
    load(table, "L1", ("a", JAN, None, "N", 1))
    real = log.commit

    def commits_and_fails(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        raise OSError(5, "the connection broke after the entry was written")

    with monkeypatch.context() as patch:
        patch.setattr(log, "commit", commits_and_fails)
        commit = load(table, "L2", ("a", JAN, None, "N", 2))
    assert table.find("L2") == commit and stored(table) == [("a", 2.0, "L2")]


# --- damage ---------------------------------------------------------------------------------------------------------


def test_sixty_flipped_bits_are_all_refused(table: FactTable) -> None:  # F20, T8
    load(table, "L1", *((f"t{i}", JAN, None, "N", i) for i in range(500)))
    commit = load(table, "L2", ("t1", JAN, None, "N", 2), ("x", FEB))
    (file,) = [file for file in commit.files if file.month == 202501]
    path, choose = table.folder / file.path, random.Random(20)
    good = path.read_bytes()
    for _ in range(60):
        bit = choose.randrange(len(good) * 8)
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        with pytest.raises(DamagedFile, match="is damaged") as caught:
            table.verify(commit.files)
        assert (caught.value.file, caught.value.load_ids, caught.value.months) == (file, ("L1", "L2"), (202501,))
    assert table.verify(table.data_files(months=[202502])) == 1  # other months still answer
    path.unlink()
    with pytest.raises(DamagedFile, match="is missing"):
        table.verify()
    path.write_bytes(good)
    assert table.verify() == 2


@pytest.mark.parametrize("back", [0, 1, 2])
@pytest.mark.parametrize("fault", ["missing", "torn", "empty", "cut at a line"])
def test_a_damaged_log_entry_refuses_the_table_and_names_the_last_good_version(  # F21
    table: FactTable, back: int, fault: str
) -> None:
    for number in range(1, 5):
        commit = load(table, f"L{number}", (f"t{number}", JAN))
    entry = table.folder / "_delta_log" / log.entry_name(commit.version - back)
    text = entry.read_bytes()
    if fault == "missing":
        entry.unlink()
    else:
        cut = {"torn": len(text) // 2, "empty": 0, "cut at a line": text.index(b"\n") + 1}[fault]
        entry.write_bytes(text[:cut])
    with pytest.raises(DamagedLog) as caught:
        table.files(commit.version)
        table.check_log()
    assert caught.value.last_good == commit.version - back - 1
    entry.write_bytes(text)
    assert table.check_log() == commit.version and len(stored(table)) == 4


def test_a_torn_entry_that_was_never_acknowledged_is_set_aside(table: FactTable, tmp_path: Path) -> None:  # F18
    for number in range(1, 4):
        commit = load(table, f"L{number}", (f"t{number}", JAN))
    entry = table.folder / "_delta_log" / log.entry_name(commit.version)
    entry.write_bytes(entry.read_bytes()[:100])
    with pytest.raises(DamagedLog):
        table.set_aside_torn_entry(commit.version)  # the database has it: this is a loss, not a leftover
    aside = table.set_aside_torn_entry(commit.version - 1)
    assert aside is not None and aside.exists() and table.set_aside_torn_entry(0) is None
    assert [row[0] for row in stored(table)] == ["t1", "t2"] and len(table.orphans()) == 1
    assert load(table, "L3", ("t3", JAN)).version == commit.version
    assert [row[0] for row in stored(table)] == ["t1", "t2", "t3"]


def test_a_table_that_died_before_its_first_entry_is_simply_made(table: FactTable) -> None:
    (table.folder / "_delta_log").mkdir(parents=True)
    assert not table.exists and table.files() == ()
    assert load(table, "L1", ("a", JAN)).version == 1
    for entry in (table.folder / "_delta_log").iterdir():
        entry.unlink()
    with pytest.raises(DamagedLog, match="No version can be read"):  # a lost log is never taken for a new table
        load(table, "L2", ("b", JAN))


def test_reconcile_with_a_lake_or_database_from_another_day(table: FactTable) -> None:  # F22
    commits = [load(table, f"L{number}", (f"t{number}", JAN)) for number in range(1, 5)]
    assert table.reconcile([1, 2, 3, 4]).agrees
    older_database = table.reconcile([1, 2])
    assert older_database.adopt == tuple(commits[2:]) and not older_database.missing
    newer_database = table.reconcile([1, 2, 3, 4, 5, 6])
    assert newer_database.missing == (5, 6) and not newer_database.adopt
    never_told = table.reconcile([1, 3, 4])
    assert never_told.hidden == (commits[1],)
    with pytest.raises(DamagedLog, match=r"00005\.json of the table's log is missing"):
        table.files(6)
    with pytest.raises(UnknownVersion):
        table.files(-1)


# --- competing writers ----------------------------------------------------------------------------------------------


def test_eight_writers_come_out_as_in_some_order(table: FactTable, tmp_path: Path) -> None:  # F9, F10
    load(table, "L0", ("shared", JAN, None, "N", 0))
    paths = [
        accepted(tmp_path / "in", [("shared", JAN, None, "N", n), (f"own{n}", FEB, None, "N", n)], name=f"w{n}")
        for n in range(1, 9)
    ]
    faults: list[BaseException] = []

    def write(number: int) -> None:
        try:
            table.commit(f"L{number}", paths[number - 1], CONTRACT)
        except BaseException as error:  # shown by the assertion below
            faults.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    last = table.history()[-1]
    rows = {ticket: (cost, load_id) for ticket, cost, load_id in stored(table)}
    assert rows == {"shared": (float(last.load_id[1:]), last.load_id)} | {
        f"own{n}": (float(n), f"L{n}") for n in range(1, 9)
    }


class Intruder:
    """Commits a load of its own, past the lock, just before each of the first `times` commits."""

    def __init__(self, table: FactTable, times: int) -> None:
        self.table, self.times, self.real, self.inside = table, times, log.commit, False

    def __call__(self, *arguments: object) -> None:
        if self.times and not self.inside:
            self.inside, self.times = True, self.times - 1
            rows = [("a", JAN, None, "N", 50 + self.times), (f"i{self.times}", JAN)]
            path = accepted(self.table.folder.parent / ".in", rows, name="intruder")
            table_module.FactTable(self.table.folder).commit(f"I{self.times}", path, CONTRACT)
            self.inside = False
        self.real(*arguments)  # type: ignore[arg-type]


def test_a_commit_made_meanwhile_is_never_overwritten(table: FactTable, monkeypatch: pytest.MonkeyPatch) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1))
    monkeypatch.setattr(durable, "_wait_for_lock", lambda *_: None)
    monkeypatch.setattr(log, "commit", Intruder(table, 2))
    commit = load(table, "L2", ("b", JAN, None, "N", 2))
    assert commit.rows == 4
    assert [row[0] for row in stored(table)] == ["a", "b", "i0", "i1"]
    assert table.orphans() == ()


def test_a_writer_who_always_comes_late_gives_up_cleanly(table: FactTable, monkeypatch: pytest.MonkeyPatch) -> None:
    load(table, "L1", ("a", JAN, None, "N", 1))
    monkeypatch.setattr(durable, "_wait_for_lock", lambda *_: None)
    monkeypatch.setattr(log, "commit", Intruder(table, 99))
    with pytest.raises(Conflict, match="5 times"):
        load(table, "L2", ("b", JAN, None, "N", 2))
    assert table.find("L2") is None and table.orphans() == ()


def test_a_table_that_somebody_else_writes_is_refused_in_the_end(
    table: FactTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(table, "L1", ("a", JAN))
    monkeypatch.setattr(durable, "LOCK_SECONDS", 0.1)
    with durable.sole_writer(table.folder), pytest.raises(Conflict, match="being written"):
        load(table, "L2", ("b", JAN))


# --- power ----------------------------------------------------------------------------------------------------------


def test_all_of_a_commit_is_synced_before_it_is_acknowledged(
    table: FactTable, monkeypatch: pytest.MonkeyPatch
) -> None:  # F18
    load(table, "L1", ("a", JAN))
    order: list[str] = []
    real_sync, real_commit = durable.sync, log.commit

    def sync(path: Path) -> None:
        order.append(path.name)
        real_sync(path)

    def commit(*arguments: object) -> None:
        order.append("COMMIT")
        real_commit(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(durable, "sync", sync)
    monkeypatch.setattr(log, "commit", commit)
    version = load(table, "L2", ("b", FEB)).version
    before, after = order[: order.index("COMMIT")], order[order.index("COMMIT") + 1 :]
    assert before[0].endswith(".parquet") and set(before[1:]) == {"_month=202502", "incidents"}
    assert after == [log.entry_name(version), "_delta_log", "incidents", "lake"]


def test_checkpoints_keep_find_and_history(table: FactTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(log.CONFIGURATION, "delta.checkpointInterval", "5")
    for number in range(1, 13):
        load(table, f"L{number}", (f"t{number}", JAN))
    last = json.loads((table.folder / "_delta_log" / "_last_checkpoint").read_text())
    assert last["version"] >= 5
    found = table.find("L3")
    assert found is not None and found.version == 3
    assert len(table.history()) == 12 and len(stored(table)) == 12


def test_read_back_by_another_reader_of_delta(table: FactTable) -> None:
    """The table is plain Delta: delta-rs itself reads the rows that DuckDB wrote."""
    from deltalake import DeltaTable

    load(table, "L1", ("a", datetime(2025, 1, 31, 23, 30), None, "N", 1.25), ("b", JAN))
    rows = DeltaTable(str(table.folder)).to_pyarrow_table(columns=["ticket", "opened", "cost", "_month"]).to_pylist()
    found = {(row["ticket"], row["opened"], row["cost"] and float(row["cost"]), row["_month"]) for row in rows}
    assert found == {("a", datetime(2025, 1, 31, 23, 30), 1.25, 202502), ("b", JAN, None, 202501)}
