"""Did it work? A series before and after a day, alone or against one that did not change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .checks import data_check, shape_checks
from .periods import by_period
from .words import (
    Analysis,
    CannotAnswer,
    Picture,
    Sample,
    Table,
    checks_of,
    column,
    day_words,
    estimate_of,
    numbers_of,
)


def interruption(sample: Sample, options: Mapping[str, Any]) -> Analysis:
    """options: value, day (of the change), comparison (a column), each (period of rows), season (periods), confidence.

    Raises CannotAnswer, BadInput.
    """
    from analytics.hypothesis.finding import p_words
    from analytics.hypothesis.interrupted import interrupted

    name, other = options["value"], options.get("comparison")
    if not sample.in_order:
        raise CannotAnswer("These rows have no time, so before and after cannot be told apart. Choose other data.")
    names = [name, *([other] if other else [])]
    rows = _rows(sample, names, options.get("each"))
    rows, notes = _without_mixed(rows, options)
    labels, values = [row[0] for row in rows], [float(row[1]) for row in rows]
    at = _first_after(labels, options["day"])
    against = [float(row[2]) for row in rows] if other else None
    confidence = float(options.get("confidence") or 0.95)
    found = interrupted(values, at, comparison=against, season=_season(options, len(values)), confidence=confidence)
    effects = (found.effect_at_end, found.level_change, found.slope_change, found.slope_before)
    estimates = tuple(map(estimate_of, effects))
    why = "against a series that did not change" if other else "one series, before and after"
    picture, table = _shown(labels, values, found, at, options["day"], name)
    return Analysis(
        method=f"Interrupted time series, {found.design}",
        reason=f"Segmented regression, {why}; errors allow for neighbours that resemble each other (Newey-West).",
        verdict=found.sentence,
        estimates=estimates,
        checks=data_check(sample, names) + shape_checks(values, name, in_order=True),
        assumptions=checks_of(found.assumptions),
        statistic=f"level {p_words(found.level_p)}, slope {p_words(found.slope_p)}",
        n=found.n,
        confidence=confidence,
        notes=notes,
        pictures=(picture,),
        tables=(table,),
        numbers=numbers_of(estimates, p_level=found.level_p, p_slope=found.slope_p),
    )


def _first_after(labels: list[str], day: str) -> int:
    """Place of the first period from `day` on. Raises CannotAnswer unless there are three on either side."""
    at = sum(label < day for label in labels)
    if at < 3 or len(labels) - at < 3:
        raise CannotAnswer(
            f"There are {at} periods before {day_words(day)} and {len(labels) - at} from it on; "
            "at least 3 on either side are needed. Choose another day or finer periods."
        )
    return at


def _shown(labels: list[str], values: list[float], found: Any, at: int, day: str, name: str) -> tuple[Picture, Table]:
    fitted, expected = found.fitted.tolist(), found.expected.tolist()
    data = {"labels": labels, "points": values, "fitted": fitted, "expected": expected, "at": at, "value": name}
    rows = [list(row) for row in zip(labels, values, fitted, expected, strict=True)]
    table = Table("Points", ["Period", name, "Model", "Without the change"], rows)
    return Picture("interrupted", f"{name} before and after {day_words(day)}", data), table


def _rows(sample: Sample, names: list[str], each: str | None) -> list[tuple[Any, ...]]:
    """(label, value, value of the comparison) of each period that has all; with `each`, the means of its rows."""
    columns = [column(sample, one) for one in names]
    if any(isinstance(value, str) for values in columns for value in values):
        raise CannotAnswer(f"{' and '.join(names)}: a text has no level. Take numbers, or yes and no.")
    rows = [row for row in zip(sample.labels, *columns, strict=True) if all(value is not None for value in row)]
    if not each:
        return rows
    labels = [row[0] for row in rows]
    means = []
    for place in range(1, len(names) + 1):
        starts, groups = by_period(labels, [float(row[place]) for row in rows], each)
        means.append([sum(group) / len(group) for group in groups])
    return list(zip(starts, *means, strict=True)) if rows else []


def _without_mixed(rows: list[tuple[Any, ...]], options: Mapping[str, Any]) -> tuple[list[Any], tuple[str, ...]]:
    """Without the week, month ... in the middle of which the change fell: it is neither before nor after."""
    at = sum(row[0] < options["day"] for row in rows)
    begins = any(row[0] == options["day"] for row in rows)
    if begins or not 0 < at < len(rows) or (options.get("each") or options.get("grain") or "day") == "day":
        return rows, ()
    return rows[: at - 1] + rows[at:], (f"The period from {rows[at - 1][0]} is left out: the change fell into it.",)


def _season(options: Mapping[str, Any], n: int) -> int | None:
    """The asked season, if the series holds two of them."""
    season = int(options["season"]) if options.get("season") else None
    return season if season and n >= 2 * season else None
