"""Building a scorecard in a real browser: under what a new row is put."""

import pytest
from playwright.sync_api import expect

from kpis.models import ScorecardNode
from tests.factories import ScorecardFactory
from tests.kpis.sample_desk import desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def made(in_this_process):
    return desk()


def test_a_new_perspective_goes_to_the_top_though_a_row_below_another_is_proposed(people, made):
    card = ScorecardFactory(code="quality", name="Quality", unit=made.group)
    speed = ScorecardNode.objects.create(scorecard=card, kind="perspective", name="Speed")
    page = people(made.manager)
    page.goto(f"/scorecards/quality/edit/?under={speed.pk}")
    form = page.locator("#add-form")
    under = form.get_by_label("Under", exact=True)
    expect(under).to_have_value(str(speed.pk))
    form.get_by_label("What", exact=True).select_option("perspective")
    expect(under).to_have_value("")
    form.get_by_label("Name", exact=False).fill("Money")
    form.get_by_role("button", name="Add row").click()
    expect(page.get_by_text("Money was added.")).to_be_visible()
    assert card.nodes.get(name="Money").parent is None
