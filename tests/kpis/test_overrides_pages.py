"""On the targets' page: a number typed over a longer target holds for its period, and what is kept is shown first."""

from datetime import date
from decimal import Decimal

import pytest

from kpis import targets
from kpis.models import StandingTarget, Target
from organization.models import AuditEntry
from tests.factories import KpiFactory
from tests.kpis.pages import opened, sent
from tests.kpis.test_target_pages import cell, set_cells
from tests.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]
JAN, MAR, APR = date(2025, 1, 1), date(2025, 3, 1), date(2025, 4, 1)
GRID = {"kpi": "in_time", "unit": "group", "year": "2025-01-01"}
KEPT = "Service desk, Mar 2025: the standing target 95 is kept before and after"


@pytest.fixture
def standing(made):
    """95 from January on, for the whole desk."""
    goal = targets.Goal(made.kpi, made.group, JAN, value=Decimal(95), basis="Contract 7")
    return targets.set_target(goal, by=made.manager, reason="Agreed late")


def typed(client, user, cells, kept="", **more):
    return set_cells(client, user, {**cells, "kept": kept}, **more)


def held():
    rows = Target.objects.order_by("valid_from")
    return [(int(target.value), target.valid_from, target.valid_to, target.basis) for target in rows]


def test_a_number_typed_over_a_longer_target_is_set_after_the_page_has_shown_what_is_kept(client, made, standing):
    march = cell(made.group, 3)
    asked = typed(client, made.manager, {march: "90"})
    assert asked.status_code == 422 and held() == [(95, JAN, None, "Contract 7")]
    assert "Nothing was set yet" in text_of(asked) and KEPT in text_of(asked)
    page = asked.content.decode()
    assert '<a href="#kept">' in page and 'value="90"' in page and f'name="kept" value="{march} "' in page
    answer = typed(client, made.manager, {march: "90"}, kept=march)
    assert answer.status_code == 302
    assert held() == [(95, JAN, MAR, "Contract 7"), (90, MAR, APR, ""), (95, APR, None, "Contract 7")]


def test_each_covered_cell_knows_what_it_keeps_before_anything_is_sent(client, made, standing):
    page = opened(client, made.manager, "targets", **GRID)
    assert f'data-pm-keeps="{KEPT}"' in page
    assert 'data-pm-keeps="Service desk, Jan 2025: the standing target 95 is kept after"' in page
    assert page.count("data-pm-keeps") == 12  # of the desk; what a unit below inherits is not split
    assert "data-pm-keeps" not in opened(client, made.viewer, "targets", **GRID)


def test_a_pasted_row_is_asked_for_once_and_set_at_once(client, made, standing):
    row = {cell(made.group, month): "9" + str(month) for month in (2, 3, 4)}
    asked = typed(client, made.manager, row)
    assert text_of(asked).count("the standing target 95 is kept before and after") == 3
    assert typed(client, made.manager, row, kept=" ".join(row)).status_code == 302
    values = [(value, start.month) for value, start, _, _ in held()]
    assert values == [(95, 1), (92, 2), (93, 3), (94, 4), (95, 5)]


def test_a_cell_that_the_page_did_not_show_as_covered_is_asked_for(client, made, standing):
    """The standing target was set while the page lay open, or the list of cells is not that of the page."""
    given = {cell(made.group, 3): "90", cell(made.group, 4): "91"}
    answer = typed(client, made.manager, given, kept=cell(made.group, 3))
    assert answer.status_code == 422 and Target.objects.count() == 1


def test_an_emptied_cell_gives_its_month_back(client, made, standing):
    march = cell(made.group, 3)
    typed(client, made.manager, {march: "90"}, kept=march)
    page = opened(client, made.manager, "targets", **GRID)
    assert 'value="90" placeholder="95" title="Set within the standing 95, which holds again once' in page
    answer = typed(client, made.manager, {march: ""}, before=f'{{"{march}": "90"}}')
    assert answer.status_code == 302
    assert "1 removed, where the standing target holds again" in opened(client, made.manager, "targets", **GRID)
    assert held() == [(95, JAN, None, "Contract 7")] and not StandingTarget.objects.exists()


def test_a_part_of_one_month_is_not_the_cells_own(client, made, standing):
    """January alone is left before a February of its own: it stays grey, and is listed with its days."""
    february = cell(made.group, 2)
    typed(client, made.manager, {february: "90"}, kept=february)
    page = opened(client, made.manager, "targets", **GRID)
    assert "from 1 Jan 2025 to before 1 Feb 2025" in page
    assert 'data-pm-keeps="Service desk, Jan 2025: the standing target 95 is kept on its other days"' in page
    january = cell(made.group, 1)
    assert typed(client, made.manager, {january: "93"}, kept=january).status_code == 302
    given = {january: "", february: ""}
    typed(client, made.manager, given, before=f'{{"{january}": "93", "{february}": "90"}}')
    assert held() == [(95, JAN, None, "Contract 7")]


