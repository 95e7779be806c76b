"""From a formula's text to the tree and the SQL that may be executed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any

import duckdb
from sqlglot import exp

from lake.contract import ColumnType, Contract
from lake.formula import grammar
from lake.formula.compared import text_comparisons
from lake.formula.faults import told
from lake.formula.grammar import FormulaError
from lake.formula.local import check_clocks, is_local, local_results, lowered, marked

TYPE_WORDS = {"text": "a text", "boolean": "yes and no", "date": "a date", "timestamp": "a time"}
TYPE_WORDS |= {"span": "a span of time"} | dict.fromkeys(("integer", "number", "decimal"), "a number")
WRITTEN = {"boolean": "; write true or false", "date": "; write '2026-01-31'", "timestamp": "; write '2026-01-31'"}
NUMERIC = frozenset({"integer", "number", "decimal"})
_TRIED: tuple[dict[ColumnType, str], ...] = tuple(
    {type_: f"'{day}'" if type_.temporal else number for type_ in ColumnType}
    for number, day in (("1", "2025-01-31"), ("0", "2024-02-29"))
)
_DAY_TEXT = re.compile(r"'\d{4}-\d\d-\d\d(?:[ T][\d:.]+)?'(?!::)")
OF_A_WEEK = (exp.DayOfWeek, exp.DayOfWeekIso)
PARTS = (*OF_A_WEEK, exp.Year, exp.Quarter, exp.Month, exp.Day, exp.Hour, exp.Minute, exp.Extract)
# What a part of a span leaves out, and of how many seconds it is one.
SECONDS = {"day": ("hours", 86_400), "hour": ("days", 3_600), "minute": ("hours", 60), "second": ("minutes", 1)}
_PLAIN_NAME = re.compile(r'"([a-z_][a-z0-9_]*)"')
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT", "UHUGEINT")

Schema = tuple[tuple[str, ColumnType], ...]


@dataclass(frozen=True)
class Formula:
    """A checked formula. `sql` is regenerated from `tree`; `text` is what was written and is never executed.

    columns: names it reads. aggregates: its aggregate calls as SQL. type: of its result, a ColumnType's word.
    tree: shared by all who compiled the same text; copy it before changing it.
    """

    text: str
    sql: str
    columns: frozenset[str]
    aggregates: tuple[str, ...]
    type: str
    tree: exp.Expr = field(repr=False, compare=False)


def parse(
    text: str, contract: Contract, *, aggregate: bool = True, wanted: str | None = None, tried: bool = False
) -> Formula:
    """Check a formula against the contract's columns and compile it.

    aggregate: True for a measure's expression (`sum(cost) / count(*)`, a number), False for one of a row (a filter or a
    calculated column). wanted: the type it must have; a number serves for integer and decimal and the reverse.
    tried: where it is written, not where it is run, refuse also what fails whatever a row holds.
    Raises FormulaError, which names the offending word.
    """
    formula = _compile(text, schema_of(contract), aggregate, contract.reporting_timezone)
    if wanted and not _serves(formula.type, wanted):
        raise FormulaError(f"The formula gives {formula.type}, but {wanted} is needed here")
    if tried:
        _check_possible(formula, schema_of(contract), aggregate)
    return formula


def schema_of(contract: Contract) -> Schema:
    """The names and types of its columns."""
    return tuple((column.name, column.type) for column in contract.columns)


@lru_cache(maxsize=2_000)
def _compile(text: str, schema: Schema, aggregate: bool, zone: str) -> Formula:
    tree = marked(_rewrite_percentiles(grammar.read(text), text), text)
    grammar.check_nodes(tree, text, grammar.FORMULA_NODES)
    grammar.check_columns(tree, text, [name for name, _ in schema])
    _check_level(tree, text, aggregate)
    _check_compared(tree, text, dict(schema))
    _check_joined(tree, text, dict(schema))
    tree = _divide_safely(tree)
    _check_local(tree, schema, text)
    _check_parts(tree, schema, text)
    stays_local = next(local_results(tree), None)
    tree = lowered(tree, zone)
    tree = whole_quotients(tree, lambda node: type_of(to_sql(node), schema, text) != "integer")
    sql = to_sql(tree)
    type_ = type_of(sql, schema, text)
    if type_ == "timestamp" and stays_local is not None:
        said = "A time by the local clock would be read as one of UTC: take its hour(), its weekday() or ::date"
        raise FormulaError(said, *grammar.place(stays_local, text))
    if type_ == "span":
        raise FormulaError(
            "A time less a time gives a span, not a number; for hours write (epoch(until) - epoch(since)) / 3600"
        )
    if type_ == "other":
        raise FormulaError("The formula gives neither a number, a text, a date nor true or false")
    if aggregate and type_ not in NUMERIC:
        raise FormulaError(f"A measure is a number, but the formula gives {type_}")
    columns = frozenset(column.name for column in tree.find_all(exp.Column))
    calls = tuple(to_sql(call) for call in tree.find_all(*grammar.AGGREGATES))
    return Formula(text, sql, columns, calls, type_, tree)


def to_sql(tree: exp.Expr) -> str:
    """The text that may be executed. Column names come out quoted, comments are dropped."""
    return tree.sql(dialect="duckdb", comments=False)


def _rewrite_percentiles(tree: exp.Expr, text: str) -> exp.Expr:
    """`percentile(x, p)` and `percentile_cont(p) within group (order by x)` become quantile_cont(x, p)."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous) and node.name.lower() == "percentile" and len(node.expressions) == 2:
            return _at(exp.PercentileCont(this=node.expressions[0], expression=node.expressions[1]), node)
        if isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileCont):
            ordered = node.expression.expressions
            if len(ordered) == 1 and not ordered[0].args.get("desc"):
                return _at(exp.PercentileCont(this=ordered[0].this, expression=node.this.this), node.this)
        return node

    tree = tree.transform(rewrite)
    for call in tree.find_all(exp.PercentileCont):
        share = call.expression
        if not (isinstance(share, exp.Literal) and not share.is_string and 0 <= float(share.this) <= 1):
            token, position = grammar.place(call, text)
            raise FormulaError("A percentile needs a plain number from 0 to 1, such as 0.9", token, position)
    return tree


