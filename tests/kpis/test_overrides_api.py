"""Over REST: a target within another's days, by an explicit word."""

from datetime import date

import pytest

from kpis.models import Target
from tests.factories import KpiFactory, TargetFactory, UnitFactory, member
from tests.kpis.rest import API, client_of
from tests.matrix.description import faults_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return UnitFactory(code="group")


@pytest.fixture
def client(group):
    return client_of(member("manager", group))


def test_a_month_within_a_standing_target_is_refused_until_the_standing_one_may_be_split(client, group):
    kpi = KpiFactory(unit=group)
    standing = {"kpi": kpi.code, "unit": "group", "value": "95", "valid_from": "2025-01-01", "basis": "Contract 7"}
    march = {**standing, "value": "90", "valid_from": "2025-03-01", "valid_to": "2025-04-01", "basis": ""}
    made = client.post(f"{API}/targets/", standing, format="json").data
    assert (made["part_of"], made["overrides"]) == (None, None)
    refused = client.post(f"{API}/targets/", march, format="json")
    assert faults_of("post", f"{API}/targets/", refused) == []
    assert (refused.status_code, refused.data["can_split"], refused.data["other"]) == (409, True, made["id"])
    assert "send split_standing true: it is kept before and after" in refused.data["detail"]
    in_bulk = client.post(f"{API}/targets/bulk/", {"targets": [march]}, format="json")
    assert "send split_standing true" in in_bulk.data["errors"][0]["message"]
    override = client.post(f"{API}/targets/", {**march, "split_standing": True}, format="json")
    assert faults_of("post", f"{API}/targets/", override) == []
    assert override.status_code == 201

    def held():
        rows = client.get(f"{API}/targets/?kpi={kpi.code}").data["results"]
        return sorted((row["valid_from"], row["valid_to"], row["value"], row["basis"]) for row in rows)

    assert held() == [
        ("2025-01-01", "2025-03-01", "95.000000", "Contract 7"),
        ("2025-03-01", "2025-04-01", "90.000000", ""),
        ("2025-04-01", None, "95.000000", "Contract 7"),
    ]
    first = client.get(f"{API}/targets/{made['id']}/").data
    assert first["valid_to"] == "2025-03-01" and first["part_of"] == override.data["overrides"] is not None
    assert client.delete(f"{API}/targets/{override.data['id']}/").status_code == 204
    assert held() == [("2025-01-01", None, "95.000000", "Contract 7")]


def test_a_row_of_months_is_pasted_over_a_standing_target_at_once(client, group):
    kpi = KpiFactory(unit=group)
    row = {"kpi": kpi.code, "unit": "group", "split_standing": True}
    days = [(f"2025-{month:02}-01", f"2025-{month + 1:02}-01") for month in (3, 4)]
    months = [{**row, "value": "90", "valid_from": start, "valid_to": end} for start, end in days]
    rows = [{**row, "value": "95", "valid_from": "2025-01-01"}, *months]
    made = client.post(f"{API}/targets/bulk/", {"targets": rows}, format="json")
    assert [(one["valid_from"], one["valid_to"]) for one in made.data] == [("2025-01-01", "2025-03-01"), *days]
    assert Target.objects.count() == 4  # and 95 from May on


def test_who_may_not_set_targets_splits_none(client, group):
    kpi, viewer = KpiFactory(unit=group), client_of(member("viewer", group))
    standing = TargetFactory(kpi=kpi, unit=group, valid_from=date(2025, 1, 1))
    march = {"kpi": kpi.code, "unit": "group", "value": "90", "valid_from": "2025-03-01", "valid_to": "2025-04-01"}
    assert viewer.post(f"{API}/targets/", {**march, "split_standing": True}, format="json").status_code == 403
    assert list(Target.objects.values_list("pk", "valid_to")) == [(standing.pk, None)]
