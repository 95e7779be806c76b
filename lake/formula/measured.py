"""An aggregate expression as the engine computes it: out of aggregates that are numbers, as doubles.

SQL elsewhere, such as an error budget's, has the aggregates' own types; a latest time may stand there.
"""

from functools import lru_cache

from sqlglot import exp

from lake.contract import Contract
from lake.formula import grammar
from lake.formula.compile import NUMERIC, TYPE_WORDS, Formula, Schema, parse, schema_of, to_sql, type_of
from lake.formula.grammar import FormulaError

_TAKEN = "take a number inside it, as in {word}(%s({column})), or {word}(epoch({column})) for seconds"
_INSIDE = {
    "text": "count(distinct {column}) tells how many there are",
    "date": _TAKEN % "month",
    "timestamp": _TAKEN % "hour",
    "span": "take seconds, as in {word}(epoch(until) - epoch(since))",
}


def measured(text: str, contract: Contract) -> Formula:
    """`parse` where a measure is written that the engine computes: an aggregate that is no number is refused too."""
    formula = parse(text, contract, tried=True)
    _check(formula, schema_of(contract))
    return formula


@lru_cache(maxsize=2_000)
def _check(formula: Formula, schema: Schema) -> None:
    for call in formula.tree.find_all(*grammar.AGGREGATES):
        type_ = type_of(to_sql(call), schema, formula.text)
        if type_ not in NUMERIC and type_ != "boolean":
            token, position = grammar.place(call, formula.text)
            word = token or grammar.name_of(call)
            names = {column.name for column in call.find_all(exp.Column)}
            column = names.pop() if len(names) == 1 else "column"
            instead = _INSIDE.get(type_, "").format(word=word, column=column)
            said = f"`{word}` gives {TYPE_WORDS.get(type_, 'no number')} here, and a measure computes with numbers"
            raise FormulaError(f"{said}; {instead}" if instead else said, token, position)

    def as_double(node: exp.Expr) -> exp.Expr:
        return exp.cast(exp.Null(), "double") if isinstance(node, (exp.Filter, *grammar.AGGREGATES)) else node

    type_of(to_sql(formula.tree.transform(as_double)), schema, formula.text)
