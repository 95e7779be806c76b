"""Drafts looked at on one page and submitted together, each as it was looked at."""

import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpis import definitions, workflow
from kpis.models import KpiVersion
from kpis.selectors.reviews import draft_reviews
from organization.access import access_of
from tests.kpis.pages import opened, sent
from tests.kpis.sample_desk import DAY, PASSPORT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]
State = KpiVersion.State


def draft(made, code, **words) -> KpiVersion:
    same = {"unit": made.group, "owner": made.manager, "steward": made.analyst, "dataset": made.dataset}
    words = {"kind": "simple", "formula": "count(*)", "decimals": 0} | PASSPORT | words
    kpi = definitions.create_kpi(code=code, name=code.title(), by=made.analyst, **same, **words).kpi
    return kpi.versions.get()


def ticks(made, *versions):
    """What the analyst's page sends for these."""
    found = draft_reviews(access_of(made.analyst, DAY))
    return [f"{one.version.pk}:{one.revision}" for one in found if one.version in versions]


def states(*versions):
    return [KpiVersion.objects.get(pk=version.pk).state for version in versions]


def test_those_that_are_ticked_are_submitted_and_the_others_stay(client, made):
    first, second, third = (draft(made, code) for code in ("first", "second", "third"))
    answer = sent(client, made.analyst, "kpi_drafts", submit=ticks(made, first, third))
    assert answer.status_code == 302
    assert states(first, second, third) == [State.IN_REVIEW, State.DRAFT, State.IN_REVIEW]
    assert KpiVersion.objects.get(pk=first.pk).submitted_by == made.analyst
    assert "Submitted: First v1, Third v1." in opened(client, made.analyst, "kpi_drafts")


def test_one_that_was_changed_or_submitted_meanwhile_says_so_and_the_others_are(client, made):
    fine, changed, gone = (draft(made, code) for code in ("fine", "changed", "gone"))
    seen = ticks(made, fine, changed, gone)
    definitions.edit(changed, by=made.analyst, formula="count(id)")
    workflow.submit(gone, by=made.analyst)
    sent(client, made.analyst, "kpi_drafts", submit=seen)
    assert states(fine, changed, gone) == [State.IN_REVIEW, State.DRAFT, State.IN_REVIEW]
    text = html.unescape(opened(client, made.analyst, "kpi_drafts"))
    assert "Changed v1 is not submitted. Changed v1 was changed since you opened it" in text
    assert "One that you ticked is no longer a draft, or not yours to submit." in text


def test_gaps_of_a_passport_are_told_and_do_not_keep_a_draft_back(client, made):
    version = draft(made, "gaps", purpose="")
    text = html.unescape(opened(client, made.analyst, "kpi_drafts"))
    assert "No certificate before it answers:" in text and "What is it for?" in text
    sent(client, made.analyst, "kpi_drafts", submit=ticks(made, version))
    assert states(version) == [State.IN_REVIEW]


def test_nothing_ticked_says_what_to_do_and_no_drafts_lead_back(client, made):
    draft(made, "one")
    sent(client, made.analyst, "kpi_drafts")
    assert "Tick the drafts that are ready" in opened(client, made.analyst, "kpi_drafts")
    KpiVersion.objects.filter(state=State.DRAFT).delete()
    assert "No drafts" in opened(client, made.analyst, "kpi_drafts")


def test_nobody_submits_elsewhere_nor_without_the_right(client, made):
    version = draft(made, "fine")
    seen = ticks(made, version)
    assert sent(client, made.viewer, "kpi_drafts", submit=seen).status_code == 403
    sent(client, made.stranger, "kpi_drafts", submit=seen)
    assert states(version) == [State.DRAFT]
    assert "0" in opened(client, made.analyst, "kpi_draft_look", version.pk)
    opened(client, made.viewer, "kpi_draft_look", version.pk, expect=403)


def test_ten_cost_as_many_queries_as_one(client, made):
    def cost() -> int:
        client.force_login(made.analyst)
        with CaptureQueriesContext(connection) as queries:
            opened(client, made.analyst, "kpi_drafts")
        return len(queries)

    draft(made, "one")
    opened(client, made.analyst, "kpi_drafts")
    one = cost()
    for number in range(9):
        draft(made, f"more{number}")
    assert cost() == one


def test_the_home_of_who_wrote_several_and_the_list_of_kpis_lead_to_it(client, made):
    draft(made, "one")
    assert 'href="/kpi-drafts/"' not in opened(client, made.analyst, "home")
    draft(made, "two")
    assert 'href="/kpi-drafts/"' in opened(client, made.analyst, "home")
    assert 'href="/kpi-drafts/"' in opened(client, made.analyst, "kpis")
    assert 'href="/kpi-drafts/"' not in opened(client, made.viewer, "kpis")
