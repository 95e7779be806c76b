"""Functions that the tests of the sandbox call in a child; light, since every child imports them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lake import sandbox

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Answer:
    total: int
    words: tuple[str, ...]


class Refused(Exception):
    def __init__(self, row: int, why: str) -> None:
        super().__init__(row, why)
        self.row = row


class Unsendable(Exception):
    def __init__(self) -> None:
        super().__init__("has a lambda")
        self.trap = lambda: None


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch taken-over",)


def add(a: int, b: int = 0, *, words: tuple[str, ...] = ()) -> Answer:
    return Answer(a + b, words)


def refuse() -> None:
    raise Refused(7, "31/02 is no date")


def raise_unsendable() -> None:
    raise Unsendable


def spin() -> None:
    while True:
        pass


def greedy_query() -> int:
    import duckdb

    return int(duckdb.sql("select length(repeat('x', 2000000000))").fetchall()[0][0])


def surroundings() -> dict[str, object]:
    return {"environment": sorted(os.environ), "interfaces": [name for _, name in socket.if_nameindex()]}


def loaded_and_pid() -> tuple[bool, int]:
    return "duckdb" in sys.modules, os.getpid()


def pandas_after_an_array() -> bool:
    import pyarrow as pa

    pa.array(["Arrow asks pandas whether this is a series"])
    return "pandas" in sys.modules


def open_many() -> int:
    return len([open(os.devnull) for _ in range(200)])


def double(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    return table.set_column(0, "n", pa.array([2 * n for n in table["n"].to_pylist()]))


def chatter() -> str:
    print("this must not mix with the answer")
    for done in range(1, 4):
        sandbox.report(done, 3)
    return "done"


def send_hostile() -> Hostile:
    return Hostile()


def wait_with_grandchild(marker: str) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as grandchild:
        Path(marker).write_text(f"{os.getpid()} {grandchild.pid}")
        time.sleep(60)


def wait(marker: str) -> None:
    Path(marker).write_text(str(os.getpid()))
    time.sleep(60)


def peak_of_load(path: Path, into: Path) -> tuple[int, int]:
    """Load a text of ids and numbers; how many rows were accepted, and the most memory that this took, in bytes."""
    from lake import intake
    from lake.contract import Column, ColumnType, Contract, Role

    of = Contract((Column("id", roles=(Role.KEY,)), Column("v", type=ColumnType.NUMBER)))
    loaded = intake.load(path, of, intake.Dialect(), into=into)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return loaded.accepted, int(peak.split()[1]) * 1024  # ru_maxrss would remember the parent that started it
