"""Reading results: the last few periods of many KPIs at many units, in one query that looks only at what it returns."""

from collections.abc import Iterable
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from django.db import connection


class Row(NamedTuple):
    """A result as it stands in the database; a tuple, since a page reads thousands."""

    id: int
    kpi_id: int
    unit_id: int
    version_id: int
    grain: str
    period_start: date
    period_end: date
    dimension: str
    member: str
    value: float | None
    numerator: float | None
    denominator: float | None
    rows: int
    reason: str
    target: float | None
    target_low: float | None
    target_high: float | None
    red_limit: float | None
    stretch: float | None
    status: str
    score: float | None
    is_open: bool
    is_provisional: bool

    def open_on(self, day: date) -> bool:
        """Not complete when it was recorded, or not yet on the day from which one looks."""
        return self.is_open or self.period_end > day


COLUMNS = Row._fields


def last_rows(
    pairs: Iterable[tuple[int, int, str]],
    upto: date,
    limit: int,
    *,
    complete_by: date | None = None,
    known_at: datetime | None = None,
    dimension: str = "",
    member: str = "",
) -> dict[tuple[int, int], list[Row]]:
    """(kpi, unit) -> its last `limit` results that start by `upto`, oldest first. One query for any number of pairs.

    pairs: (kpi id, unit id, grain). complete_by: only periods complete on that day. known_at: as it was known then.
    """
    pairs = sorted(set(pairs))
    if not pairs:
        return {}
    known, known_values = _known(known_at)
    complete = " AND NOT is_open AND period_end <= %s" if complete_by else ""
    query = f"""
        SELECT {", ".join(f"r.{column}" for column in COLUMNS)}
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS asked(kpi_id, unit_id, grain)
        CROSS JOIN LATERAL (
            SELECT * FROM kpis_result
            WHERE kpi_id = asked.kpi_id AND unit_id = asked.unit_id AND grain = asked.grain
              AND dimension = %s AND member = %s AND period_start <= %s AND {known}{complete}
            ORDER BY period_start DESC LIMIT %s
        ) AS r"""
    values = [
        *map(_array, zip(*pairs, strict=True)),
        dimension,
        member,
        upto,
        *known_values,
        *([complete_by] if complete_by else []),
        limit,
    ]
    found: dict[tuple[int, int], list[Row]] = {}
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        for row in map(Row._make, cursor.fetchall()):
            found.setdefault((row.kpi_id, row.unit_id), []).append(row)
    for rows in found.values():  # quicker here, where each is in order backwards, than all of them in the database
        rows.sort(key=attrgetter("period_start"))
    return found


def parts_of(
    kpi: int, units: Iterable[int], grain: str, starts: Iterable[date], dimension: str, *, known_at=None
) -> list[Row]:
    """The results of some units in some periods, by the members of `dimension` (empty: in all). One query."""
    known, known_values = _known(known_at)
    query = f"""SELECT {", ".join(COLUMNS)} FROM kpis_result
        WHERE kpi_id = %s AND unit_id = ANY(%s) AND grain = %s AND period_start = ANY(%s) AND dimension = %s AND {known}
        ORDER BY period_start, unit_id, member"""
    with connection.cursor() as cursor:
        cursor.execute(query, [kpi, list(units), grain, list(starts), dimension, *known_values])
        return list(map(Row._make, cursor.fetchall()))


def _array(values: Iterable[object]) -> str:
    """An array as one text, since as a list it is thousands of expressions to plan; for ids and grains, unquoted."""
    return f"{{{','.join(map(str, values))}}}"


def _known(moment: datetime | None) -> tuple[str, list]:
    if moment is None:
        return "superseded_at IS NULL", []
    return "recorded_at <= %s AND (superseded_at IS NULL OR superseded_at > %s)", [moment, moment]
