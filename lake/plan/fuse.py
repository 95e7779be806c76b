"""From measures to primitives: the few sums, counts, extremes, quantiles and distinct counts that all of them share.

A measure becomes three expressions (value, numerator, denominator) over named primitives. Primitives are equal when
their SQL is, so that sixty measures of one dataset need perhaps forty. Which primitives add up over units and time is
known by their kind; the engine gathers those once at the finest grain and the others from rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

import sqlglot
from sqlglot import exp

from lake import formula
from lake.contract import Contract, Role
from lake.formula.compile import quoted, to_sql, whole_quotients
from lake.formula.grammar import AGGREGATES
from lake.plan.measure import Measure

PrimitiveKind = Literal["count", "sum", "min", "max", "quantile", "distinct"]
MERGEABLE = frozenset({"count", "sum", "min", "max"})


@dataclass(frozen=True, slots=True)
class Primitive:
    """One aggregate over rows. value: SQL of a row (None counts rows); condition: only rows where it is true."""

    kind: PrimitiveKind
    value: str | None = None
    condition: str | None = None
    share: float | None = None


@dataclass(frozen=True)
class Parts:
    """A measure as aggregate expressions over rows, checked and regenerated, before its filter is applied.

    numerator and denominator are None where the value is no quotient of sums that add up.
    """

    value: exp.Expr
    numerator: exp.Expr | None
    denominator: exp.Expr | None
    where: str | None


@dataclass(frozen=True)
class Terms:
    """A measure as SQL over the names of primitives; `names` are those that it reads."""

    measure: Measure
    value: str
    numerator: str | None
    denominator: str | None
    rows: str
    names: frozenset[str]


@dataclass
class Fusion:
    """The primitives of a set of measures, each once, by name."""

    contract: Contract
    primitives: dict[Primitive, str] = field(default_factory=dict)

    def add(self, measure: Measure) -> Terms:
        """Take the measure in. Raises FormulaError or MeasureError if it is not one."""
        draft = _draft(measure, self.contract)
        names = [self.primitives.setdefault(p, f"_m{len(self.primitives)}") for p in draft.primitives]
        value, numerator, denominator = (text and text.format(*names) for text in draft.expressions)
        assert value is not None
        return Terms(measure, value, numerator, denominator, names[0], frozenset(names))


@dataclass(frozen=True)
class _Draft:
    """A measure with its primitives by place: expressions hold {0}, {1}... The first primitive counts its rows."""

    primitives: tuple[Primitive, ...]
    expressions: tuple[str | None, str | None, str | None]


@lru_cache(maxsize=2_000)
def _draft(measure: Measure, contract: Contract) -> _Draft:
    parts = parts_of(measure, contract)
    filled = {quoted(column.name) for column in contract.columns if column.needed}
    keys = [quoted(column.name) for column in contract.columns if column.has(Role.KEY)]
    places = {Primitive("count", None, parts.where): 0}

    def place(primitive: Primitive) -> str:
        if primitive.kind == "distinct" and [primitive.value] == keys:  # the store keeps the record key unique
            primitive = replace(primitive, kind="count")
        if primitive.kind == "count" and primitive.value in filled:
            primitive = replace(primitive, value=None)
        return f"CAST({{{places.setdefault(primitive, len(places))}}} AS DOUBLE)"

    def expression(tree: exp.Expr | None) -> str | None:
        return None if tree is None else _template(tree, parts.where, place)

    expressions = (expression(parts.value), expression(parts.numerator), expression(parts.denominator))
    return _Draft(tuple(places), expressions)


def _template(tree: exp.Expr, where: str | None, place: Callable[[Primitive], str]) -> str:
    """The expression's SQL with each aggregate replaced by the places of the primitives that give it, as doubles."""
    inserted: list[str] = []

    def replace_call(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, (exp.Filter, *AGGREGATES)):
            return node
        columns = [place(primitive) for primitive in primitives_of(node, where)]
        inserted.append(columns[0] if len(columns) == 1 else f"({columns[0]} / NULLIF({columns[1]}, 0))")
        return exp.column(f"@{len(inserted) - 1}@", quoted=True)

    tree = whole_quotients(tree, lambda node: node.find(*AGGREGATES) is not None)  # they will be doubles
    sql = to_sql(tree.transform(replace_call)).replace("{", "{{").replace("}", "}}")
    for number, text in enumerate(inserted):
        sql = sql.replace(f'"@{number}@"', text)
    return sql


