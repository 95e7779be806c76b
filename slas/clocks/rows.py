"""A row of an agreement's derived dataset: one case and target (and cycle, where a clock repeats)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from lake.contract import Contract

MET, MISSED, IN_FLIGHT, CANCELLED = VERDICTS = ("met", "missed", "in_flight", "cancelled")
WORDS = {MET: "Met", MISSED: "Missed", IN_FLIGHT: "In flight", CANCELLED: "Cancelled"}
SECONDS = ("elapsed_s", "actual_s", "paused_s", "target_s")


def contract(timezone: str) -> Contract:
    """timezone: of the local days, as in the source dataset. counted_at is empty while a case counts nowhere."""
    from lake.contract import Column, ColumnType, Contract, Role

    text, whole, instant = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.TIMESTAMP
    return Contract(
        columns=(
            Column("case", roles=(Role.KEY,)),
            Column("target", roles=(Role.KEY,), description="Code of the target."),
            Column(
                "cycle", type=whole, roles=(Role.KEY,), description="1, or which of the clocks that a case started."
            ),
            Column("started_at", type=instant, roles=(Role.EVENT_TIME,)),
            Column("stopped_at", type=instant, description="Empty while the clock is open."),
            Column("as_of", type=instant, description="Up to when an open clock was counted."),
            Column("due_at", type=instant, description="When the target is used up, pauses counted."),
            Column("original_due_at", type=instant, description="When it would have been without pauses."),
            Column(
                "counted_at", type=instant, description="In which period the case counts; empty: not yet, or never."
            ),
            Column("unit", roles=(Role.UNIT,)),
            Column("vendor", roles=(Role.VENDOR,)),
            Column("priority", roles=(Role.DIMENSION,)),
            Column("holder", description="Who has the case, or had it at the end."),
            Column("held_at_breach", roles=(Role.DIMENSION,), description="Who had it when the target was used up."),
            Column("elapsed_s", type=whole, roles=(Role.MEASURE,), unit="s", description="Business time, less pauses."),
            Column("actual_s", type=whole, roles=(Role.MEASURE,), unit="s", description="Day and night, less pauses."),
            Column("paused_s", type=whole, roles=(Role.MEASURE,), unit="s", description="Business time in pauses."),
            Column("target_s", type=whole, roles=(Role.MEASURE,), unit="s"),
            Column("used_pct", type=ColumnType.NUMBER, roles=(Role.MEASURE,), unit="%"),
            Column("verdict", roles=(Role.DIMENSION,), allowed=VERDICTS),
            Column("agreement_version", type=whole),
            Column("calendar_version", type=text),
            Column("excluded", description="Kind of the approved exclusion; empty: it counts."),
        ),
        reporting_timezone=timezone,
    )


def schema() -> pa.Schema:
    """The Arrow types of these rows, in the contract's order."""
    import pyarrow as pa

    types = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "TIMESTAMP": pa.timestamp("us")}
    return pa.schema([(column.name, types[column.type.sql]) for column in contract("UTC").columns])
