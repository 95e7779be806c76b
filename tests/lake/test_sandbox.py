"""The child process: answers like a call, and cannot take the parent with it (reliability T2, F28, decision 2)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from lake import sandbox
from lake.sandbox import MB, Limits, SandboxError, SandboxKilled, parent
from tests.lake import sandboxed as work

ROOT = Path(__file__).parents[2]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def test_answers_like_a_call() -> None:
    assert sandbox.run(work.add, 2, b=3, words=("a",)) == work.Answer(5, ("a",))


def test_raises_what_the_function_raises() -> None:
    with pytest.raises(work.Refused, match="31/02") as caught:
        sandbox.run(work.refuse)
    assert caught.value.row == 7


def test_an_exception_that_cannot_be_sent_keeps_its_text() -> None:
    with pytest.raises(SandboxError, match="Unsendable: has a lambda"):
        sandbox.run(work.raise_unsendable)


def test_an_arrow_table_goes_and_comes_as_it_is() -> None:
    table = pa.table({"n": pa.array(range(1000)), "s": [str(n) for n in range(1000)]})
    assert sandbox.run(work.double, table.slice(10, 3)).to_pydict() == {"n": [20, 22, 24], "s": ["10", "11", "12"]}


def test_B5_greedy_query_dies_alone() -> None:
    with pytest.raises(SandboxKilled, match="512 MB") as caught:
        sandbox.run(work.greedy_query, limits=Limits(memory_bytes=512 * MB))
    assert caught.value.reason == "memory"


def test_wall_clock_ends_a_sleeper_and_what_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "pids"
    with pytest.raises(SandboxKilled, match="4 seconds") as caught:
        sandbox.run(work.wait_with_grandchild, str(marker), limits=Limits(wall_seconds=4))
    assert caught.value.reason == "time"
    assert all(gone(int(pid)) for pid in marker.read_text().split())


def test_processor_time_is_bounded() -> None:
    with pytest.raises(SandboxKilled, match="processor") as caught:
        sandbox.run(work.spin, limits=Limits(cpu_seconds=1, wall_seconds=30))
    assert caught.value.reason == "time"


def test_a_crash_is_told_plainly() -> None:
    with pytest.raises(SandboxKilled, match="SIGABRT") as caught:
        sandbox.run(os.abort)
    assert caught.value.reason == "crash"


def test_the_child_sees_no_secret_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    seen = sandbox.run(work.surroundings)
    assert "SECRET_KEY" not in str(seen["environment"])
    unshared = subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode == 0
    assert seen["interfaces"] == ["lo"] or not unshared


def test_open_files_are_bounded() -> None:
    with pytest.raises(OSError, match="Too many open files"):
        sandbox.run(work.open_many, limits=Limits(open_files=64))


def test_progress_arrives_in_order() -> None:
    seen: list[tuple[int, int]] = []
    assert sandbox.run(work.chatter, on_progress=lambda done, total: seen.append((done, total))) == "done"
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_an_answer_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SandboxError, match="may not cross"):
        sandbox.run(work.send_hostile)
    assert not (tmp_path / "taken-over").exists()


def test_a_child_started_ahead_is_used_once_and_as_limited() -> None:
    warm = ("duckdb",)
    first, second = (sandbox.run(work.loaded_and_pid, warm=warm) for _ in range(2))
    assert second[0] and first[1] != second[1]
    with pytest.raises(SandboxKilled, match="512 MB"):
        sandbox.run(work.greedy_query, limits=Limits(memory_bytes=512 * MB), warm=warm)
    assert "SECRET_KEY" not in str(sandbox.run(work.surroundings, warm=warm))
    spare = parent._spares[os.getpid(), warm][0]
    spare.kill()
    spare.wait()
    assert sandbox.run(work.add, 1, warm=warm).total == 1  # a spare that died is replaced


def test_a_child_does_not_import_pandas_unless_it_may() -> None:
    assert sandbox.run(work.pandas_after_an_array) is False
    assert sandbox.run(work.pandas_after_an_array, without=()) is True


def test_a_function_without_a_name_is_refused() -> None:
    with pytest.raises(TypeError, match="no importable name"):
        sandbox.run(lambda: 1)


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    code = (
        f"from lake import sandbox; from tests.lake import sandboxed as work; sandbox.run(work.wait, {str(marker)!r})"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    until = time.monotonic() + 10
    while not (marker.exists() and marker.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(int(marker.read_text()))
