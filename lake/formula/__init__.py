"""Formulas: what people may write about rows, checked node by node and run only as text regenerated from the tree."""

from lake.formula.compile import Formula, parse
from lake.formula.derived import derived, inputs_of
from lake.formula.grammar import FormulaError
from lake.formula.measured import measured

__all__ = ["Formula", "FormulaError", "derived", "inputs_of", "measured", "parse"]
