"""What a count counts: `count(met)` is the rows in which `met` is known, also those in which it is no."""

from collections.abc import Collection, Iterator

from sqlglot import exp

from lake.formula import grammar

_YES_OR_NO = (exp.Predicate, exp.And, exp.Or, exp.Not)


def counted_conditions(text: str, yes_or_no: Collection[str]) -> Iterator[str]:
    """The conditions that `count` is given in a formula that was checked before, as they are written.

    yes_or_no: names of boolean columns.
    """
    names = {name.lower() for name in yes_or_no}
    for node in grammar.read(text).find_all(exp.Count):
        asked = node.this.unnest() if node.this is not None else None
        if isinstance(asked, exp.Column) and asked.name.lower() in names:
            yield asked.name
        elif isinstance(asked, _YES_OR_NO):
            yield asked.sql(dialect="duckdb")
