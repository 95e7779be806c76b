"""Lineage onwards: from a column to who reads it, asked before it is dropped; from a KPI to what goes by it."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets import contracts
from datasets.models import Dataset, QualityRule
from datasets.readers import by_column, readers_of
from datasets.refusals import ColumnsRead
from kpis import definitions
from kpis.models import Objective, ScorecardNode, Theme
from kpis.uses import uses_of
from lake.contract import Column, Contract
from organization.access import access_of
from tests.factories import DatasetFactory, KpiFactory, ScorecardFactory, UnitFactory, member
from tests.pages import text_of

from .pages import opened
from .sample_desk import DAY

pytestmark = pytest.mark.django_db


def read(dataset, access=None) -> dict[str, list[str]]:
    return {column: [one.name for one in found] for column, found in by_column(readers_of(dataset, access)).items()}


def without(dataset: Dataset, *names: str) -> Contract:
    contract = Contract.from_dict(dataset.contract)
    return Contract.from_dict(
        contract.to_dict()
        | {"columns": [column for column in contract.to_dict()["columns"] if column["name"] not in names]}
    )


def test_a_column_is_read_by_the_formulas_the_splits_and_the_time_of_a_kpi(made):
    """in_time is sum(met) ÷ count(*), by priority; rows are dated by opened_at. Nothing reads the hours."""
    kpi = "Incidents solved in time"
    assert read(made.dataset) == {"met": [kpi], "priority": [kpi], "opened_at": [kpi]}


def test_names_are_the_same_however_they_are_written(made):
    definitions.edit(made.kpi.versions.newest(), by=made.analyst, condition="\"Hours\" > 1 AND UNIT = 'north'")
    assert set(read(made.dataset)) == {"met", "priority", "opened_at", "hours", "unit"}


def test_an_earlier_definition_still_reads_what_history_is_computed_by(made):
    """Until May by `met`, from then on by the hours: both are read. One that holds for no day reads nothing."""
    definitions.edit(
        made.kpi.versions.newest(), by=made.analyst, formula="count_if(hours < 3)", valid_from=date(2025, 5, 1)
    )
    assert {"met", "hours"} <= set(read(made.dataset))
    definitions.edit(made.kpi.versions.newest(), by=made.analyst, valid_from=date(1900, 1, 1))
    assert "met" not in read(made.dataset)


def test_a_rule_of_quality_reads_its_column_and_those_of_its_expression(made):
    rule = {"dataset": made.dataset, "created_by": made.analyst}
    QualityRule.objects.create(name="Known", kind="not_null", column="hours", **rule)
    QualityRule.objects.create(
        name="Sane", kind="expression", parameters={"expression": "hours >= 0 and unit <> ''"}, **rule
    )
    QualityRule.objects.create(name="Given up", kind="not_null", column="id", is_active=False, **rule)
    found = read(made.dataset)
    assert (found["hours"], found["unit"], "id" in found) == (["Known", "Sane"], ["Sane"], False)


def test_a_rule_that_looks_codes_up_in_another_dataset_reads_its_column(made):
    """Told to whoever may see the dataset of the rule, and counted for everybody."""
    cases = DatasetFactory(unit=UnitFactory(code="other"), code="cases")
    asked = {"dataset": "incidents", "column": "hours"}
    rule = {"kind": "reference", "column": "taken", "dataset": cases, "created_by": made.analyst}
    QualityRule.objects.create(name="Known hours", parameters=asked, **rule)
    QualityRule.objects.create(name="Of units", parameters=asked | {"units": True}, **rule)
    assert read(made.dataset)["hours"] == ["Known hours"]
    assert "hours" not in read(made.dataset, access_of(made.viewer, DAY))
    with pytest.raises(ColumnsRead, match="hours by 1 quality rule"):
        contracts.put_in_force(made.dataset, without(made.dataset, "hours"), by=made.analyst)


def test_readers_are_told_to_those_who_may_see_them(made):
    other = UnitFactory(code="other")
    KpiFactory(unit=other, kind="simple", dataset=made.dataset, formula="sum(hours)", name="Hours of others")
    assert read(made.dataset)["hours"] == ["Hours of others"]
    assert "hours" not in read(made.dataset, access_of(made.viewer, DAY))


# --- dropping a column -----------------------------------------------------------------------------------------------


def test_a_contract_does_not_drop_what_is_read_unless_it_says_so(made):
    with pytest.raises(ColumnsRead, match="priority by 1 KPI; met by 1 KPI. They could not") as refused:
        contracts.put_in_force(made.dataset, without(made.dataset, "met", "priority", "hours"), by=made.analyst)
    assert refused.value.extra["columns"] == ["priority", "met"]
    with pytest.raises(ColumnsRead, match="read: priority by 1 KPI"):
        contracts.put_in_force(
            made.dataset, without(made.dataset, "met", "priority"), by=made.analyst, drop_read=["met"]
        )
    contracts.put_in_force(made.dataset, without(made.dataset, "met"), by=made.analyst, drop_read=["met"])
    contracts.put_in_force(made.dataset, without(made.dataset, "met", "hours"), by=made.analyst)
    made.dataset.refresh_from_db()
    assert [column["name"] for column in made.dataset.contract["columns"]] == ["id", "opened_at", "unit", "priority"]


def test_another_column_beside_them_needs_no_word(made):
    contract = Contract.from_dict(made.dataset.contract)
    wider = Contract((*contract.columns, Column("note")))
    assert contracts.put_in_force(made.dataset, wider, by=made.analyst).number == 2


def test_the_page_names_who_reads_a_dropped_column_and_asks(client, made):
    client.force_login(made.analyst)
    address = reverse("dataset_contract", args=["incidents"])
    seen = client.get(address).context
    form = {f"c-{name}": value for name, value in (("TOTAL_FORMS", 6), ("INITIAL_FORMS", 6))}
    for row in seen["columns"]:
        form |= {f"{row.prefix}-{name}": value for name, value in row.initial.items() if value not in (False, None)}
    form |= dict(seen["form"].initial) | {"c-4-name": "in_time"}
    shown = client.post(address, form | {"show": ""})
    assert "met column present dropped Stored rows keep it, out of sight. Incidents solved in time" in text_of(shown)
    asked = client.post(address, form | {"save": ""})
    assert (asked.status_code, "Drop met all the same." in text_of(asked)) == (422, True)
    assert client.post(address, form | {"save": "", "drop_read": "met"}).status_code == 302
    assert Dataset.objects.get(code="incidents").contract["columns"][4]["name"] == "in_time"


def test_a_page_tells_who_reads_each_column_but_no_vendors_contact(client, made):
    page = opened(client, made.viewer, "dataset", "incidents")
    assert "Read by 1" in page and "Read by 2" not in page
    contact = member("vendor_contact", made.north)
    assert readers_of(made.dataset, access_of(contact, DAY)) == []
    assert "Read by" not in opened(client, contact, "dataset", "incidents")


def test_readers_cost_the_same_with_one_and_with_fifty(made):
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            readers_of(made.dataset, access_of(made.viewer, DAY))
        return len(seen)

    few = cost()
    for n in range(49):
        KpiFactory(unit=made.group, kind="simple", dataset=made.dataset, formula=f"sum(hours) + {n}")
    assert (cost(), len(read(made.dataset)["hours"])) == (few, 49)


# --- from a KPI onwards ----------------------------------------------------------------------------------------------


def test_a_kpi_tells_what_goes_by_it_with_links(client, made):
    board = ScorecardFactory(name="Operations", unit=made.group)
    ScorecardNode.objects.create(scorecard=board, kind="kpi", kpi=made.kpi)
    hidden = ScorecardFactory(name="Elsewhere", unit=UnitFactory())
    ScorecardNode.objects.create(scorecard=hidden, kind="kpi", kpi=made.kpi)
    definitions.create_kpi(
        code="late", name="Late", unit=made.group, owner=made.manager, by=made.analyst, kind="derived",
        formula="100 - in_time",
    )  # fmt: skip
    objective = Objective.objects.create(
        theme=Theme.objects.create(name="Service"), name="Solve it", unit=made.group, owner=made.manager
    )
    objective.links.create(kpi=made.kpi, kind="supports")
    KpiFactory(unit=made.group, name="Reopened", counter_kpi=made.kpi)
    found = uses_of(made.kpi, access_of(made.viewer, DAY))
    assert {kind: [use.name for use in listed] for kind, listed in found.items()} == {
        "Scorecards": ["Operations"],
        "Derived KPIs": ["Late"],
        "Objectives": ["Solve it"],
        "Counter of": ["Reopened"],
    }
    page = opened(client, made.viewer, "kpi_definition", "in_time")
    assert f'<a href="{board.get_absolute_url()}">Operations</a>' in page and "Elsewhere" not in page