def _at(new: exp.Expr, old: exp.Expr) -> exp.Expr:
    new.meta.update(old.meta)
    return new


def _check_level(tree: exp.Expr, text: str, aggregate: bool) -> None:
    """Aggregates where they belong: none in a row expression, never nested, no bare column outside them."""
    calls = list(tree.find_all(*grammar.AGGREGATES))
    if not aggregate:
        if calls:
            token, position = grammar.place(calls[0], text)
            raise FormulaError(f"`{token}` sums up many rows; this formula is about one row", token, position)
        return
    if not calls:
        raise FormulaError("A measure sums up rows: use count, sum, avg, min, max, median or quantile_cont")
    for call in calls:
        if call.find_ancestor(*grammar.AGGREGATES):
            token, position = grammar.place(call, text)
            raise FormulaError(f"`{token}` stands inside another aggregate", token, position)
    for column in tree.find_all(exp.Column):
        if not column.find_ancestor(*grammar.AGGREGATES, exp.Filter):
            token, position = grammar.place(column, text)
            raise FormulaError(
                f"`{token}` is a column of one row; put it into sum(), avg() or another", token, position
            )
    for part in tree.find_all(exp.Filter):
        if not isinstance(part.this, grammar.AGGREGATES):
            raise FormulaError("filter (where ...) belongs behind an aggregate")


def _check_local(tree: exp.Expr, schema: Schema, text: str) -> None:
    """What `local` turns is a time; the database would read a text or a date as one, and shift it."""
    for call in filter(is_local, tree.walk()):
        if call.find(*grammar.AGGREGATES):
            said = "`local` is about the time of one row; write it inside the aggregate, as in max(hour(local(at)))"
            raise FormulaError(said, *grammar.place(call, text))
        type_ = type_of(to_sql(call.this), schema, text)
        if type_ != "timestamp":
            said = f"`local` takes a time, such as a timestamp column, not {TYPE_WORDS.get(type_, 'this')}"
            raise FormulaError(said, *grammar.place(call, text))
    check_clocks(tree, text, {name for name, type_ in schema if type_ is ColumnType.TIMESTAMP})


