"""The SQL page: what people ask of one dataset in their own words, safely.

A statement is one SELECT over the dataset's rows, `facts` by default or by the dataset's own name, and over CTEs of the
same kind. It is parsed, checked node by node against an allow-list, and regenerated; what was typed is never run. It
runs in a child process with hard limits, over a table of only those rows that the person may see, with no other file,
dataset or setting in reach.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import duckdb
import numpy as np
import pyarrow as pa
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from lake import sandbox
from lake.contract import Contract
from lake.formula import grammar
from lake.formula.compile import quoted, to_sql
from lake.formula.grammar import FormulaError
from lake.store.schema import DAY_SUFFIX

MAX_LENGTH = 20_000
MAX_DEPTH = 60
MAX_NODES = 2_000
MAX_ROWS = 100_000
INTERACTIVE = sandbox.Limits.interactive()
LINEAGE = {"_load": "VARCHAR", "_row": "BIGINT"}

QUERY_NODES: frozenset[type[exp.Expr]] = grammar.FORMULA_NODES | {
    exp.Select,
    exp.From,
    exp.Table,
    exp.TableAlias,
    exp.Alias,
    exp.Group,
    exp.Having,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Offset,
    exp.With,
    exp.CTE,
    exp.Subquery,
    exp.Join,
    exp.Window,
    exp.WindowSpec,
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.Lag,
    exp.Lead,
    exp.Stddev,
    exp.AtTimeZone,
}
_ALLOWED_WORDS = ("SELECT", "FROM", "WITH", "JOIN", "OVER", "WINDOW", "PARTITION_BY")
_FORBIDDEN = grammar.FORBIDDEN_TOKENS - {getattr(TokenType, word) for word in _ALLOWED_WORDS}
_OPENING = frozenset((TokenType.SELECT, TokenType.FROM, TokenType.WITH, TokenType.L_PAREN))


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows a person may see: `only` those of these unit codes, or all `except` them (rows without a code too)."""

    unit_column: str
    codes: frozenset[str]
    keep: Literal["only", "except"] = "only"


@dataclass(frozen=True, slots=True)
class Files:
    """Rows of the fact store's files within a scope (None: all); read in the child, before the query is let in."""

    names: tuple[str, ...]
    scope: Scope | None


@dataclass(frozen=True)
class Answer:
    """table: at most the asked number of rows; truncated: there were more; sql: the statement that was run.

    more: the answers of further statements over the same rows.
    """

    table: pa.Table
    truncated: bool
    sql: str
    more: tuple[pa.Table, ...] = ()


class QueryError(FormulaError):
    """A statement that is refused or that the database cannot answer; `token` and `position` as in FormulaError."""


def unseen(contract: Contract) -> dict[str, str]:
    """What a stored row has beside the contract's columns, by name only: its lineage, and each time's local day."""
    return LINEAGE | {column.name + DAY_SUFFIX: "DATE" for column in contract.temporal}


def as_typed(table: str) -> str:
    """A table's name as a statement has to write it: in quotes where it is not one plain word or is one of SQL's."""
    words = grammar.tokens(table)
    return table if [word.token_type for word in words] == [TokenType.VAR] else quoted(table)


def guard(
    sql: str, columns: Collection[str], *, view: str = "facts", also: str = "", hidden: Collection[str] = LINEAGE
) -> str:
    """The statement that may be run, regenerated, or QueryError naming the word that may not stand there.

    also: another name of the view. hidden: those of the columns that a star does not mean.
    """
    try:
        return to_sql(_checked(sql, columns, view, also, hidden))
    except QueryError:
        raise
    except FormulaError as error:
        message = re.sub(r"\b(a|the) formula\b", r"\1 query", error.message, flags=re.IGNORECASE)
        bare = also and re.search(rf"\b(?:from|join)\s+{re.escape(also)}(?![\w-])", sql, re.IGNORECASE)
        near = typed if bare and (typed := as_typed(also)) != also else error.suggestion
        raise QueryError(message, error.token, error.position, near) from error


