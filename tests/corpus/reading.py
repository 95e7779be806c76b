"""Small steps shared by the tests that read files: load a text, look at what was accepted and rejected."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lake import intake
from lake.contract import Column, ColumnType, Contract, Role
from lake.intake import Dialect, Loaded

KEY = Column("id", roles=(Role.KEY,))


@dataclass(frozen=True)
class Outcome:
    """rows: the accepted ones as dicts; rejects: (row, column, code)."""

    loaded: Loaded
    rows: list[dict[str, Any]]
    rejects: list[tuple[int, str, str]]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def outcome(loaded: Loaded) -> Outcome:
    rejects = pq.read_table(loaded.rejects_path).to_pylist()
    return Outcome(
        loaded,
        pq.read_table(loaded.accepted_path).to_pylist(),
        [(reject["row"], reject["column"], reject["code"]) for reject in rejects],
    )


def contract(*columns: Column, **settings: Any) -> Contract:
    return Contract((KEY, *columns), **{"reject_limit_pct": 100, **settings})


def load_bytes(
    folder: Path, data: bytes | str, of: Contract, dialect: Dialect | None = None, **options: Any
) -> Outcome:
    path = folder / "extract"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return outcome(intake.load(path, of, dialect or Dialect(), into=folder / "into", **options))


def cells(folder: Path, column: Column, *texts: str, dialect: Dialect | None = None, **settings: Any) -> Outcome:
    """Load a file of two columns, the key and `column`; the delimiter is a pipe, so that texts may hold commas."""
    lines = [f"id|{column.heading}", *(f"k{i}|{text}" for i, text in enumerate(texts, start=1))]
    dialect = dialect or Dialect(delimiter="|")
    return load_bytes(folder, "\n".join(lines) + "\n", contract(column, **settings), dialect)


def number(name: str = "v", **settings: Any) -> Column:
    return Column(name, type=ColumnType.NUMBER, **settings)


def messages(found) -> list[str]:
    """Why its rows were rejected, in words."""
    return pq.read_table(found.loaded.rejects_path)["message"].to_pylist()


def when(**settings):
    """A column t of timestamps."""
    return Column("t", type=ColumnType.TIMESTAMP, **settings)


def day(**settings):
    """A column d of days."""
    return Column("d", type=ColumnType.DATE, **settings)


def codes(found):
    """The reasons of its rejects, in the order of the file."""
    return [code for _, _, code in found.rejects]


def proposed(tmp_path, heading, *cells_of_column):
    """What `inspect` proposes for a column of these cells: its guess, and what is noted and asked."""
    rows = "".join(f"k{place};{cell}\n" for place, cell in enumerate(cells_of_column))
    (tmp_path / "x").write_text(f"id;{heading}\n{rows}")
    preview = intake.inspect(tmp_path / "x")
    return preview.columns[1], preview.notes, preview.questions
