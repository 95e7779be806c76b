"""From measures to primitives: the few sums, counts, extremes, quantiles and distinct counts that all of them share.

A measure becomes three expressions (value, numerator, denominator) over named primitives. Primitives are equal when
their SQL is, so that sixty measures of one dataset need perhaps forty. Which primitives add up over units and time is
known by their kind; the engine gathers those once at the finest grain and the others from rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import sqlglot
from sqlglot import exp

from lake import formula
from lake.contract import Contract, Role
from lake.formula.compile import quoted, to_sql
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
        parts = parts_of(measure, self.contract)
        used: set[str] = set()
        value, numerator, denominator = (
            None if tree is None else self._over_primitives(tree, parts.where, used)
            for tree in (parts.value, parts.numerator, parts.denominator)
        )
        assert value is not None
        rows = self._name(Primitive("count", None, parts.where), used)
        return Terms(measure, value, numerator, denominator, rows, frozenset(used))

    def _over_primitives(self, tree: exp.Expr, where: str | None, used: set[str]) -> str:
        """The expression with each aggregate replaced by the primitives that give it, all as doubles."""

        def replace(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, (exp.Filter, *AGGREGATES)):
                return node
            names = [self._name(primitive, used) for primitive in primitives_of(node, where)]
            columns = [f"CAST({name} AS DOUBLE)" for name in names]
            return internal(columns[0] if len(columns) == 1 else f"({columns[0]} / NULLIF({columns[1]}, 0))")

        return to_sql(tree.transform(replace))

    def _name(self, primitive: Primitive, used: set[str]) -> str:
        if primitive.kind == "distinct" and primitive.value in self._unique_keys:
            primitive = Primitive("count", primitive.value, primitive.condition)
        name = self.primitives.setdefault(primitive, f"_m{len(self.primitives)}")
        used.add(name)
        return name

    @property
    def _unique_keys(self) -> frozenset[str]:
        """The record key, if it is one column: the store keeps it unique, so its distinct count is a plain count."""
        keys = [quoted(column.name) for column in self.contract.columns if column.has(Role.KEY)]
        return frozenset(keys) if len(keys) == 1 else frozenset()


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
