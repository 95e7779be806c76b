"""The main navigation: the places that this person may open. A context processor, wired in the settings."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation.

    permission: the one of `organization.access` that opens it; empty for everyone signed in.
    """

    label: str
    url_name: str
    icon: str
    permission: str = ""


PLACES = (
    Place("Home", "home", "home"),
    Place("Alerts", "alerts", "bell"),
    Place("Scorecards", "scorecards", "clipboard-check"),
    Place("KPIs", "kpis", "chart-line"),
    Place("Service levels", "agreements", "stopwatch"),
    Place("Vendors", "vendors", "truck-delivery"),
    Place("Datasets", "datasets", "database"),
    Place("Strategy", "strategy", "binary-tree"),
    Place("Review", "review", "report"),
    Place("Analysis", "studies", "microscope"),
    Place("Explore", "explore", "table", "query"),
    Place("Administration", "administration", "settings", "administer"),
)
OWN_PLACES = (("My profile", "profile", "user"), ("Notifications", "inbox_settings", "bell"))


def navigation(request) -> dict[str, object]:
    """`nav`, addresses and `user_menu` for the top bar. A place whose address is not (yet) there is left out."""
    user = getattr(request, "user", None)
    if not user or not user.is_authenticated:
        return {}
    access = getattr(request, "access", None)
    entries = []
    for place in PLACES:
        url = address(place.url_name)
        if url and (not place.permission or access is None or access.units(place.permission)):
            entries.append({"label": place.label, "url": url, "icon": place.icon, "active": is_here(request.path, url)})
    return {
        "nav": entries,
        "search_url": address("search"),
        "logout_url": address("account_logout"),
        "inbox_url": address("inbox"),
        "bell_url": address("inbox_bell"),
        "user_menu": [{"label": label, "url": address(name), "icon": icon} for label, name, icon in OWN_PLACES],
    }


def address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def is_here(path: str, url: str) -> bool:
    """Whether `path` lies in the place at `url`; the root is only itself."""
    return path == url if url == "/" else path.startswith(url)
