"""Percentages inside a derived expression: 91 % counts as 91, so a product of two is 100 times too large."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlglot import exp

from lake.formula import grammar

_SAME = (exp.Paren, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Coalesce, exp.Nullif)


class _Unclear(Exception):
    """The expression is not of one degree, or of none that can be told from how it is written."""


@dataclass(frozen=True)
class Scale:
    """How many times over a value is multiplied by 100: a share is 0, a percentage 1, two multiplied are 2.

    degree: None where it cannot be told, as of `a + a * b`. Factors of 100 are counted, such as the 10000 of
    `a * b * c / 10000`. multiplies, divides: whether two codes are multiplied, or one is divided by another.
    """

    degree: int | None
    multiplies: bool
    divides: bool

    @classmethod
    def of(cls, expression: str, percentages: Collection[str]) -> "Scale":
        """expression: one that `lake.formula.derived` takes. percentages: the codes that count as 91 for 91 %."""
        tree = grammar.read(expression)
        try:
            degree = _degree(tree, {code.lower() for code in percentages}) or 0
        except _Unclear:
            degree = None
        return cls(degree, _joins(tree, exp.Mul), _joins(tree, exp.Div))


def _joins(tree: exp.Expr, kind: type[exp.Binary]) -> bool:
    return any(node.this.find(exp.Column) and node.expression.find(exp.Column) for node in tree.find_all(kind))


def _degree(node: exp.Expr, percentages: Collection[str]) -> int | None:
    """None: a constant, which may be added to anything."""
    if isinstance(node, exp.Column):
        return int(node.name.lower() in percentages)
    if isinstance(node, exp.Literal):
        return None
    if isinstance(node, _SAME):
        return _degree(node.this, percentages)
    if isinstance(node, (exp.Mul, exp.Div)):
        sign = 1 if isinstance(node, exp.Mul) else -1
        return _factor(node.this, percentages) + sign * _factor(node.expression, percentages)
    if isinstance(node, (exp.Add, exp.Sub)):
        parts = {_degree(node.this, percentages), _degree(node.expression, percentages)} - {None}
        if len(parts) > 1 or (parts and _is_one(node.this, node.expression) and parts != {0}):
            raise _Unclear
        return parts.pop() if parts else None
    raise _Unclear


def _factor(node: exp.Expr, percentages: Collection[str]) -> int:
    if isinstance(node, exp.Literal):
        return {100.0: 1, 1e4: 2, 1e6: 3, 1e8: 4, 0.01: -1, 1e-4: -2}.get(float(node.this), 0)
    return _degree(node, percentages) or 0


def _is_one(*nodes: exp.Expr) -> bool:
    """`1 - share` is of a share, `100 - percentage` of a percentage."""
    return any(isinstance(node, exp.Literal) and float(node.this) == 1 for node in nodes)