def _check_parts(tree: exp.Expr, schema: Schema, text: str) -> None:
    """A span of time has no weekday, and its parts are not how long it is: 2 days and 1 hour have the hour 1."""
    for call in tree.find_all(*PARTS):
        is_extract = isinstance(call, exp.Extract)
        of = call.expression if is_extract else call.this
        word = "weekday" if isinstance(call, OF_A_WEEK) else str(call.name if is_extract else call.key).lower()
        if word == "epoch" or type_of(to_sql(lowered(of, "UTC")), schema, text) != "span":
            continue
        span = _plain(to_sql(of.unnest()))
        said = f"`{word}` is about a day or a time; a span of time such as {span} has none"
        if word in SECONDS:
            left_out, seconds = SECONDS[word]
            instead = f"epoch({span})" + f" / {seconds}" * (seconds > 1)
            said = f"`{word}` of a span such as {span} leaves out its {left_out}; for all its {word}s write {instead}"
        elif word in ("month", "quarter", "year"):
            said = f"A span such as {span} is of days and hours, of no {word}; write datediff('{word}', since, until)"
        raise FormulaError(said, *grammar.place(call, text))


def _plain(sql: str) -> str:
    """As a person writes it: no quotes around plain names, no capitals of ours."""
    return _PLAIN_NAME.sub(r"\1", sql).replace("INTERVAL", "interval")


def _divide_safely(tree: exp.Expr) -> exp.Expr:
    """A zero divisor gives no value: DuckDB would answer infinity and call it no error."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        if isinstance(node, (exp.Div, exp.IntDiv, exp.Mod)):
            divisor = node.expression
            if not (isinstance(divisor, exp.Literal) and not divisor.is_string and float(divisor.this) != 0):
                node.set("expression", exp.Nullif(this=divisor.copy(), expression=exp.Literal.number(0)))
        return node

    return tree.transform(rewrite)


def whole_quotients(tree: exp.Expr, wanted: Callable[[exp.Expr], bool]) -> exp.Expr:
    """The tree with those `a // b` that are wanted as trunc(a / b): DuckDB's `//` keeps the fraction unless both are
    integers."""
    tree = tree.copy()
    for node in reversed([node for node in tree.find_all(exp.IntDiv) if wanted(node)]):
        quotient = exp.Div(this=node.this.copy(), expression=node.expression.copy())
        new = exp.Anonymous(this="TRUNC", expressions=[quotient])
        tree = new if node is tree else tree
        node.replace(new)
    return tree


_binder: duckdb.DuckDBPyConnection | None = None
_binder_lock = Lock()


def type_of(sql: str, schema: Schema, text: str) -> str:
    """The type that DuckDB gives the expression over columns of these types; nothing is computed."""
    columns = ", ".join(f"CAST(NULL AS {type_.sql}) AS {quoted(name)}" for name, type_ in schema)
    query = f"DESCRIBE SELECT {sql} AS value FROM (SELECT {columns})"
    try:
        described = str(_asked(query)[1])
    except duckdb.Error as error:
        raise _misfit(grammar.first_line(error).removeprefix("Binder Error: "), text) from error
    return type_name(described)


def _misfit(reason: str, text: str) -> FormulaError:
    """DuckDB's complaint about types, with the word of the formula that it is about where it names one."""
    if mixed := re.search(
        r"(?:combine|mix values of)(?: types? of| types?)? ([A-Z]\S*) (?:and|with) ([A-Z]\S*)", reason
    ):
        one, other = (TYPE_WORDS.get(type_name(part), part) for part in mixed.groups())
        return FormulaError(f"The formula gives {one} in one case and {other} in another: write one of them for both")
    if compared := re.search(r"compare values of type (\S+) and type (\S+) -", reason):
        one, other = (TYPE_WORDS.get(type_name(part), part) for part in compared.groups())
        return FormulaError(f"The formula compares {one} with {other}: compare two of the same kind")
    found = re.search(r"(?:name and argument types '|the function call \")(\W+|\w+)\((.*)\)['\"]", reason)
    if not found:
        return FormulaError(f"The formula does not fit its columns' types: {reason}")
    if "STRING_LITERAL" in found[2] and (day := _DAY_TEXT.search(text)):
        said = f"{day[0]} is a text here; write {day[0]}::{'timestamp' if ':' in day[0] else 'date'} for the {{}}"
        return FormulaError(said.format("time" if ":" in day[0] else "day"), day[0], day.start() + 1)
    word = "weekday" if found[1] == "isodow" and "isodow" not in text.lower() else found[1]
    given = " and ".join(TYPE_WORDS.get(type_name(one), one) for one in found[2].split(", "))
    place = text.casefold().find(word.casefold())
    return FormulaError(f"`{word}` does not fit {given}", word if place >= 0 else "", place + 1 or None)


