"""A person sees the rows of the units that they may view, through every door that shows rows."""

import re
from datetime import date

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from datasets import explore, quality
from datasets.models import Dataset
from datasets.scope import row_scope
from jobs.models import Job
from lake.contract import Column, ColumnType, Contract, Role
from organization.access import access_of
from organization.models import Role as Member
from organization.models import UnitAlias
from tests.factories import UnitFactory, loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 1)
VISITS = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("ward", roles=(Role.UNIT,)),
        Column("supplier", roles=(Role.VENDOR,)),
        Column("minutes", type=ColumnType.NUMBER, roles=(Role.MEASURE,)),
    )
)
TEXT = (
    "id,day,ward,supplier,minutes\n"
    "1,2025-01-01,east,acme,10\n2,2025-01-02,west,acme,20\n3,2025-01-03,,zeta,30\n4,2025-01-04,east,,40\n"
)


@pytest.fixture
def hospital():
    """A group with the wards east and west and two vendors; its dataset holds rows of all, and one of no ward."""
    group = UnitFactory(code="group")
    units = {code: UnitFactory(code=code, parent=group) for code in ("east", "west")}
    units |= {code: UnitFactory(code=code, kind="vendor") for code in ("acme", "zeta")}
    units["group"] = group
    dataset = loaded_dataset(TEXT, VISITS, unit=group, code="visits")
    return dataset, units


def ids(dataset, user):
    """What the three doors show, which must be the same."""
    access = access_of(user, TODAY)
    rows = {row["id"] for row in explore.rows_page(dataset, access).rows}
    asked = {row[0] for row in explore.ask(dataset, {"groups": [{"column": "id"}]}, access).rows}
    spoken = {row[0] for row in explore.ask_sql(dataset, "select id from facts", access).rows}
    assert rows == asked == spoken
    return sorted(rows)


def test_rows_explore_and_sql_show_the_rows_of_the_persons_units_only(hospital):
    dataset, units = hospital
    assert ids(dataset, member(Member.ANALYST, units["east"])) == ["1", "4"]
    assert ids(dataset, member(Member.MANAGER, units["group"])) == ["1", "2", "3", "4"]
    assert ids(dataset, member(Member.VENDOR_CONTACT, units["acme"])) == ["1", "2"]


def test_the_dataset_itself_is_seen_by_those_who_have_rows_in_it(hospital):
    dataset, units = hospital
    seen = [
        Dataset.objects.visible_to(access_of(member(Member.VIEWER, units[code]), TODAY)).count()
        for code in ("east", "group", "acme", "zeta")
    ]
    assert seen == [1, 1, 1, 1]
    stranger = member(Member.VIEWER, UnitFactory(code="elsewhere"))
    assert not Dataset.objects.visible_to(access_of(stranger, TODAY)).exists()


def test_how_many_rows_there_are_is_told_to_those_who_see_them_all(client, hospital):
    dataset, units = hospital
    upload = dataset.uploads.get()
    east, group = member(Member.VIEWER, units["east"]), member(Member.VIEWER, units["group"])
    whole = access_of(group, TODAY)
    quality.define_rule(dataset, by=dataset.owner, access=whole, name="ids", kind="not_null", column="id")
    perform(Job.objects.get(kind="datasets.quality"))
    pages = [reverse("datasets"), reverse("explore"), upload.get_absolute_url()]
    pages += [reverse(name, args=["visits"]) for name in ("dataset", "dataset_history", "dataset_quality")]
    for address in pages:
        for person, told in ((east, False), (group, True)):
            client.force_login(person)
            main = client.get(address).content.decode().partition("<main")[2]
            numbers = re.findall(r">\s*([0-9]+)(?:</span>)?\s*(?:<| rows)", main)
            assert ("4" in numbers) is told, (address, person, numbers)
    rest = APIClient()
    api = "/api/v1/datasets/visits/"
    for person, told in ((east, None), (group, 4)):
        rest.force_authenticate(person)
        assert [rest.get(api).json()["rows"], rest.get(f"{api}versions/").json()[0]["rows"]] == [told, told]
        shown = rest.get(f"/api/v1/uploads/{upload.public_id}/").json()
        assert [shown["rows_read"], shown["accepted"], shown["rejected"]] == [told, told, told and 0]
        assert (shown["file_name"], shown["size"]) == (upload.file_name, told and upload.size)
        assert [shown[name] is None for name in ("sha256", "timings")] == [not told] * 2
        assert rest.get(f"{api}rows/").json()["total"] == (told or 2)


def test_a_vendors_contact_sees_its_rows_and_not_how_the_dataset_is_run(client, hospital):
    """Uploads, versions, quality, closed periods, jobs and runs are of who runs the dataset."""
    dataset, units = hospital
    upload, by = dataset.uploads.get(), dataset.owner
    quality.define_rule(dataset, by=by, access=access_of(by, TODAY), name="ids", kind="not_null", column="id")
    rest = APIClient()
    lists = ("uploads", "quality-rules", "dataset-closings", "jobs", "runs")
    single = [f"uploads/{upload.public_id}", f"jobs/{upload.job_id}"]
    single += [f"datasets/visits/{name}" for name in ("versions", "contract", "contracts")]
    for code, sees in (("east", True), ("acme", False)):
        person = member(Member.VIEWER if sees else Member.VENDOR_CONTACT, units[code])
        rest.force_authenticate(person)
        found = {name for name in lists if rest.get(f"/api/v1/{name}/").json()["results"]}
        assert found == ({"uploads", "quality-rules", "jobs"} if sees else set())
        assert {rest.get(f"/api/v1/{path}/").status_code == 404 for path in single} == {not sees}
        assert rest.get("/api/v1/datasets/visits/rows/").json()["total"] == 2
        client.force_login(person)
        page = client.get(reverse("dataset", args=["visits"])).content.decode()
        assert ("extract.csv" in page, reverse("dataset_quality", args=["visits"]) in page) == (sees, sees)
        pages = [reverse(f"dataset_{name}", args=["visits"]) for name in ("contract", "quality", "closing", "history")]
        pages.append(upload.get_absolute_url())
        assert {client.get(address).status_code for address in pages} == {200 if sees else 404}


