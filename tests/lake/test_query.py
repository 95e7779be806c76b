"""The SQL page: what may be asked, and that nothing else is reached."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake import sandbox
from lake.contract import Column, ColumnType, Contract, Role
from lake.query import Files, QueryError, Scope, _execute, as_typed, guard, run_query

CONTRACT = Contract(
    columns=(
        Column("id", type=ColumnType.INTEGER, roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("team", roles=(Role.UNIT,)),
        Column("hours", type=ColumnType.NUMBER),
    ),
    timezone="UTC",
    reporting_timezone="UTC",
)
NAMES = {column.name: column.type.sql for column in CONTRACT.columns}
ROWS = pa.table(
    {
        "id": [1, 2, 3, 4],
        "day": pa.array([date(2025, 1, 1), date(2025, 1, 2), date(2025, 2, 1), date(2025, 2, 1)]),
        "team": ["N", "S", "it's", None],
        "hours": [1.0, 2.0, 4.0, None],
    }
)


def here(sql: str, rows: pa.Table | Files = ROWS, limit: int = 100) -> list[dict]:
    """Run without a child, for speed."""
    return _execute(rows, [guard(sql, NAMES)], NAMES, "facts", [limit])[0].to_pylist()


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select count(*) n from facts;", [{"n": 4}]),
        (
            "select distinct day from facts where hours > 1 order by 1",
            [{"day": date(2025, 1, 2)}, {"day": date(2025, 2, 1)}],
        ),
        ("with t as (select team, hours h from facts) select sum(t.h) as s from t", [{"s": 7}]),
        ("select sum(a.hours) as s from facts a join facts b on a.id = b.id + 1", [{"s": 6}]),
        ("select s / (s - 7) as q from (select sum(hours) as s from facts) x", [{"q": None}]),
        ("select sum(hours * 1e308 * 10) as s from facts", [{"s": None}]),
        (
            "select id, row_number() over (order by hours desc nulls last) r from facts order by r limit 1",
            [{"id": 3, "r": 1}],
        ),
    ],
)
def test_a_select_over_the_dataset_runs(sql, rows):
    assert here(sql) == rows


def test_a_query_runs_in_a_child_and_is_cut_off_at_its_limit():
    answer = run_query(ROWS, "select * from facts order by id", CONTRACT, limit=3)
    assert (answer.table["id"].to_pylist(), answer.truncated) == ([1, 2, 3], True)
    assert answer.sql == 'SELECT * FROM "facts" ORDER BY "id"'
    with pytest.raises(QueryError, match="No function matches|add explicit type casts"):
        run_query(ROWS, "select sum(team) from facts", CONTRACT)


def test_a_length_of_time_is_written_out():
    sql = (
        "select id, cast(day as timestamp) - cast('2024-12-29 20:45' as timestamp) as l from facts order by id limit 1"
    )
    assert here(sql) == [{"id": 1, "l": "2 days 03:15:00"}]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select count(*) as n from tickets", [{"n": 4}]),
        ("select TICKETS.id from Tickets where tickets.hours > 2", [{"id": 3}]),
        ("select t.id from tickets as t where t.hours > 2", [{"id": 3}]),
        ("select tickets.* from tickets join facts on tickets.id = facts.id + 3", [{**ROWS.to_pylist()[3]}]),
        ("with big as (select id from tickets where hours > 2) select * from big", [{"id": 3}]),
        ("with tickets as (select 7 as id from facts limit 1) select tickets.id from tickets", [{"id": 7}]),
    ],
)
def test_the_datasets_code_is_another_name_of_its_rows(sql, rows):
    assert run_query(ROWS, sql, CONTRACT, also="tickets").table.to_pylist() == rows


def test_a_code_with_a_hyphen_stands_in_quotes():
    sql = 'select "ticket-log".id from "ticket-log" where hours > 2'
    assert run_query(ROWS, sql, CONTRACT, also="ticket-log").table.to_pylist() == [{"id": 3}]
    assert [as_typed(name) for name in ("ticket-log", "tickets", "2025", "select")] == [
        '"ticket-log"', "tickets", '"2025"', '"select"'
    ]  # fmt: skip
    with pytest.raises(QueryError) as caught:
        guard("select id from ticket-log", NAMES, also="ticket-log")
    assert str(caught.value) == (
        'The query cannot be read: `-` is not expected here (character 22). Did you mean `"ticket-log"`?'
    )


STORED = ROWS.append_column("_load", pa.array(["l"] * 4)).append_column("_row", pa.array([7, 8, 9, 10]))
STORED = STORED.append_column("day__day", ROWS["day"]).append_column("_month", pa.array([1, 1, 2, 2]))


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("select * from facts", [*NAMES]),
        ("select f.* from facts f", [*NAMES]),
        ("select f.*, hours as h from facts as F", [*NAMES, "h"]),
        ("with t as (select * from facts) select * from t", [*NAMES]),
        ("select * from (select * from facts where _row > 7) x", [*NAMES]),
        ("select * from facts a join (select id, 1 as one from facts) b using (id)", [*NAMES, "one"]),
        ("select * from facts where _load = 'l'", [*NAMES]),
        ("select *, _row from facts", [*NAMES, "_row"]),
        ("select FACTS.*, _ROW from Facts", [*NAMES, "_row"]),
        ("select Tickets.* from tickets where _row > 7", [*NAMES]),
        ("with t as (select id, _row from facts) select * from t", ["id", "_row"]),
        ("with t as (select *, _row from facts) select t.* from t", [*NAMES, "_row"]),
    ],
)
@pytest.mark.parametrize("stored", ["table", "files"])
def test_a_star_is_the_contracts_columns_and_lineage_comes_by_name_only(sql, columns, stored, tmp_path):
    pq.write_table(STORED, tmp_path / "part.parquet")
    rows = (
        STORED if stored == "table" else Files((str(tmp_path / "part.parquet"),), Scope("team", frozenset({"N", "S"})))
    )
    table = run_query(rows, sql, CONTRACT, also="tickets").table
    assert [name.lower() for name in table.column_names] == columns


def test_a_column_that_no_stored_row_has_yet_is_empty(tmp_path):
    pq.write_table(STORED.drop_columns(["hours", "team"]), tmp_path / "part.parquet")
    files = Files((str(tmp_path / "part.parquet"),), Scope("team", frozenset({"N"}), "except"))
    answer = run_query(files, "select id, hours, count(hours) over () as n from facts order by 1 limit 1", CONTRACT)
    assert answer.table.to_pylist() == [{"id": 1, "hours": None, "n": 0}]
    assert run_query(files, "select count(*) as n from facts", CONTRACT).table["n"].to_pylist() == [4]


HOSTILE = [
    ("select * from 'secret.csv'", "'secret.csv'"),
    ('select * from "secret.parquet"', '"secret.parquet"'),
    ("select * from read_csv('x')", "read_csv"),
    ("select * from glob('*')", "glob"),
    ("select * from range(1000000000)", "range"),
    ("select * from other", "other"),
    ("select * from information_schema.tables", "tables"),
    ("select * from pg_catalog.facts", "facts"),
    ("select * from query('select 1')", "query"),
    ("select 1 union select 2", "union"),
    ("select any_value(facts) from facts", "any_value"),
    ("select facts from facts", "facts"),
    ('select * from ""', '""'),
    ("select tickets from tickets", "tickets"),
    ("select * from main.tickets", "tickets"),
    ("select * from tickets('x')", "tickets"),
    ("select columns('.*') from facts", "columns"),
    ("select #1 from facts", "#"),
    ("select getenv('HOME') from facts", "getenv"),
    ("select current_setting('threads') from facts", "current_setting"),
    ("select repeat('x', 2000000000) from facts", "repeat"),
    ("select unnest([1]) from facts", "unnest"),
    ("select * from facts where id in (select 1)", "id"),
    ("select (select 1) from facts", "1"),
    ("select id from facts; drop table facts", ";"),
    ("copy facts to 'x'", "copy"),
    ("attach 'x'", "attach"),
    ("pragma version", "pragma"),
    ("set threads = 1", "set"),
    ("describe facts", "describe"),
    ("pivot facts on team", "pivot"),
    ("select ?", "?"),
    ("select x.id from facts", "x"),
    ("select idd from facts", "idd"),
    ("select id into copy_of from facts", "copy_of"),
    ("select id\u200b from facts", "\u200b"),
    ("with recursive r as (select 1) select * from r", "recursive"),
    ("with facts as (select 1) select * from facts", "facts"),
    ("select * exclude (id) from facts", "*"),
    ("select " + "(" * 3_000 + "1" + ")" * 3_000, "("),
]


@pytest.mark.parametrize(("sql", "word"), HOSTILE)
def test_B1_B2_B3_B4_a_hostile_query_is_refused_by_its_word(sql, word):
    for also in ("", "tickets"):
        with pytest.raises(QueryError) as caught:
            guard(sql, NAMES, also=also)
        assert caught.value.token.lower() == word


@pytest.mark.parametrize(
    "sql",
    [
        "with t as (select _row from facts) select *",
        "(show tables)",
        "explain select 1",
        "from facts select columns(*)",
        "select id from facts using sample 1",
        "select id from facts at (version => 1)",
        "select x -> x from facts",
        "select id from facts -- why",
        "insert into facts select 1",
        "",
        "select " + "+".join(["id"] * 300) + " from facts",
        "select '" + "x" * 30_000 + "' from facts",
    ],
)
def test_anything_else_is_refused(sql):
    with pytest.raises(QueryError):
        run_query(STORED, sql, CONTRACT)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELEC 1", "A query is one SELECT statement (character 1). Did you mean `select`?"),
        (
            "select id from tickets",
            "A query reads the dataset's rows under the name `facts`, not `tickets` (character 16).",
        ),
        ("select id from facts where", "The query cannot be read: something is missing at `where` (character 22)."),
        ("select id form facts", "The query cannot be read: `facts` is not expected here (character 16)."),
        ("select (id from facts", "The query cannot be read: ) is missing at `from` (character 12)."),
        ("select 'a from facts", "The query cannot be read: a quote or a comment is opened and not closed."),
        ("select 1 -- one", "A query has no comments; take them out."),
        ("select getenv('a')", "`getenv` may not stand in a query (character 8)."),
    ],
)
def test_a_refusal_speaks_of_the_query(sql, said):
    with pytest.raises(QueryError) as caught:
        guard(sql, NAMES)
    assert str(caught.value) == said


def test_B5_a_query_without_end_is_stopped():
    many = pa.table(
        {"id": list(range(3_000)), "day": [date(2025, 1, 1)] * 3_000, "team": ["N"] * 3_000, "hours": [1.0] * 3_000}
    )
    sql = "select count(*) from facts a, facts b, facts c, facts d where a.hours + b.hours + c.hours + d.hours < 0"
    with pytest.raises(sandbox.SandboxKilled):
        run_query(many, sql, CONTRACT, limits=sandbox.Limits(1536 * sandbox.MB, cpu_seconds=2, wall_seconds=2))


def test_what_a_child_could_reach_is_locked_even_without_the_guard(tmp_path):
    secret = tmp_path / "secret.parquet"
    pq.write_table(pa.table({"s": ["secret"]}), secret)
    for sql in (f"SELECT * FROM '{secret}'", f"SELECT * FROM read_parquet('{secret}')", "SELECT * FROM glob('/*')"):
        with pytest.raises(QueryError):
            _execute(ROWS, [sql], NAMES, "facts", [10])


@pytest.mark.parametrize(
    ("scope", "ids"),
    [
        (None, [1, 2, 3, 4]),
        (Scope("team", frozenset({"N", "it's"})), [1, 3]),
        (Scope("team", frozenset({"N"}), "except"), [2, 3, 4]),
        (Scope("team", frozenset({"' or 1=1 --"})), []),
        (Scope("team", frozenset()), []),
    ],
)
def test_files_are_read_within_the_scope_only(scope, ids, tmp_path):
    pq.write_table(ROWS, tmp_path / "part.parquet")
    files = Files((str(tmp_path / "part.parquet"),), scope)
    assert [row["id"] for row in here("select id from facts order by id", files)] == ids
    if scope and ids:
        assert run_query(files, "select count(*) as n from facts", CONTRACT).table["n"].to_pylist() == [len(ids)]
