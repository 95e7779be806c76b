"""The rows of a scorecard and of a heat map, in every state that they can have."""

from typing import Any

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


def scorecard_rows() -> list[dict[str, Any]]:
    return [*customer(), *process(), *finance()]


def customer() -> list[dict[str, Any]]:
    fell, red, back = "North West fell 2.4 points", "Red for the 12th month in a row", "Back on target since June"
    late = {"open": True, "marks": ["open"], "change_url": "#"}
    return [
        node("Customer", 71, "amber", {"green": 2, "amber": 1, "red": 1}),
        kpi("Deliveries on time", ON_TIME, 95.0, "percent:1", "amber", 74, limits=(85.5, 92.0), change=fell, **late),
        kpi("A&E seen within 4 hours", FOUR_HOURS, 95.0, "percent:1", "red", 0, limits=(85.5, 95.0), change=red)
        | {"change_url": "#"},
        kpi("First response within target", RESPONSE, 95.0, "percent:1", "green", 100, limits=(85.5, 90), change=back),
        kpi("Complaints per 1,000 orders", COMPLAINTS, 3.0, "number:1", "green", 100, limits=(3.3, 4.0), better=-1),
    ]


def process() -> list[dict[str, Any]]:
    run, late = "New signal: run of 8 above the mean", "The source is 9 days late"
    return [
        node("Internal process", 58, "red", {"green": 1, "amber": 1, "red": 1, "no_data": 1}, coverage=0.8),
        kpi("Time to resolve, 90th percentile", RESOLVE, 48.0, "hours:1", "green", 92, limits=(52.8, 60), better=-1)
        | {"change": "Priority 2 fell by 6 h"},
        kpi("Open backlog, end of month", BACKLOG, 1300, "count", "red", 12, limits=(1300, 1430), better=-1)
        | {"change": run, "marks": ["provisional"]},
        kpi("Reassignments per incident", REASSIGNED, 1.2, "number:2", "amber", 61, limits=(1.2, 1.32), better=-1),
        kpi("Right first time", (), 98.0, "percent:1", "no_data", None, change=late),
    ]


def finance() -> list[dict[str, Any]]:
    return [
        node("Finance", 88, "green", {"green": 1, "no_target": 1}),
        kpi("Cost per delivery", COST, 7.25, "GBP:2", "green", 88, limits=(7.25, 7.98), better=-1)
        | {"change": "Fuel −£0.11"},
        kpi("Service credits claimed", CREDITS, None, "GBP:0", "no_target", None),
    ]


def node(name: str, score: float, status: str, counts: dict[str, int], coverage: float = 1) -> dict[str, Any]:
    state = {"score": score, "status": status, "counts": counts, "coverage": coverage}
    return {"name": name, "level": 1, "is_node": True, "expanded": True, **state}


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
) -> dict[str, Any]:
    actual = series[-1] if series else None
    variance = None if actual is None or target is None else actual - target
    return {
        "name": name,
        "level": 2,
        "url": "#",
        "series": series,
        "actual": actual,
        "target": target,
        "format": shown_as,
        "status": status,
        "score": score,
        "variance": variance,
        "favourable": None if variance is None else variance * better >= 0,
        **more,
    }


def heat_map() -> dict[str, Any]:
    def cells(states: str, values: tuple[float | None, ...]) -> list[dict[str, Any]]:
        cell = zip(values, states, COLUMNS.values(), strict=True)
        return [{"value": value, "status": SHORT[state], "format": shown_as} for value, state, shown_as in cell]

    return {"kpis": tuple(COLUMNS), "rows": [(unit, cells(states, values)) for unit, states, values in UNITS]}
