"""Computed datasets: a whole version at a time, once; the same readers, the same row scope; no uploads."""

from datetime import date, datetime

import pyarrow as pa
import pytest
from django.urls import reverse

from datasets import derived, explore, intake, reconcile
from datasets.facts import table_of
from datasets.models import Dataset
from datasets.refusals import ComputedDataset, InvalidRequest, WrongState
from lake.contract import Column, ColumnType, Contract, Role
from lake.store import durable
from organization.access import access_of
from organization.models import Role as Member
from tests.factories import DatasetFactory, UnitFactory, member, upload_csv

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 1)
CASES = Contract(
    columns=(
        Column("case", roles=(Role.KEY,)),
        Column("started_at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("unit", roles=(Role.UNIT,)),
        Column("vendor", roles=(Role.VENDOR,)),
        Column("elapsed_s", type=ColumnType.INTEGER, roles=(Role.MEASURE,)),
    )
)
JANUARY = ("a", datetime(2025, 1, 5), "east", "acme", 60)
FEBRUARY = ("b", datetime(2025, 2, 5), "west", "acme", 90)
MARCH = ("c", datetime(2025, 3, 5), "east", "zeta", 30)


@pytest.fixture
def units():
    group = UnitFactory(code="group")
    made = {code: UnitFactory(code=code, parent=group) for code in ("east", "west")}
    return made | {code: UnitFactory(code=code, kind="vendor") for code in ("acme", "zeta")} | {"group": group}


@pytest.fixture
def dataset(units):
    analyst = member(Member.ANALYST, units["group"])
    return derived.ensure("sla-desk", CASES, name="Clocks of the desk", unit=units["group"], by=analyst)


def rows(*given):
    names = [column.name for column in CASES.columns]
    columns = {name: [row[place] for row in given] for place, name in enumerate(names)}
    return pa.table(columns | {"started_at": pa.array(columns["started_at"], pa.timestamp("us"))})


def seen(dataset, unit, role=Member.VIEWER):
    dataset.refresh_from_db()
    return sorted(row["case"] for row in explore.rows_page(dataset, access_of(member(role, unit), TODAY)).rows)


def test_each_version_is_all_rows_and_touches_the_months_that_changed(dataset, units):
    first = derived.replace_rows(dataset, rows(JANUARY, FEBRUARY, MARCH), load_id="v1")
    assert (first.rows, first.touched) == (3, {"started_at": [202501, 202502, 202503]})
    changed = (*FEBRUARY[:4], 91)
    second = derived.replace_rows(dataset, rows(JANUARY, changed), load_id="v2")  # b was changed, c is gone
    assert (second.rows, second.touched) == (2, {"started_at": [202502, 202503]})
    assert seen(dataset, units["group"]) == ["a", "b"]


def test_the_same_computation_again_writes_nothing_and_an_earlier_one_may_come_back(dataset, units):
    first = derived.replace_rows(dataset, rows(JANUARY), load_id="v1")
    assert derived.replace_rows(dataset, rows(JANUARY), load_id="v1") == first
    derived.replace_rows(dataset, rows(FEBRUARY), load_id="v2")
    third = derived.replace_rows(dataset, rows(JANUARY), load_id="v1")
    assert third.version > first.version
    assert seen(dataset, units["group"]) == ["a"]
    assert derived.made_from(dataset) == "v1"


def test_its_rows_are_seen_by_unit_and_by_vendor_like_those_of_any_dataset(dataset, units):
    derived.replace_rows(dataset, rows(JANUARY, FEBRUARY, MARCH), load_id="v1")
    assert seen(dataset, units["east"]) == ["a", "c"]
    assert seen(dataset, units["acme"], Member.VENDOR_CONTACT) == ["a", "b"]
    assert set(dataset.units.values_list("code", flat=True)) == {"east", "west", "acme", "zeta"}
    derived.replace_rows(dataset, rows(JANUARY), load_id="v2")
    assert set(dataset.units.values_list("code", flat=True)) == {"east", "acme"}


def test_it_is_complete_through_what_it_was_computed_from(dataset):
    derived.replace_rows(dataset, rows(JANUARY), load_id="v1", complete_through=date(2025, 1, 31))
    dataset.refresh_from_db()
    assert dataset.complete_through == date(2025, 1, 31)


def test_a_kill_between_lake_and_database_leaves_one_version(dataset, units, monkeypatch):
    """The lake has the commit, the database does not know it: the next attempt names it and writes nothing more."""

    def killed(point):
        if point == "after_lake_commit":
            raise KeyboardInterrupt

    monkeypatch.setattr(durable, "failpoint", killed)
    with pytest.raises(KeyboardInterrupt):
        derived.replace_rows(dataset, rows(JANUARY), load_id="v1")
    monkeypatch.undo()
    assert dataset.versions.count() == 0
    version = derived.replace_rows(dataset, rows(JANUARY), load_id="v1")
    assert (version.rows, table_of(dataset).version, dataset.versions.count()) == (1, version.version, 1)
    assert reconcile.reconcile(dataset).agrees


def test_uploads_are_refused_with_a_next_step(dataset, client, units):
    analyst = member(Member.ANALYST, units["group"])
    with pytest.raises(ComputedDataset, match="takes no uploads"):
        upload_csv(dataset, "case\na\n", by=analyst)
    client.force_login(analyst)
    answer = client.post("/api/v1/uploads/", {"dataset": "sla-desk", "file": _file()})
    assert (answer.status_code, answer.json()["code"]) == (409, "computed_dataset")
    assert "Upload to the datasets that it is made from" in answer.json()["next_step"]
    page = client.post(reverse("upload_new"), {"dataset": "sla-desk", "file": _file()})
    assert page.status_code == 422
    assert "takes no uploads" in page.content.decode()


def test_a_dataset_of_uploads_is_not_computed(units):
    uploaded = DatasetFactory(code="incidents", unit=units["group"])
    with pytest.raises(InvalidRequest, match="people upload to it"):
        derived.ensure("incidents", CASES, name="x", unit=units["group"], by=uploaded.owner)
    with pytest.raises(WrongState, match="made of uploads"):
        derived.replace_rows(uploaded, rows(JANUARY), load_id="v1")
    assert uploaded.source == Dataset.Source.EXTRACT
    assert intake.check_takes_uploads(uploaded) is None


def _file():
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("cases.csv", b"case\na\n", "text/csv")
