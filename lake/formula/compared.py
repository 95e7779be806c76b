"""Which texts a formula compares which columns with, so that a text that no row has can be told."""

from collections.abc import Iterator

from sqlglot import exp

from lake.formula import grammar


def compared_texts(text: str) -> dict[str, list[str]]:
    """column -> the texts that it is compared with by =, <>, in and case; of a formula that was checked before."""
    found: dict[str, list[str]] = {}
    for node in grammar.read(text).walk():
        for column, literal in _pairs(node):
            if isinstance(column, exp.Column) and isinstance(literal, exp.Literal) and literal.is_string:
                texts = found.setdefault(column.name, [])
                texts += [] if literal.this in texts else [literal.this]
    return found


def _pairs(node: exp.Expr) -> Iterator[tuple[exp.Expr | None, exp.Expr | None]]:
    match node:
        case exp.EQ() | exp.NEQ():
            yield node.this, node.expression
            yield node.expression, node.this
        case exp.In():
            yield from ((node.this, one) for one in node.expressions)
        case exp.Case() if node.this is not None:
            yield from ((node.this, branch.this) for branch in node.args.get("ifs") or ())
