"""A figure with what it says in words and in numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Chart:
    """What `{% chart %}` shows.

    figure: Plotly's `data` and `layout`. headers, rows: the same numbers as a table, whose first column names the row;
    the others are shown in `format` (see `dashboards.formats`). summary: one sentence for a screen reader.
    height: "low", "normal" or "high".
    """

    title: str
    figure: dict[str, Any]
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    format: str = ""
    summary: str = ""
    subtitle: str = ""
    height: str = "normal"
    notes: Sequence[str] = field(default_factory=tuple)


def plain(value: object) -> float | None:
    """A number as JSON can carry it: a finite float, or None. Decimals and NumPy scalars are converted."""
    if value is None or isinstance(value, (bool, str)):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def scaled(value: object, format: str) -> float | None:
    """As `plain`, with a share (0 to 1) as a percentage, as its axis shows it."""
    number = plain(value)
    return number * 100 if number is not None and is_share(format) else number


def is_share(format: str) -> bool:
    return format.split(":")[0] == "share"


def axis_unit(format: str) -> str:
    """What stands after an axis' numbers."""
    unit = format.split(":")[0]
    return {"percent": " %", "share": " %", "hours": " h", "days": " d", "minutes": " min", "seconds": " s"}.get(
        unit, ""
    )


def escaped(text: str) -> str:
    """Plotly reads a little HTML in names and labels; here a text is a text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
