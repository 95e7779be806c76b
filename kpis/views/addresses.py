"""Addresses: of the KPI behind a number, and of the same page with another choice."""

from functools import lru_cache
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

PLACEHOLDER = "kpi-code"


def kpi_address(code: str, name: str = "kpi", **query: object) -> str:
    """The KPI's page at a unit and period: what is None stays out of the query. Empty while there is no such page."""
    pattern = _kpi_pattern(name)
    return with_query(pattern.replace(PLACEHOLDER, code), **query) if pattern else ""


@lru_cache(maxsize=8)
def _kpi_pattern(name: str) -> str:
    """The address of any KPI; a page holds hundreds of links and must not reverse each."""
    try:
        return reverse(name, args=[PLACEHOLDER])
    except NoReverseMatch:
        return ""


def address_of(thing) -> str:
    """The page of a model's object, or an empty text where there is none."""
    try:
        return thing.get_absolute_url()
    except (AttributeError, NoReverseMatch):
        return ""


def with_query(path: str, **query: object) -> str:
    kept = tuple((name, str(value)) for name, value in query.items() if value not in (None, ""))
    return f"{path}?{_written(kept)}" if kept else path


@lru_cache(maxsize=4096)
def _written(query: tuple[tuple[str, str], ...]) -> str:
    """The hundreds of links of a page end in a few unit and period choices."""
    return urlencode(query)


def same_page(request, **changes: object) -> str:
    """This page's address with some parameters changed (None: without it); the paging starts again."""
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}"
