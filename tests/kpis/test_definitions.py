"""A definition is checked as it is written, holds for its own days, and is certified by a second person."""

from datetime import date

import pytest
from django.utils import timezone

from kpis import definitions, workflow
from kpis.definitions import DefinitionError, WrongState
from kpis.models import KpiVersion, RecomputeRequest
from kpis.selectors.history import versions_of
from kpis.workflow import PassportIncomplete, SecondPersonNeeded, passport_gaps
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import AuditEntry
from tests.factories import DatasetFactory, KpiFactory, ScorecardFactory, UnitFactory, UserFactory

pytestmark = pytest.mark.django_db
FEB = date(2025, 2, 1)
PASSPORT = {
    "purpose": "Customers wait less.",
    "decision": "Staffing of the night shift.",
    "description": "Cases within the promise over all cases.",
    "target_basis": "Contract.",
    "financial_link": "Service credits.",
    "gaming_risk": "Cases closed early.",
    "reporting_lag_days": 2,
    "review_date": date(2026, 1, 1),
}


@pytest.fixture
def author():
    return UserFactory()


@pytest.fixture
def dataset():
    contract = Contract(
        (
            Column("id", roles=(Role.KEY,)),
            Column("opened", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
            Column("closed", type=ColumnType.DATE),
            Column("priority", roles=(Role.DIMENSION,)),
            Column("met", type=ColumnType.BOOLEAN),
            Column("hours", type=ColumnType.NUMBER),
        )
    )
    return DatasetFactory(contract=contract.to_dict())


def made(dataset, author, code="met_share", **values):
    values = values or {"kind": "simple", "formula": "count(*)"}
    return definitions.create_kpi(
        code=code, name=code, unit=dataset.unit, owner=author, steward=author, by=author, dataset=dataset, **values
    )


def derived(author, code, formula):
    return definitions.create_kpi(
        code=code, name=code, unit=UnitFactory(), owner=author, by=author, kind="derived", formula=formula
    )


def certified(version, author):
    version = definitions.edit(version, by=author, **PASSPORT)
    return workflow.certify(workflow.submit(version, by=author), by=UserFactory(), now=timezone.now())


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"kind": "simple", "formula": "sum(hour)"}, "formula", r"no column `hour` \(character 5\).*mean `hours`"),
        ({"kind": "simple", "formula": "hours"}, "formula", "sums up rows"),
        ({"kind": "ratio", "formula": "count(*)"}, "denominator", "needs a denominator"),
        ({"kind": "weighted_mean", "formula": "hours"}, "weight", "needs a weight"),
        ({"kind": "percentile", "formula": "hours"}, "percentile", "needs a percentile"),
        ({"kind": "semi_additive", "formula": "count(*)"}, "time_rule", "needs a time rule"),
        ({"kind": "cumulative", "formula": "count(*)"}, "window", "needs a window"),
        (
            {"kind": "cumulative", "formula": "count(*)", "window": "rolling", "window_periods": 1301},
            "window_periods",
            "at most 1,300 of its periods, a hundred years",
        ),
        ({"kind": "simple", "formula": "count(*)", "condition": "hours"}, "condition", "boolean is needed"),
        ({"kind": "simple", "formula": "count(*)", "time_column": "priority"}, "time_column", "no date"),
        ({"kind": "simple", "formula": "count(*)", "dimensions": ["prio"]}, "dimensions", "no column `prio`"),
        ({"kind": "simple", "formula": "(select 1)"}, "formula", "select"),
        ({"kind": "simple", "formula": "count(*)", "colour": 1}, "colour", "no field"),
    ],
)
def test_a_fault_names_the_field_the_word_and_the_nearest_column(dataset, author, values, field, message):
    with pytest.raises(DefinitionError, match=message) as refused:
        made(dataset, author, **values)
    assert [fault.field for fault in refused.value.faults] == [field]


