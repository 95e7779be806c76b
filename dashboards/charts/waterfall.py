"""A bridge: from one number to another by parts that add up to the difference."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.charts.chart import Chart, axis_unit, escaped, scaled


def waterfall(
    before: tuple[str, object],
    steps: Sequence[tuple[str, object]],
    after: tuple[str, object],
    *,
    title: str,
    format: str = "",  # noqa: A002
    subtitle: str = "",
) -> Chart:
    """Bars that float from `before` to `after` (label, value), each step (label, change) starting where the last ended.

    Drawn as bars with a base, so that the axis may start beside the numbers rather than at zero. Up and down differ by
    the sign written on the bar as well as by shade; neither is good or bad.
    """
    start, end = scaled(before[1], format) or 0.0, scaled(after[1], format) or 0.0
    sizes = [scaled(size, format) or 0.0 for _, size in steps]
    levels = [start]
    for size in sizes:
        levels.append(levels[-1] + size)
    lowest, highest = min(*levels, end), max(*levels, end)
    floor = lowest - (highest - lowest or abs(lowest) or 1.0) * 0.25
    floor = 0.0 if floor < 0 <= lowest else floor
    unit = axis_unit(format).replace(" %", " points")
    bars = {
        "type": "bar",
        "x": [escaped(label) for label in (before[0], *(label for label, _ in steps), after[0])],
        "base": [floor, *(min(a, b) for a, b in zip(levels, levels[1:], strict=False)), floor],
        "y": [start - floor, *(abs(size) for size in sizes), end - floor],
        "text": ["", *(f"{size:+,.3g}" for size in sizes), ""],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": [start, *sizes, end],
        "hovertemplate": f"%{{x}}: %{{customdata:,.4~f}}{unit}<extra></extra>",
        "marker": {
            "color": [
                "token:chart-actual",
                *("token:chart-1" if size >= 0 else "token:chart-2" for size in sizes),
                "token:chart-actual",
            ]
        },
        "showlegend": False,
        "meta": "bridge",
    }
    layout = {
        "hovermode": "closest",
        "xaxis": {"type": "category"},
        "yaxis": {"ticksuffix": axis_unit(format), "range": [floor, highest + (highest - floor) * 0.15]},
        "bargap": 0.3,
    }
    return Chart(
        title=title,
        subtitle=subtitle,
        figure={"data": [bars], "layout": layout},
        headers=["Part", "Value"],
        rows=[[before[0], before[1]], *([label, size] for label, size in steps), [after[0], after[1]]],
        format=format,
        summary=f"{title}: from {before[0]} to {after[0]} by {len(steps)} parts.",
    )
