"""Scorecard, list, heat map, strategy and builder pages: what they show, to whom, and how many queries they take."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, date, datetime
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards.states import state_of
from dashboards.templatetags.scorecard import scorecard_rows
from kpis.models import Result, Scorecard, ScorecardNode
from kpis.selectors import scorecard_view
from kpis.status_words import STATUS_WORDS, status_word
from kpis.views.rows import Row
from organization.access import access_of
from tests.factories import KpiFactory, ResultFactory, ScorecardFactory, UnitFactory, UserFactory, member
from tests.pages import signed_in, text_of

from .sample_board import DAY, a_board

pytestmark = pytest.mark.django_db
AS_OF = {"as_of": DAY.isoformat()}
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def board():
    return a_board()


@pytest.fixture
def manager(board):
    return signed_in(member("manager", board.group))


def queries_of(client: Client, address: str, **query) -> int:
    client.get(address, query)  # whatever is read once in a process
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, query).status_code == 200
    return len(captured)


# --- scorecard -------------------------------------------------------------------------------------------------------


def test_a_scorecard_shows_what_the_selector_reads(board, manager):
    page = manager.get("/scorecards/operations/", AS_OF)
    view = page.context["view"]
    read = scorecard_view(board.scorecard, board.group, DAY, access_of(page.wsgi_request.user, DAY))
    assert (view.score, view.counts, view.coverage_pct) == (read.score, read.counts, read.coverage_pct)
    text = text_of(page)
    assert "A&E seen within 4 hours Nov 2025 74.0 % 95.0 % −21.0 pts off target 0" in text
    assert f"{read.score:.0f} of 100" in text


def test_a_score_of_some_of_the_weights_says_how_much_they_cover():
    node = partial(Row, id=1, name="Cost", level=1, is_node=True, status="amber")
    written = scorecard_rows([node(score=53, coverage_pct=75)])
    assert "53 75 % covered" in re.sub("<[^>]+>", "", written).replace("\N{NO-BREAK SPACE}", " ")
    assert "covered" not in scorecard_rows([node(score=53, coverage_pct=100), node(score=None, coverage_pct=30)])


def test_a_change_that_shows_as_zero_is_neither_better_nor_worse():
    kpi = partial(Row, id=1, name="Insurance", level=1, is_node=False, status="green", score=80, format="percent:3")
    assert 'class="worse"' in scorecard_rows([kpi(change=0.0006, change_is_good=False)])
    assert 'class="worse"' not in scorecard_rows([kpi(change=0.0004, change_is_good=False)])


def test_a_percentages_variance_and_change_are_in_points_and_signed(board, manager):
    row = next(r for r in manager.get("/scorecards/operations/", AS_OF).context["rows"] if r.code == "on_time")
    assert row.variance == pytest.approx(row.actual - 95)
    text = text_of(manager.get("/scorecards/operations/", AS_OF))
    assert f"+{row.variance:.1f} pts on target" in text
    assert f"+{row.change:.1f} pts , was at risk" in text


def test_a_scorecard_as_it_was_known_on_a_day(board, manager):
    kpi = board.kpis["on_time"]
    found = Result.objects.filter(kpi=kpi, unit=board.group, period_start="2025-11-01")
    now_ = found.get()
    found.update(superseded_at=datetime(2025, 12, 10, 9, tzinfo=UTC))
    ResultFactory(
        kpi=kpi, unit=board.group, month=date(2025, 11, 1), value=50, recorded_at=datetime(2025, 12, 10, 9, tzinfo=UTC)
    )

    def on_time(address, **known):
        page = manager.get(address, AS_OF | known)
        shown = page.context.get("rows") or next(iter(page.context["sections"])).speaking
        return next(row.actual for row in shown if row.code == "on_time"), page

    assert on_time("/scorecards/operations/")[0] == 50
    value, page = on_time("/scorecards/operations/", known="2025-12-09")
    assert value == now_.value
    assert "As known on 9 Dec 2025, UTC. What was recorded later is left out." in text_of(page)
    assert all("known=2025-12-09" in row.url for row in page.context["rows"] if row.url)
    assert all("known=2025-12-09" in url for _, url in page.context["exports"])
    assert "known=2025-12-09" in page.context["review"]
    review = manager.get("/review/", AS_OF | {"known": "2025-12-09"})
    assert "As known on 9 Dec 2025, UTC." in text_of(review)
    export = manager.get("/scorecards/operations/export/csv/", AS_OF | {"known": "2025-12-09"})
    lines = csv.DictReader(io.StringIO(b"".join(export).decode("utf-8-sig")))
    assert next(float(line["Actual"]) for line in lines if line["Code"] == "on_time") == pytest.approx(now_.value)


def test_period_and_unit_stand_in_the_address(board, manager):
    page = manager.get("/scorecards/operations/", AS_OF | {"unit": "london", "period": "2025-03-01"})
    assert (page.context["view"].unit.name, page.context["view"].period.label) == ("London", "Mar 2025")
    assert [label for label, _ in page.context["breadcrumb"]] == ["Scorecards", "United Kingdom"]
    assert "period=2025-02-01" in page.context["chooser"]["previous_url"]
    assert "period=2025-04-01" in page.context["chooser"]["next_url"]
    assert "as_of=2025-12-14" in page.context["chooser"]["next_url"]  # the rest of the address stays


def test_any_day_of_a_period_names_it_and_quarters_are_read_at_their_grain(board, manager):
    page = manager.get("/scorecards/operations/", AS_OF | {"grain": "quarter", "period": "2025-05-20"})
    assert page.context["view"].period.label == "2025 Q2"


def test_an_open_period_says_so_and_is_rated_on_request(board, manager):
    december = AS_OF | {"period": "2025-12-01"}
    page = manager.get("/scorecards/operations/", december)
    assert page.context["view"].score is None
    assert "has not ended" in text_of(page)
    rated = manager.get("/scorecards/operations/", december | {"open": "1"})
    assert rated.context["view"].score is not None
    assert {row.marks for row in rated.context["rows"] if not row.is_node} == {("open",)}


@pytest.mark.parametrize(
    "query",
    [{"period": "2025-02-31"}, {"period": "9999-99-99"}, {"period": "0001-01-01"}, {"as_of": "yesterday"}],
)
def test_what_cannot_be_read_is_said_and_left_out(board, manager, query):
    page = manager.get("/scorecards/operations/", query)
    assert page.status_code == 200
    assert "is not a" in text_of(page)


@pytest.mark.parametrize("query", [{"grain": "century"}, {"sort": "nothing"}, {"page": "x"}])
def test_unknown_choices_fall_back(board, manager, query):
    assert manager.get("/scorecards/operations/", AS_OF | query).status_code == 200


def test_sorting_lists_the_kpis_flat_with_missing_values_last(board, manager):
    rows = manager.get("/scorecards/operations/", AS_OF | {"sort": "-score"}).context["rows"]
    scores = [row.score for row in rows]
    known = [score for score in scores if score is not None]
    assert known == sorted(known, reverse=True)
    assert scores[-1] is None
    assert not any(row.is_node for row in rows)


def test_a_gate_a_carried_score_and_weights_used_are_named(board, manager):
    node = board.scorecard.nodes.get(kpi=board.kpis["four_hours"])
    ScorecardNode.objects.filter(pk=node.pk).update(gate_cap=40)
    late = KpiFactory(code="late", name="Late one", unit=board.group)
    ResultFactory(kpi=late, month=date(2025, 10, 1), score=50.0, status="amber")
    perspective = board.scorecard.nodes.get(name="Finance")
    ScorecardNode.objects.create(
        scorecard=board.scorecard, parent=perspective, kind="kpi", kpi=late, missing="carry", carry_periods=2
    )
    text = text_of(manager.get("/scorecards/operations/", AS_OF | {"period": "2025-11-01"}))
    assert "Held at 40: a gate is red." in text
    assert "Score carried from Oct 2025." in text
    assert "not used" in text  # service credits are for information


def test_the_export_holds_the_numbers_of_the_page(board, manager):
    query = AS_OF | {"unit": "london", "period": "2025-10-01"}
    page = manager.get("/scorecards/operations/", query)
    rows, view = page.context["rows"], page.context["view"]
    answer = manager.get("/scorecards/operations/export/csv/", query)
    whole, *lines = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert (whole["Level"], whole["Name"], whole["Score"]) == ("0", "Operations", str(view.score))
    assert [line["Name"] for line in lines] == [row.name for row in rows]
    for line, row in zip(lines, rows, strict=True):
        assert line["Actual"] == ("" if row.actual is None else str(row.actual))
        assert line["Status"] == status_word(row.status)
    assert {line["Period"] for line in lines if line["Code"]} == {"Oct 2025"}
    assert {"on target", "off target"} <= {line["Status"] for line in lines}  # as on the page, not as in the database
    workbook = manager.get("/scorecards/operations/export/xlsx/", query)
    assert b"".join(workbook.streaming_content)[:2] == b"PK"
    assert manager.get("/scorecards/operations/export/pdf/", query).status_code == 404


def test_exports_say_each_status_as_pages_do():
    assert {key: state_of(key).word for key in STATUS_WORDS} == STATUS_WORDS


def test_each_field_has_an_id_of_its_own_so_that_its_label_names_it(board, manager):
    row = board.scorecard.nodes.filter(kind="kpi").first()
    for address in ("/strategy/", f"/scorecards/operations/edit/?row={row.pk}"):
        ids = Counter(re.findall(r'\sid="([^"]+)"', manager.get(address).content.decode()))
        assert [name for name, times in ids.items() if times > 1] == [], address


def test_hostile_names_are_text_everywhere(board, manager):
    unit = UnitFactory(name=HOSTILE, code="<b>", parent=board.group)
    kpi = KpiFactory(name=HOSTILE, unit=board.group, code="hostile")
    ResultFactory(kpi=kpi, month=date(2025, 11, 1), unit=unit, status="red", score=0.0)
    ResultFactory(kpi=kpi, month=date(2025, 11, 1), status="red", score=0.0)
    ScorecardNode.objects.create(scorecard=board.scorecard, kind="kpi", kpi=kpi, name=HOSTILE)
    Scorecard.objects.update(name=HOSTILE, description=HOSTILE)
    manager = signed_in(member("manager", board.group))
    pages = ("/", "/scorecards/", "/scorecards/operations/", "/scorecards/operations/edit/", "/heatmap/", "/review/")
    for address in (*pages, "/strategy/"):
        body = manager.get(address, AS_OF).content.decode()
        assert HOSTILE not in body, address
        assert "&lt;script&gt;" in body, address
    assert HOSTILE not in manager.get("/search/", {"q": HOSTILE}).content.decode()


def test_rows_have_headers_levels_and_names_for_a_screen_reader(board, manager):
    body = manager.get("/scorecards/operations/", AS_OF).content.decode()
    assert 'role="treegrid"' in body
    assert body.count('aria-level="1"') == 3
    assert body.count('aria-level="2"') == 9
    assert body.count('scope="row"') == 12
    assert 'aria-label="Deliveries on time"' in body  # the sparkline
    assert 'aria-label="95.7\N{NO-BREAK SPACE}%, target 95.0\N{NO-BREAK SPACE}%"' in body  # the bullet


@pytest.mark.parametrize("address", ["/scorecards/operations/", "/review/"])
def test_the_number_of_queries_does_not_grow_with_kpis(address):
    counts = []
    for number in (1, 50):
        group = UnitFactory()
        code = f"card-{number}"
        card = ScorecardFactory(code=code, unit=group)
        for _ in range(number):
            kpi = KpiFactory(unit=group)
            ResultFactory(kpi=kpi, month=date(2025, 11, 1))
            ScorecardNode.objects.create(scorecard=card, kind="kpi", kpi=kpi).weights.create(weight=1)
        client = signed_in(member("manager", group))
        path = address.replace("operations", code)
        counts.append(queries_of(client, path, scorecard=code, **AS_OF))
    assert counts[0] == counts[1]
    assert counts[1] <= 25


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_another_units_scorecard_is_not_there(board):
    stranger = signed_in(member("administrator", UnitFactory()))
    for address in ("/scorecards/operations/", "/scorecards/operations/edit/", "/scorecards/operations/export/csv/"):
        assert stranger.get(address).status_code == 404
    assert stranger.get("/heatmap/", {"scorecard": "operations"}).status_code == 404
    assert stranger.get("/review/", {"scorecard": "operations"}).status_code == 404
    assert "Operations" not in text_of(stranger.get("/scorecards/"))


def test_a_regions_viewer_sees_the_cascade_from_their_region_down(board):
    london = next(unit for unit in board.regions if unit.code == "london")
    viewer = signed_in(member("viewer", london))
    page = viewer.get("/scorecards/operations/", AS_OF)
    assert (page.context["view"].unit.name, page.context["view"].path[0].name) == ("London", "London")
    for other in ("uk", "midlands", "nowhere", "\0"):
        assert viewer.get("/scorecards/operations/", {"unit": other}).status_code == 404
        assert viewer.get("/heatmap/", {"unit": other, "scorecard": "operations"}).status_code == 404
    assert [unit.name for unit, _, _ in viewer.get("/heatmap/", AS_OF).context["rows"]] == ["London"]


def test_the_way_back_leads_no_higher_than_the_scorecard_reaches(board):
    region = board.regions[0]
    depot = UnitFactory(parent=region)
    ScorecardFactory(code="region", unit=region)
    page = signed_in(member("manager", board.group)).get("/scorecards/region/", {"unit": depot.code} | AS_OF)
    assert [unit.name for unit in page.context["view"].path] == [region.name, depot.name]


def test_viewers_do_not_build(board):
    viewer = signed_in(member("viewer", board.group))
    assert viewer.get("/scorecards/operations/edit/").status_code == 403
    assert viewer.get("/scorecards/new/").status_code == 403
    assert viewer.post("/strategy/", {"do": "theme", "name": "Mine"}).status_code == 403
    assert "New scorecard" not in text_of(viewer.get("/scorecards/"))


@pytest.mark.parametrize("address", ["/", "/scorecards/", "/heatmap/", "/review/", "/strategy/", "/search/"])
def test_strangers_sign_in_first(address):
    answer = Client().get(address)
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_a_person_without_a_role_is_refused_everywhere_but_at_home():
    nobody = signed_in(UserFactory())
    assert "Ask an administrator" in text_of(nobody.get("/"))
    for address in ("/scorecards/", "/heatmap/", "/review/", "/strategy/", "/search/"):
        assert nobody.get(address).status_code == 403


# --- heat map --------------------------------------------------------------------------------------------------------


def test_the_heat_map_shows_each_unit_with_value_and_status(board, manager):
    page = manager.get("/heatmap/", AS_OF)
    rows = page.context["rows"]
    assert [unit.name for unit, _, _ in rows] == sorted(unit.name for unit in board.regions)
    assert len(rows[0][2]) == 9
    cell, form, _ = rows[0][2][1]
    assert f"{cell.value:.1f}" in text_of(page)
    assert (form, cell.status) == ("percent:1", "red")
    assert 'aria-label="off target"' in page.content.decode()


def test_the_heat_map_sorts_by_a_kpi_and_its_export_holds_every_cell(board, manager):
    rows = manager.get("/heatmap/", AS_OF | {"sort": "-on_time"}).context["rows"]
    values = [cells[0][0].value for _, _, cells in rows]
    assert values == sorted(values, reverse=True)
    answer = manager.get("/heatmap/export/csv/", AS_OF)
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(lines) == 6 * 9
    assert {"on target", "off target"} <= {line["Status"] for line in lines}
    assert {float(line["Value"]) for line in lines if line["KPI code"] == "on_time"} == set(values)


def test_the_heat_maps_queries_do_not_grow_with_units_and_kpis():
    counts = []
    for number in (1, 30):
        group = UnitFactory()
        card = ScorecardFactory(unit=group)
        units = [UnitFactory(parent=group) for _ in range(number)]
        for kpi in [KpiFactory(unit=group) for _ in range(number)]:
            ScorecardNode.objects.create(scorecard=card, kind="kpi", kpi=kpi)
            ResultFactory(kpi=kpi, unit=units[0], month=date(2025, 11, 1))
        counts.append(queries_of(signed_in(member("viewer", group)), "/heatmap/", **AS_OF))
    assert counts[0] == counts[1]
