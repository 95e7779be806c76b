"""Scorecards over REST: built, read at a unit, a period and as they were known, without naming units of others."""

from datetime import UTC, date, datetime

import pytest

from tests.factories import (
    KpiFactory,
    ResultFactory,
    ScorecardFactory,
    UnitFactory,
    member,
)
from tests.kpis.rest import API, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return UnitFactory(code="group")


@pytest.fixture
def client(group):
    return client_of(member("manager", group, username="manager"))


def test_a_scorecard_is_built_and_read(client, group):
    kpi = KpiFactory(unit=group)
    ResultFactory(kpi=kpi, month=date(2025, 1, 1), value=7.0)
    body = {"code": "ops", "name": "Operations", "unit": "group", "owner": "manager"}
    assert client.post(f"{API}/scorecards/", body, format="json").status_code == 201
    top = client.post(f"{API}/scorecards/ops/nodes/", {"kind": "perspective", "name": "Top"}, format="json")
    leaf = {"kind": "kpi", "kpi": kpi.code, "parent": top.data["id"], "weight": 2}
    made = client.post(f"{API}/scorecards/ops/nodes/", leaf, format="json")
    assert made.status_code == 201, made.data
    view = client.get(f"{API}/scorecards/ops/view/")
    assert view.data["nodes"][0]["children"][0]["reading"]["value"] == 7.0
    january = client.get(f"{API}/scorecards/ops/view/", {"period": "2025-01-20"}).data
    assert january["period"]["label"] == "Jan 2025"
    move = client.post(f"{API}/scorecards/ops/nodes/{top.data['id']}/move/", {"parent": top.data["id"]}, format="json")
    assert (move.status_code, move.data["code"], move.data["field"]) == (409, "scorecard_cycle", "parent")
    assert "A scorecard cycle: Top > Top" in move.data["detail"] and move.data["path"] == ["Top", "Top"]


def test_a_scorecard_is_read_by_grain_day_and_what_was_known(client, group):
    kpi = KpiFactory(unit=group)
    known = {"recorded_at": datetime(2025, 2, 3, tzinfo=UTC), "superseded_at": datetime(2025, 5, 4, tzinfo=UTC)}
    ResultFactory(kpi=kpi, value=1.0, score=40, status="red", **known)
    ResultFactory(kpi=kpi, value=9.0, recorded_at=datetime(2025, 5, 4, tzinfo=UTC))
    ResultFactory(kpi=kpi, value=5.0, grain="quarter", period_end=date(2025, 4, 1))
    ScorecardFactory(unit=group, code="ops").nodes.create(kind="kpi", kpi=kpi)

    def seen(**query):
        answer = client.get(f"{API}/scorecards/ops/view/", query)
        assert answer.status_code == 200, answer.data
        return answer.data["nodes"][0]["reading"]["value"], answer.data["score"]

    assert seen() == (9.0, 100)
    assert seen(as_known_at="2025-05-03T12:00:00Z") == (1.0, 40)
    assert seen(grain="quarter") == (5.0, 100)
    assert seen(as_of="2025-02-01")[0] == 9.0 and seen(as_of="2025-01-31")[0] is None
    for bad in (
        {"grain": "day"},
        {"as_known_at": "then"},
        {"as_of": "31/02/2025"},
        {"as_of": "0001-01-01"},
        {"period": "9999-12-31"},
    ):
        refused = client.get(f"{API}/scorecards/ops/view/", bad)
        assert (refused.status_code, refused.data["errors"][0]["field"]) == (400, next(iter(bad)))


def test_a_scorecard_is_read_at_a_unit_below_its_own(client, group):
    """The list of scorecards is filtered by their own unit; `view` asks at which unit the scorecard is looked at."""
    north = UnitFactory(code="north", parent=group)
    ScorecardFactory(unit=group, code="ops")
    assert client.get(f"{API}/scorecards/", {"unit": "north"}).data["results"] == []
    for named in ("north", str(north.pk)):
        assert client.get(f"{API}/scorecards/ops/view/", {"unit": named}).data["unit"]["code"] == "north"
    unknown = client.get(f"{API}/scorecards/ops/view/", {"unit": "nord"})
    assert (unknown.status_code, unknown.data["errors"][0]["code"]) == (400, "unknown_unit")
    refused = client.get(f"{API}/scorecards/ops/", {"unit": "north", "page_size": 5})
    assert (refused.status_code, [fault["field"] for fault in refused.data["errors"]]) == (400, ["unit", "page_size"])


def test_a_day_that_no_calendar_holds_is_refused_by_name(client, group):
    kpi = KpiFactory(unit=group)
    for name, day in (("period", "0001-01-01"), ("against", "9999-12-31")):
        refused = client.get(f"{API}/kpis/{kpi.code}/drivers/", {name: day})
        assert (refused.status_code, refused.data["errors"][0]["field"]) == (400, name)
    body = {"kpi": kpi.code, "unit": "group", "value": "1", "valid_from": "0001-01-01"}
    assert "from 1900 to 2200" in str(client.post(f"{API}/targets/", body, format="json").data)


def test_a_scorecard_opens_at_the_highest_unit_that_the_caller_may_see(group):
    acme = UnitFactory(code="acme", parent=group)
    ScorecardFactory(code="vendors", unit=group)
    ScorecardFactory(code="board", unit=group, cascades=False)
    contact = client_of(member("vendor_contact", acme), "read")
    assert [card["code"] for card in contact.get(f"{API}/scorecards/").data["results"]] == ["vendors"]
    assert contact.get(f"{API}/scorecards/vendors/view/").data["unit"]["code"] == "acme"
    assert contact.get(f"{API}/scorecards/vendors/view/", {"unit": "group"}).status_code == 400
    assert contact.get(f"{API}/scorecards/board/view/").status_code == 404


def test_the_rows_of_a_scorecard_name_no_unit_that_the_caller_may_not_see(group):
    own, other = UnitFactory(code="own", parent=group), UnitFactory(code="other", parent=group)
    card = ScorecardFactory(code="both", unit=group)
    for unit in (own, other, None):
        card.nodes.create(kind="kpi", kpi=KpiFactory(unit=group), unit=unit, position=card.nodes.count())
    rows = client_of(member("viewer", own), "read").get(f"{API}/scorecards/both/nodes/").data
    assert [row["unit"] for row in rows] == ["own", "", None]
