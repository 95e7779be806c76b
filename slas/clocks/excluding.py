"""Marking the rows that approved exclusions take out, each with the kind of the first exclusion that does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slas.models import Agreement, Exclusion

from . import rows

if TYPE_CHECKING:
    import pyarrow as pa


def marked(table: pa.Table, agreement: Agreement) -> pa.Table:
    """`table` with its column `excluded` filled: by named cases, by the time at which they count, by a condition."""
    import duckdb

    timed = set(agreement.versions.filter(targets__clock__isnull=False).values_list("targets__code", flat=True))
    found = agreement.exclusions.filter(state=Exclusion.State.APPROVED, target_code__in=["", *timed])
    exclusions = list(found.order_by("pk"))  # the others are about rows of measured promises
    if not exclusions or not table.num_rows:
        return table
    parts = " ".join(f"when {_condition(exclusion)} then {_literal(exclusion.kind)}" for exclusion in exclusions)
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        connection.register("cases", table)
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        marks = connection.sql(f"select case {parts} end as excluded from cases").to_arrow_table()
    place = table.schema.get_field_index("excluded")
    return table.set_column(place, table.schema.field(place), marks.column(0).combine_chunks())


def _condition(exclusion: Exclusion) -> str:
    """SQL over a row. What is said of cases, of time and by a condition must all hold."""
    from lake.formula import parse

    parts = []
    if exclusion.target_code:
        parts.append(f"target = {_literal(exclusion.target_code)}")
    if exclusion.cases:
        parts.append(f'"case" in ({", ".join(_literal(str(case)) for case in exclusion.cases)})')
    if exclusion.starts_at and exclusion.ends_at:
        when = "coalesce(counted_at, started_at)"
        parts.append(f"{when} >= {_moment(exclusion.starts_at)} and {when} < {_moment(exclusion.ends_at)}")
    if exclusion.condition:
        formula = parse(exclusion.condition, rows.contract("UTC"), aggregate=False, wanted="boolean")
        parts.append(f"coalesce({formula.sql}, false)")
    return " and ".join(f"({part})" for part in parts) or "false"


def _moment(at: datetime) -> str:
    return f"timestamp '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
