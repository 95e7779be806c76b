"""Making results visible: COPY into a temporary table, then supersede, insert and note changes of status.

A result that did not change stays as it is; one that did is superseded, never updated, so that what was known on a day
can be asked again; numbers that are `kpis.alike` did not change.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING

from django.db import connection

from kpis.alike import TOLERANCE

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = (
    "kpi_id",
    "version_id",
    "unit_id",
    "grain",
    "period_start",
    "period_end",
    "dimension",
    "member",
    "value",
    "numerator",
    "denominator",
    "rows",
    "reason",
    "target",
    "target_low",
    "target_high",
    "red_limit",
    "stretch",
    "status",
    "score",
    "is_open",
    "is_provisional",
)
PERIOD = ("kpi_id", "grain", "period_start")
KEY = ("kpi_id", "unit_id", "grain", "period_start", "dimension", "member")
EXACT = ("version_id", "period_end", "rows", "reason", "status", "is_open", "is_provisional")
NEARLY = (
    "value",
    "numerator",
    "denominator",
    "target",
    "target_low",
    "target_high",
    "red_limit",
    "stretch",
    "score",
)
SAME_PERIOD = " AND ".join(f"p.{name} = r.{name}" for name in PERIOD)
SAME_KEY = " AND ".join(f"r.{name} = i.{name}" for name in KEY)
DIFFERS = " OR ".join(
    [
        *(f"r.{name} IS DISTINCT FROM i.{name}" for name in EXACT),
        *(
            f"(r.{name} IS NULL) <> (i.{name} IS NULL) OR abs(r.{name} - i.{name}) "
            f"> {TOLERANCE} * greatest(abs(r.{name}), abs(i.{name}))"
            for name in NEARLY
        ),
    ]
)


@dataclass(frozen=True)
class Written:
    """How many results were written, and how many stayed as they were.

    changed: those among `new` that took the place of another; gone: those that gave way to none. kpis: those that
    were looked at.
    """

    new: int
    unchanged: int
    changed: int
    gone: int
    kpis: frozenset[int]

    @classmethod
    def together(cls, parts: Sequence["Written"]) -> "Written":
        counted = (sum(getattr(one, name) for one in parts) for name in ("new", "unchanged", "changed", "gone"))
        return cls(*counted, frozenset().union(*(one.kpis for one in parts)))


def write(
    records: Iterable[tuple],
    *,
    run_id: int,
    data_version: int | None,
    now: datetime,
    whole: Iterable[int] = (),
    replaced: Iterable[tuple[int, str, date]] = (),
) -> Written:
    """Write `records` (values of COLUMNS) in the caller's transaction.

    whole: versions of which every current result that is not among the records is superseded; replaced: the same for
    (kpi, grain, period start). Other results stay.
    """
    with connection.cursor() as cursor:
        _load(cursor, records, list(replaced))
        _know_sizes(cursor)
        gone, gone_of = _supersede_gone(cursor, now, list(whole))
        cursor.execute("SELECT array_agg(DISTINCT kpi_id) FROM touched")
        kpis = cursor.fetchone()[0] or []
        unchanged = _leave_out_unchanged(cursor)
        changed = _supersede_changed(cursor, now)
        new = _insert(cursor, run_id, data_version, now)
        _know_sizes(cursor, added=new)
        _note_changes(cursor, now)
        cursor.execute("DROP TABLE incoming, replaced, touched, earlier")
    return Written(new, unchanged, changed, gone, frozenset(kpis) | gone_of)


def _load(cursor, records: Iterable[tuple], replaced: list) -> None:
    listed = ", ".join(COLUMNS)
    cursor.execute(f"CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {listed} FROM kpis_result WITH NO DATA")
    cursor.execute(
        f"CREATE TEMP TABLE replaced ON COMMIT DROP AS SELECT {', '.join(PERIOD)} FROM kpis_result WITH NO DATA"
    )
    _copy(cursor, "incoming", COLUMNS, records)
    _copy(cursor, "replaced", PERIOD, replaced)
    cursor.execute(f"CREATE TEMP TABLE touched ON COMMIT DROP AS SELECT DISTINCT {', '.join(PERIOD)} FROM incoming")
    cursor.execute("ANALYZE incoming, replaced, touched")


def _copy(cursor, table: str, columns: Sequence[str], records: Iterable[tuple]) -> None:
    """COPY in CSV: an unquoted empty field is NULL, a quoted one an empty text."""
    import pyarrow as pa
    from pyarrow import csv

    records = list(records)
    if not records:
        return
    values = (pa.array(list(map(itemgetter(place), records))) for place in range(len(columns)))
    table_of_values = pa.table(list(map(_storable, values)), names=list(columns))
    file = io.BytesIO()
    csv.write_csv(table_of_values, file, csv.WriteOptions(include_header=False, quoting_style="all_valid"))
    file.seek(0)
    cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv)", file)


def _storable(column: "pa.Array") -> "pa.Array":
    """PostgreSQL keeps no NUL in a text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.replace_substring(column, "\0", "") if pa.types.is_string(column.type) else column


def _know_sizes(cursor, added: int = 0) -> None:
    """Refresh the planner's statistics of the results when a fifth of them is new to it, `added` by this transaction.

    Without it the first load of a large dataset joins its rows with a table that the planner thinks empty, row by row.
    """
    cursor.execute(
        """SELECT greatest(%s, pg_stat_get_mod_since_analyze(oid)) > greatest(1000, reltuples / 5)
        FROM pg_class WHERE oid = 'kpis_result'::regclass""",
        [added],
    )
    if cursor.fetchone()[0]:
        cursor.execute("ANALYZE kpis_result")


