"""Every address that changes something is shut to who may only look, or the matrix says in a row who may what there.

The addresses are those of the project, so that a new one is asked about by itself.
"""

import inspect
import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, resolve
from django.urls.exceptions import Resolver404

from organization.models import Role
from tests.factories import ApiTokenFactory, UnitFactory, member

from .table import RESOURCES

pytestmark = pytest.mark.django_db
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
ELSEWHERE = ("accounts/", "admin/", "healthz", "readyz", "metrics")  # allauth's, Django's own, and machines'
DEEPER = (
    "a/versions/1",
    "a/versions/1/targets/b",
    "a/nodes/1",
    "a/periods/2025-01-01",
    "a/periods/2025-01-01/restatements/1",
    "a/views/1",
)
ID, NAME, UUID = "1", "a-code", "00000000-0000-4000-8000-000000000001"

# No row is needed, and why.
OPEN = {
    "computes from what is sent along, and keeps nothing": r"api/v1/analysis/",
    "asks a question about what one sees, and keeps nothing": r"api/v1/(datasets/.*/explore/|kpis/(check|preview)/)",
    "is one's own: the day from which one looks, profile, tokens, inbox": r"(api/v1/)?(as-of|profile|tokens|inbox)/",
    "asks at the unit that each cell or form names: the tests of kpis": r"(targets|manual-entries|strategy)/$",
}


def addresses(resolver=None, before: str = "") -> Iterator[tuple[str, Callable]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = (before + str(pattern.pattern)).replace("^", "")
        if route.startswith(ELSEWHERE):
            continue
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from addresses(pattern, route)


def changing(view: Callable) -> list[str]:
    """The methods by which an address changes something."""
    if hasattr(view, "cls"):
        return [name for name in UNSAFE if name.lower() in (getattr(view, "actions", None) or dir(view.cls))]
    while True:
        cells = [cell.cell_contents for cell in view.__closure__ or ()]
        limits = next((cell for cell in cells if isinstance(cell, list) and "GET" in cell or cell == ["POST"]), None)
        if limits is not None:
            return [name for name in UNSAFE if name in limits]
        if not hasattr(view, "__wrapped__"):
            return ["POST"] if re.search(r"POST|form_page", inspect.getsource(view)) else []
        view = view.__wrapped__


def filled(route: str) -> str:
    """An address of the route, of things that there need not be."""
    path = re.sub(r"\(\?P<(\w+)>(\w+\|)?(?:[^()]|\([^()]*\))*\)", _part, route)
    kinds = {"int": ID, "uuid": UUID}
    path = re.sub(r"<(?:(\w+):)?\w+>", lambda m: kinds.get(m[1], NAME), path)
    return "/" + path.removesuffix("$")


def _part(group: re.Match) -> str:
    """What fits a group of a route: its first word of several, an id of its kind."""
    return group[2][:-1] if group[2] else UUID if group[1] == "public_id" else ID


def with_rows() -> set[tuple[str, str]]:
    """(method, route) of the matrix; a page's form is shut as its sending is."""
    found = set()
    for row in RESOURCES:
        for part in (ID, UUID, NAME, *DEEPER):
            try:
                route = resolve(row.path.format(part).partition("?")[0]).route.replace("^", "")
            except Resolver404:
                continue
            found |= {(row.method.upper(), route)} if row.is_api else {(method, route) for method in UNSAFE}
    return found


def answer(method: str, path: str, person) -> int:
    client, more = Client(raise_request_exception=False), {}
    if path.startswith("/api/"):
        token = ApiTokenFactory(user=person, scopes=["read", "upload", "define", "administer"])
        more = {"headers": {"Authorization": f"Bearer {token.secret}"}, "content_type": "application/json", "data": {}}
    else:
        client.force_login(person)
    return getattr(client, method.lower())(path, **more).status_code


def test_every_changing_address_is_shut_at_its_door_or_has_a_row():
    viewer, rows = member(Role.VIEWER, UnitFactory()), with_rows()
    asked, open_to_all = 0, {}
    for route, view in addresses():
        if any(re.match(pattern, route) for pattern in OPEN.values()):
            continue
        for method in changing(view):
            asked += 1
            if (method, route) not in rows and (status := answer(method, filled(route), viewer)) != 403:
                open_to_all[f"{method} {route}"] = status
    assert asked > 300
    assert open_to_all == {}
