"""Answering a question once: read, check, test. Saves nothing; `saving` keeps what comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from datasets.models import Dataset
from kpis.models import Kpi
from organization.access import Access
from organization.models import Unit

from . import analysis, limited, reading
from .analysis import CannotAnswer


@dataclass(frozen=True)
class Execution:
    """A result with where it came from. result: `analysis.Analysis` as plain values."""

    result: dict[str, Any]
    rows: int
    version: int | None
    complete_through: date | None
    code_version: str


def answer(
    question: str, source: Dataset | Kpi, unit: Unit, parameters: Mapping[str, Any], access: Access, day: date,
    *, grain: str = "",
) -> Execution:  # fmt: skip
    """The answer over what `access` may see of `unit`. Raises CannotAnswer, limited.TooMuch."""
    from analytics.inputs import BadInput

    if isinstance(source, Dataset):
        data = reading.rows_of(source, unit, parameters, access, day)
    else:
        data = reading.series_of(source, unit, grain, question, parameters, access, day)
    try:
        result = limited.run(analysis.answered, str(question), data.sample, dict(data.options))
    except BadInput as fault:
        raise CannotAnswer(str(fault)) from fault
    return Execution(result, data.sample.rows, data.version, data.complete_through, code_version())


@cache
def code_version() -> str:
    """Of the code that computes: a digest of `analytics/` and of the analyses. Changes when a result could."""
    digest = hashlib.sha256()
    root = Path(__file__).parent.parent
    for folder in ("analytics", "studies/analysis"):
        for file in sorted((root / folder).rglob("*.py")):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]
