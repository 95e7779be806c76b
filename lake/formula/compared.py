"""Which texts a formula compares which columns with, so that a text that no row has can be told."""

from collections.abc import Iterable, Iterator

from sqlglot import exp

from lake.formula import grammar
from lake.formula.local import is_local

Pair = tuple[exp.Expr | None, exp.Expr | None]


def compared_texts(text: str) -> dict[str, list[str]]:
    """column -> the texts that it is compared with by =, <>, in and case; of a formula that was checked before."""
    found: dict[str, list[str]] = {}
    for column, literal in _with_texts(_pairs(node) for node in grammar.read(text).walk()):
        texts = found.setdefault(column.name, [])
        texts += [] if literal.this in texts else [literal.this]
    return found


def text_comparisons(tree: exp.Expr) -> Iterator[tuple[exp.Column, exp.Literal]]:
    """Every column and the text that it is compared with, also by <, > and between."""
    return _with_texts(pairs for node in tree.walk() for pairs in (_pairs(node), _ordered(node)))


def _with_texts(found: Iterable[Iterator[Pair]]) -> Iterator[tuple[exp.Column, exp.Literal]]:
    for pairs in found:
        for column, literal in pairs:
            column = column.this if column is not None and is_local(column) else column
            if isinstance(column, exp.Column) and isinstance(literal, exp.Literal) and literal.is_string:
                yield column, literal


def _ordered(node: exp.Expr) -> Iterator[Pair]:
    match node:
        case exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
            yield node.this, node.expression
            yield node.expression, node.this
        case exp.Between():
            yield node.this, node.args["low"]
            yield node.this, node.args["high"]


def _pairs(node: exp.Expr) -> Iterator[Pair]:
    match node:
        case exp.EQ() | exp.NEQ():
            yield node.this, node.expression
            yield node.expression, node.this
        case exp.In():
            yield from ((node.this, one) for one in node.expressions)
        case exp.Case() if node.this is not None:
            yield from ((node.this, branch.this) for branch in node.args.get("ifs") or ())