def run_query(
    rows: pa.Table | Files,
    sql: str,
    contract: Contract,
    *,
    view: str = "facts",
    also: str = "",
    more: Sequence[str] = (),
    limit: int = 1_000,
    limits: sandbox.Limits = INTERACTIVE,
) -> Answer:
    """Run one SELECT over rows that the person is authorised to see, in a limited child process.

    rows: an Arrow table that holds nothing else, or files with the person's scope. also: as in `guard`. more: further
    statements, over the same copy of the rows and within the same limits. limit: rows of the answer.
    Raises QueryError; sandbox.SandboxKilled when the query needs more memory or time than it may have.
    """
    hidden = unseen(contract)
    columns = {column.name: column.type.sql for column in contract.columns} | hidden
    regenerated = [guard(one, columns, view=view, also=also, hidden=hidden) for one in (sql, *more)]
    kept = max(1, min(limit, MAX_ROWS))
    if isinstance(rows, Files):  # DuckDB opens all of them at once
        limits = replace(limits, open_files=max(limits.open_files, len(rows.names) + 64))
    used = _columns_used(regenerated, columns, hidden)
    cuts = [kept + 1, *([MAX_ROWS] * len(more))]
    table, *others = sandbox.run(_execute, rows, regenerated, used, view, cuts, limits=limits)
    return Answer(table.slice(0, kept), table.num_rows > kept, regenerated[0], tuple(others))


def _checked(sql: str, columns: Collection[str], view: str, also: str, hidden: Collection[str]) -> exp.Expr:
    if len(sql) > MAX_LENGTH:
        raise QueryError(f"A query has at most {MAX_LENGTH:,} characters, this one has {len(sql):,}")
    sql = sql.strip().removesuffix(";")
    if not sql.strip():
        raise QueryError("The query is empty: write SELECT ... FROM facts")
    grammar.check_characters(sql)
    grammar.check_words(sql, _FORBIDDEN)
    first = grammar.tokens(sql)[0]
    if first.token_type not in _OPENING:
        near = grammar.nearest(first.text, ("select", "with"))
        raise QueryError("A query is one SELECT statement", first.text, first.start + 1, near)
    tree = grammar.parse_tree(sql)
    if not isinstance(tree, exp.Select):
        raise QueryError("A query is one SELECT statement", sql.split()[0], 1)
    grammar.check_size(tree, sql, depth=MAX_DEPTH, nodes=MAX_NODES)
    _check_stars(tree, sql)
    grammar.check_nodes(tree, sql, QUERY_NODES, formula=False)
    _check_sources(tree, sql, view, also)
    _read_the_view(tree, view, also)
    _check_names(tree, sql, columns)
    _keep_out_of_stars(tree, view, hidden)
    return _divide_safely(tree)


def _check_stars(tree: exp.Expr, sql: str) -> None:
    """A star is plain and stands in a select list or in count(*); DISTINCT behind SELECT or in count."""
    for star in tree.find_all(exp.Star):
        if any(star.args.values()):
            raise QueryError("`*` takes no list of exceptions", *grammar.place(star, sql))
        plain = isinstance(star.parent, (exp.Select, exp.Count))
        if not plain and not (isinstance(star.parent, exp.Column) and isinstance(star.parent.parent, exp.Select)):
            raise QueryError("`*` stands in a select list or in count(*)", *grammar.place(star, sql))
    for distinct in tree.find_all(exp.Distinct):
        counted = isinstance(distinct.parent, exp.Count) and len(distinct.expressions) == 1
        if distinct.args.get("on") or not (counted or isinstance(distinct.parent, exp.Select)):
            raise QueryError("`distinct` stands behind select or in count(distinct one_column)", "distinct")


