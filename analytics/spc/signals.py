"""Signals: where a rule fired on a chart, in words that a page can print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.spc.chart import ControlChart
from analytics.spc.rules.anhoej import WORDS, run_chart
from analytics.spc.rules.rule import Rule, Run
from analytics.spc.rules.sets import rules_for


@dataclass(frozen=True, slots=True)
class Signal:
    """One fired rule. position: the caller's index of the point that completes the pattern; pattern: all its points.

    side: "high" (above, or rising), "low" (below, or falling), or "none" for a pattern without direction.
    """

    rule: str
    words: str
    position: int
    pattern: tuple[int, ...]
    side: str


@dataclass(frozen=True, slots=True)
class Signals:
    """All signals of one chart in order of position, then precedence, with the definitions that were applied."""

    rule_set: str
    definitions: tuple[tuple[str, str], ...]
    found: tuple[Signal, ...]

    def at(self, position: int) -> tuple[Signal, ...]:
        """Signals that a point completes, the one that takes precedence first."""
        return tuple(signal for signal in self.found if signal.position == position)

    def at_rule(self, rule: str) -> tuple[Signal, ...]:
        """Signals of one rule, by its code."""
        return tuple(signal for signal in self.found if signal.rule == rule)

    @property
    def positions(self) -> tuple[int, ...]:
        """Every marked point once, in order."""
        return tuple(dict.fromkeys(signal.position for signal in self.found))


def signals(chart: ControlChart, rules: str | Sequence[Rule] = "nelson") -> Signals:
    """Every rule of a set on every point of a chart.

    rules: "basic", "western_electric", "nelson", "nelson_qcc", "nhs", "anhoej", or rules of your own. On charts of
    counts and shares only the rules fit for them are used, on EWMA and CUSUM only the limits; `definitions` lists what
    was used. Runs start anew in each phase; excluded points are passed over. The point that completes a pattern is
    marked, and so is each further point while it lasts. Raises OutOfRange (unknown set).
    """
    if rules == "anhoej":
        return _anhoej(chart)
    chosen = rules_for(chart.kind, rules)
    found: list[tuple[int, int, Signal]] = []
    for phase in range(int(chart.phase[-1]) + 1):
        index = np.flatnonzero((chart.phase == phase) & ~chart.excluded)
        run = Run(chart.points[index], chart.z[index], chart.lower[index], chart.upper[index])
        for rank, rule in enumerate(chosen):
            high, low = rule.find(run)
            for end in np.flatnonzero(high | low):
                pattern = chart.positions[index[max(0, end - rule.span + 1) : end + 1]]
                side = "none" if not rule.sided else "high" if high[end] else "low"
                position = int(pattern[-1])
                found.append((position, rank, Signal(rule.code, rule.words, position, tuple(pattern.tolist()), side)))
    found.sort(key=lambda item: item[:2])
    return Signals(
        rules if isinstance(rules, str) else "own",
        tuple((rule.code, rule.words) for rule in chosen),
        tuple(signal for _, _, signal in found),
    )


def _anhoej(chart: ControlChart) -> Signals:
    definitions = WORDS
    found: list[Signal] = []
    for phase in range(int(chart.phase[-1]) + 1):
        index = np.flatnonzero((chart.phase == phase) & ~chart.excluded)
        values = chart.points[index]
        result = run_chart(values, median=float(np.median(chart.points[(chart.phase == phase) & chart.in_limits])))
        if result.run_end is not None:
            side = values > result.median if result.run_is_above else values < result.median
            opposite = values < result.median if result.run_is_above else values > result.median
            start = int(np.flatnonzero(opposite[: result.run_end])[-1]) + 1 if opposite[: result.run_end].any() else 0
            pattern = chart.positions[index[start : result.run_end + 1][side[start : result.run_end + 1]]]
            found.append(
                Signal(
                    *definitions[0],
                    int(pattern[-1]),
                    tuple(pattern.tolist()),
                    "high" if result.run_is_above else "low",
                )
            )
        if result.is_few_crossings and result.last_useful is not None:
            pattern = chart.positions[index[: result.last_useful + 1]]
            found.append(Signal(*definitions[1], int(pattern[-1]), tuple(pattern.tolist()), "none"))
    return Signals("anhoej", definitions, tuple(sorted(found, key=lambda signal: signal.position)))
