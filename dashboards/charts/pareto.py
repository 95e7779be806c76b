"""The vital few: causes by size, and how much of the whole they make together."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.charts.chart import Chart, escaped, plain


def cumulative_shares(sizes: Sequence[float]) -> list[float]:
    """Running shares of the total in percent; all zero if the total is."""
    total = sum(sizes)
    running, shares = 0.0, []
    for size in sizes:
        running += size
        shares.append(100 * running / total if total else 0.0)
    return shares


def vital_few(causes: Sequence[tuple[str, object]], keep: int, in_order: bool = False) -> list[tuple[str, float]]:
    """The causes by size, or as given; beyond `keep`, the rest is one last cause."""
    sized = [(label, plain(size) or 0.0) for label, size in causes]
    if not in_order:
        sized.sort(key=lambda cause: -cause[1])
    if len(sized) <= keep:
        return sized
    rest = sized[keep - 1 :]
    return [*sized[: keep - 1], (f"{len(rest)} others", sum(size for _, size in rest))]


def pareto(
    causes: Sequence[tuple[str, object]],
    *,
    title: str,
    noun: str = "Count",
    keep: int = 12,
    in_order: bool = False,
) -> Chart:
    """Bars of `causes` (label, size >= 0), largest first, with the running share.

    Beyond `keep`, the rest is one last bar. in_order: as given, for causes whose rest was gathered already.
    """
    sized = vital_few(causes, keep, in_order)
    shares = cumulative_shares([size for _, size in sized])
    largest = f"the largest is {sized[0][0]}, {shares[0]:.0f} % of the whole" if sized else "nothing"
    return Chart(
        title=title,
        figure={
            "data": [_bars(sized, noun), _running(sized, shares)],
            "layout": {
                "xaxis": {"type": "category"},
                "yaxis": {"rangemode": "tozero"},
                "yaxis2": SHARE_AXIS,
                "bargap": 0.15,
            },
        },
        headers=["Cause", noun, "Running share (%)"],
        rows=[[label, size, round(share, 1)] for (label, size), share in zip(sized, shares, strict=True)],
        summary=f"{title}: {largest}.",
    )


# Without tickmode and dtick, plotly.js 4 syncs the second axis' ticks to the first: 24.9, 49.9 ...
SHARE_AXIS = {
    "overlaying": "y",
    "side": "right",
    "range": [0, 104],
    "tickmode": "linear",
    "tick0": 0,
    "dtick": 20,
    "ticksuffix": " %",
    "showgrid": False,
}


def _bars(sized: Sequence[tuple[str, float]], noun: str) -> dict[str, object]:
    return {
        "type": "bar",
        "name": escaped(noun),
        "x": [escaped(label) for label, _ in sized],
        "y": [size for _, size in sized],
        "marker": {"color": "token:chart-actual-soft"},
        "hovertemplate": "%{y:,}<extra>%{fullData.name}</extra>",
    }


def _running(sized: Sequence[tuple[str, float]], shares: list[float]) -> dict[str, object]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "Running share",
        "x": [escaped(label) for label, _ in sized],
        "y": shares,
        "yaxis": "y2",
        "line": {"color": "token:chart-1", "width": 1.75},
        "marker": {"size": 5},
        "hovertemplate": "%{y:.1f} %<extra>%{fullData.name}</extra>",
    }