def parts_of(measure: Measure, contract: Contract) -> Parts:
    """Check a measure's formulas. Raises FormulaError."""
    where = formula.parse(measure.where, contract, aggregate=False, wanted="boolean").sql if measure.where else None
    match measure.kind:
        case "ratio":
            numerator = formula.parse(measure.value, contract).tree
            denominator = formula.parse(measure.denominator or "", contract).tree
            return Parts(_quotient(numerator, denominator), numerator, denominator, where)
        case "weighted_mean":
            value = formula.parse(measure.value, contract, aggregate=False, wanted="number").sql
            weight = formula.parse(measure.weight or "", contract, aggregate=False, wanted="number").sql
            numerator = internal(f"SUM(({value}) * ({weight}))")
            denominator = internal(f"SUM(CASE WHEN ({value}) IS NOT NULL THEN {weight} END)")
            return Parts(_quotient(numerator, denominator), numerator, denominator, where)
        case "percentile":
            value = formula.parse(measure.value, contract, aggregate=False, wanted="number").sql
            return Parts(internal(f"QUANTILE_CONT({value}, {measure.percentile})"), None, None, where)
        case "distinct_count":
            value = formula.parse(measure.value, contract, aggregate=False).sql
            return Parts(internal(f"COUNT(DISTINCT {value})"), None, None, where)
    tree = formula.parse(measure.value, contract).tree
    return Parts(tree, *_split(tree), where)


def primitives_of(node: exp.Expr, where: str | None) -> Iterator[Primitive]:
    """The primitives that give an aggregate; two of them mean the first divided by the second."""
    if isinstance(node, exp.Filter):
        yield from primitives_of(node.this, _both(where, to_sql(node.expression.this)))
        return
    argument = node.this
    if isinstance(node, exp.CountIf):
        yield Primitive("count", None, _both(where, to_sql(argument)))
    elif isinstance(node, exp.Count):
        if isinstance(argument, exp.Distinct):
            yield Primitive("distinct", to_sql(argument.expressions[0]), where)
        else:
            yield Primitive("count", None if isinstance(argument, exp.Star) else to_sql(argument), where)
    elif isinstance(node, exp.Avg):
        yield Primitive("sum", to_sql(argument), where)
        yield Primitive("count", to_sql(argument), where)
    elif isinstance(node, (exp.Median, exp.PercentileCont)):
        share = 0.5 if isinstance(node, exp.Median) else float(node.expression.this)
        yield Primitive("quantile", to_sql(argument), where, share)
    else:
        kinds: dict[type[exp.Expr], PrimitiveKind] = {exp.Sum: "sum", exp.Min: "min", exp.Max: "max"}
        yield Primitive(kinds[type(node)], to_sql(argument), where)


def internal(sql: str) -> exp.Expr:
    """The tree of SQL that was put together here out of regenerated parts."""
    return sqlglot.parse_one(sql, dialect="duckdb")


def adds_up(tree: exp.Expr) -> bool:
    """Whether the expression over all rows is the sum of what it is over each of them."""
    if isinstance(tree, (exp.Paren, exp.Neg)):
        return adds_up(tree.this)
    if isinstance(tree, (exp.Add, exp.Sub)):
        return adds_up(tree.left) and adds_up(tree.right)
    if isinstance(tree, exp.Mul):
        return (_is_number(tree.left) and adds_up(tree.right)) or (adds_up(tree.left) and _is_number(tree.right))
    if isinstance(tree, exp.Div):
        return adds_up(tree.left) and _is_number(tree.right)
    call = tree.this if isinstance(tree, exp.Filter) else tree
    return isinstance(call, (exp.Sum, exp.Count, exp.CountIf)) and not isinstance(call.this, exp.Distinct)


def _split(tree: exp.Expr) -> tuple[exp.Expr | None, exp.Expr | None]:
    """Numerator and denominator of an expression, if they are sums: those of a quotient or a mean, else the sum."""
    if adds_up(tree):
        return tree, None
    if isinstance(tree, exp.Paren):
        return _split(tree.this)
    if isinstance(tree, exp.Mul):
        for quotient, factor in ((tree.left, tree.right), (tree.right, tree.left)):
            numerator, denominator = _split(quotient) if _is_number(factor) else (None, None)
            if numerator is not None and denominator is not None:
                return exp.Mul(this=exp.paren(numerator.copy()), expression=factor.copy()), denominator
    call = tree.this if isinstance(tree, exp.Filter) else tree
    if isinstance(call, exp.Avg):
        return tuple(_instead(tree, kind(this=call.this.copy())) for kind in (exp.Sum, exp.Count))  # type: ignore[return-value]
    if isinstance(tree, exp.Div):
        divisor = tree.right.this if isinstance(tree.right, exp.Nullif) else tree.right
        if adds_up(tree.left) and adds_up(divisor):
            return tree.left, divisor
    return None, None


def _instead(tree: exp.Expr, call: exp.Expr) -> exp.Expr:
    """The call, with the filter that `tree` has."""
    return exp.Filter(this=call, expression=tree.expression.copy()) if isinstance(tree, exp.Filter) else call


def _quotient(numerator: exp.Expr, denominator: exp.Expr) -> exp.Expr:
    divisor = exp.Nullif(this=denominator.copy(), expression=exp.Literal.number(0))
    return exp.Div(this=exp.paren(numerator.copy()), expression=divisor)


def _both(first: str | None, second: str) -> str:
    return second if first is None else f"({first}) AND ({second})"


def _is_number(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Literal) and not tree.is_string
