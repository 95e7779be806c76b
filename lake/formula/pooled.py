"""Which columns' values a formula puts together into one number: by sums, means, medians and percentiles of them."""

from collections.abc import Iterator
from functools import lru_cache

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from lake.formula import grammar

_POOLING = (exp.Sum, exp.Avg, exp.Median, exp.PercentileCont)
# What these give is no amount: yes or no, a number of days or of letters.
_NO_AMOUNT = (exp.Predicate, exp.And, exp.Or, exp.Not, exp.DateDiff, exp.Extract, exp.TimeToUnix, exp.Length, exp.Sign)


def pooled(text: str, *, of_row: bool = False) -> list[frozenset[str]]:
    """For each aggregate of a formula that was checked before, the columns whose values it puts together.

    of_row: the formula is about one row, and the measure puts its values together.
    """
    tree = grammar.read(text)
    found = [tree] if of_row else [call.this for call in tree.find_all(*_POOLING)]
    return [names for part in found if (names := frozenset(_amounts(part)))]


@lru_cache(maxsize=2_000)
def columns_read(text: str) -> frozenset[str]:
    """Every column that a formula names, as it writes it. Raises FormulaError."""
    return frozenset(column.name for column in grammar.read(text).find_all(exp.Column))


def of_statement(sql: str) -> tuple[list[frozenset[str]], frozenset[str]]:
    """The same of a SELECT that was run, and every column that it names. Nothing of one that cannot be read here."""
    try:
        tree = parse_one(sql, dialect="duckdb")
    except SqlglotError:
        return [], frozenset()
    found = [frozenset(_amounts(call.this)) for call in tree.find_all(*_POOLING)]
    return [names for names in found if names], frozenset(column.name for column in tree.find_all(exp.Column))


def _amounts(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Column):
        yield node.name
    elif not isinstance(node, _NO_AMOUNT):
        for child in node.iter_expressions():
            yield from _amounts(child)