def _check_sources(tree: exp.Expr, sql: str, view: str, also: str) -> None:
    """Every table is the dataset's view, by one of its names, or one of the statement's own CTEs, by its plain name."""
    for with_ in tree.find_all(exp.With):
        if with_.args.get("recursive"):
            raise QueryError("A query may not call itself", "recursive")
    own, names = _own_tables(tree), [name for name in (view, also) if name]
    if view.lower() in own:
        raise QueryError(f"`{view}` is the name of the dataset; give the CTE another", view)
    for table in tree.find_all(exp.Table):
        token, position = grammar.place(table, sql)
        plain = isinstance(table.this, exp.Identifier) and not any(
            value for name, value in table.args.items() if name not in ("this", "alias", "joins")
        )
        if not plain or table.name.lower() not in {*map(str.lower, names), *own}:
            said = " or ".join(f"`{as_typed(name)}`" for name in dict.fromkeys(names))
            said = f"A query reads the dataset's rows under the name {said}, not `{token or table.sql()}`"
            raise QueryError(said, token, position)
    for part in tree.find_all(exp.Subquery):
        if not isinstance(part.parent, (exp.From, exp.Join)):
            raise QueryError("A query in brackets stands only behind FROM or JOIN", *grammar.place(part, sql))
    for select in tree.find_all(exp.Select):
        if unusual := [name for name, value in select.args.items() if value and name not in _SELECT_PARTS]:
            raise QueryError(f"A query may not use {unusual[0].replace('_', ' ')}", unusual[0])


def _own_tables(tree: exp.Expr) -> set[str]:
    return {cte.alias.lower() for cte in tree.find_all(exp.CTE)}


def _read_the_view(tree: exp.Expr, view: str, also: str) -> None:
    """Put the view in the place of its other name, which stays the table's alias; a CTE of that name is itself."""
    if not also or also.lower() in {view.lower(), *_own_tables(tree)}:
        return
    for table in tree.find_all(exp.Table):
        if table.name.lower() == also.lower():
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
            table.set("this", exp.to_identifier(view, quoted=True))


_SELECT_PARTS = frozenset(
    ("with_", "with", "kind", "expressions", "from_", "from", "joins", "where", "group", "having", "order")
    + ("limit", "offset", "distinct")
)


def _check_names(tree: exp.Expr, sql: str, columns: Collection[str]) -> None:
    """Every column is one of the dataset or a name that the statement itself gives; a table's name is none."""
    given = {alias.alias.lower() for alias in tree.find_all(exp.Alias)}
    given |= {c.name.lower() for alias in tree.find_all(exp.TableAlias) for c in alias.args.get("columns") or []}
    known = {name.lower() for name in columns} | given
    tables = {t.alias_or_name.lower() for t in tree.find_all(exp.Table, exp.Subquery)}
    for column in tree.find_all(exp.Column):
        token, position = grammar.place(column.this, sql)
        if column.args.get("db") or (column.table and column.table.lower() not in tables):
            raise QueryError(f"There is no table `{column.table}` in this query", column.table, position)
        if not isinstance(column.this, exp.Star) and column.name.lower() not in known:
            raise QueryError(
                f"There is no column `{column.name}`", token, position, grammar.nearest(column.name, known)
            )
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("quoted", True)


def _keep_out_of_stars(tree: exp.Expr, view: str, hidden: Collection[str]) -> None:
    """A star means the contract's columns, also where the statement names a hidden one elsewhere."""
    named = sorted({column.name.lower() for column in tree.find_all(exp.Column)} & {name.lower() for name in hidden})
    for star in tree.find_all(exp.Star) if named else ():
        select, owner = star.find_ancestor(exp.Select), star.parent
        if select is None or select.args.get("from_") is None or not isinstance(owner, (exp.Select, exp.Column)):
            continue
        tables = [select.args["from_"].this, *(join.this for join in select.args.get("joins") or [])]
        views = {t.alias_or_name.lower() for t in tables if isinstance(t, exp.Table) and t.name.lower() == view.lower()}
        if views and (isinstance(owner, exp.Select) or owner.table.lower() in views):
            star.set("except_", [exp.to_identifier(name, quoted=True) for name in named])