def test_a_star_or_an_aggregate_reaches_no_further(hospital):
    dataset, units = hospital
    access = access_of(member(Member.ANALYST, units["east"]), TODAY)
    answer = explore.ask_sql(dataset, "select count(*) as n, sum(minutes) as m from facts", access)
    assert answer.rows == [[2, 50.0]]
    by_id = {"groups": [{"column": "id"}], "totals": [{"function": "sum", "column": "minutes"}]}
    assert explore.ask(dataset, by_id, access).all_rows == [50.0]
    by_id["pivot"] = {"column": "id"}
    assert explore.ask(dataset, by_id, access).all_columns[-1] == 50.0


HOSTILE = [
    "select * from read_parquet('/etc/passwd')",
    "select * from facts, information_schema.tables",
    "attach '/tmp/x' as y",
    "select getenv('HOME') from facts",
    "select any_value(facts) from facts",
    "select 1; drop table facts",
    "copy facts to '/tmp/x'",
    "select * from query('select 1')",
    "",
]


def test_a_hostile_statement_is_refused_before_it_runs(hospital, monkeypatch):  # B2-B4
    dataset, units = hospital
    access = access_of(member(Member.ANALYST, units["east"]), TODAY)
    monkeypatch.setattr("lake.sandbox.run", lambda *_, **__: pytest.fail("it ran"))
    for sql in HOSTILE:
        with pytest.raises(explore.QuestionRefused):
            explore.ask_sql(dataset, sql, access)


def test_scopes_that_let_other_rows_through_have_other_cache_keys(hospital):
    dataset, units = hospital
    users = [member(Member.ANALYST, units[code]) for code in ("east", "west", "group")]
    keys = {row_scope(dataset, access_of(user, TODAY)).key for user in users}
    twin = member(Member.VIEWER, units["east"])
    assert len(keys) == 3
    assert row_scope(dataset, access_of(twin, TODAY)).key in keys


def test_B34_a_code_with_a_quote_is_a_literal_and_nothing_else(hospital):
    dataset, units = hospital
    odd = UnitFactory(code="x') or ('1'='1", parent=units["group"])
    assert ids(dataset, member(Member.ANALYST, odd)) == []


def test_B22_an_analyst_of_one_ward_may_not_bring_rows_of_another(hospital):
    dataset, units = hospital
    analyst = member(Member.ANALYST, units["east"])
    upload = upload_csv(
        dataset, "id,day,ward,supplier,minutes\n9,2025-02-01,west,,1\n8,2025-02-01,east,,1\n", by=analyst
    )
    assert (upload.state, upload.fault["code"]) == ("refused", "foreign_units")
    assert upload.fault["details"] == [{"row": 2, "unit": "west"}]


def test_nor_take_a_record_of_another_ward_away_by_its_key(hospital):
    dataset, units = hospital
    analyst = member(Member.ANALYST, units["east"])
    upload = upload_csv(dataset, "id,day,ward,supplier,minutes\n2,2025-01-02,east,,0\n", by=analyst)
    assert (upload.state, upload.fault["code"]) == ("refused", "foreign_units")
    assert ids(dataset, member(Member.MANAGER, units["group"])) == ["1", "2", "3", "4"]


def test_C61_unknown_units_are_set_aside_and_unknown_vendors_told_each_with_the_nearest_code(hospital):
    dataset, units = hospital
    lines = "9,2025-02-01,eats,acme,1\n8,2025-02-01,east,amce,1\n7,2025-02-01,east,,1\n"
    upload = upload_csv(dataset, f"id,day,ward,supplier,minutes\n{lines}{TEXT.partition(chr(10))[2] * 10}")
    reject = upload.rejects.get()
    assert (reject.row, reject.column, reject.value, reject.code) == (2, "ward", "eats", "unknown_unit")
    assert "Did you mean east?" in reject.message
    assert upload.notes[-1] == "Vendor codes that no vendor has, 1 in all: amce (did you mean acme?)."
    dataset.refresh_from_db()
    assert ids(dataset, member(Member.MANAGER, units["group"])) == ["1", "2", "3", "4", "7", "8"]


def test_codes_of_another_system_are_aliases():
    group = UnitFactory(code="g")
    east = UnitFactory(code="u-1", parent=group)
    UnitAlias.objects.create(unit=east, system="his", code="W01")
    contract = Contract(columns=(Column("id", roles=(Role.KEY,)), Column("ward", roles=(Role.UNIT,))))
    dataset = loaded_dataset("id,ward\n1,W01\n2,\n", contract, unit=group, code_system="his")
    assert [row["id"] for row in explore.rows_page(dataset, access_of(member(Member.VIEWER, east), TODAY)).rows] == [
        "1"
    ]
