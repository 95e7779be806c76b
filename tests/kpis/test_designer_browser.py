"""The designer in a real browser: what one types while its fields are asked for again is not lost."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.kpis.sample_desk import desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def made(in_this_process):
    return desk()


@pytest.fixture
def page(people, made):
    return people(made.analyst)


@pytest.fixture
def held(page):
    """The requests for other fields, which wait until somebody lets them go on."""
    waiting = []
    page.route("**/kpi-designer/form/", lambda route: waiting.append(route))
    return waiting


def let_go(page, held):
    """The fields come, as they were asked for."""
    until = time.monotonic() + 30
    while not held and time.monotonic() < until:
        page.wait_for_timeout(20)
    with page.expect_response("**/kpi-designer/form/"):
        held.pop(0).continue_()
    page.wait_for_load_state("networkidle")


def test_what_is_ticked_and_typed_while_the_fields_of_another_kind_come_is_kept(page, held):
    page.goto("/kpi-designer/")
    page.get_by_label("Dataset", exact=True).select_option("incidents")
    let_go(page, held)
    page.get_by_label("Formula", exact=True).fill("sum(")
    page.get_by_label("Kind").select_option("ratio")
    page.get_by_label("priority").check()
    page.get_by_label("Formula", exact=True).press("End")
    page.keyboard.type("met")
    let_go(page, held)
    numerator = page.get_by_label("Numerator")
    expect(numerator).to_have_value("sum(met")
    expect(numerator).to_be_focused()
    page.keyboard.type(")")  # the cursor stands where it stood
    expect(numerator).to_have_value("sum(met)")
    expect(page.get_by_label("priority")).to_be_checked()
    expect(page.get_by_label("Denominator")).to_have_value("")


def test_another_kind_chosen_while_the_fields_of_one_come_is_the_one_that_holds(page, held):
    page.goto("/kpi-designer/")
    with page.expect_event("requestfailed"):  # the second choice makes it needless
        page.get_by_label("Kind").select_option("ratio")
        page.get_by_label("Kind").select_option("percentile")
    held.pop(0)
    let_go(page, held)
    expect(page.get_by_label("Kind")).to_have_value("percentile")
    expect(page.get_by_label("Percentile")).to_be_visible()
    expect(page.get_by_label("Denominator")).to_have_count(0)


def test_a_code_follows_the_name_until_one_writes_another(page):
    page.goto("/kpi-designer/")
    name, code = page.get_by_label("Name", exact=True), page.get_by_label(re.compile(r"^\s*Code"))
    name.press_sequentially("90 % gelöst, Straße")
    expect(code).to_have_value("_90_gelost_strasse")
    code.fill("solved")
    name.fill("Solved in time")
    expect(code).to_have_value("solved")
    code.fill("")
    name.fill("Solved soon")
    expect(code).to_have_value("solved_soon")
