"""The builder changes the tree and its weights through the verbs, and refuses beside the field."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from kpis.models import Scorecard, ScorecardNode
from organization.models import AuditEntry
from tests.factories import DatasetFactory, KpiFactory, ScorecardFactory, UnitFactory, member

pytestmark = pytest.mark.django_db
EDIT = "/scorecards/quality/edit/"


@pytest.fixture
def group():
    return UnitFactory(code="group")


@pytest.fixture
def manager(group):
    client = Client()
    client.force_login(member("manager", group))
    return client


@pytest.fixture
def card(group):
    return ScorecardFactory(code="quality", name="Quality", unit=group)


@pytest.fixture
def perspective(card):
    return ScorecardNode.objects.create(scorecard=card, kind="perspective", name="Customer")


@pytest.fixture
def leaf(card, perspective, group):
    return ScorecardNode.objects.create(scorecard=card, parent=perspective, kind="kpi", kpi=KpiFactory(unit=group))


def text_of(response) -> str:
    return response.content.decode()


def test_a_scorecard_is_made_and_leads_to_its_rows(manager, group):
    owner = member("manager", group)
    values = {"code": "safety", "name": "Safety", "unit": group.pk, "owner": owner.pk, "grain": "month"}
    answer = manager.post("/scorecards/new/", values | {"cascades": "on"})
    assert answer["Location"] == "/scorecards/safety/edit/"
    made = Scorecard.objects.get()
    assert (made.name, made.cascades, made.is_executive, made.owner) == ("Safety", True, False, owner)
    taken = manager.post("/scorecards/new/", values)
    assert (taken.status_code, Scorecard.objects.count()) == (422, 1)
    assert "has the code safety" in text_of(taken)


def test_a_new_scorecard_is_proposed_for_the_largest_unit(manager, group):
    UnitFactory(parent=group, kind="site", name="A site")
    assert manager.get("/scorecards/new/").context["form"]["unit"].value() == group.pk


def test_a_new_kpi_is_proposed_for_its_datasets_unit_or_the_largest(manager, group):
    site = UnitFactory(parent=group, kind="site", name="A site", code="site")
    DatasetFactory(code="orders", unit=site)
    for query, code in (("", group.code), ("?dataset=orders", "site")):
        page = text_of(manager.get(f"/kpi-designer/{query}"))
        assert re.search(rf'<option value="{code}" selected>', page), query


def test_a_scorecard_starts_only_where_one_may_define(manager, group):
    values = {"code": "theirs", "name": "Theirs", "unit": UnitFactory().pk, "owner": member("viewer", group).pk}
    assert manager.post("/scorecards/new/", values | {"grain": "month"}).status_code == 422
    assert not Scorecard.objects.exists()


def test_rows_are_added_under_a_perspective(manager, card, group):
    manager.post(EDIT, {"do": "add", "kind": "perspective", "name": "Customer", "weight": "2"})
    perspective = card.nodes.get()
    kpi = KpiFactory(unit=group)
    manager.post(EDIT, {"do": "add", "kind": "kpi", "kpi": kpi.pk, "parent": perspective.pk, "weight": "1.5"})
    node = card.nodes.get(kpi=kpi)
    assert (node.parent, node.weights.get().weight) == (perspective, Decimal("1.5"))
    again = manager.post(EDIT, {"do": "add", "kind": "kpi", "kpi": kpi.pk, "parent": perspective.pk, "weight": "1"})
    assert again.status_code == 422
    assert "stands there already" in text_of(again)


def test_the_next_row_is_proposed_under_what_was_added_last(manager, card, group):
    answer = manager.post(EDIT, {"do": "add", "kind": "perspective", "name": "Customer", "weight": "1"}, follow=True)
    customer = card.nodes.get()
    assert answer.context["add_form"]["parent"].value() == str(customer.pk)
    values = {"kind": "kpi", "kpi": KpiFactory(unit=group, name="Orders").pk, "parent": customer.pk, "weight": "1"}
    answer = manager.post(EDIT, {"do": "add"} | values, follow=True)
    assert "Orders was added under Customer." in text_of(answer)
    assert answer.context["add_form"]["parent"].value() == str(customer.pk)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "kpi"}, "Choose the KPI"),
        ({"kind": "perspective"}, "Name the perspective"),
        ({"kind": "objective"}, "Choose the objective"),
        ({"kind": "perspective", "name": "X", "weight": "-1"}, "greater than or equal to 0"),
        ({"kind": "perspective", "name": "X", "weight": "NaN"}, "Enter a number"),
        ({"kind": "planet", "name": "X"}, "not one of the available choices"),
        ({"kind": "kpi", "kpi": "999999"}, "not one of the available choices"),
    ],
)
def test_a_row_that_lacks_something_is_refused(manager, card, values, words):
    answer = manager.post(EDIT, {"do": "add", "weight": "1"} | values)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not card.nodes.exists()


def test_weights_hold_from_a_day_on_and_only_what_changed_is_set(manager, card, perspective, leaf):
    leaf.weights.create(weight=1)
    other = ScorecardNode.objects.create(scorecard=card, kind="perspective", name="Finance")
    other.weights.create(weight=1)
    answer = manager.post(
        EDIT,
        {"do": "weights", "from_day": "2025-07-01", f"weight-{leaf.pk}": "3", f"weight-{other.pk}": "1"},
    )
    assert answer.status_code == 302
    found = [(w.weight, w.valid_from, w.valid_to) for w in leaf.weights.order_by("valid_from")]
    assert found == [(1, date(1900, 1, 1), date(2025, 7, 1)), (3, date(2025, 7, 1), None)]
    assert other.weights.count() == 1
    assert AuditEntry.objects.filter(action="weight set").count() == 1


def test_weights_for_the_past_as_well_replace_all_history(manager, leaf):
    leaf.weights.create(weight=1)
    manager.post(EDIT, {"do": "weights", "all_time": "on", f"weight-{leaf.pk}": "2.5"})
    assert [(w.weight, w.valid_from) for w in leaf.weights.all()] == [(Decimal("2.5"), date(1900, 1, 1))]


def test_weights_need_a_day_and_a_number(manager, leaf):
    without = manager.post(EDIT, {"do": "weights", "from_day": "", f"weight-{leaf.pk}": "2"})
    assert (without.status_code, leaf.weights.count()) == (422, 0)
    wrong = manager.post(EDIT, {"do": "weights", "from_day": "2025-07-01", f"weight-{leaf.pk}": "heavy"})
    assert (wrong.status_code, leaf.weights.count()) == (422, 0)
    assert 'value="heavy"' in text_of(wrong)  # nothing that was typed is lost


def test_a_row_is_given_a_gate_and_a_rule_for_missing_data(manager, perspective, leaf):
    values = {"do": "change", "row": leaf.pk, "parent": perspective.pk, "name": "", "gate_cap": "40"}
    manager.post(EDIT, values | {"missing": "carry", "carry_periods": "3", "unit": ""})
    leaf.refresh_from_db()
    assert (leaf.gate_cap, leaf.missing, leaf.carry_periods) == (40, "carry", 3)
    refused = manager.post(EDIT, values | {"gate_cap": "140", "missing": "carry", "carry_periods": "3"})
    assert refused.status_code == 422


def test_a_perspective_is_given_roll_up_and_coverage(manager, perspective):
    manager.post(
        EDIT,
        {
            "do": "change",
            "row": perspective.pk,
            "name": "People",
            "roll_up": "worst",
            "minimum_coverage_pct": "80",
            "missing": "zero",
        },
    )
    perspective.refresh_from_db()
    assert (perspective.name, perspective.roll_up, perspective.minimum_coverage_pct) == ("People", "worst", 80)


def test_a_row_cannot_stand_below_itself(manager, card, perspective):
    inner = ScorecardNode.objects.create(scorecard=card, parent=perspective, kind="perspective", name="Inner")
    values = {"do": "change", "row": perspective.pk, "name": "Customer", "parent": inner.pk}
    rules = {"roll_up": "weighted_mean", "minimum_coverage_pct": "60", "missing": "reweight"}
    answer = manager.post(EDIT, values | rules)
    assert answer.status_code == 422
    assert "A scorecard cycle: Customer &gt; Inner &gt; Customer" in text_of(answer)
    perspective.refresh_from_db()
    assert perspective.parent is None


def test_rows_move_up_and_down_and_are_taken_out(manager, card, perspective, leaf):
    second = ScorecardNode.objects.create(scorecard=card, kind="perspective", name="Finance", position=1)
    manager.post(EDIT, {"do": "move", "row": second.pk, "to": "up"})
    assert [n.name for n in card.nodes.filter(parent=None).order_by("position")] == ["Finance", "Customer"]
    manager.post(EDIT, {"do": "move", "row": second.pk, "to": "down"})
    assert [n.name for n in card.nodes.filter(parent=None).order_by("position")] == ["Customer", "Finance"]
    manager.post(EDIT, {"do": "remove", "row": perspective.pk})
    assert [n.name for n in card.nodes.all()] == ["Finance"]  # what stood below went with it


@pytest.mark.parametrize("row", ["", "x", "999999", "١", "9" * 30])
def test_a_row_of_another_scorecard_is_not_there(manager, card, row):
    foreign = ScorecardNode.objects.create(scorecard=ScorecardFactory(), kind="perspective", name="Foreign")
    for given in (row, foreign.pk):
        assert manager.post(EDIT, {"do": "remove", "row": given}).status_code == 404
    assert manager.post(EDIT, {"do": "explode"}).status_code == 404


def test_settings_change_and_the_scorecard_goes(manager, card, group):
    values = {"do": "settings", "name": "Quality first", "unit": group.pk, "owner": member("viewer", group).pk}
    assert manager.post(EDIT, values | {"grain": "quarter", "is_executive": "on"}).status_code == 302
    card.refresh_from_db()
    assert (card.name, card.grain, card.is_executive, card.cascades) == ("Quality first", "quarter", True, False)
    assert manager.post(EDIT, values | {"name": "", "grain": "month"}).status_code == 422
    manager.post(EDIT, {"do": "remove_scorecard"})
    assert not Scorecard.objects.exists()
