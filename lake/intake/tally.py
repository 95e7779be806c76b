"""The different values of a column of a sample, each once with how many rows have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lake.intake.database import query
from lake.intake.reading import one_of
from lake.intake.signs import has_signs, plain_column

MISSING = ("?", "NA", "N/A", "n/a", "NULL", "null", "None", "none", "-", "--", "NaN", "nan", "#N/A", "(null)", "nil")
_GIVEN = f"trim(x) <> '' AND trim(x) NOT IN {one_of(MISSING)}"
_DISTINCT = 1_000


@dataclass(frozen=True, slots=True)
class Misfits:
    """filled, rows: how many rows of the sample have a value, and one that does not fit. values: some of the latter."""

    filled: int
    rows: int
    values: tuple[str, ...]

    @property
    def said(self) -> str:
        shown = ", ".join(repr(value[:40]) for value in self.values[:3])
        more = " and others" if len(self.values) > 3 else ""
        return f"{self.rows:,} of {self.filled:,} values looked at {'is' if self.rows == 1 else 'are'} {shown}{more}"


@dataclass(frozen=True, slots=True)
class Tally:
    """table: the values as x, in the order of their first rows, and as n how many rows have each."""

    connection: duckdb.DuckDBPyConnection
    table: pa.Table

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, column: pa.ChunkedArray) -> Tally:
        values, counts = pc.value_counts(column).flatten()
        return cls(connection, pa.table({"x": values, "n": counts}))

    def plain(self) -> Tally:
        """The same with plain blanks and minuses; itself where it has no others."""
        if not has_signs(self.table, ["x"]):
            return self
        return Tally(self.connection, self.table.set_column(0, "x", plain_column(self.table.column("x"))))

    def _query(self, sql: str) -> pa.Table:
        return query(self.connection, "tally", self.table, sql)

    def told(self) -> dict[str, Any]:
        """filled, padded: rows with a value, and with spaces around it; different: how many values; missing:
        the words for no value that occur."""
        told: dict[str, Any] = self._query(
            "SELECT coalesce(sum(n) FILTER (x <> ''), 0)::BIGINT AS filled, count(*) FILTER (x <> '') AS different, "
            "coalesce(sum(n) FILTER (x <> trim(x)), 0)::BIGINT AS padded, "
            f"list(DISTINCT trim(x)) FILTER (trim(x) IN {one_of(MISSING)}) AS missing FROM tally"
        ).to_pylist()[0]
        return told

    def values(self) -> list[str]:
        """The first of the values that are not missing, without spaces around them."""
        values: list[str] = self._query(
            f"SELECT x FROM (SELECT trim(x) AS x, row_number() OVER () AS place FROM tally WHERE {_GIVEN}) "
            f"GROUP BY x ORDER BY min(place) LIMIT {_DISTINCT}"
        )["x"].to_pylist()
        return values

    def misfits(self, fails: str) -> Misfits:
        """The values x for which the condition `fails` holds."""
        found = self._query(
            f"SELECT coalesce(sum(n), 0)::BIGINT AS filled, coalesce(sum(n) FILTER ({fails}), 0)::BIGINT AS rows, "
            f"list_sort(list(DISTINCT x) FILTER ({fails}))[:20] AS shown "
            f"FROM (SELECT trim(x) AS x, n FROM tally WHERE {_GIVEN})"
        ).to_pylist()[0]
        return Misfits(found["filled"], found["rows"], tuple(found["shown"] or ()))

    def all_integers(self) -> bool:
        return not self.misfits("NOT regexp_full_match(x, '[+-]?(?:0|[1-9][0-9]*)')").rows
