"""What an analysis says: the method and why, the effect with its interval, the assumptions, pictures and tables.

Plain values only: `Analysis` is stored as JSON, drawn by `dashboards.charts` and compared between runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from analytics.wording import digits


class CannotAnswer(ValueError):
    """The data do not hold what the question needs. Says thing, fault, next step."""


@dataclass(frozen=True)
class Sample:
    """The values that were read: equally long columns by name, None where a value is missing.

    labels: what stands below each value in a chart, in time order where the data have a time; else empty.
    total: rows that there are; the columns may hold only the latest of them.
    """

    columns: Mapping[str, Sequence[Any]]
    labels: Sequence[str] = ()
    total: int = 0
    notes: Sequence[str] = ()

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    @property
    def in_order(self) -> bool:
        return bool(self.labels)


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; low and high are None where there is none.

    unit: "share" is shown in percent, "points" (the difference of two shares) in points.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Check:
    """holds: None where the data cannot tell."""

    name: str
    holds: bool | None
    detail: str


@dataclass(frozen=True)
class Table:
    """units: of each column, as those of an `Estimate`; empty: all are plain."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]
    units: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """kind: box, intervals, control, run, histogram, scatter, pareto, power or interrupted; data: what it shows."""

    kind: str
    title: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Analysis:
    """estimates: the effect that matters first. numbers: what two runs are compared by. verdict: the plain answer."""

    method: str
    reason: str
    verdict: str
    estimates: Sequence[Estimate]
    checks: Sequence[Check]
    assumptions: Sequence[Check]
    statistic: str = ""
    p: float | None = None
    n: int = 0
    confidence: float = 0.95
    correction: str = ""
    notes: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    numbers: Mapping[str, float | None] = field(default_factory=dict)


def estimate_of(effect: Any, name: str = "", unit: str = "") -> Estimate:
    """An `analytics` effect."""
    return Estimate(name or effect.name, effect.value, effect.low, effect.high, unit)


def checks_of(assumptions: Iterable[Any]) -> tuple[Check, ...]:
    """The assumptions of an `analytics` finding."""
    return tuple(Check(one.name, one.holds, one.detail) for one in assumptions)


def numbers_of(estimates: Iterable[Estimate], **more: float | None) -> dict[str, float | None]:
    """Each estimate with its ends, then `more`."""
    numbers: dict[str, float | None] = {}
    for one in estimates:
        numbers[one.name] = one.value
        if one.low is not None:
            numbers[f"{one.name}, low"] = one.low
            numbers[f"{one.name}, high"] = one.high
    return numbers | more


def statistic_words(finding: Any) -> str:
    """`t = 3.12 (df 47.2)`; nothing for a test without a statistic."""
    if finding.statistic is None:
        return ""
    df = ", ".join(digits(one) for one in finding.df)
    return f"{finding.statistic_name} = {digits(finding.statistic)}" + (f" (df {df})" if df else "")


def day_words(day: str) -> str:
    """2018-01-05 as 5 Jan 2018."""
    read = date.fromisoformat(day[:10])
    return f"{read.day} {read:%b %Y}"


def numeric(values: Sequence[Any]) -> list[float]:
    """The values that are there, as floats."""
    return [float(value) for value in values if value is not None]


def column(sample: Sample, name: str) -> Sequence[Any]:
    """Raises CannotAnswer."""
    if name not in sample.columns:
        raise CannotAnswer(f"There is no column {name}. Choose one of the dataset's columns.")
    return sample.columns[name]
