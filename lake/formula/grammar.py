"""What a formula may be made of: characters, size, node types, units and casts.

An allow-list, because the parser is lenient and the database is rich: `(SHOW TABLES)` parses as a column with an alias
and runs as a statement, `any_value(facts)` reads a whole row, `#1` and `COLUMNS('.*')` reach columns that nobody named.
Whatever is not listed here is refused by its name.
"""

import difflib
import math
import re
from collections.abc import Collection
from typing import TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from lake.formula.habits import instead_of, masked_strings, unusual, usual

MAX_LENGTH = 2_000
MAX_DEPTH = 50
MAX_NODES = 500

Nodes: TypeAlias = tuple[type[exp.Expr], ...]

AGGREGATES: Nodes = (
    exp.Count,
    exp.Sum,
    exp.Avg,
    exp.Min,
    exp.Max,
    exp.Median,
    exp.PercentileCont,
    exp.CountIf,
)
AGGREGATE_PARTS: Nodes = (exp.Distinct, exp.Filter, exp.Where, exp.Star, *AGGREGATES)
VALUES: Nodes = (exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Interval, exp.Var)
ARITHMETIC: Nodes = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Pow)
LOGIC: Nodes = (
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
)
COMPARISONS: Nodes = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
TEXT_LOGIC: Nodes = (exp.Like, exp.ILike, exp.Escape, exp.Contains, exp.StartsWith, exp.NullSafeEQ, exp.NullSafeNEQ)
CHOICE: Nodes = (exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least)
NUMBERS: Nodes = (exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sqrt, exp.Ln, exp.Exp, exp.Sign)
TEXTS: Nodes = (exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring, exp.Left, exp.Right, exp.DPipe)
DATES: Nodes = (
    exp.DateDiff,
    exp.TimestampTrunc,
    exp.DateTrunc,
    exp.Extract,
    exp.Year,
    exp.Quarter,
    exp.Month,
    exp.Day,
    exp.Hour,
    exp.Minute,
    exp.DayOfWeek,
    exp.DayOfWeekIso,
    exp.TimeToUnix,
)
CASTS: Nodes = (exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam)
ROW_NODES: frozenset[type[exp.Expr]] = frozenset(
    (*VALUES, *ARITHMETIC, *LOGIC, *TEXT_LOGIC, *CHOICE, *NUMBERS, *TEXTS, *DATES, *CASTS),
)
FORMULA_NODES: frozenset[type[exp.Expr]] = ROW_NODES | frozenset(AGGREGATE_PARTS)

CAST_TYPES = frozenset(
    ("BOOLEAN", "INT", "BIGINT", "DOUBLE", "DECIMAL", "TEXT", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMPNTZ")
)
DATE_UNITS = frozenset(
    ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "EPOCH", "DOW", "ISODOW", "DOY")
)
SURPLUS = ("truncate", "negative_length_returns_empty", "binary", "encoding")  # that the parser takes and nobody runs
STATEMENT_TOKENS = (
    ("SELECT", "FROM", "UNION", "EXCEPT", "INTERSECT", "VALUES", "PIVOT", "UNPIVOT", "WITH", "JOIN", "TABLE", "COPY")
    + ("ATTACH", "DETACH", "PRAGMA", "SET", "SHOW", "DESCRIBE", "COMMAND", "EXECUTE", "INSERT", "UPDATE", "DELETE")
    + ("CREATE", "DROP", "ALTER", "USE", "LOAD", "INSTALL", "EXPORT", "SUMMARIZE", "SEMICOLON", "OVER", "WINDOW")
    + (
        "PARTITION_BY",
        "PLACEHOLDER",
        "PARAMETER",
        "DOLLAR",
        "HASH",
        "EXISTS",
        "LATERAL",
        "UNNEST",
        "ANY",
        "ALL",
        "SOME",
    )
)
FORBIDDEN_TOKENS = frozenset(getattr(TokenType, name) for name in STATEMENT_TOKENS if hasattr(TokenType, name))
FORBIDDEN_WORDS = frozenset(
    ("call", "copy", "install", "load", "export", "import", "prepare", "reset", "checkpoint", "vacuum", "columns")
)


class FormulaError(ValueError):
    """A formula that is refused. `token` is the offending word, `position` its character from 1, where they are known.

    `suggestion` is the nearest column when the word looks like a misspelt one.
    """

    def __init__(self, message: str, token: str = "", position: int | None = None, suggestion: str = "") -> None:
        self.message, self.token, self.position, self.suggestion = message, token, position, suggestion
        where = f" (character {position})" if position else ""
        hint = f" Did you mean `{suggestion}`?" if suggestion else ""
        super().__init__(f"{message}{where}.{hint}")

    def __reduce__(self) -> tuple[type["FormulaError"], tuple[str, str, int | None, str]]:
        return type(self), (self.message, self.token, self.position, self.suggestion)


