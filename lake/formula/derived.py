"""Numbers made from other numbers: a small evaluator over the same allow-listed tree, without a database."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from sqlglot import exp

from lake.formula import grammar
from lake.formula.grammar import FormulaError

Number = float | int | bool | None


def _quotient(a: float, b: float) -> float | None:
    return a / b if b else None


def _power(a: float, b: float) -> float:
    """Raises ValueError where Python would answer a complex number, as for a root of a negative one."""
    return math.pow(a, b)


def _rounded(value: float, digits: int) -> float:
    """Halves go away from zero, as in the database; Python's own go to the even neighbour."""
    scale = 10.0**digits
    size = abs(value) * scale
    if not math.isfinite(size):
        return value
    whole = math.floor(size)
    return math.copysign((whole + (size - whole >= 0.5)) / scale, value)


_TWO: dict[type[exp.Expr], Callable[[float, float], float | bool | None]] = {
    exp.Add: lambda a, b: a + b,
    exp.Sub: lambda a, b: a - b,
    exp.Mul: lambda a, b: a * b,
    exp.Div: _quotient,
    exp.Pow: _power,
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
}
_ONE: dict[type[exp.Expr], Callable[[float], float]] = {
    exp.Neg: lambda a: -a,
    exp.Abs: abs,
    exp.Floor: math.floor,
    exp.Ceil: math.ceil,
    exp.Sqrt: math.sqrt,
    exp.Ln: math.log,
    exp.Exp: math.exp,
}
_PASSED_ON = (exp.Paren, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Case, exp.If, exp.Round, exp.Is)
_LOGIC = (exp.And, exp.Or, exp.Not, exp.Null, exp.Boolean, exp.Literal, exp.Column, exp.Identifier)
DERIVED_NODES = frozenset((*_TWO, *_ONE, *_PASSED_ON, *_LOGIC))


def inputs_of(expression: str, known: Sequence[str] | None = None) -> tuple[str, ...]:
    """The codes that an expression reads, in the order of their first use. Raises FormulaError.

    known: the codes that exist; one that does not is refused with the nearest that does.
    """
    tree = _tree(expression, tuple(known) if known is not None else None)
    names = [column.name for column in tree.find_all(exp.Column, bfs=False)]
    return tuple(dict.fromkeys(names))


def derived(expression: str, inputs: Mapping[str, float | None]) -> float | None:
    """The value of an expression such as `cost / orders` over the values of other measures.

    A blank input or a division by zero gives a blank result unless `coalesce` names a replacement; a result that is not
    finite and a root or logarithm out of range give None. Raises FormulaError.
    """
    values = {name.lower(): value for name, value in inputs.items()}
    try:
        result = _value(_tree(expression, tuple(inputs)), values)
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        if isinstance(error, FormulaError):
            raise
        return None
    if result is None or not math.isfinite(result):
        return None
    return float(result)


@lru_cache(maxsize=1_000)
def _tree(expression: str, known: tuple[str, ...] | None) -> exp.Expr:
    tree = grammar.read(expression)
    grammar.check_nodes(tree, expression, DERIVED_NODES)
    columns = [column.name for column in tree.find_all(exp.Column)] if known is None else known
    grammar.check_columns(tree, expression, columns)
    for literal in tree.find_all(exp.Literal):
        if literal.is_string:
            raise FormulaError("A derived measure has numbers only", *grammar.place(literal, expression))
    return tree


def _value(node: exp.Expr, values: Mapping[str, Number]) -> Number:
    """SQL's rules: blank in, blank out, except where a node says otherwise."""
    if isinstance(node, exp.Literal):
        return float(node.this)
    if isinstance(node, exp.Column):
        return values.get(node.name.lower())
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, (exp.Case, exp.If)):
        return _choice(node, values)
    if isinstance(node, (exp.And, exp.Or, exp.Not, exp.Is)):
        return _logic(node, values)
    return _function(node, values)


def _function(node: exp.Expr, values: Mapping[str, Number]) -> Number:
    first = _value(node.this, values)
    if isinstance(node, exp.Paren):
        return first
    if isinstance(node, exp.Coalesce):
        others = (_value(other, values) for other in node.expressions)
        return first if first is not None else next((v for v in others if v is not None), None)
    if isinstance(node, (exp.Greatest, exp.Least)):
        given = [v for v in (first, *(_value(o, values) for o in node.expressions)) if v is not None]
        return (max if isinstance(node, exp.Greatest) else min)(given) if given else None
    if isinstance(node, exp.Round):
        digits = node.args.get("decimals")
        return None if first is None else _rounded(float(first), int(_value(digits, values) or 0) if digits else 0)
    if type(node) in _ONE:
        return None if first is None else _ONE[type(node)](first)
    second = _value(node.expression, values)
    if isinstance(node, exp.Nullif):
        return None if first == second else first
    return None if first is None or second is None else _TWO[type(node)](first, second)


def _choice(node: exp.Expr, values: Mapping[str, Number]) -> Number:
    if isinstance(node, exp.If):
        chosen = node.args["true"] if _value(node.this, values) else node.args.get("false")
        return _value(chosen, values) if chosen else None
    subject = _value(node.this, values) if node.this else None
    for branch in node.args["ifs"]:
        test = _value(branch.this, values)
        if (test == subject and test is not None) if node.this else test:
            return _value(branch.args["true"], values)
    default = node.args.get("default")
    return _value(default, values) if default else None


def _logic(node: exp.Expr, values: Mapping[str, Number]) -> Number:
    """Three-valued, as in SQL: unknown and false is false, unknown or true is true."""
    first = _value(node.this, values)
    if isinstance(node, exp.Not):
        return None if first is None else not first
    second = _value(node.expression, values)
    if isinstance(node, exp.Is):
        return first is second if second is None or first is None else first == second
    decisive = isinstance(node, exp.Or)
    if any(side is not None and bool(side) is decisive for side in (first, second)):
        return decisive
    return None if first is None or second is None else not decisive