def _divide_safely(tree: exp.Expr) -> exp.Expr:
    for node in list(tree.find_all(exp.Div, exp.IntDiv, exp.Mod)):
        divisor = node.expression
        node.set("expression", exp.Nullif(this=divisor.copy(), expression=exp.Literal.number(0)))
    return tree


def _columns_used(statements: Iterable[str], columns: Mapping[str, str], hidden: Collection[str]) -> dict[str, str]:
    """The columns that regenerated statements may read, with their types; a star of its own reads the contract's."""
    names: set[str] = set()
    for tree in map(grammar.parse_tree, statements):
        names |= {column.name.lower() for column in tree.find_all(exp.Column)}
        names |= {i.name.lower() for join in tree.find_all(exp.Join) for i in join.args.get("using") or []}
        if any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star)):
            names |= {name.lower() for name in columns if name not in hidden}
    return {name: kind for name, kind in columns.items() if name.lower() in names}


def _execute(
    rows: pa.Table | Files, statements: Sequence[str], used: Mapping[str, str], view: str, cuts: Sequence[int]
) -> list[pa.Table]:
    """In the child: put the authorised rows behind the view, lock everything, run each statement up to its cut."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 2,
            "memory_limit": "512MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "python_enable_replacements": False,
            "max_temp_directory_size": "0KB",
        },
    )
    connection.execute("SET enable_progress_bar = false")
    if isinstance(rows, pa.Table):
        connection.register("_arriving", rows)
        connection.execute(f"CREATE VIEW {quoted(view)} AS SELECT {_listed(used)} FROM _arriving")
    else:
        _materialise(connection, rows, used, view)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return [_answered(connection, sql, cut) for sql, cut in zip(statements, cuts, strict=True)]


def _answered(connection: duckdb.DuckDBPyConnection, sql: str, limit: int) -> pa.Table:
    """Run one statement, and take out of its answer what is not finite."""
    try:
        statement = f"SELECT * FROM ({sql}) LIMIT {int(limit)}"
        answer = connection.sql(statement)
        spans = [name for name, kind in zip(answer.columns, answer.types, strict=True) if str(kind) == "INTERVAL"]
        if spans:  # 2 days 03:15:00, which a table, a chart and an export can show
            written = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in spans)
            answer = connection.sql(f"SELECT * REPLACE ({written}) FROM ({statement})")
        table = answer.to_arrow_table()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise QueryError(grammar.first_line(error).split(": ", 1)[-1]) from None
    return _finite(table)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names) or "1 AS _any"


def _materialise(connection: duckdb.DuckDBPyConnection, files: Files, used: Mapping[str, str], view: str) -> None:
    """Copy the authorised rows, in the columns that the statement reads, so that the files can be locked away."""
    where, typed = "", dict(used)
    if files.scope is not None:
        codes = pa.table({"code": pa.array(sorted(files.scope.codes), pa.string())})
        connection.register("_codes", codes)
        typed.setdefault(files.scope.unit_column, "VARCHAR")
        unit = quoted(files.scope.unit_column)
        member = f"coalesce({unit} IN (SELECT code FROM _codes), false)"
        where = f" WHERE {member}" if files.scope.keep == "only" else f" WHERE NOT {member}"
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in files.names)
    source = f"SELECT * FROM read_parquet([{names}], hive_partitioning = true, union_by_name = true)"
    if typed:  # a column that no file has yet, because the contract has just got it, is empty
        nothing = ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind in typed.items())
        source += f" UNION ALL BY NAME SELECT {nothing} WHERE false"
    connection.execute(f"CREATE TEMP TABLE _authorised AS SELECT {_listed(used)} FROM ({source}){where}")
    connection.execute(f"CREATE TEMP VIEW {quoted(view)} AS SELECT * FROM _authorised")


def _finite(table: pa.Table) -> pa.Table:
    """Infinite and NaN numbers become null: a chart or an export has no place for them."""
    for place, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            numbers = table.column(place).to_numpy()
            table = table.set_column(place, field.name, pa.array(numbers, field.type, mask=~np.isfinite(numbers)))
    return table
