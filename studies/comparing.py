"""Two results of one study, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SAME = 1e-9  # relative: differences of floating-point sums are none


@dataclass(frozen=True)
class Line:
    """One number of both runs; None where a run does not have it."""

    name: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def is_changed(self) -> bool:
        if self.before is None or self.after is None:
            return self.before is not self.after
        return not math.isclose(self.before, self.after, rel_tol=SAME, abs_tol=1e-300)


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    """Every number of either result, in the order of the later one."""
    first, second = before["numbers"], after["numbers"]
    names = [*second, *(name for name in first if name not in second)]
    return [Line(name, first.get(name), second.get(name)) for name in names]


def differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a number or the plain answer is another one."""
    return before["method"] != after["method"] or any(line.is_changed for line in compared(before, after))