def _supersede_gone(cursor, now: datetime, whole: list[int]) -> tuple[int, set[int]]:
    """Current results of `replaced` and `whole` that did not come again: how many gave way, and of which KPIs."""
    nothing_came = f"NOT EXISTS (SELECT 1 FROM incoming AS i WHERE {SAME_KEY})"
    count, kpis = _supersede(cursor, now, f"FROM replaced AS p WHERE {SAME_PERIOD} AND {nothing_came}")
    if whole:
        # The versions' KPIs are named besides, since only they have an index.
        of_kpis = "r.kpi_id IN (SELECT kpi_id FROM kpis_kpiversion WHERE id = ANY(%s))"
        more, of = _supersede(
            cursor, now, f"WHERE {of_kpis} AND r.version_id = ANY(%s) AND {nothing_came}", [whole, whole]
        )
        count, kpis = count + more, kpis | of
    return count, kpis


def _supersede(cursor, now: datetime, which: str, values: Sequence[object] = ()) -> tuple[int, set[int]]:
    """The current results `r` that `which` names give way: how many, and of which KPIs."""
    update = f"UPDATE kpis_result AS r SET superseded_at = %s {which} AND r.superseded_at IS NULL RETURNING r.kpi_id"
    cursor.execute(f"WITH r AS ({update}) SELECT count(*), array_agg(DISTINCT kpi_id) FROM r", [now, *values])
    count, kpis = cursor.fetchone()
    return count, set(kpis or ())


def _supersede_changed(cursor, now: datetime) -> int:
    """What is incoming takes the place of the current results: how many; `earlier` keeps their keys and statuses."""
    listed = ", ".join(KEY)
    cursor.execute(f"CREATE TEMP TABLE earlier ON COMMIT DROP AS SELECT {listed}, status FROM kpis_result WITH NO DATA")
    cursor.execute(
        f"""WITH r AS (
            UPDATE kpis_result AS r SET superseded_at = %s FROM incoming AS i
            WHERE {SAME_KEY} AND r.superseded_at IS NULL RETURNING {", ".join(f"r.{name}" for name in KEY)}, r.status)
        INSERT INTO earlier ({listed}, status) SELECT {listed}, status FROM r""",
        [now],
    )
    changed = cursor.rowcount
    cursor.execute("ANALYZE earlier")
    return changed


def _leave_out_unchanged(cursor) -> int:
    """Drop from `incoming` what says nothing new.

    The results of its periods are read, however many lie before them; at first and by themselves, since of a join of
    all three tables the planner knows too little and may compare each period's results with all that is incoming.
    """
    compared = ", ".join(f"r.{name}" for name in (*KEY, *EXACT, *NEARLY))
    cursor.execute(
        f"""WITH r AS MATERIALIZED (
            SELECT {compared} FROM kpis_result AS r, touched AS p WHERE r.superseded_at IS NULL AND {SAME_PERIOD})
        DELETE FROM incoming AS i USING r WHERE {SAME_KEY} AND ({DIFFERS}) IS NOT TRUE"""
    )
    return cursor.rowcount


def _insert(cursor, run_id: int, data_version: int | None, now: datetime) -> int:
    listed = ", ".join(COLUMNS)
    cursor.execute(
        f"""INSERT INTO kpis_result ({listed}, status_before, run_id, data_version, recorded_at)
        SELECT {", ".join(f"i.{name}" for name in COLUMNS)}, coalesce(r.status, ''), %s, %s, %s
        FROM incoming AS i LEFT JOIN earlier AS r ON {SAME_KEY}""",
        [run_id, data_version, now],
    )
    return cursor.rowcount


def _note_changes(cursor, now: datetime) -> None:
    """A StatusChange where the last complete period of a KPI's own grain has another status than before.

    Before: what the same period said while it was complete, else what the period before it says.
    """
    cursor.execute(
        f"""WITH i AS (
            SELECT DISTINCT ON (i.kpi_id, i.unit_id, i.grain) i.*
            FROM incoming AS i JOIN kpis_kpiversion AS v ON v.id = i.version_id AND v.grain = i.grain
            WHERE i.dimension = '' AND NOT i.is_open
            ORDER BY i.kpi_id, i.unit_id, i.grain, i.period_start DESC)
        INSERT INTO kpis_statuschange (kpi_id, unit_id, grain, period_start, before, after, result_id, at)
        SELECT i.kpi_id, i.unit_id, i.grain, i.period_start, b.status, i.status, r.id, %s
        FROM i
        JOIN kpis_result AS r ON r.superseded_at IS NULL AND {SAME_KEY}
        JOIN LATERAL (
            SELECT status FROM (
                (SELECT status, 0 AS place FROM kpis_result AS o
                 WHERE o.superseded_at = %s AND o.kpi_id = i.kpi_id AND o.unit_id = i.unit_id AND o.grain = i.grain
                   AND o.period_start = i.period_start AND o.dimension = '' AND NOT o.is_open LIMIT 1)
                UNION ALL
                (SELECT status, 1 FROM kpis_result AS o
                 WHERE o.superseded_at IS NULL AND o.kpi_id = i.kpi_id AND o.unit_id = i.unit_id
                   AND o.grain = i.grain AND o.period_start < i.period_start AND o.dimension = ''
                 ORDER BY o.period_start DESC LIMIT 1)
            ) AS earlier ORDER BY place LIMIT 1
        ) AS b ON b.status <> i.status
        WHERE NOT EXISTS (
            SELECT 1 FROM kpis_result AS l
            WHERE l.superseded_at IS NULL AND l.kpi_id = i.kpi_id AND l.unit_id = i.unit_id AND l.grain = i.grain
              AND l.dimension = '' AND NOT l.is_open AND l.period_start > i.period_start)""",
        [now, now],
    )
