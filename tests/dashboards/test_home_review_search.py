"""Home by role, the printable review, and search."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboards.views.review import exceptions_of, has_long_amounts, sections_of, signs_of
from jobs.models import Job
from kpis.models import StatusChange
from kpis.selectors.verdicts import Verdict
from kpis.views.rows import Row
from organization.models import Role
from tests.factories import (
    DatasetFactory,
    KpiFactory,
    KpiVersionFactory,
    ResultFactory,
    ScorecardFactory,
    UnitFactory,
    UserFactory,
    member,
)
from tests.kpis.sample_board import DAY, a_board
from tests.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
AS_OF = {"as_of": DAY.isoformat()}


# --- home ------------------------------------------------------------------------------------------------------------


def test_home_lists_what_is_off_target_and_what_turned_red():
    board = a_board()
    page = signed_in(member("manager", board.group)).get("/", AS_OF)
    assert {row.name for row in page.context["reds"]} == {"A&E seen within 4 hours", "Open backlog, end of month"}
    assert page.context["summary"] is None
    assert "Turned red lately" in text_of(page)
    assert "South West Nov 2025" in text_of(page)
    assert "Times are in UTC unless another clock is named" in text_of(page)


def test_what_is_red_by_its_first_target_did_not_turn_red():
    """A target that is set after the fact rates what was there: it does not say that anything got worse."""
    board = a_board()
    StatusChange.objects.update(before="no_target")
    page = signed_in(member("manager", board.group)).get("/", AS_OF)
    assert "Turned red lately" not in text_of(page)
    assert len(page.context["reds"]) == 2


def test_where_no_number_has_a_target_home_says_so_in_place_of_all_well():
    group = UnitFactory()
    kpi = KpiFactory(unit=group)
    ResultFactory(kpi=kpi, unit=group, month=date(2025, 11, 1), status="no_target")
    client = signed_in(member("manager", group))
    page = client.get("/", AS_OF)
    assert "No number has a target yet, so none can be off it. Choose a KPI and set its targets." in text_of(page)
    assert "Nothing is off target" not in text_of(page)
    ResultFactory(kpi=KpiFactory(unit=group), unit=group, month=date(2025, 11, 1), status="green", score=100.0)
    assert "Nothing is off target" in text_of(client.get("/", AS_OF))


def test_who_sees_a_part_of_the_tree_sees_their_own_number_of_what_another_unit_answers_for():
    group = UnitFactory()
    kpi, north, south = KpiFactory(unit=group), UnitFactory(parent=group), UnitFactory(parent=group)
    for unit, status in ((group, "green"), (north, "red"), (south, "red")):
        ResultFactory(kpi=kpi, unit=unit, month=date(2025, 11, 1), status=status, score=0.0)
    seen = {}
    for name, unit in (("group", group), ("north", north)):
        rows = signed_in(member("manager", unit)).get("/", AS_OF).context["reds"]
        seen[name] = [(row.name, row.place) for row in rows]
    assert seen == {"group": [], "north": [(kpi.name, north.name)]}


def test_executives_see_their_scorecard_first():
    board = a_board()
    page = signed_in(member(Role.EXECUTIVE, board.group)).get("/", AS_OF)
    summary = page.context["summary"]
    assert [row.name for row in summary["rows"]] == ["Customer", "Internal process", "Finance"]
    assert f"{summary['view'].score:.0f} of 100" in text_of(page)
    body = page.content.decode()
    assert body.index("Open the review") < body.index("Off target")


def test_a_vendor_contact_goes_straight_to_their_own_scorecard():
    group = UnitFactory()
    vendor = UnitFactory(code="acme", parent=group, kind="vendor")
    ScorecardFactory(code="vendors", unit=group)
    contact = signed_in(member(Role.VENDOR_CONTACT, vendor))
    assert contact.get("/")["Location"] == "/scorecards/vendors/"
    assert contact.get("/", follow=True).context["view"].unit.code == "acme"
    assert contact.get("/scorecards/vendors/", {"unit": group.code}).status_code == 404


def test_a_vendor_contact_is_not_offered_the_jobs_that_are_none_of_theirs():
    vendor = UnitFactory(kind="vendor")
    jobs = f'href="{reverse("jobs")}"'
    for role, offered in ((Role.VENDOR_CONTACT, False), (Role.VIEWER, True)):
        page = signed_in(member(role, vendor)).get(reverse("datasets")).content.decode()
        assert (jobs in page) == offered, role


def test_analysts_see_their_drafts_managers_what_waits_for_them():
    group = UnitFactory()
    analyst, manager = member("analyst", group), member("manager", group)
    kpi = KpiFactory(unit=group, name="Yield")
    KpiVersionFactory(kpi=kpi, number=2, state="draft", created_by=analyst)
    KpiVersionFactory(kpi=kpi, number=3, state="in_review", created_by=analyst, submitted_by=analyst)
    drafts = signed_in(analyst).get("/")
    assert "Your drafts" in text_of(drafts)
    assert "Yield v2" in text_of(drafts)
    assert "Waits for you" not in text_of(drafts)
    waiting = text_of(signed_in(manager).get("/"))
    assert "Waits for you" in waiting
    assert "Yield v3" in waiting


def test_late_data_is_named_and_administrators_see_parked_jobs():
    group = UnitFactory()
    KpiFactory(unit=group)
    DatasetFactory(name="Deliveries", unit=group, refresh_promise_hours=1, loaded_at=datetime(2025, 1, 1, tzinfo=UTC))
    Job.objects.create(kind="load", key="load 1", state="parked", fault="disk full")
    administrator = text_of(signed_in(member("administrator", group)).get("/"))
    assert "Data that is late" in administrator
    assert "disk full" in administrator
    viewer = text_of(signed_in(member("viewer", group)).get("/"))
    assert "Deliveries" in viewer
    assert "disk full" not in viewer
    analyst = member("analyst", group)
    Job.objects.create(kind="datasets.load", key="load 2", state="parked", fault="no room", asked_by=analyst)
    asker = text_of(signed_in(analyst).get("/"))
    assert "no room" in asker and "disk full" not in asker


def test_an_empty_home_says_what_to_do_next():
    group = UnitFactory()
    analyst, administrator = (text_of(signed_in(member(role, group)).get("/")) for role in ("analyst", "administrator"))
    assert "Load an extract" in analyst and "Before the first extract" not in analyst
    assert "Load an extract" in administrator and "Before the first extract: the units" in administrator
    assert "Ask them when" in text_of(signed_in(member("viewer", group)).get("/"))
    assert "hold no role yet" in text_of(signed_in(UserFactory()).get("/"))


def test_homes_queries_do_not_grow_with_kpis():
    counts = []
    for number in (1, 50):
        group = UnitFactory()
        for _ in range(number):
            ResultFactory(kpi=KpiFactory(unit=group), month=date(2025, 11, 1), status="red", score=0.0)
        client = signed_in(member("manager", group))
        client.get("/", AS_OF)
        with CaptureQueriesContext(connection) as captured:
            client.get("/", AS_OF)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# --- review ----------------------------------------------------------------------------------------------------------


def row(name: str, status: str = "green", level: int = 2, is_node: bool = False, **more) -> Row:
    return Row(id=1, name=name, level=level, is_node=is_node, status=status, score=None, **more)


def test_exceptions_come_by_weight_new_reds_first():
    rows = [
        row("light", "red", pull_pct=10),
        row("heavy", "red", pull_pct=40),
        row("new", "red", pull_pct=5, was="green"),
        row("fine", "green", pull_pct=45),
        row("so so", "amber"),
        row("gone", "no_data"),
    ]
    found = {title: [r.name for r in part] for title, part in exceptions_of(rows).items()}
    assert found == {
        "New reds": ["new"],
        "Reds since before": ["heavy", "light"],
        "At risk": ["so so"],
        "No data": ["gone"],
    }


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ({"actual": 24_112.6, "format": "EUR:0"}, False),  # €24,113
        ({"actual": 24_112.6, "format": "EUR:2"}, True),  # €24,112.60
        ({"actual": 90.0, "target": 1_250_000.0, "format": "count:0"}, True),
        ({"variance": -409.4, "format": "h:1"}, False),
    ],
)
def test_long_amounts_are_given_room(amounts, expected):
    assert has_long_amounts([row("short"), row("asked", **amounts)]) is expected


def test_each_icon_of_the_rows_is_explained_once():
    rows = [
        row("a", verdict=Verdict("common_cause", "fails")),
        row("b", verdict=Verdict("concerning", "fails", "high", "nhs_limits")),
        row("c", verdict=Verdict("common_cause", "no_target")),
        row("early", verdict=Verdict("too_few_points", "too_few_points")),  # which draws none
        row("none"),
    ]
    signs = signs_of(rows)
    assert [one.variation_meaning for one in signs["variation"]] == [
        "No change: Common cause variation: no significant change",
        "Concerning: Special cause of the worse kind",
    ]
    assert [one.assurance for one in signs["assurance"]] == ["fails"]


def test_quiet_greens_are_folded_and_empty_objectives_left_out():
    rows = [
        row("loose", level=1),
        row("Customer", level=1, is_node=True),
        row("Calm objective", is_node=True),
        row("quiet", level=3),
        row("Busy objective", is_node=True),
        row("back on target", level=3, was="red"),
        row("provisional", level=3, marks=("provisional",)),
        row("Finance", level=1, is_node=True),
        row("cost", "red"),
    ]
    sections = sections_of(rows)
    assert [section.head and section.head.name for section in sections] == [None, "Customer", "Finance"]
    assert [r.name for r in sections[0].quiet] == ["loose"]
    assert [r.name for r in sections[1].speaking] == ["Busy objective", "back on target", "provisional"]
    assert [r.name for r in sections[1].quiet] == ["quiet"]
    assert [r.name for r in sections[2].speaking] == ["cost"]


def test_the_reviews_numbers_are_the_scorecards():
    board = a_board()
    manager = signed_in(member("manager", board.group))
    query = AS_OF | {"period": "2025-10-01", "unit": "london"}
    review = manager.get("/review/", query)
    card = manager.get("/scorecards/operations/", query)
    assert review.context["view"] == card.context["view"]
    shown = [r for s in review.context["sections"] for r in (*s.speaking, *s.quiet) if not r.is_node]
    expected = {r.code: (r.actual, r.status, r.score) for r in card.context["rows"] if not r.is_node}
    assert {r.code: (r.actual, r.status, r.score) for r in shown} == expected


def test_without_a_scorecard_the_review_says_how_it_begins():
    group = UnitFactory()
    assert "Ask a manager to build one" in text_of(signed_in(member("viewer", group)).get("/review/"))
    assert 'href="/scorecards/new/"' in signed_in(member("analyst", group)).get("/review/").content.decode()


# --- search ----------------------------------------------------------------------------------------------------------


def test_search_finds_by_words_of_name_or_code_as_far_as_one_may_see():
    board = a_board()
    KpiFactory(name="Deliveries elsewhere", unit=UnitFactory(name="Delivery depot"))
    DatasetFactory(name="Deliveries", unit=board.group)
    page = signed_in(member("viewer", board.group)).get("/search/", {"q": "deliver"})
    found = {group.title: [name for name, _, _ in group.hits] for group in page.context["groups"]}
    assert found == {"KPIs": ["Cost per delivery", "Deliveries on time"], "Datasets": ["Deliveries"]}


def test_one_hit_by_its_whole_name_is_opened_at_once():
    board = a_board()
    answer = signed_in(member("viewer", board.group)).get("/search/", {"q": "OPERATIONS"})
    assert answer["Location"] == "/scorecards/operations/"


@pytest.mark.parametrize("words", ["", "%", "_", "'; drop table", "\0", "x" * 5000, "nothing so called"])
def test_search_takes_any_text(words):
    viewer = signed_in(member("viewer", UnitFactory(name="Here", code="here")))
    answer = viewer.get("/search/", {"q": words})
    assert answer.status_code == 200
    assert "Here" not in text_of(answer)
