"""Definitions in review, looked at on one page and certified together, each by the rules of a single certificate."""

import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpis import definitions, workflow
from kpis.models import KpiVersion
from kpis.selectors.reviews import reviews
from organization.access import access_of
from tests.factories import member
from tests.kpis.pages import opened, sent
from tests.kpis.sample_desk import DAY, PASSPORT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]
State = KpiVersion.State


def in_review(made, code, *, by=None, **words) -> KpiVersion:
    """A simple KPI of the desk that was handed in."""
    author = by or made.analyst
    same = {"unit": made.group, "owner": made.manager, "steward": made.analyst, "dataset": made.dataset}
    words = {"kind": "simple", "formula": "count(*)", "decimals": 0} | PASSPORT | words
    version = definitions.create_kpi(code=code, name=code.title(), by=author, **same, **words)
    return workflow.submit(version, by=author)


def ticks(made, *versions):
    """What the manager's page sends for these."""
    found = reviews(made.manager, access_of(made.manager, DAY))
    return [f"{one.version.pk}:{one.revision}" for one in found if one.version in versions]


def states(*versions):
    return [KpiVersion.objects.get(pk=version.pk).state for version in versions]


def test_the_page_says_what_each_is_what_changed_and_why_one_cannot_certify_it(client, made):
    definitions.edit(made.kpi.versions.get(), by=made.analyst, formula="sum(met) + 0", purpose="For the vendor.")
    again = workflow.submit(made.kpi.versions.newest(), by=made.analyst)
    in_review(made, "gaps", purpose="")
    in_review(made, "mine", by=made.manager)
    text = html.unescape(opened(client, made.manager, "kpi_reviews"))
    for said in (
        "<del>sum(met)</del> <ins>sum(met) + 0</ins>",
        "<ins>For the vendor.</ins>",
        "Its passport does not answer: What is it for?",
        "You wrote or submitted it: a second person certifies it.",
    ):
        assert said in text
    assert text.count('name="certify"') == 1 and f'id="certify-{again.pk}"' in text


def test_those_that_are_ticked_are_certified_and_the_others_stay(client, made):
    first, second, third = (in_review(made, code) for code in ("first", "second", "third"))
    answer = sent(client, made.manager, "kpi_reviews", certify=ticks(made, first, third))
    assert answer.status_code == 302
    assert states(first, second, third) == [State.CERTIFIED, State.IN_REVIEW, State.CERTIFIED]
    assert KpiVersion.objects.get(pk=first.pk).certified_by == made.manager
    assert "Certified: First v1, Third v1." in opened(client, made.manager, "kpi_reviews")


def test_one_that_cannot_be_certified_says_why_and_the_others_are(client, made):
    fine, changed, mine, gone = (in_review(made, code) for code in ("fine", "changed", "mine", "gone"))
    seen = ticks(made, fine, changed, mine, gone)
    workflow.send_back(changed, by=made.manager, reason="Wording")
    definitions.edit(KpiVersion.objects.get(pk=changed.pk), by=made.analyst, formula="count(id)")
    workflow.submit(KpiVersion.objects.get(pk=changed.pk), by=made.analyst)
    mine.authors.add(made.manager)
    workflow.send_back(gone, by=made.manager, reason="Not now")
    sent(client, made.manager, "kpi_reviews", certify=seen)
    assert states(fine, changed, mine, gone) == [State.CERTIFIED, State.IN_REVIEW, State.IN_REVIEW, State.DRAFT]
    text = html.unescape(opened(client, made.manager, "kpi_reviews"))
    assert "Changed v1 is not certified. Changed v1 was changed since you opened it" in text
    assert "Mine v1 is not certified. You wrote or submitted this definition" in text
    assert "no longer in review, or not yours to certify" in text


def test_nobody_certifies_elsewhere_nor_without_the_right(client, made):
    version = in_review(made, "fine")
    seen = ticks(made, version)
    assert sent(client, made.viewer, "kpi_reviews", certify=seen).status_code == 403
    sent(client, made.stranger, "kpi_reviews", certify=seen)
    assert states(version) == [State.IN_REVIEW]
    opened(client, made.stranger, "kpi_review_look", version.pk, expect=404)


def test_beside_each_stands_what_it_gives_and_what_is_likely_wrong(client, made):
    version = in_review(made, "high", formula="count_if(priority = 'High')")
    text = html.unescape(opened(client, made.manager, "kpi_review_look", version.pk))
    assert '<span class="number">0</span>' in text  # of 12 incidents in a month; the extract writes high
    assert "No row has 'High' in priority. It has 'high', 'low'" in text


def test_ten_cost_as_many_queries_as_one(client, made):
    def cost() -> int:
        client.force_login(made.manager)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            opened(client, made.manager, "kpi_reviews")
        return len(queries)

    in_review(made, "one")
    opened(client, made.manager, "kpi_reviews")
    one = cost()
    for number in range(9):
        in_review(made, f"more{number}")
    assert cost() == one


def test_the_home_leads_to_it(client, made):
    version = in_review(made, "fine")
    assert f'href="/kpi-reviews/#v{version.pk}"' in opened(client, made.manager, "home")
    assert 'href="/kpi-reviews/"' in opened(client, made.manager, "kpis")
    assert 'href="/kpi-reviews/"' not in opened(client, member("viewer", made.group), "kpis")
