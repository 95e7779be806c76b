"""The questions of the bench and how each is answered: pure functions over values that were read elsewhere.

Knows no Django; `limited.run(answered, ...)` calls it in a child process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .causes import causes
from .difference import difference
from .influence import influence
from .interruption import interruption
from .sample_size import sample_size
from .stability import stability
from .words import Analysis, CannotAnswer, Sample

METHODS: dict[str, Callable[[Sample, Mapping[str, Any]], Analysis]] = {
    "difference": difference,
    "stability": stability,
    "influence": influence,
    "causes": causes,
    "sample_size": sample_size,
    "interruption": interruption,
}

__all__ = ["METHODS", "Analysis", "CannotAnswer", "Sample", "answered"]


def answered(question: str, sample: Sample, options: Mapping[str, Any]) -> dict[str, Any]:
    """The analysis as plain values. Raises CannotAnswer, analytics.inputs.BadInput."""
    from studies.functions.calls import plain

    if not sample.rows:
        raise CannotAnswer("There are no rows that you may see. Choose other data, or take the filter away.")
    return plain(METHODS[question](sample, options))  # type: ignore[no-any-return]
