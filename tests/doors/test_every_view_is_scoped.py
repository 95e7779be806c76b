"""Every view of the API derives from the scoped viewset and names what it needs; every page has its guard."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from doors.viewsets import ScopedViewSet
from organization.access import PERMISSIONS

KNOWN = frozenset().union(*PERMISSIONS.values())
# Views without rows behind them.
EXCEPTIONS = {"doors.views.ApiDescription", "doors.views.ApiPage", "doors.views.PageDescription"}
# Views that find their rows in a way of their own, each for a reason.
OWN_SCOPE = {
    "datasets.api.jobs.JobViewSet": "jobs are those of datasets and uploads that are seen, and one's own",
    "kpis.api.results.RunViewSet": "runs belong to datasets, and only those seen count",
    "kpis.api.stories.ThemeViewSet": "themes belong to the whole organisation",
}


def patterns(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


API = [(path, view) for path, view in patterns(get_resolver()) if path.startswith("api/")]


def test_there_are_api_views():
    assert len(API) > 20


@pytest.mark.parametrize(("path", "view"), API, ids=[path for path, _ in API])
def test_the_view_is_scoped_and_names_its_permissions(path, view):
    cls = getattr(view, "cls", None) or view.view_class
    if f"{cls.__module__}.{cls.__name__}" in EXCEPTIONS:
        return
    assert issubclass(cls, ScopedViewSet), f"{cls.__name__} at {path} does not derive from ScopedViewSet"
    assert cls.needs.get("read") in KNOWN
    assert set(cls.needs.values()) <= KNOWN
    is_scoped = hasattr(cls.queryset.all(), "visible_to") or getattr(cls, "unit_path", "")
    assert is_scoped or f"{cls.__module__}.{cls.__name__}" in OWN_SCOPE, f"{cls.__name__} shows rows of every unit"
