"""Driver trees as plain data: formula nodes over inputs and other nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

from analytics.inputs import BadInput, EmptyInput, Floats, TooLarge, ZeroDenominator, choice


class BrokenTree(BadInput):
    """A node that refers to nothing, to itself in a circle, or twice the same name."""


@dataclass(frozen=True, slots=True)
class Node:
    """One formula. kind: sum, product, difference (first less the rest), ratio (first / second), minimum, maximum."""

    name: str
    kind: Literal["sum", "product", "difference", "ratio", "minimum", "maximum"]
    of: tuple[str, ...]


_KINDS: dict[str, Callable[[Sequence[Floats]], Floats]] = {
    "sum": lambda parts: reduce(np.add, parts),
    "product": lambda parts: reduce(np.multiply, parts),
    "difference": lambda parts: reduce(np.subtract, parts),
    "ratio": lambda parts: parts[0] / parts[1],
    "minimum": lambda parts: reduce(np.minimum, parts),
    "maximum": lambda parts: reduce(np.maximum, parts),
}


@dataclass(frozen=True, slots=True)
class DriverTree:
    """Nodes in any order; `output` is the one the question is about. Checked when it is made."""

    nodes: tuple[Node, ...]
    output: str

    def __post_init__(self) -> None:
        if not self.nodes:
            raise EmptyInput("A driver tree needs at least one node.")
        names = [node.name for node in self.nodes]
        if len(set(names)) < len(names):
            raise BrokenTree("Two nodes have the same name.")
        for node in self.nodes:
            choice(node.kind, f"kind of {node.name}", _KINDS)
            if not node.of or (node.kind == "ratio" and len(node.of) != 2):
                raise BrokenTree(f"{node.name}: a {node.kind} of {len(node.of)} parts.")
        if self.output not in names:
            raise BrokenTree(f"The output {self.output} is not a node.")
        self.order()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names that nodes use and no node makes, in order of first use."""
        made = {node.name for node in self.nodes}
        return tuple(dict.fromkeys(name for node in self.nodes for name in node.of if name not in made))

    def order(self) -> list[Node]:
        """Nodes so that each follows what it is made of. Raises BrokenTree for a circle."""
        done, waiting = set(self.inputs), list(self.nodes)
        ordered: list[Node] = []
        while waiting:
            ready = [node for node in waiting if set(node.of) <= done]
            if not ready:
                raise BrokenTree(f"{', '.join(node.name for node in waiting)} depend on each other in a circle.")
            ordered += ready
            done |= {node.name for node in ready}
            waiting = [node for node in waiting if node.name not in done]
        return ordered

    def evaluate(self, values: Mapping[str, Floats]) -> Floats:
        """The output for arrays of inputs of one length.

        Raises BrokenTree (input missing), ZeroDenominator, TooLarge.
        """
        if missing := [name for name in self.inputs if name not in values]:
            raise BrokenTree(f"No value for {', '.join(missing)}.")
        known = dict(values)
        for node in self.order():
            parts = [np.asarray(known[name], dtype=np.float64) for name in node.of]
            if node.kind == "ratio" and (parts[1] == 0).any():
                raise ZeroDenominator(f"{node.name}: {node.of[1]} can be zero; bound it away from zero.")
            with np.errstate(over="ignore", invalid="ignore"):
                known[node.name] = _KINDS[node.kind](parts)
        if not np.isfinite(known[self.output]).all():
            raise TooLarge(f"{self.output} leaves the range of numbers; use larger units for its inputs.")
        return known[self.output]
