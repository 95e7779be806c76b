"""Is it stable and capable? A control chart with its signals; with specification limits, the capability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.wording import digits

from .checks import data_check, shape_checks
from .periods import by_period
from .words import (
    Analysis,
    CannotAnswer,
    Check,
    Estimate,
    Picture,
    Sample,
    Table,
    column,
    numbers_of,
    numeric,
)

FEWEST = 12  # points of a control chart; fewer make a run chart
MOST_POINTS = 500
LARGEST_SUBGROUP = 100  # the constants of the chart end there
RULES = ("nelson", "western_electric", "nhs", "anhoej")


def stability(sample: Sample, options: Mapping[str, Any]) -> Analysis:
    """options: value; each ("row", "day", "week", "month"); rules; lsl, usl, target. Raises CannotAnswer, BadInput."""
    name = options["value"]
    if not sample.in_order:
        raise CannotAnswer("These rows have no time, so nothing can be said about stability. Choose other data.")
    known = [
        (label, value) for label, value in zip(sample.labels, column(sample, name), strict=True) if value is not None
    ]
    if any(isinstance(value, str | bool) for _, value in known):
        raise CannotAnswer(f"{name} is not a number. For yes and no, use a KPI that counts it.")
    values = numeric([value for _, value in known])
    labels, chart, method, why, notes = _charted(sample, options, [label for label, _ in known], values)
    rules = options.get("rules") or "nelson"
    if chart is None:
        return _run_only(sample, name, labels, values)
    fired = _signals(chart, rules)
    able = _capability(values, options)
    checks = data_check(sample, [name]) + shape_checks(values, name, in_order=True)
    estimates, verdict = _said(chart, fired, able)
    return Analysis(
        method=method,
        reason=why,
        verdict=verdict,
        estimates=estimates,
        checks=checks,
        assumptions=_assumptions(chart, fired, able),
        n=len(values),
        notes=(*notes, *chart.notes, *(able["watermarks"] if able else ())),
        pictures=_pictures(name, labels, chart, fired, values, options),
        tables=_tables(labels, chart, fired),
        numbers=numbers_of(estimates, signals=float(len(fired)), points=float(len(chart))),
    )


def _charted(
    sample: Sample, options: Mapping[str, Any], labels: Sequence[str], values: list[float]
) -> tuple[Sequence[str], Any, str, str, tuple[str, ...]]:
    """Labels, chart (None: too few points), its name, why, and what was left out."""
    from analytics.spc.charts import individuals, laney_p, xbar_s

    each = options.get("each") or "row"
    events, sizes = sample.columns.get("numerator"), sample.columns.get("denominator")
    if events and sizes and _are_counts(events, sizes):
        if len(events) < FEWEST:
            return labels, None, "", "", ()
        why = "A share of changing denominators: Laney's p' chart, whose limits allow for both sizes and drift."
        chart = _scaled(laney_p(numeric(events), numeric(sizes)), values)
        return sample.labels, chart, "Laney p' chart", why, ()
    if each == "row":
        notes: tuple[str, ...] = ()
        if len(values) > MOST_POINTS:
            notes = (f"The chart shows the latest {MOST_POINTS} of {len(values):,} values.",)
            labels, values = labels[-MOST_POINTS:], values[-MOST_POINTS:]
        if len(values) < FEWEST:
            return labels, None, "", "", notes
        why = "One value a point: the individuals chart, sigma from the mean moving range."
        return labels, individuals(values), "Individuals (XmR) chart", why, notes
    starts, groups = by_period(labels, values, each, at_least=2)
    if len(groups) < FEWEST:
        raise CannotAnswer(
            f"There are {len(groups)} {each}s with two values or more; {FEWEST} are needed. Take shorter ones."
        )
    why = f"Several values a {each}: the chart of means, sigma from the standard deviations within."
    full = any(len(group) > LARGEST_SUBGROUP for group in groups)
    notes = (f"Of each {each}, the first {LARGEST_SUBGROUP} values make its point.",) if full else ()
    chart = xbar_s([group[:LARGEST_SUBGROUP] for group in groups])
    return starts, chart, f"X-bar and S chart by {each}", why, notes


def _scaled(chart: Any, values: list[float]) -> Any:
    """The chart of shares in the unit of the measure, which may be percent."""
    from dataclasses import replace

    if abs(values[0] - 100 * chart.points[0]) > 1e-6 * max(1.0, abs(values[0])):
        return chart
    names = ("points", "centre", "lower", "upper", "sigma")
    return replace(chart, **{name: getattr(chart, name) * 100 for name in names})


def _are_counts(events: Sequence[Any], sizes: Sequence[Any]) -> bool:
    """Whole events out of whole sizes in every period."""
    return all(
        e is not None and s is not None and 0 <= e <= s and s > 0 and float(e).is_integer() and float(s).is_integer()
        for e, s in zip(events, sizes, strict=True)
    )


def _signals(chart: Any, rules: str) -> list[dict[str, Any]]:
    """Position, rule and words of each, the first by position."""
    from analytics.spc.signals import signals

    return [
        {"position": one.position, "rule": one.rule, "words": one.words, "side": one.side}
        for one in signals(chart, rules).found
    ]


def _capability(values: list[float], options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Index estimates, the share outside, and doubts; None without specification limits."""
    import numpy as np
    from scipy import stats

    from analytics.capability.indices import capability, percentile_capability

    lsl, usl, target = (options.get(name) for name in ("lsl", "usl", "target"))
    if lsl is None and usl is None:
        return None
    array = np.array(values)
    skewed = array.size >= 8 and stats.shapiro(array[:5000]).pvalue < 0.05
    if skewed:
        logs = array.min() > 0 and stats.shapiro(np.log(array[:5000])).pvalue >= 0.05
        way = "lognormal" if logs else "empirical"
        made = percentile_capability(values, lsl=lsl, usl=usl, distribution=way)
        words = f"Not normally distributed: Ppk by the 0.135 %, 50 % and 99.865 % points ({made.distribution})."
        estimates: tuple[Estimate, ...] = (Estimate("Ppk", made.ppk),)
        share = made.observed
    else:
        full = capability(values, lsl=lsl, usl=usl, target=target)
        made, words = full, f"Normally distributed: sigma within by {full.estimator}."
        estimates = tuple(
            Estimate(name, index.value, index.low, index.high)
            for name, index in (
                ("Cpk", full.cpk),
                ("Ppk", full.ppk),
                ("Cp", full.cp),
                ("Pp", full.pp),
                ("Cpm", full.cpm),
            )
            if index is not None
        )
        share = full.observed
    return {
        "estimates": (*estimates, _outside(share.share, len(values))),
        "words": words,
        "watermarks": tuple(made.watermarks),
        "ppk": made.ppk if skewed else made.ppk.value,
    }


