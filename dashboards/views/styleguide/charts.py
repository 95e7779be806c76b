"""The charts and the icons of control charts."""

from dashboards.charts import Chart, breakdown, control, pareto, trend, waterfall
from dashboards.charts.breakdown import Part
from dashboards.charts.control import Landing, Point
from dashboards.charts.trend import Point as Month
from dashboards.charts.waterfall import Step

from .scorecard import ON_TIME

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ON_TIME_BEFORE = (91.0, 91.6, 92.7, 93.0, 93.9, 94.2, 94.8, 94.1, 93.3, 92.6, 91.9, 92.4)
REGIONS = [
    Part("North West", 91.9, "red", 18210),
    Part("London", 94.1, "amber", 40110),
    Part("South East", 95.2, "green", 28800),
    Part("Midlands", 95.4, "green", 33020),
    Part("North East", 96.1, "green", 12950),
    Part("Isle of Man", None),
]
CAUSES = [
    ("Depot closed", 412),
    ("Vehicle fault", 287),
    ("Traffic", 264),
    ("Wrong address", 121),
    ("No driver", 96),
    ("Customer absent", 70),
    ("Customs", 22),
]
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


def charts() -> dict[str, Chart]:
    points = [
        Month(
            f"{month} 2025",
            value,
            95.0,
            95.0,
            92.0,
            before,
            is_open=month == "Dec",
            status="red" if value < 92 else "amber" if value < 95 else "green",
            note="Depot flooded" if month == "Nov" else "",
        )
        for month, value, before in zip(MONTHS, ON_TIME, ON_TIME_BEFORE, strict=True)
    ]
    return {
        "trend": trend(points, title="Deliveries on time", subtitle="Share of deliveries, month", format="percent:1"),
        "breakdown": breakdown(REGIONS, title="By region, November 2025", format="percent:1", target=95.0),
        "pareto": pareto(CAUSES, title="Why deliveries were late", noun="Deliveries"),
        **control_charts(),
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