def test_a_new_kpi_is_a_draft_that_is_computed(dataset, author):
    version = made(dataset, author)
    assert (version.number, version.state, version.valid_to) == (1, "draft", None)
    assert RecomputeRequest.objects.get().scope == "definition"


def test_a_draft_changes_in_place_and_words_alone_compute_nothing(dataset, author):
    version = made(dataset, author)
    RecomputeRequest.objects.all().delete()
    assert definitions.edit(version, by=author, purpose="To know.").number == 1
    assert not RecomputeRequest.objects.exists()
    definitions.edit(version, by=author, formula="sum(hours)")
    assert RecomputeRequest.objects.get().scope == "definition"


def test_B8_an_edit_of_a_certified_definition_makes_a_draft_without_certificate(dataset, author):
    first = certified(made(dataset, author), author)
    draft = definitions.edit(first, by=author, valid_from=FEB, formula="sum(hours)")
    first.refresh_from_db()
    assert (draft.number, draft.state, draft.certified_by, draft.purpose) == (2, "draft", None, first.purpose)
    assert (first.state, first.valid_to, draft.valid_from) == ("certified", FEB, FEB)
    assert AuditEntry.objects.get(action="KPI definition changed").details["certificate"] == "dropped"


def test_versions_tile_time_without_overlap(dataset, author):
    first = certified(made(dataset, author), author)
    second = certified(definitions.edit(first, by=author, valid_from=FEB), author)
    definitions.edit(second, by=author, valid_from=date(2024, 6, 1))
    kpi = first.kpi
    for day in (date(2020, 1, 1), date(2024, 6, 1), FEB, date(2030, 1, 1)):
        assert kpi.versions.in_force(day).count() == 1
    assert [v.number for v in kpi.versions.in_force(date(2024, 7, 1))] == [3]


def test_a_discarded_draft_gives_its_days_back(dataset, author):
    first = certified(made(dataset, author), author)
    draft = definitions.edit(first, by=author)
    assert not first.kpi.versions.in_force(FEB).filter(pk=first.pk).exists()
    definitions.discard(draft, by=author)
    assert first.kpi.versions.in_force(FEB).get() == first
    with pytest.raises(WrongState):
        definitions.discard(first, by=author)


def test_nobody_certifies_what_they_wrote_or_submitted(dataset, author):
    version = definitions.edit(made(dataset, author), by=author, **PASSPORT)
    submitter = UserFactory()
    version = workflow.submit(version, by=submitter)
    for person in (author, submitter):
        with pytest.raises(SecondPersonNeeded):
            workflow.certify(version, by=person, now=timezone.now())
    assert workflow.certify(version, by=UserFactory(), now=timezone.now()).state == "certified"


def test_a_passport_with_a_gap_cannot_be_certified(dataset, author):
    version = definitions.edit(made(dataset, author), by=author, **{**PASSPORT, "gaming_risk": ""})
    assert passport_gaps(version) == {"gaming_risk": "How could it be gamed?"}
    with pytest.raises(PassportIncomplete, match="gaming risk"):
        workflow.certify(workflow.submit(version, by=author), by=UserFactory(), now=timezone.now())


def test_steps_in_the_wrong_order_are_refused(dataset, author):
    version = made(dataset, author)
    with pytest.raises(WrongState, match="is draft; this step needs it to be in review"):
        workflow.certify(version, by=UserFactory(), now=timezone.now())
    version = workflow.submit(version, by=author)
    assert workflow.send_back(version, by=UserFactory(), reason="Which cases?").state == "draft"


def test_a_deprecated_definition_ends_on_its_day(dataset, author):
    version = certified(made(dataset, author), author)
    workflow.deprecate(version, by=author, from_day=FEB, reason="Replaced")
    assert not version.kpi.versions.in_force(FEB).exists()
    assert KpiVersion.objects.get().state == "deprecated"