def _check_compared(tree: exp.Expr, text: str, types: dict[str, ColumnType]) -> None:
    """A text that a number, a time or yes and no is compared with must be one: DuckDB finds out row by row."""
    for column, literal in text_comparisons(tree):
        type_, written = types[column.name], literal.sql(dialect="duckdb")
        if type_ is ColumnType.TEXT or not _asked(f"SELECT TRY_CAST({written} AS {type_.sql}) IS NULL")[0]:
            continue
        found = text.find(written)
        said = f"`{column.name}` is {TYPE_WORDS[type_.value]}, which {written} is not{WRITTEN.get(type_.value, '')}"
        raise FormulaError(said, written, found + 1 if found >= 0 else None)


def _check_joined(tree: exp.Expr, text: str, types: dict[str, ColumnType]) -> None:
    """`a = 'x' || met` compares with a text made of two, where one or the other condition was meant."""
    for pipe in tree.find_all(exp.DPipe):
        sides = [side for side in (pipe.this, pipe.expression) if isinstance(side, exp.Column)]
        if isinstance(pipe.parent, grammar.COMPARISONS) and any(types[c.name] is ColumnType.BOOLEAN for c in sides):
            raise FormulaError("`||` joins texts; write or between conditions", *grammar.place(pipe, text))


@lru_cache(maxsize=2_000)
def _check_possible(formula: Formula, schema: Schema, aggregate: bool) -> None:
    """Refuse what fails whatever a row holds: a text that is no number, as in `n + 'a'`, or a day as true or false.

    Calculated columns and rules are tried row by row, but what is constant in them fails before any row. No function
    that is allowed makes a text much longer than the formula, so that to try one costs little.
    """
    sql, text = formula.sql, formula.text
    empty, *filled = (_failure(sql, schema, row) for row in ({}, *_TRIED))
    constant = "" if aggregate else _failure(f"TRY({sql})", schema, {})
    same = constant or (filled[0] if filled[0] == filled[1] else "")
    fault = told(same)
    word = next((one for one in re.findall(r"'(?:[^']|'')*'", text) if fault.startswith(one.replace("''", "'"))), "")
    if same and (word or same in (constant, empty) or "Unimplemented" in same):
        position = text.find(word) + 1 if word else None
        raise FormulaError(f"The formula fails on every row: {fault}", word, position)


def _failure(sql: str, schema: Schema, row: Mapping[ColumnType, str]) -> str:
    """What DuckDB says of a row with these values, and of null for the types that have none."""
    columns = ", ".join(f"CAST({row.get(type_, 'NULL')} AS {type_.sql}) AS {quoted(name)}" for name, type_ in schema)
    try:
        _asked(f"SELECT {sql} FROM (SELECT {columns})")
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        return grammar.first_line(error)
    except duckdb.Error:
        return ""
    return ""


def _asked(query: str) -> tuple[Any, ...]:
    """The first row of the answer."""
    global _binder
    with _binder_lock:
        if _binder is None:
            _binder = duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": False})
            _binder.execute("SET lock_configuration = true")
        row: tuple[Any, ...] = _binder.execute(query).fetchall()[0]
    return row


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def type_name(sql_type: str) -> str:
    """The contract's word for one of DuckDB's types; "span" and "other" for those that a result cannot have."""
    if sql_type.startswith("DECIMAL"):
        return "decimal"
    if sql_type in _INTEGERS:
        return "integer"
    names = {"DOUBLE": "number", "FLOAT": "number", "INTERVAL": "span"}
    names |= {"INTEGER_LITERAL": "integer", "STRING_LITERAL": "text"}
    names |= {known.sql: known.value for known in ColumnType}
    return names.get(sql_type, "other")


def _serves(type_: str, wanted: str) -> bool:
    return type_ == wanted or (type_ in NUMERIC and wanted in NUMERIC)