def read(text: str) -> exp.Expr:
    """The tree of a formula whose characters, words and size are allowed; its nodes are not yet checked."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"A formula has at most {MAX_LENGTH:,} characters, this one has {len(text):,}")
    if not text.strip():
        raise FormulaError("The formula is empty: write an expression such as count(*)")
    check_characters(text)
    text = usual(text)
    check_words(text, FORBIDDEN_TOKENS)
    if known := unusual(text):
        said, word, start = known
        raise FormulaError(said, word, start + 1)
    tree = parse_tree(text)
    check_size(tree, text, depth=MAX_DEPTH, nodes=MAX_NODES)
    return tree


def check_characters(text: str) -> None:
    """Only printable ASCII outside string literals, and no control character inside them."""
    for index, (shown, char) in enumerate(zip(masked_strings(text), text, strict=True)):
        if (shown in "\n\r\t" or " " <= shown <= "~") and (char >= " " or char in "\n\r\t"):
            continue
        raise FormulaError(f"The character U+{ord(char):04X} may not stand in a formula", char, index + 1)


def check_words(text: str, forbidden: Collection[TokenType]) -> None:
    """Refuse statement keywords, comments and runaway brackets before the parser sees them."""
    depth, listed = 0, tokens(text)
    for place, token in enumerate(listed):
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth > MAX_DEPTH:
            raise FormulaError(f"Brackets nest at most {MAX_DEPTH} deep", "(", token.start + 1)
        word = token.text.lower()
        if token.token_type == TokenType.FROM and listed[place - 3].text.lower() == "extract":
            continue  # extract(hour from opened_at)
        if token.token_type in forbidden or (token.token_type == TokenType.VAR and word in FORBIDDEN_WORDS):
            raise FormulaError(f"`{token.text}` may not stand in a formula", token.text, token.start + 1)
        if token.comments:
            raise FormulaError("A formula has no comments; take them out", "--")


def tokens(text: str) -> list[Token]:
    try:
        return sqlglot.tokenize(text, dialect="duckdb")
    except SqlglotError as error:
        raise FormulaError("The formula cannot be read: a quote or a comment is opened and not closed") from error


def parse_tree(text: str) -> exp.Expr:
    """The tree of exactly one expression or statement, in DuckDB's dialect."""
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except RecursionError as error:
        raise FormulaError("The formula nests too deeply") from error
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        word, column = details[0].get("highlight") or "", details[0].get("col")
        position = text.find(word, max(0, (column or 0) - len(word) - 1)) + 1 if word else 0
        reason = _reason(details[0].get("description") or "", word)
        raise FormulaError(f"The formula cannot be read: {reason}", word, position or None) from error
    if len(trees) != 1 or trees[0] is None:
        raise FormulaError("A formula is exactly one expression")
    return trees[0]


def _reason(said: str, word: str) -> str:
    """What the parser found, without its own words for it. word: the last one that it had read."""
    if said.startswith("Required keyword") or said == "Expected type":
        return f"something is missing at `{word}`"
    if said.startswith(("Expecting ", "Expected ")):
        return f"{said.split(' ', 1)[1]} is missing at `{word}`"
    return f"`{word}` is not expected here" if word else "it is not an expression"


def check_size(tree: exp.Expr, text: str, *, depth: int, nodes: int) -> None:
    """Refuse trees deeper than `depth` or with more than `nodes` nodes."""
    level, count, parents = 0, 0, [tree]
    while parents:
        level, count = level + 1, count + len(parents)
        if level > depth:
            token, position = place(parents[0], text)
            raise FormulaError(f"A formula nests at most {depth} deep", token, position)
        if count > nodes:
            raise FormulaError(f"A formula has at most {nodes} parts")
        parents = [child for parent in parents for child in parent.iter_expressions()]


def check_nodes(tree: exp.Expr, text: str, allowed: Collection[type[exp.Expr]], *, formula: bool = True) -> None:
    """Refuse every node that is not on the list, by its name and place.

    formula: a star and DISTINCT belong to count alone; a whole query has rules of its own for them.
    """
    for node in tree.walk(bfs=False):
        if type(node) not in allowed:
            token, position = place(node, text)
            word = token or name_of(node)
            raise FormulaError(f"`{word}` may not stand in a formula{instead_of(word)}", token, position)
        if formula or not isinstance(node, (exp.Star, exp.Distinct)):
            check_details(node, text)


