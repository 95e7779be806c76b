"""The rows of a scorecard and of a heat map, in every state that they can have."""

from typing import Any

from kpis.views.rows import Row

ON_TIME = (93.1, 93.8, 94.6, 95.2, 95.0, 95.9, 96.3, 95.4, 94.4, 92.2, 90.1, 93.7)
FOUR_HOURS = (79.4, 78.8, 77.9, 76.1, 75.2, 74.6, 74.0, 73.7, 73.3, 72.2, 70.9, 69.4)
RESPONSE = (88, 90, 91, 93, 92, 94, 95, 96, 95, 96, 97, 97.2)
COMPLAINTS = (4.1, 3.9, 4.0, 3.6, 3.8, 3.1, 3.0, 2.9, 2.8, 2.6, 2.7, 2.4)
RESOLVE = (61, 58, 60, 55, 57, 52, 50, 51, 49, 47, 46, 44.3)
BACKLOG = (1180, 1212, 1190, 1264, 1301, 1388, 1340, 1322, 1405, 1466, 1490, 1544)
REASSIGNED = (1.2, 1.2, 1.3, 1.1, 1.2, 1.3, 1.2, 1.2, 1.1, 1.3, 1.2, 1.24)
COST = (7.9, 7.8, 7.9, 7.7, 7.6, 7.4, 7.5, 7.3, 7.2, 7.2, 7.1, 6.98)
CREDITS = (0, 0, 4200, 0, 0, 1800, 0, 0, 0, 0, 2600, 5250)

SHORT = {"g": "green", "a": "amber", "r": "red", "n": "no_data"}
COLUMNS = {
    "On time": "percent:1",
    "4 hours": "percent:1",
    "Resolve p90": "hours:1",
    "Backlog": "count",
    "Cost": "GBP:2",
}
UNITS: tuple[tuple[str, str, tuple[float | None, ...]], ...] = (
    ("North East", "ggagg", (96.1, 88.0, 41.2, 212, 6.8)),
    ("North West", "arrra", (91.9, 66.2, 58.0, 388, 7.4)),
    ("Midlands", "ggggg", (95.4, 95.1, 44.0, 254, 7.0)),
    ("London", "graga", (96.8, 71.4, 49.9, 301, 7.3)),
    ("South East", "gangg", (95.2, 93.0, None, 190, 6.9)),
    ("South West", "ggggg", (97.0, 95.6, 40.3, 199, 6.7)),
)


def scorecard_rows() -> list[Row]:
    return [*customer(), *process(), *finance()]


def customer() -> list[Row]:
    return [
        node("Customer", 71, "amber", {"green": 2, "amber": 1, "red": 1}),
        kpi(
            "Deliveries on time",
            ON_TIME,
            95.0,
            "percent:1",
            "amber",
            74,
            limits=(85.5, 92.0),
            marks=("open",),
            notes=("North West fell 2.4 points",),
        ),
        kpi("A&E seen within 4 hours", FOUR_HOURS, 95.0, "percent:1", "red", 0, limits=(85.5, 95.0), was="amber"),
        kpi("First response within target", RESPONSE, 95.0, "percent:1", "green", 100, limits=(85.5, 90)),
        kpi("Complaints per 1,000 orders", COMPLAINTS, 3.0, "number:1", "green", 100, limits=(3.3, 4.0), better=-1),
    ]


def process() -> list[Row]:
    return [
        node("Internal process", 58, "red", {"green": 1, "amber": 1, "red": 1, "no_data": 1}, coverage_pct=80),
        kpi("Time to resolve, 90th percentile", RESOLVE, 48.0, "hours:1", "green", 92, limits=(52.8, 60), better=-1),
        kpi(
            "Open backlog, end of month",
            BACKLOG,
            1300,
            "count",
            "red",
            12,
            limits=(1300, 1430),
            better=-1,
            marks=("provisional",),
            notes=("New signal: run of 8 above the mean",),
        ),
        kpi("Reassignments per incident", REASSIGNED, 1.2, "number:2", "amber", 61, limits=(1.2, 1.32), better=-1),
        kpi("Right first time", (), 98.0, "percent:1", "no_data", None, notes=("The source is 9 days late",)),
    ]


def finance() -> list[Row]:
    return [
        node("Finance", 88, "green", {"green": 1, "no_target": 1}),
        kpi("Cost per delivery", COST, 7.25, "GBP:2", "green", 88, limits=(7.25, 7.98), better=-1),
        kpi("Service credits claimed", CREDITS, None, "GBP:0", "no_target", None),
    ]


def node(name: str, score: float, status: str, counts: dict[str, int], coverage_pct: float = 100) -> Row:
    return Row(0, name, 1, True, status, score, counts=counts, coverage_pct=coverage_pct)


def kpi(
    name: str,
    series: tuple[float, ...],
    target: float | None,
    shown_as: str,
    status: str,
    score: float | None,
    *,
    better: int = 1,
    **more: Any,
) -> Row:
    """A row with the last of `series` as its actual. better: 1 where higher is, -1 where lower is."""
    actual, before = (series[-1], series[-2]) if series else (None, None)
    if actual is not None:
        more |= {"variance": None if target is None else (actual - target) * better}  # plus is favourable
        more |= {"change": actual - before, "change_is_good": (actual - before) * better > 0}
    return Row(
        0, name, 2, False, status, score, url="#", format=shown_as, actual=actual, target=target, series=series, **more
    )


def heat_map() -> dict[str, Any]:
    def cells(states: str, values: tuple[float | None, ...]) -> list[dict[str, Any]]:
        cell = zip(values, states, COLUMNS.values(), strict=True)
        return [{"value": value, "status": SHORT[state], "format": shown_as} for value, state, shown_as in cell]

    return {"kpis": tuple(COLUMNS), "rows": [(unit, cells(states, values)) for unit, states, values in UNITS]}
