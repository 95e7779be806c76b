"""The journey of an agreement in a browser: draft, replay, sign, see attainment, explain, exclude, close, claim."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs.models import Job
from slas.models import Agreement
from tests.factories import perform

from . import sample_clocks
from .sample import DAY, Desk, deliveries


def work() -> None:
    """What the workers do meanwhile."""
    while job := Job.objects.unfinished().order_by("pk").first():
        perform(job)


def draft(author: Page) -> None:
    """Acme holds from January 2025, for 1,000 dollars a month."""
    author.goto("/agreements/")
    author.get_by_role("link", name="New agreement").first.click()
    author.get_by_label("Name", exact=True).fill("Acme")
    expect(author.get_by_label("Code")).to_have_value("acme")  # made from the name
    author.get_by_label("Holds from").fill("2025-01-01")
    author.get_by_label("Answers for it").select_option("supply")
    author.get_by_role("button", name="Draft it").click()
    author.get_by_role("link", name="Edit", exact=True).click()
    author.get_by_label("Currency").fill("USD")
    author.get_by_label("Monthly charge").fill("1000")
    author.get_by_role("button", name="Keep the draft").click()


def promise_on_time(author: Page) -> None:
    """A promise without a clock; its formula is misspelt first."""
    author.get_by_role("link", name="Add a target").click()
    author.get_by_label("Metric").select_option("quality")
    author.get_by_label("Dataset", exact=True).select_option("deliveries")
    author.get_by_role("button", name="Go on").click()
    author.get_by_label("Name", exact=True).fill("On time")
    author.get_by_label("Code", exact=True).fill("on-time")
    author.get_by_label("Required, %").fill("95")
    author.get_by_label("What went well").fill("count(case when dune_on <= due_on then 1 end)")
    author.get_by_label("Of how much").fill("count(*)")
    author.get_by_role("button", name="Keep the target").click()
    expect(author.get_by_text("Did you mean `due_on`?")).to_be_visible()  # the word and the nearest column
    author.get_by_label("What went well").fill("count(case when done_on <= due_on then 1 end)")
    author.get_by_role("button", name="Keep the target").click()


def promise_by_its_day(author: Page) -> None:
    """A promise whose clock reads columns."""
    author.get_by_role("link", name="Add a target").click()
    author.get_by_label("Metric").select_option("delivery")
    author.get_by_label("Dataset", exact=True).select_option("deliveries")
    author.get_by_label("The clock reads").select_option("columns")
    author.get_by_role("button", name="Go on").click()
    author.get_by_label("Name", exact=True).fill("By its day")
    author.get_by_label("Code", exact=True).fill("by-day")
    author.get_by_label("Required, %").fill("80")
    author.get_by_label("Names the case").select_option("line")
    author.get_by_label("Due", exact=True).select_option("due_on")
    author.get_by_label("Stopped", exact=True).select_option("done_on")
    author.get_by_role("button", name="Keep the target").click()


def set_tiers(author: Page) -> None:
    """Below 95 % of what is promised, 5 % of the charge come back."""
    author.get_by_role("link", name="Edit the tiers").click()
    author.get_by_label("Bound, %, line 1").fill("95")
    author.get_by_label("Credit, % of the charge, line 1").fill("5")
    author.get_by_role("button", name="Keep the tiers").click()


def offer_what_was_tried(author: Page) -> None:
    author.get_by_role("link", name="Replay").click()
    january = author.get_by_role("row", name="Jan 2025")
    expect(january).to_contain_text("$50.00")  # 80 % are below 95 for the one promise, and kept for the other
    author.get_by_role("link", name="Document").click()
    author.get_by_role("button", name="Offer for signature").click()
    expect(author.get_by_text("waits for a second person")).to_be_visible()


def sign_and_explain(signer: Page) -> None:
    """The second person signs, and finds the case that was missed."""
    signer.goto("/agreements/acme/document/")
    signer.get_by_role("button", name="Sign").click()
    expect(signer.get_by_text("is signed and active")).to_be_visible()
    work()
    signer.goto("/agreements/acme/?period=2025-01-01")
    row = signer.get_by_role("row", name="On time On time")
    expect(row).to_contain_text("80.00")
    expect(row).to_contain_text("broken")
    signer.get_by_title("All cases, those missed first").click()
    signer.get_by_role("link", name="103").click()
    expect(signer.locator("main")).to_contain_text("24 h late")
    expect(signer.locator("main")).to_contain_text("13 Jan 2025, 23:59:59")  # the day it was due


def leave_the_storm_out(author: Page, signer: Page) -> None:
    author.goto("/agreements/acme/exclusions/new/")
    author.get_by_label("Reason").fill("Storm closed the port.")
    author.get_by_label("Of which target").select_option("on-time")
    author.get_by_label("Rows for which").fill("line = 103")
    author.get_by_role("button", name="Propose").click()
    signer.goto("/agreements/acme/exclusions/")
    signer.get_by_role("button", name="Approve").click()
    expect(signer.get_by_text("it no longer counts")).to_be_visible()
    work()


def close_and_claim(signer: Page, finance: Page) -> None:
    signer.goto("/agreements/acme/periods/2025-01-01/")
    expect(signer.get_by_role("row", name="On time")).to_contain_text("88.89")  # 8 of 9; 80 with the excluded one
    signer.get_by_role("button", name="Close the period").click()
    signer.get_by_role("button", name="Close it").click()
    expect(signer.get_by_text("$50.00 are due")).to_be_visible()
    finance.goto("/service-credits/")
    finance.get_by_role("link", name="$50.00").last.click()
    finance.get_by_role("button", name="Claim $50.00").click()
    expect(finance.get_by_text("$50.00 are claimed")).to_be_visible()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_from_draft_to_claim(people, settings):
    settings.AS_OF = DAY.isoformat()
    desk = Desk()
    deliveries(desk.unit)
    author, signer, finance = people(desk.author), people(desk.signer), people(desk.finance)
    draft(author)
    promise_on_time(author)
    promise_by_its_day(author)
    set_tiers(author)
    offer_what_was_tried(author)
    sign_and_explain(signer)
    leave_the_storm_out(author, signer)
    close_and_claim(signer, finance)
    assert Agreement.objects.get().claims.get().claimed_by == desk.finance


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_closed_list_of_intervals_prints_whole_and_is_closed_again(people, settings):
    """As is one of more than 60. B runs, pauses, runs, is out of hours and runs."""
    settings.AS_OF = "2025-01-08"
    desk = sample_clocks.Desk()
    desk.run()
    page = people(desk.signer)
    page.goto(reverse("clock_explain", args=["desk"]) + "?case=B&target=p1")
    rows, heading = page.locator("details tbody tr"), page.get_by_text("5 intervals")
    heading.click()
    expect(rows.first).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(rows).to_have_count(5)
    expect(rows.last).to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(rows.last).to_be_hidden()
    heading.click()
    for event in ("beforeprint", "afterprint"):
        page.evaluate("event => dispatchEvent(new Event(event))", event)
    expect(rows.last).to_be_visible()
