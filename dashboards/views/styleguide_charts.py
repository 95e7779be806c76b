"""The style guide's control chart, bridge and icons, with data as real pages have it."""

from __future__ import annotations

from dashboards.charts import Chart, control, waterfall
from dashboards.charts.control import Landing, Point
from dashboards.charts.waterfall import Step

SEEN = (90, 90.3, 90.6, 90.3, 91, 90.7, 89.1, 88.4, 86.2, 85.1, 87.6, 90, 90.5, 89.7, 84.9, 85.3, 88.6, 86.6)
LOWER, CENTRE, UPPER = 86.3, 88.7, 91.1
ICONS = {
    "variation": [
        ("concerning", "high", "Concerning, high"),
        ("concerning", "low", "Concerning, low"),
        ("improving", "high", "Improving, high"),
        ("improving", "low", "Improving, low"),
        ("neutral", "high", "Changed"),
        ("common_cause", "none", "No change"),
        ("too_few_points", "none", "Too early"),
    ],
    "assurance": [("passes", "Will pass"), ("hit_and_miss", "Hit and miss"), ("fails", "Will fail")],
}


def control_charts() -> dict[str, Chart]:
    """`control`: target, limits of two phases, red limit, signals, a point left out, a forecast. `bridge`."""
    points = [
        Point(
            label=f"{month + 1:02}",
            value=value,
            centre=CENTRE - 2 * (month > 13),
            lower=LOWER - 2 * (month > 13),
            upper=UPPER - 2 * (month > 13),
            target=95,
            red_limit=85.5,
            phase=1 + (month > 13),
            kind="bad" if value < LOWER and month < 14 else "",
            rules=("1 point beyond a control limit",),
            excluded="Flood" if month == 10 else "",
        )
        for month, value in enumerate(SEEN)
    ]
    steps = [Step("Major", 1.4, "+1.4 pts"), Step("Other", -0.3, "−0.3 pts"), Step("Walk-in", 0.2, "+0.2 pts")]
    return {
        "control": control(
            points,
            title="Seen within four hours",
            format="percent:1",
            subtitle="Laney p′ chart of shares",
            landing=Landing("19", 87.4, 85.9, 88.9, 0.8),
        ),
        "bridge": waterfall(
            Step("Feb", 85.3, "85.3 %"), steps, Step("Mar", 86.6, "86.6 %"), title="What moved it", format="percent:1"
        ),
    }