def test_what_was_taken_out_of_use_stays_so_when_a_later_draft_is_discarded(dataset, author):
    """v1 certified, v2 instead of it certified and out of use from February on; draft v3 comes and goes."""
    first = certified(made(dataset, author), author)
    second = certified(definitions.edit(first, by=author, formula="sum(hours)"), author)
    second = workflow.deprecate(second, by=author, from_day=FEB, reason="Replaced")
    draft = definitions.edit(second, by=author, formula="count(closed)")
    definitions.discard(draft, by=author)
    versions = second.kpi.versions
    assert [v.number for v in versions.in_force(date(2025, 1, 31))] == [2]
    assert not versions.in_force(FEB).exists()
    assert versions.newest() == second


def test_what_is_out_of_use_from_its_first_day_holds_for_no_day(dataset, author):
    first = certified(made(dataset, author), author)
    second = certified(definitions.edit(first, by=author, formula="sum(hours)"), author)
    workflow.deprecate(second, by=author, from_day=second.valid_from, reason="Replaced")
    assert not first.kpi.versions.in_force(FEB).exists()


def test_the_only_version_there_is_may_be_one_that_nobody_certified():
    """As versions were kept before certificates: taken out of use it has no version before or after it."""
    version = KpiFactory().versions.get()
    workflow.deprecate(version, by=version.kpi.owner, from_day=FEB, reason="Replaced")
    assert KpiVersion.objects.get().state == "deprecated"


def test_a_discarded_draft_is_nowhere_the_newest_version(dataset, author):
    first = certified(made(dataset, author), author)
    definitions.discard(definitions.edit(first, by=author, formula="sum(hours)"), by=author)
    third = definitions.edit(first.kpi.versions.newest(), by=author, gaming_risk="None.")
    assert (third.number, third.formula) == (3, "count(*)")
    newest, discarded, _ = versions_of(first.kpi, FEB)
    assert [change.field for change in newest.changes] == ["gaming risk"]  # beside version 1
    assert discarded.version.is_discarded and not first.is_discarded


def test_a_derived_kpi_knows_its_inputs_and_refuses_a_cycle(author):
    KpiFactory(code="cost")
    KpiFactory(code="orders")
    unit_cost = derived(author, "unit_cost", "cost / orders")
    assert {kpi.code for kpi in unit_cost.inputs.all()} == {"cost", "orders"}
    twice = derived(author, "twice", "unit_cost * 2")
    with pytest.raises(DefinitionError, match="A KPI cycle: unit_cost > twice > unit_cost"):
        definitions.edit(unit_cost, by=author, formula="twice / 2")
    with pytest.raises(DefinitionError, match="A KPI cycle: twice > twice"):
        definitions.edit(twice, by=author, formula="twice + 1")
    with pytest.raises(DefinitionError, match="mean `orders`"):
        derived(author, "wrong", "cost / ordrs")


def test_bands_that_cannot_be_used_are_refused(dataset, author):
    version = made(dataset, author)
    with pytest.raises(DefinitionError, match="everything else"):
        definitions.change_kpi(version.kpi, by=author, bands=[{"status": "green", "at": 1}])
    with pytest.raises(DefinitionError, match="its own counter"):
        definitions.change_kpi(version.kpi, by=author, counter_kpi=version.kpi)


def test_only_what_differs_is_a_change(dataset, author):
    kpi = made(dataset, author).kpi
    definitions.change_kpi(kpi, by=author, name=kpi.name)
    definitions.change_kpi(kpi, by=author, name="On time", steward=kpi.steward)
    assert AuditEntry.objects.get(action="KPI changed").details["after"] == {"name": "On time"}


def test_an_impact_lists_what_reads_the_kpi(author):
    cost, orders = KpiFactory(code="cost"), KpiFactory(code="orders")
    derived(author, "unit_cost", "cost / orders")
    ScorecardFactory(name="Operations").nodes.create(kind="kpi", kpi=cost)
    impact = definitions.impact_of(cost)
    assert (impact.scorecards, impact.derived) == (("Operations",), ("unit_cost",))
    assert definitions.impact_of(orders).scorecards == ()