def check_details(node: exp.Expr, text: str) -> None:
    """The parts of an allowed node that could still say something else."""
    fault = ""
    if isinstance(node, exp.Literal) and not node.is_string and not math.isfinite(float(node.this)):
        fault = "is too large for a number"
    elif isinstance(node, exp.Var) and node.name.upper() not in DATE_UNITS:
        first = "; the unit comes first, as in datediff('hour', since, until)"
        fault = f"is not a unit of time{first if isinstance(node.parent, exp.DateDiff) else ''}"
    elif isinstance(node, exp.CountIf) and (value := node.args.get("zero_on_all_null")):
        fault = f"takes one condition; write count_if({node.this.sql()} = {value.sql()})"
    elif any(node.args.get(name) for name in SURPLUS):
        fault = "is given more than it takes"
    elif isinstance(node, exp.Is) and not isinstance(node.expression, (exp.Null, exp.Boolean)):
        node, fault = node.expression, "cannot stand behind is; write = or <>"
    elif isinstance(node, exp.DPipe) and _is_condition(node):
        fault = "joins texts; write or between conditions"
    elif isinstance(node, exp.DataType) and (node.this.name not in CAST_TYPES or node.args.get("nested")):
        fault = "is not a type to convert to"
    elif isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        fault = "stands only in count(*)"
    elif isinstance(node, exp.Star) and (node.args.get("except_") or node.args.get("replace")):
        fault = "takes no list"
    elif isinstance(node, exp.In) and not node.expressions:
        fault = "needs a list of values in brackets"
    elif isinstance(node, exp.Distinct) and not (isinstance(node.parent, exp.Count) and len(node.expressions) == 1):
        fault = "stands only in count(distinct one_column)"
    elif isinstance(node, (exp.Min, exp.Max)) and (node.args.get("count") or node.expressions):
        fault = "takes one value; use greatest or least for several"
    elif isinstance(node, exp.Interval) and not isinstance(node.this, exp.Literal):
        fault = "needs a plain number"
    if fault:
        token, position = place(node, text)
        if isinstance(node, exp.Var):  # the parser notes no place for it
            found = re.search(rf"\b{re.escape(node.name)}\b", text, re.IGNORECASE)
            token, position = (found[0], found.start() + 1) if found else (token, position)
        raise FormulaError(f"`{token or name_of(node)}` {fault}", token, position)


def _is_condition(node: exp.DPipe) -> bool:
    """`a = 'x' || b = 'y'`: read as a text between two comparisons, and meant as one or the other."""
    sides = (node.this.unnest(), node.expression.unnest())
    if any(isinstance(side, (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)) for side in sides):
        return True
    compared = node.parent
    return isinstance(compared, COMPARISONS) and isinstance(compared.parent, COMPARISONS)


def check_columns(tree: exp.Expr, text: str, columns: Collection[str]) -> None:
    """Every column is a declared, unqualified one; its name is then written in quotes as it was declared."""
    declared = {name.lower(): name for name in columns}
    for column in tree.find_all(exp.Column):
        token, position = place(column, text)
        if column.table or not isinstance(column.this, exp.Identifier):
            raise FormulaError("A column has a plain name, without a table", token, position)
        name = declared.get(column.name.lower())
        if name is None and column.this.quoted and not nearest(column.name, declared):
            message = f"There is no column `{column.name}`; a text stands in single quotes, as in '{column.name}'"
            raise FormulaError(message, column.name, position)
        if name is None:
            raise FormulaError(
                f"There is no column `{column.name}`", column.name, position, nearest(column.name, declared)
            )
        column.this.replace(exp.to_identifier(name, quoted=True).update_positions(column.this))


def nearest(word: str, known: Collection[str]) -> str:
    """The known word that looks most like this one, as a formula has to write it: in quotes where it has a sign such as
    `-` that a formula would compute with. An empty text if none is alike."""
    found = "".join(difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5))
    return f'"{found}"' if re.search(r"\W", found) else found


def place(node: exp.Expr, text: str) -> tuple[str, int | None]:
    """The word of a node in the text and its character from 1: its own, else that of its first part."""
    if "start" in node.meta:
        return text[node.meta["start"] : node.meta["end"] + 1], node.meta["start"] + 1
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    if isinstance(node, exp.Func):  # the parser notes no place for some functions: look left of their first argument
        word = node.sql_name().lower()
        found = text.lower().rfind(word, 0, min(starts, default=len(text)))
        return (word, found + 1) if found >= 0 else (word, None)
    for part in node.walk():
        if "start" in part.meta:
            return text[part.meta["start"] : part.meta["end"] + 1], part.meta["start"] + 1
    return (node.sql(dialect="duckdb").lower() if isinstance(node, exp.DataType) else ""), None


def name_of(node: exp.Expr) -> str:
    return str(node.name or node.key).lower()


def first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")
