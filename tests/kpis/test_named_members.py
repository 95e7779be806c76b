"""An empty list says whether what it was asked for names anything; what is another's names nothing."""

from datetime import date

import pytest
from rest_framework.test import APIClient

from kpis.models import Objective, Theme
from organization.models import Role
from tests.factories import KpiFactory, ResultFactory, UnitFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def found():
    """What the list of results answers a viewer of `north`.

    On time is kept by region and carrier, at north for east and west, and at south for the region elba.
    """
    north, south = UnitFactory(code="north"), UnitFactory(code="south")
    kpi = KpiFactory(code="on_time", unit=north, dimensions=["region", "carrier"])
    KpiFactory(code="calls", unit=north)
    KpiFactory(code="of_south", unit=south, dimensions=["ward"])
    for unit, region in ((north, "east"), (north, "west"), (south, "elba")):
        ResultFactory(kpi=kpi, unit=unit, dimension="region", member=region, period_start=date(2025, 1, 1))
    client = APIClient()
    client.force_authenticate(member(Role.VIEWER, north))

    def ask(**asked):
        body = client.get("/api/v1/results/", asked).json()
        if "results" in body:
            return [one["member"] for one in body["results"]]
        return [(fault["field"], fault["code"], fault["message"]) for fault in body["errors"]]

    return ask


def test_what_there_is_is_answered_though_it_be_nothing(found):
    assert found(kpi="on_time", dimension="region") == found(dimension="region") == ["east", "west"]
    assert found(kpi="on_time", dimension="region", member="west") == ["west"]
    assert found(kpi="on_time", dimension="carrier") == []  # kept, and none computed yet
    assert found(kpi="on_time", dimension="region", member="west", period_from="2026-01-01") == []
    assert found(kpi="on_time", dimension="region", member="west", as_known_at="2020-01-01T00:00:00Z") == []


def test_a_dimension_that_there_is_not_is_refused_with_the_nearest(found):
    words = "The KPI on_time keeps no results by 'regoin'. Did you mean region? There are: carrier, region."
    assert found(kpi="on_time", dimension="regoin") == [("dimension", "unknown_dimension", words)]
    words = "The KPI calls keeps no results by 'region'."
    assert found(kpi="calls", dimension="region") == [("dimension", "unknown_dimension", words)]
    words = "No KPI that you see keeps results by 'regoin'. Did you mean region?"
    assert found(dimension="regoin") == [("dimension", "unknown_dimension", words)]
    assert found(kpi="on_time", dimension="regoin", as_known_at="2020-01-01T00:00:00Z")[0][1] == "unknown_dimension"


def test_a_member_that_there_is_not_is_refused_with_the_nearest(found):
    words = "region has no member 'easst' that you see. Did you mean east or west?"
    assert found(dimension="region", member="easst") == [("member", "unknown_member", words)]
    words = "A member is one of a dimension: say of which, by `dimension`."
    assert found(kpi="on_time", member="east") == [("member", "required", words)]


def test_what_belongs_to_a_unit_that_the_caller_does_not_see_reads_like_what_there_is_not(found):
    assert [found(dimension="region", member=one)[0][2] for one in ("elba", "atlantis")] == [
        "region has no member 'elba' that you see.", "region has no member 'atlantis' that you see."
    ]  # fmt: skip
    assert [found(dimension=one)[0][2] for one in ("ward", "tide")] == [
        "No KPI that you see keeps results by 'ward'.", "No KPI that you see keeps results by 'tide'."
    ]  # fmt: skip


def test_the_links_of_an_objective_that_has_none_yet_are_none_and_not_refused():
    north, south = UnitFactory(code="north"), UnitFactory(code="south")
    client = APIClient()
    client.force_authenticate(viewer := member(Role.VIEWER, north))
    theme = Theme.objects.create(name="Customers")
    seen, foreign = (Objective.objects.create(theme=theme, name="Fast", unit=u, owner=viewer) for u in (north, south))
    answer = client.get("/api/v1/kpi-links/", {"objective": seen.pk})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert client.get("/api/v1/kpi-links/", {"objective": foreign.pk}).status_code == 400
