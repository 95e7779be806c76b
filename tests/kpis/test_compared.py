"""What a definition would change is said before it is kept: beside its numbers stand those that count now.

The group solves 9 of 12 in time in odd months (75 %) and 10 of 12 in even ones (83.3 %); those of high priority, 4 of 6
in each. Its target is 70 %. One looks from April 2025, which is open: of the last twelve months eleven are complete.
"""

from datetime import date
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from kpis import targets
from kpis.recompute import recompute
from tests.kpis.pages import sent
from tests.kpis.sample_desk import DAY
from tests.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]
AS_IT_IS = {
    "editing": "in_time",
    "code": "in_time",
    "unit": "group",
    "kind": "ratio",
    "dataset": "incidents",
    "formula": "sum(met)",
    "denominator": "count(*)",
    "grain": "month",
    "direction": "higher",
    "unit_of_measure": "percent",
    "decimals": "1",
}


@pytest.fixture
def desk(made):
    goal = targets.Goal(made.kpi, made.group, date(2024, 1, 1), value=Decimal(70))
    targets.set_target(goal, by=made.manager, reason="As agreed")
    recompute(made.dataset.pk, day=DAY)
    return made


def preview(client, desk, **changed) -> str:
    return text_of(sent(client, desk.analyst, "kpi_preview", **AS_IT_IS | changed))


def test_what_changes_nothing_says_so(client, desk):
    assert "It gives what counts now in all 11 complete periods." in preview(client, desk)


def test_another_formula_tells_the_values_and_statuses_that_it_would_change(client, desk):
    shown = preview(client, desk, condition="priority = 'high'")
    assert "Of 11 complete periods that count now, 11 would have another value and 11 another status." in shown
    assert "Mar 2025 66.7 % at risk 75.0 % on target 4 ÷ 6" in shown


def test_another_direction_changes_statuses_only(client, desk):
    shown = preview(client, desk, direction="lower")
    assert "0 would have another value and 11 another status" in shown
    assert "Feb 2025 83.3 % off target 83.3 % on target" in shown  # more than a tenth above 70


def test_bands_that_are_being_written_are_tried_too(client, desk):
    """Green from 80 on: the odd ones of the eleven months from May 2024 to March 2025, six, fall short of it."""
    shown = preview(client, desk, bands="green 80\namber 60\nred")
    assert "0 would have another value and 6 another status" in shown
    desk.kpi.refresh_from_db()
    assert desk.kpi.bands == []  # nothing was kept


def test_periods_before_its_first_day_keep_their_definition(client, desk):
    shown = preview(client, desk, condition="priority = 'high'", valid_from="2025-02-01")
    assert "Of 2 complete periods that count now, 2 would have another value and 2 another status." in shown


def test_over_rest_as_on_the_page(desk):
    rest = APIClient()
    rest.force_authenticate(desk.analyst)
    words = {name: AS_IT_IS[name] for name in ("kind", "dataset", "formula", "denominator", "grain", "unit_of_measure")}
    asked = {"kpi": "in_time", "unit": "group", "version": words | {"condition": "priority = 'high'"}}
    compared = rest.post("/api/v1/kpis/preview/", asked, format="json").json()["compared"]
    march = {"start": "2025-03-01", "value": 75.0, "status": "green", "becomes": "amber", "is_other": True}
    assert len(compared) == 11 and march | {"unit_of_measure": "percent", "decimals": 1} in compared
    new = rest.post("/api/v1/kpis/preview/", {"unit": "group", "version": words}, format="json").json()
    assert new["compared"] == []


def test_a_new_kpi_has_nothing_to_be_held_against(client, desk):
    shown = preview(client, desk, editing="", code="other")
    assert "75.0 %" in shown and "count now" not in shown


def test_another_unit_of_measure_leaves_what_counts_now_in_its_own(client, desk):
    """9 of 12 are 0.75 as a number, and still 75.0 % in the results that count."""
    assert "Mar 2025 0.75 off target 75.0 % on target 9 ÷ 12" in preview(
        client, desk, unit_of_measure="number", decimals="2"
    )
