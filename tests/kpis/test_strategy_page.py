"""The strategy's page: links with their status, orphans both ways, and who adds, renames, moves and removes what."""

import pytest
from rest_framework.test import APIClient

from kpis.models import Theme
from organization.models import AuditEntry
from tests.factories import UnitFactory, member
from tests.pages import signed_in, text_of

from .sample_board import DAY, a_board

pytestmark = pytest.mark.django_db
AS_OF = {"as_of": DAY.isoformat()}


@pytest.fixture
def board():
    return a_board()


@pytest.fixture
def manager(board):
    return signed_in(member("manager", board.group))


def test_the_strategy_lists_links_with_their_status_and_orphans_both_ways(board, manager):
    page = manager.get("/strategy/", AS_OF)
    text = text_of(page)
    assert "contributes to A&E seen within 4 hours 74.0 % off target Nov 2025" in text
    assert [objective.name for objective in page.context["orphans"].objectives] == ["Staff stay"]
    assert len(page.context["orphans"].kpis) == 7
    assert page.content.decode().count('#link-form">') >= 7  # each leads to the form that links it


def test_who_sees_no_objective_is_not_told_that_there_is_none(board):
    text = text_of(signed_in(member("viewer", UnitFactory(code="off"))).get("/strategy/"))
    assert "No objective of your units." in text
    assert not any(words in text for words in ("No objective yet", "every objective has one", "every KPI serves one"))


def test_a_vendors_contact_is_not_told_what_the_organisation_wants_to_reach(board):
    contact = member("vendor_contact", UnitFactory(code="acme", kind="vendor"))
    page, rest = signed_in(contact), APIClient()
    rest.force_authenticate(contact)
    name, text = Theme.objects.first().name, text_of(page.get("/strategy/"))
    assert "No objective belongs to your units." in text and name not in text
    assert rest.get("/api/v1/themes/").json()["results"] == []
    assert name in text_of(signed_in(member("viewer", UnitFactory(code="off"))).get("/strategy/"))


def test_a_link_is_made_and_taken_back(board, manager):
    objective = board.scorecard.unit.objectives.get(name="Staff stay")
    kpi = board.kpis["cost"]
    made = manager.post("/strategy/", {"do": "link", "kpi": kpi.pk, "objective": objective.pk, "kind": "supports"})
    assert made.status_code == 302
    manager.post("/strategy/", {"do": "link", "kpi": kpi.pk, "objective": objective.pk, "kind": "supports"})
    link = objective.links.get()
    assert (link.kpi, link.kind) == (kpi, "supports")
    assert AuditEntry.objects.filter(action="KPI linked", object_name="Staff stay").count() == 1, (
        "what is so already is no change"
    )
    manager.post("/strategy/", {"do": "unlink", "id": link.pk})
    assert not objective.links.exists()


def test_a_theme_is_for_who_defines_for_the_whole_organisation(board, manager):
    part = member("manager", UnitFactory(code="elsewhere"))
    theme = Theme.objects.create(name="Empty")
    client = signed_in(part)
    assert "Add a theme" not in client.get("/strategy/").content.decode()
    for step in ({"do": "theme", "name": "Mine"}, {"do": "remove_theme", "id": theme.pk}):
        assert client.post("/strategy/", step).status_code == 403
    assert Theme.objects.filter(name="Empty").exists()


def test_a_theme_with_a_name_that_is_taken_is_refused_beside_the_field(board, manager):
    answer = manager.post("/strategy/", {"do": "theme", "name": "Service people can rely on"})
    assert answer.status_code == 422
    assert "already exists" in text_of(answer)


def test_an_objective_is_renamed_and_given_to_another(board, manager):
    objective, heir = board.scorecard.unit.objectives.get(name="Staff stay"), member("manager", board.scorecard.unit)
    address = f"/strategy/objectives/{objective.pk}/"
    assert f'href="{address}"' in manager.get("/strategy/").content.decode()
    shown = manager.get(address).context["form"]
    values = {name: getattr(value, "pk", value) for name, value in shown.initial.items()}
    sent = manager.post(address, values | {"name": "Staff stay longer", "owner": heir.pk})
    assert sent["Location"] == f"/strategy/#objective-{objective.pk}"
    objective.refresh_from_db()
    assert (objective.name, objective.owner) == ("Staff stay longer", heir)
    entry = AuditEntry.objects.get(action="objective changed")
    assert entry.details["changes"]["name"] == ["Staff stay", "Staff stay longer"]


def test_an_objective_cannot_take_the_name_of_another_of_its_unit(board, manager):
    one, other = board.scorecard.unit.objectives.order_by("name")[:2]
    address = f"/strategy/objectives/{one.pk}/"
    values = {name: getattr(value, "pk", value) for name, value in manager.get(address).context["form"].initial.items()}
    answer = manager.post(address, values | {"name": other.name})
    assert answer.status_code == 422
    assert f"Change {one.name}" in text_of(answer)  # the page is still about this one


def test_themes_are_renamed_and_moved(board, manager):
    first = Theme.objects.get()
    last = Theme.objects.create(name="Zeal")
    manager.post(f"/strategy/themes/{last.pk}/", {"name": "Zest", "description": "Joy in the work"})
    manager.post("/strategy/", {"do": "move_theme", "id": last.pk, "to": "up"})
    assert [str(theme) for theme in Theme.objects.all()] == ["Zest", str(first)]
    manager.post("/strategy/", {"do": "move_theme", "id": last.pk, "to": "up"})  # there is nothing above it
    assert [str(theme) for theme in Theme.objects.all()] == ["Zest", str(first)]
    manager.post("/strategy/", {"do": "move_theme", "id": last.pk, "to": "down"})
    assert [str(theme) for theme in Theme.objects.all()] == [str(first), "Zest"]
    actions = AuditEntry.objects.filter(object_id=last.pk).order_by("seq").values_list("action", flat=True)
    assert list(actions) == ["theme changed", "theme moved", "theme moved", "theme moved"]


def test_who_may_not_define_changes_no_theme_and_no_objective(board, manager):
    objective, theme = board.scorecard.unit.objectives.get(name="Staff stay"), Theme.objects.get()
    viewer = signed_in(member("viewer", board.scorecard.unit))
    stranger = signed_in(member("manager", UnitFactory(code="off")))
    assert viewer.get(f"/strategy/objectives/{objective.pk}/").status_code == 403
    assert "Change Staff stay" not in viewer.get("/strategy/").content.decode()
    assert stranger.post(f"/strategy/objectives/{objective.pk}/", {"name": "Mine"}).status_code == 404
    assert stranger.post(f"/strategy/themes/{theme.pk}/", {"name": "Mine"}).status_code == 403
    assert stranger.post("/strategy/", {"do": "move_theme", "id": theme.pk, "to": "up"}).status_code == 403


def test_another_units_objective_cannot_be_linked_or_removed(board):
    stranger = signed_in(member("manager", UnitFactory()))
    objective = board.scorecard.unit.objectives.get(name="Staff stay")
    answer = stranger.post(
        "/strategy/", {"do": "link", "kpi": board.kpis["cost"].pk, "objective": objective.pk, "kind": "supports"}
    )
    assert answer.status_code == 422
    assert stranger.post("/strategy/", {"do": "remove_objective", "id": objective.pk}).status_code == 404
    assert stranger.post("/strategy/", {"do": "remove_objective", "id": "1e9"}).status_code == 404
    assert board.scorecard.unit.objectives.filter(pk=objective.pk).exists()
