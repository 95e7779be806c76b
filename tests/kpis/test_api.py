"""The room over REST: by code, scoped to the caller, plain in refusals."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets.models import Upload
from kpis.models import Kpi, Result, Target
from kpis.recompute import recompute
from tests.factories import (
    KpiFactory,
    ResultFactory,
    ScorecardFactory,
    TargetFactory,
    UnitFactory,
    UserFactory,
    loaded_dataset,
    member,
)
from tests.kpis.test_recompute import CONTRACT, north_and_south
from tests.matrix.description import faults_of

from .rest import API, client_of

pytestmark = pytest.mark.django_db
RATIO = {"kind": "ratio", "formula": "sum(met)", "denominator": "count(*)", "unit_of_measure": "percent"}


@pytest.fixture
def group():
    return UnitFactory(code="group")


@pytest.fixture
def manager(group):
    return member("manager", group, username="manager")


@pytest.fixture
def client(manager):
    return client_of(manager)


@pytest.fixture
def dataset(group, manager, in_this_process):
    UnitFactory(code="north", parent=group)
    UnitFactory(code="south", parent=group)
    return loaded_dataset(north_and_south(), CONTRACT, unit=group, owner=manager, code="cases")


def new_kpi(client, code="met_share", **version):
    body = {"code": code, "name": "Met", "unit": "group", "owner": "manager"}
    return client.post(f"{API}/kpis/", {**body, "version": {"dataset": "cases", **(version or RATIO)}}, format="json")


def test_a_kpi_goes_from_draft_to_certified_by_two_people(client, dataset, group):
    made = new_kpi(client)
    assert (made.status_code, made.data["version"]["state"]) == (201, "draft"), made.data
    passport = {
        "purpose": "p", "decision": "d", "description": "d", "target_basis": "t", "financial_link": "none",
        "gaming_risk": "g", "reporting_lag_days": 1, "review_date": "2026-01-01",
    }  # fmt: skip
    assert client.post(f"{API}/kpis/met_share/versions/", passport, format="json").status_code == 201
    address = f"{API}/kpis/met_share/versions/1"
    assert client.post(f"{address}/submit/").data["state"] == "in_review"
    own = client.post(f"{address}/certify/")
    assert (own.status_code, own.data["code"]) == (409, "second_person_needed")
    second = client_of(member("manager", group))
    gap = second.post(f"{address}/certify/")
    assert (gap.data["code"], list(gap.data["gaps"])) == ("passport_incomplete", ["steward"])
    client.patch(f"{API}/kpis/met_share/", {"steward": "manager"}, format="json")
    stale = second.post(f"{address}/certify/", {"revision": "0" * 16}, format="json")
    assert (stale.status_code, stale.data["code"]) == (409, "changed_meanwhile")
    read = second.get(f"{API}/kpis/met_share/").data["version"]["revision"]
    assert second.post(f"{address}/certify/", {"revision": read}, format="json").data["state"] == "certified"
    silent = second.post(f"{address}/deprecate/", {"from_day": "2026-01-01"}, format="json")
    assert (silent.status_code, silent.data["errors"][0]["field"]) == (400, "reason")
    out_of_use = f"{address}/deprecate/", {"from_day": "2026-01-01", "reason": "Replaced"}
    assert client_of(member("analyst", group)).post(*out_of_use, format="json").status_code == 403  # as on the page
    assert second.post(*out_of_use, format="json").data["deprecated_from"] == "2026-01-01"
    edited = client.post(f"{API}/kpis/met_share/versions/", {"formula": "sum(hours)"}, format="json")
    assert (edited.data["number"], edited.data["state"]) == (2, "draft")


def test_a_person_whom_there_is_not_is_refused_by_the_log_in_name(client, dataset):
    body = {"code": "met_share", "name": "Met", "unit": "group", "owner": "nobody"}
    refused = client.post(f"{API}/kpis/", {**body, "version": {"dataset": "cases", **RATIO}}, format="json")
    (fault,) = refused.data["errors"]
    assert (refused.status_code, fault["field"]) == (400, "owner")
    assert fault["message"] == "There is nobody with the log-in name 'nobody' who can sign in."


def test_a_formula_is_checked_and_tried_on_live_rows(client, dataset):
    wrong = {"version": {"kind": "simple", "dataset": "cases", "formula": "sum(hour)"}}
    fault = client.post(f"{API}/kpis/check/", wrong, format="json").data["faults"][0]
    assert (fault["token"], fault["position"], fault["suggestion"]) == ("hour", 5, "hours")
    refused = client.post(f"{API}/kpis/preview/", wrong, format="json")
    assert (refused.status_code, refused.data["errors"][0]["field"]) == (400, "formula")
    right = {"unit": "north", "version": {**RATIO, "dataset": "cases"}}
    seen = client.post(f"{API}/kpis/preview/", right, format="json")
    assert seen.status_code == 200, seen.data
    assert [row["value"] for row in seen.data["results"]] == [50]
    assert "code" not in seen.data["results"][0]  # it has none yet
    assert seen.data["total"] == 4


def test_a_kpi_made_of_others_is_checked_and_tried_before_there_is_one(client, dataset):
    new_kpi(client)
    recompute(dataset.pk, day=date(2025, 4, 10))
    version = {"version": {"kind": "derived", "formula": "met_share / 2", "grain": "month"}}
    assert client.post(f"{API}/kpis/check/", version, format="json").json() == {"faults": [], "cautions": []}
    seen = client.post(f"{API}/kpis/preview/", {"unit": "north", **version}, format="json")
    assert [(row["value"], row["inputs"]) for row in seen.data["results"]] == [(25, {"met_share": 50})]
    nowhere = client.post(f"{API}/kpis/preview/", version, format="json")
    assert (nowhere.status_code, nowhere.data["errors"][0]["field"]) == (400, "unit")
    assert nowhere.data["errors"][0]["message"] == "Say at which unit: the definition has no dataset."


def test_a_number_leads_to_its_rows_and_to_where_it_comes_from(client, dataset):
    new_kpi(client)
    recompute(dataset.pk, day=date(2025, 4, 10))
    found = client.get(f"{API}/results/", {"kpi": "met_share", "unit": "north", "grain": "month"})
    (result,) = found.data["results"]
    assert (result["value"], result["numerator"], result["denominator"]) == (50, 2, 4)
    rows = client.get(f"{API}/results/{result['id']}/rows/", {"limit": 2}).data
    assert (rows["total"], len(rows["rows"]), rows["numerator"], rows["denominator"]) == (4, 2, 2, 4)
    came = client.get(f"{API}/results/{result['id']}/provenance/").data
    assert came["written_out"] == "100 × sum(met) / count(*) = 100 × 2 / 4 = 50"
    (upload,) = came["uploads"]
    assert (upload["file_name"], upload["uploaded_by"]) == ("extract.csv", Upload.objects.get().uploaded_by.username)
    for part in ("rows", "provenance"):
        address = f"{API}/results/{result['id']}/{part}/"
        assert faults_of("get", address, client.get(address)) == []
        refused = client.get(address, {"page_size": 2})  # of lists; here it would have been taken and done nothing
        assert (refused.status_code, refused.data["errors"][0]["code"]) == (400, "unknown_parameter")


def test_results_are_filtered_paged_and_not_sent_twice(client, group):
    kpi = KpiFactory(unit=group)
    for month in (1, 2, 3):
        ResultFactory(kpi=kpi, month=date(2025, month, 1), value=float(month))
    page = client.get(f"{API}/results/", {"kpi": kpi.code, "period_from": "2025-02-01", "page_size": 1})
    assert ([r["value"] for r in page.data["results"]], bool(page.data["next"])) == ([2.0], True)
    again = client.get(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"], HTTP_IF_NONE_MATCH=page["ETag"])
    assert again.status_code == 304
    assert client.get(f"{API}/results/", {"colour": "red"}).status_code == 400
    refused = client.get(f"{API}/results/", {"as_known_at": "yesterday"})
    assert (refused.status_code, refused.data["errors"][0]["message"]) == (
        400,
        "Write a moment, best in UTC, such as 2025-05-03T12:00:00Z.",
    )


def test_results_of_one_kpi_come_by_period_and_those_of_all_as_recorded(client, group):
    one, other = KpiFactory(unit=group), KpiFactory(unit=group)
    for kpi, month in ((one, 3), (other, 1), (one, 2)):
        ResultFactory(kpi=kpi, month=date(2025, month, 1), value=float(month))

    def values(**query):
        found, address = [], f"{API}/results/"
        while address:  # page by page
            page = client.get(address, query | {"page_size": 1} if address.endswith("results/") else {}).data
            found += [row["value"] for row in page["results"]]
            address = page["next"]
        return found

    assert values(kpi=one.code) == [2, 3]
    assert values(unit="group") == [1, 2, 3]
    assert values() == [3, 1, 2]


@pytest.mark.parametrize("address", ["kpis/", "kpis/export/"])
def test_fifty_kpis_by_different_people_ask_no_more_queries_than_one(client, group, address):
    def kpi():
        certified = {"certified_by": UserFactory(), "certified_at": datetime(2025, 4, 1, tzinfo=UTC)}
        KpiFactory(unit=group, submitted_by=UserFactory(), **certified)

    def queries():
        with CaptureQueriesContext(connection) as made:
            assert client.get(f"{API}/{address}").status_code == 200
        return len(made)

    kpi()
    queries()
    before = queries()
    for _ in range(49):
        kpi()
    assert queries() == before


def test_targets_are_set_in_bulk_or_not_at_all(client, group):
    kpi = KpiFactory(unit=group)
    row = {"kpi": kpi.code, "unit": "group", "value": "95", "valid_from": "2025-01-01", "valid_to": "2025-02-01"}
    overlap = {**row, "valid_from": "2025-01-15", "valid_to": None}
    refused = client.post(f"{API}/targets/bulk/", {"targets": [row, overlap]}, format="json")
    assert faults_of("post", f"{API}/targets/bulk/", refused) == []
    (fault,) = refused.data["errors"]
    assert (refused.status_code, fault["row"], fault["field"], fault["code"]) == (
        400, 1, "targets.1.valid_from", "invalid",
    )  # fmt: skip
    assert not Target.objects.exists()
    assert client.post(f"{API}/targets/", row, format="json").status_code == 201
    twice = client.post(f"{API}/targets/", overlap, format="json")
    assert (twice.status_code, twice.data["code"], twice.data["field"]) == (409, "target_overlap", "valid_from")
    assert "for Unit group holds from 1 Jan 2025" in twice.data["detail"] and Target.objects.count() == 1
    annual = {"kpi": kpi.code, "unit": "group", "year_of": "2026-01-01", "total": "100", "phasing": "even"}
    phases = client.post(f"{API}/annual-targets/", annual, format="json").data["phases"]
    assert sum(Decimal(phase["value"]) for phase in phases) == 100


def test_a_months_total_of_a_kpi_by_days_is_set_as_such(client, group):
    kpi = KpiFactory(unit=group, kind="simple", formula="count(*)", grain="day")
    rate = KpiFactory(unit=group, kind="ratio", formula="sum(met)", denominator="count(*)", grain="day")
    months = [("30000", "2025-03-01", "2025-04-01"), ("29000.5", "2025-04-01", "2025-05-01")]
    rows = [
        {"kpi": kpi.code, "unit": "group", "value": value, "valid_from": start, "valid_to": end, "as_total": True}
        for value, start, end in months
    ]
    made = client.post(f"{API}/targets/bulk/", {"targets": rows}, format="json")
    assert [(row["value"], row["as_total"]) for row in made.data] == [("30000.000000", True), ("29000.500000", True)]
    refused = client.post(f"{API}/targets/", {**rows[0], "kpi": rate.code}, format="json")
    assert (refused.status_code, refused.data["errors"][0]["field"]) == (400, "as_total")
    assert "does not add up over time" in refused.data["detail"]


def test_definitions_travel_as_yaml_with_a_dry_run(client, dataset):
    new_kpi(client)
    text = client.get(f"{API}/kpis/export/").data["yaml"]
    assert "formula: sum(met)" in text
    changed = text.replace("sum(met)", "sum(hours)").replace("code: met_share", "code: hours_share")
    dry = client.post(f"{API}/kpis/import/", {"yaml": changed}, format="json")
    assert [(d["code"], d["change"]) for d in dry.data["kpis"]] == [("hours_share", "new")]
    assert not Kpi.objects.filter(code="hours_share").exists()
    done = client.post(f"{API}/kpis/import/", {"yaml": changed, "dry_run": False}, format="json")
    assert done.data["imported"], done.data
    again = client.post(f"{API}/kpis/import/", {"yaml": text.replace("sum(met)", "max(met)")}, format="json").data
    assert again["kpis"][0]["fields"]["formula"] == ("sum(met)", "max(met)")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [1]\nb: *a",
        "kpis: !!python/object/apply:os.system ['true']",
        "[" * 50,
        "kpis: [{code: x}]",
        "kpis: [{code: x, name: x, unit: nowhere, owner: manager, version: {}}]",
        "- 1",
        "kpis: [{code: x, name: x, unit: group, owner: manager, version: {kind: simple, formula: count(*)}}]",
    ],
)
def test_yaml_that_is_more_than_data_or_wrong_is_refused_whole(client, text):
    answer = client.post(f"{API}/kpis/import/", {"yaml": text, "dry_run": False}, format="json")
    assert (answer.status_code, answer.data["code"]) == (400, "exchange_refused")
    assert not Kpi.objects.exists()


def test_another_units_things_are_not_found(group):
    stranger = client_of(member("manager", UnitFactory(code="elsewhere")))
    kpi = KpiFactory(unit=group)
    result, target = ResultFactory(kpi=kpi), TargetFactory(kpi=kpi)
    ScorecardFactory(unit=group, code="ops")
    for address in (
        f"kpis/{kpi.code}", f"results/{result.pk}", f"results/{result.pk}/rows", f"results/{result.pk}/provenance",
        f"targets/{target.pk}", "scorecards/ops", "scorecards/ops/view",
    ):  # fmt: skip
        assert stranger.get(f"{API}/{address}/").status_code == 404, address
    assert stranger.get(f"{API}/results/").data["results"] == []
    body = {"kpi": kpi.code, "unit": "group", "value": "1", "valid_from": "2025-01-01"}
    assert stranger.post(f"{API}/targets/", body, format="json").status_code == 400


def test_a_viewer_changes_nothing(group):
    viewer = client_of(member("viewer", group))
    kpi = KpiFactory(unit=group)
    assert viewer.get(f"{API}/kpis/{kpi.code}/").status_code == 200
    body = {"kpi": kpi.code, "unit": "group", "value": "1", "valid_from": "2025-01-01"}
    for address, given in (("targets", body), ("kpis", {}), ("scorecards", {}), ("runs", {"kpi": kpi.code})):
        assert viewer.post(f"{API}/{address}/", given, format="json").status_code == 403, address


def test_a_rejected_number_says_why(client, group):
    entry = {"kpi": KpiFactory(unit=group).code, "unit": "group", "day": "2025-01-31", "value": "12.5"}
    made = client.post(f"{API}/manual-entries/", entry, format="json")
    assert made.data["rejection_reason"] == ""
    address, second = f"{API}/manual-entries/{made.data['id']}/", client_of(member("manager", group))
    assert client.get(address).data["rejection_reason"] == ""
    answer = second.post(f"{address}reject/", {"reason": "Two are missing."}, format="json")
    told = [answer.data, client.get(address).data, *client.get(f"{API}/manual-entries/").data["results"]]
    assert [(one["state"], one["rejection_reason"]) for one in told] == [("rejected", "Two are missing.")] * 3


def test_by_hand_strategy_annotations_and_runs(client, group, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    kpi = KpiFactory(unit=group)
    entry = {"kpi": kpi.code, "unit": "group", "day": "2025-01-31", "value": "12.5"}
    made = client.post(f"{API}/manual-entries/", entry, format="json")
    assert made.status_code == 201, made.data
    assert client.post(f"{API}/manual-entries/{made.data['id']}/approve/").status_code == 409
    second = client_of(member("manager", group))
    assert second.post(f"{API}/manual-entries/{made.data['id']}/approve/").data["state"] == "approved"
    recompute(None, day=date(2025, 4, 10))
    assert Result.objects.current().get().value == 12.5
    note = {"kpi": kpi.code, "unit": "group", "day": "2025-01-15", "text": "Strike"}
    assert client.post(f"{API}/annotations/", note, format="json").status_code == 201
    admin = client_of(member("administrator", group))
    theme = admin.post(f"{API}/themes/", {"name": "Reliable"}, format="json").data
    objective = {"theme": theme["id"], "name": "On time", "unit": "group", "owner": "manager"}
    goal = client.post(f"{API}/objectives/", objective, format="json").data
    link = {"objective": goal["id"], "kpi": kpi.code, "kind": "supports"}
    assert client.post(f"{API}/kpi-links/", link, format="json").status_code == 201
    assert client.get(f"{API}/objectives/orphans/").data == {"objectives": [], "kpis": []}
    assert client.post(f"{API}/runs/", {"kpi": kpi.code}, format="json").status_code == 202
    inside = admin.post(f"{API}/webhooks/", {"name": "x", "url": "http://127.0.0.1/", "unit": "group"}, format="json")
    assert (inside.status_code, [one["field"] for one in inside.data["errors"]]) == (400, ["url"])