def _outside(seen: float, n: int) -> Estimate:
    from analytics.hypothesis.proportions import share_interval

    share = share_interval(round(seen * n), n)
    return Estimate("share outside the limits", share.value, share.low, share.high, "share")


def _said(chart: Any, fired: list[dict[str, Any]], able: dict[str, Any] | None) -> tuple[tuple[Estimate, ...], str]:
    centre = Estimate(
        "centre and natural limits", float(chart.centre[-1]), float(chart.lower[-1]), float(chart.upper[-1])
    )
    places = len({one["position"] for one in fired})
    stable = "Stable: no rule fires." if not fired else f"Not stable: rules fire at {places} of {len(chart)} points."
    if able is None:
        return (centre,), stable
    good = able["ppk"] >= 4 / 3
    words = "Capable: Ppk is 1.33 or more." if good else f"Not capable: Ppk is {digits(able['ppk'], 3)}, below 1.33."
    if fired:
        words += " An unstable process has no capability that one could promise."
    return (*able["estimates"], centre), f"{stable} {words}"


def _assumptions(chart: Any, fired: list[dict[str, Any]], able: dict[str, Any] | None) -> tuple[Check, ...]:
    found = [Check("sigma", None, chart.estimator), Check("in control", not fired, f"{len(fired)} signals")]
    return (*found, Check("distribution", None, able["words"])) if able else tuple(found)


def _run_only(sample: Sample, name: str, labels: Sequence[str], values: list[float]) -> Analysis:
    from analytics.spc.rules.anhoej import run_chart

    made = run_chart(values)
    estimates = (Estimate("median", made.median),)
    trend = made.is_shift or made.is_few_crossings
    data = {"labels": list(labels), "points": values, "median": made.median, "value": name}
    return Analysis(
        method="Run chart",
        reason=f"{len(values)} points are too few for limits ({FEWEST} are needed): the run chart, with Anhøj's rules.",
        verdict="A shift or drift shows." if trend else "No shift or drift shows in so few points.",
        estimates=estimates,
        checks=data_check(sample, [name]) + shape_checks(values, name, in_order=True),
        assumptions=(
            Check("longest run", not made.is_shift, f"{made.longest_run}, limit {made.longest_run_limit}"),
            Check(
                "crossings", not made.is_few_crossings, f"{made.crossings}, at least {made.crossings_limit} expected"
            ),
        ),
        n=len(values),
        pictures=(Picture("run", f"{name} over time", data),),
        numbers=numbers_of(estimates),
    )


def _pictures(
    name: str,
    labels: Sequence[str],
    chart: Any,
    fired: list[dict[str, Any]],
    values: list[float],
    options: Mapping[str, Any],
) -> tuple[Picture, ...]:
    data = {
        "labels": list(labels),
        "points": chart.points.tolist(),
        "centre": chart.centre.tolist(),
        "lower": chart.lower.tolist(),
        "upper": chart.upper.tolist(),
        "signals": fired,
        "value": name,
    }
    found = [Picture("control", f"{name} over time", data)]
    limits = {key: options.get(key) for key in ("lsl", "usl", "target")}
    found.append(Picture("histogram", f"Distribution of {name}", {**histogram_data(values, limits), "value": name}))
    return tuple(found)


def histogram_data(values: Sequence[float], limits: Mapping[str, float | None]) -> dict[str, Any]:
    """Bins by Freedman and Diaconis (at most 60), mean and standard deviation, with the specification limits."""
    import numpy as np

    array = np.array(values, dtype=float)
    edges = np.histogram_bin_edges(array, bins="fd")
    if edges.size > 61 or edges.size < 6:
        edges = np.histogram_bin_edges(array, bins=min(60, max(5, int(np.sqrt(array.size)))))
    counts, edges = np.histogram(array, bins=edges)
    spread = float(array.std(ddof=1)) if array.size > 1 else 0.0
    return {
        "edges": edges.tolist(), "counts": counts.tolist(), "mean": float(array.mean()), "deviation": spread, **limits
    }  # fmt: skip


def _tables(labels: Sequence[str], chart: Any, fired: list[dict[str, Any]]) -> tuple[Table, ...]:
    at = {}
    for one in fired:
        at.setdefault(one["position"], []).append(one["words"])
    rows = [
        [label, float(chart.points[n]), float(chart.centre[n]), float(chart.lower[n]), float(chart.upper[n]),
         "; ".join(at.get(int(chart.positions[n]), ()))]
        for n, label in enumerate(labels)
    ]  # fmt: skip
    return (Table("Points", ["Period", "Value", "Centre", "Lower limit", "Upper limit", "Signals"], rows),)