def test_a_red_limit_within_a_longer_one_is_named_so(client, made, standing):
    limit = targets.Goal(made.kpi, made.group, JAN, value=Decimal(80), comparator="red_limit")
    targets.set_target(limit, by=made.manager, reason="Agreed late")
    march = cell(made.group, 3)
    asked = typed(client, made.manager, {march: "85"}, comparator="red_limit")
    assert "the standing red limit 80 is kept before and after" in text_of(asked)
    refused = typed(client, made.manager, {march: "96"}, comparator="red_limit", kept=march)
    assert "The red limit 96 is not worse than the target 95" in text_of(refused)
    assert Target.objects.count() == 2  # nothing was split


def test_a_month_within_a_longer_total_is_still_refused(client, made):
    calls = KpiFactory(unit=made.group, code="calls", kind="simple", formula="count(*)", grain="day")
    quarter = targets.Goal(calls, made.group, JAN, APR, Decimal(90000), as_total=True)
    targets.set_target(quarter, by=made.manager, reason="Agreed late")
    answer = typed(client, made.manager, {cell(made.group, 3): "30000"}, kpi="calls", amounts="total")
    assert answer.status_code == 422 and "take that total back first" in text_of(answer)


def test_only_who_may_set_targets_splits_one(client, made, standing):
    march = cell(made.group, 3)
    answer = typed(client, made.analyst, {march: "90"}, kept=march)
    assert answer.status_code == 422 and held() == [(95, JAN, None, "Contract 7")]
    assert not AuditEntry.objects.filter(action="target split").exists()


def test_the_form_has_a_tick_for_it_and_says_so_when_it_is_missing(client, made, standing):
    given = {
        "single-unit": "group",
        "single-comparator": "target",
        "single-value": "90",
        "single-valid_from": "2025-03-01",
        "single-valid_to": "2025-04-01",
    }
    refused = sent(client, made.manager, "target_set", query=GRID, **given)
    assert refused.status_code == 422 and "or split it around these days" in text_of(refused)
    ticked = {**given, "single-split_standing": "on", "single-reason": "Agreed late"}
    assert sent(client, made.manager, "target_set", query=GRID, **ticked).status_code == 302
    assert [value for value, *_ in held()] == [95, 90, 95]


def test_ending_or_removing_an_override_says_what_holds_then(client, made, standing):
    goal = targets.Goal(made.kpi, made.group, MAR, date(2025, 6, 1), Decimal(90), split_standing=True)
    spring = targets.set_target(goal, by=made.manager, reason="Agreed late")
    page = opened(client, made.manager, "targets", **GRID)
    assert "within 95" in page
    sent(
        client,
        made.manager,
        "target_change",
        spring.pk,
        "end",
        query=GRID,
        last_day="2025-03-31",
        reason="It was never agreed",
    )
    assert "It holds up to 31 Mar 2025, then the one within which it was set" in opened(
        client, made.manager, "targets", **GRID
    )
    assert held()[1:] == [(90, MAR, APR, ""), (95, APR, None, "Contract 7")]
    sent(client, made.manager, "target_change", spring.pk, "remove", query=GRID, reason="It was never agreed")
    assert "What it was set within holds again" in opened(client, made.manager, "targets", **GRID)
    assert held() == [(95, JAN, None, "Contract 7")]


def test_a_fault_names_its_cell_and_leads_to_it(client, made, standing):
    march = cell(made.group, 3)
    page = typed(client, made.manager, {march: "ninety"}).content.decode()
    assert f'<a href="#{march}">' in page and f'id="{march}"' in page


def test_what_is_left_of_a_longer_target_stands_in_one_line_of_the_list(client, made, standing):
    march = targets.Goal(made.kpi, made.group, MAR, APR, Decimal(90), split_standing=True)
    targets.set_target(march, by=made.manager, reason="The contract was wrong")
    page = opened(client, made.manager, "targets", **GRID)
    part = "from 1 Jan 2025 to before 1 Mar 2025<br>from 1 Apr 2025</span>"
    assert part in page and page.count("Contract 7</small>") == 1
    for target in Target.objects.filter(part_of__isnull=False):
        assert f"/targets/{target.pk}/end/" in page and f"/targets/{target.pk}/remove/" in page
