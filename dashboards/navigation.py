"""The main navigation: the places that this person may open. A context processor, wired in the settings.

What is opened all day stands in the bar itself; what belongs together and is opened now and then stands in a menu. So
the bar fits a laptop of 1024 pixels, and the pages keep their whole width for tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation.

    permission: the one of `organization.access` that opens it; empty for everyone signed in.
    also: beginnings of other addresses that belong to it.
    inside: not for who has only a vendor's role; there would be nothing to see.
    """

    label: str
    url_name: str
    icon: str
    permission: str = ""
    also: tuple[str, ...] = ()
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """Places under one word of the bar."""

    label: str
    icon: str
    places: tuple[Place, ...]


BAR: tuple[Place | Menu, ...] = (
    Place("Home", "home", "home"),
    Place("Alerts", "alerts", "bell"),
    Place("Scorecards", "scorecards", "clipboard-check"),
    Place("KPIs", "kpis", "chart-line", also=("/kpi-", "/kpis-", "/targets/", "/runs/", "/manual-entries/")),
    Place("Review", "review", "report"),
    Place("Service levels", "agreements", "stopwatch"),
    Place("Vendors", "vendors", "truck-delivery"),
    Menu(
        "Analysis",
        "microscope",
        (
            Place("Heat map", "heatmap", "layout-grid"),
            Place("Strategy", "strategy", "binary-tree"),
            Place("Studies", "studies", "microscope"),
            Place("Explore rows", "explore", "table"),
            Place("SQL", "sql", "database", "query"),
        ),
    ),
    Menu(
        "Data",
        "database",
        (
            Place("Datasets", "datasets", "database", also=("/uploads/", "/quality-rules/")),
            Place("Upload an extract", "upload_new", "upload", "upload"),
            Place("Jobs", "jobs", "list", inside=True),
        ),
    ),
)
OWN = (
    Place("My profile", "profile", "user"),
    Place("Notifications", "inbox_settings", "bell"),
    Place(
        "Administration",
        "administration",
        "settings",
        "view",
        also=("/units/", "/unit-codes/", "/members/", "/people/", "/calendars/", "/fiscal-calendars/", "/audit/"),
    ),
    Place("Webhooks", "webhooks", "external-link", "administer"),
    Place("API", "api_docs", "webhook"),
)


def navigation(request) -> dict[str, object]:
    """`nav`, `user_menu`, and the addresses of search, sign-out, as-of day, inbox and bell, for base.html.

    A place whose address is not (yet) there is left out, and a menu without places.
    """
    user = getattr(request, "user", None)
    if not user or not user.is_authenticated:
        return {}
    entries = []
    for part in BAR:
        if isinstance(part, Place):
            entries.extend(_entries(request, (part,)))
        elif inside := _entries(request, part.places):
            active = any(entry["active"] for entry in inside)
            entries.append({"label": part.label, "icon": part.icon, "active": active, "places": inside})
    return {
        "nav": entries,
        "user_menu": _entries(request, OWN),
        "search_url": address("search"),
        "logout_url": address("account_logout"),
        "as_of_url": address("as_of"),
        "inbox_url": address("inbox"),
        "bell_url": address("inbox_bell"),
    }


def _entries(request, places: tuple[Place, ...]) -> list[dict[str, object]]:
    access = getattr(request, "access", None)
    found = []
    for place in places:
        url = address(place.url_name)
        if url and _is_open(place, access):
            active = is_here(request.path, url) or request.path.startswith(place.also)
            found.append({"label": place.label, "url": url, "icon": place.icon, "active": active})
    return found


def _is_open(place: Place, access) -> bool:
    if access is None:
        return True
    if place.inside and access.is_vendor_only:
        return False
    return not place.permission or access.anywhere(place.permission)


def address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def is_here(path: str, url: str) -> bool:
    """Whether `path` lies in the place at `url`; the root is only itself."""
    return path == url if url == "/" else path.startswith(url)
