"""What base.html and the smaller components take."""

from datetime import UTC, date, datetime


def furniture() -> dict:
    places = ("Home", "Scorecards", "KPIs", "Datasets", "Strategy", "Review", "Explore", "Administration")
    return {
        "nav": [{"label": label, "url": "#", "active": label == "Scorecards"} for label in places],
        "search_url": "#",
        "data_through": date(2025, 11, 30),
        "as_of": date(2025, 12, 14),
        "breadcrumb": [("Scorecards", "#"), ("Logistics", "#")],
        "chooser": {
            "units": [("uk", "United Kingdom", True, 0), ("nw", "North West", False, 1)],
            "grains": [("month", "Month", True), ("quarter", "Quarter", False)],
            "periods": [("2025-12", "December 2025 (open)", True), ("2025-11", "November 2025", False)],
            "previous_url": "?period=2025-11",
            "as_of": date(2025, 12, 14),
        },
        "tabs": [
            {"label": "Scorecard", "url": "#", "active": True},
            {"label": "Heat map", "url": "#"},
            {"label": "Exceptions", "url": "#", "count": 4},
            {"label": "History", "url": "#"},
        ],
        "stats": [
            {"label": "Score", "value": 72.4, "format": "score", "status": "amber", "note": "of 100"},
            {"label": "Rows accepted", "value": 49_812, "format": "count"},
            {"label": "Rejected", "value": 188, "format": "count", "note": "0.4 %"},
            {"label": "Benefit realised", "value": 1_284_000, "format": "GBP:0"},
        ],
        "facts": [
            {"label": "Owner", "value": "Amara Okafor", "url": "#"},
            {"label": "Formula", "code": "count(*) filter (where delivered_at <= promised_at) / count(*)"},
            {"label": "Direction", "value": "Higher is better"},
            {"label": "Data", "value": "Deliveries, version 41, complete through 30 Nov 2025"},
        ],
    }


def stories() -> dict:
    return {
        "entries": [
            {
                "at": datetime(2025, 12, 3, 9, 12, tzinfo=UTC),
                "who": "Amara Okafor",
                "what": "certified version 4",
                "state": "certified",
            },
            {
                "at": datetime(2025, 12, 2, 16, 40, tzinfo=UTC),
                "who": "Jonas Weber",
                "what": "changed the denominator",
                "url": "#",
                "detail": "Cancelled deliveries no longer count. The certificate was dropped.",
            },
            {
                "at": datetime(2025, 11, 28, 8, 0, tzinfo=UTC),
                "who": "",
                "what": "Recomputed after upload 118",
                "detail": "3 months, 49,812 rows, 1.4 s",
            },
        ],
        "problems": [
            {
                "thing": "Row 214, closed_at:",
                "fault": "31/02/2025 is not a date.",
                "next_step": "Dates are DD/MM/YYYY; the row was set aside.",
                "url": "#",
            },
            {
                "thing": "Column priority:",
                "fault": "“P9” is not one of P1 to P4.",
                "severity": "warning",
                "next_step": "Correct the rows or add the value to the contract.",
            },
        ],
    }
