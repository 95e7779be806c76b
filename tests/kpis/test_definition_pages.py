"""Pages on which a definition is written, tried, certified, run, and taken from one installation to another."""

import html
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from kpis import definitions, workflow
from kpis.models import Kpi, KpiVersion
from kpis.recompute import recompute
from lake.contract import Column, ColumnType, Contract, Role
from tests.factories import ResultFactory, UnitFactory, loaded_dataset, member
from tests.kpis.pages import opened, sent
from tests.kpis.sample_desk import DAY, PASSPORT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]


NEW = {
    "code": "hours_p90",
    "name": "Hours to solve",
    "unit": "group",
    "kind": "percentile",
    "dataset": "incidents",
    "formula": "hours",
    "percentile": "0.9",
    "grain": "month",
    "direction": "lower",
    "unit_of_measure": "hours",
    "decimals": "1",
}


def test_the_preview_names_the_wrong_word_and_the_nearest_column(client, made):
    answer = sent(client, made.analyst, "kpi_preview", **{**NEW, "formula": "hourz"})
    text = answer.content.decode()
    assert "<mark>hourz</mark>" in text and "Did you mean `hours`?" in text


def test_a_percentile_of_90_is_told_how_to_be_written(client, made):
    said = "Write it from 0 to 1: 0.9 is the 90th percentile."
    assert said in sent(client, made.analyst, "kpi_preview", **NEW | {"percentile": "90"}).content.decode()
    answer = sent(client, made.analyst, "kpi_new", **NEW | {"percentile": "90", "owner": made.analyst.username})
    assert answer.status_code == 422 and said in answer.content.decode()


def test_the_preview_is_what_the_rows_give(client, made):
    text = sent(client, made.analyst, "kpi_preview", **NEW).content.decode()
    # March: hours 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8; the 0.9 quantile lies 0.9 of the way from the 10th to the 11th
    assert "6.9" in text and "Mar 2025" in text
    row = "<tr><td>north-2504-0</td><td>2025-04-01</td><td>north</td><td>low</td>"  # written as everywhere else
    assert row in text
    assert KpiVersion.objects.count() == 1  # nothing is kept


def test_a_formula_that_fails_on_some_row_is_told_in_the_preview(client, made):
    failing = NEW | {"kind": "simple", "percentile": "", "formula": "sum(cast(priority as integer))"}
    answer = sent(client, made.analyst, "kpi_preview", **failing)
    assert answer.status_code == 200 and "of priority is not a number" in answer.content.decode()


def test_an_hour_of_the_latest_time_is_refused_by_its_word(client, made):
    wrong = NEW | {"kind": "simple", "percentile": "", "formula": "hour(max(opened_at))"}
    answer = sent(client, made.analyst, "kpi_preview", **wrong)
    assert "`max` gives a date here" in html.unescape(answer.content.decode())


def test_a_cumulative_kpi_asks_for_the_parts_of_what_it_aggregates_like(client, made):
    asked = NEW | {"kind": "cumulative", "base_kind": "ratio"}
    seen = sent(client, made.analyst, "kpi_form", **asked).context["form"]
    assert seen.parts[:5] == ("dataset", "base_kind", "formula", "denominator", "window")
    assert seen.fields["formula"].label == "Numerator"
    kept = sent(client, made.analyst, "kpi_new", **asked | {"owner": made.analyst.username, "formula": "count(*)"})
    assert set(kept.context["form"].errors) == {"denominator", "window"}


RATIO = NEW | {"kind": "ratio", "denominator": "count(*)", "percentile": "", "unit_of_measure": "percent"}


@pytest.mark.parametrize(
    ("formula", "more", "said"),
    [
        ("count_if(priority = 'High')", {}, "No row has 'High' in priority. It has 'high', 'low'; texts are compared"),
        ("count(*)", {"condition": "priority in ('low', 'mid', 'top')"}, "No row has 'mid' or 'top' in priority."),
        ("sum(case priority when 'HIGH' then 1 else 0 end)", {}, "No row has 'HIGH' in priority."),
        ("count(met = 1)", {}, "also where the answer is no: write count_if(met = 1) for the rows"),
        ("100 * sum(hours)", {}, "The unit percent takes a ratio times 100 by itself: leave the 100 out"),
        ("sum(met)", {"unit_of_measure": "number"}, "reads better in the unit percent, which shows 0.1 as 10 %."),
    ],
)
def test_what_is_likely_wrong_is_said_beside_the_preview(client, made, formula, more, said):
    assert said in html.unescape(
        sent(client, made.analyst, "kpi_preview", **RATIO | {"formula": formula} | more).content.decode()
    )


@pytest.mark.parametrize(
    ("formula", "unit", "said"),
    [
        ("in_time * in_time", "percent", "in_time counts as shown, 91 % as 91: divide by 100 for what is meant."),
        ("in_time * in_time / 100", "percent", ""),
        ("in_time * cases", "number", "in_time counts as shown, 91 % as 91: divide by 100 for what is meant."),
        ("in_time - 5", "number", ""),
        ("cases / (cases + 10)", "percent", "write 100 * (cases / (cases + 10)) for per cent."),
        ("100 * cases / (cases + 10)", "percent", ""),
    ],
)
def test_percentages_in_a_derived_kpi_count_as_they_are_shown(client, made, formula, unit, said):
    cases = {"kind": "simple", "formula": "count(*)", "unit_of_measure": "number"}
    definitions.create_kpi(
        code="cases", name="Cases", unit=made.group, owner=made.analyst, by=made.analyst, dataset=made.dataset, **cases
    )
    recompute(made.dataset.pk, day=DAY)
    asked = NEW | {"kind": "derived", "dataset": "", "percentile": "", "formula": formula, "unit_of_measure": unit}
    answer = sent(client, made.analyst, "kpi_preview", **asked)
    assert " ".join(answer.context["hints"]).endswith(said) if said else answer.context["hints"] == []


@pytest.mark.parametrize(
    ("unit", "condition", "said"),
    [
        ("EUR", "", "currency has CHF, EUR, and their amounts are added as if all were EUR"),
        ("EUR", "currency = 'EUR'", ""),
        ("number", "", ""),
    ],
)
def test_amounts_of_several_currencies_are_not_added_without_a_word(client, made, unit, condition, said):
    text = "id,day,amount,currency\n1,2025-03-01,100,EUR\n2,2025-03-02,80,CHF\n"
    contract = Contract(
        columns=(
            Column("id", roles=(Role.KEY,)),
            Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
            Column("amount", type=ColumnType.NUMBER, roles=(Role.MEASURE,)),
            Column("currency", roles=(Role.DIMENSION,)),
        )
    )
    loaded_dataset(text, contract, unit=made.group, code="costs", name="Costs")
    asked = RATIO | {"kind": "simple", "dataset": "costs", "formula": "sum(amount)", "denominator": ""}
    answer = sent(client, made.analyst, "kpi_preview", **asked | {"unit_of_measure": unit, "condition": condition})
    hints = answer.context["hints"]
    assert hints == [f"{said}: write currency = 'EUR' as the condition, and a KPI for each other currency."] * bool(
        said
    )


def test_it_is_said_too_where_the_condition_leaves_no_row(client, made):
    answer = sent(
        client, made.analyst, "kpi_preview", **RATIO | {"formula": "sum(met)", "condition": "priority = 'urgent'"}
    )
    said = html.unescape(answer.content.decode())
    assert "has no rows in the last 12 periods" in said and "No row has 'urgent' in priority." in said


@pytest.mark.parametrize(
    ("formula", "more"),
    [
        ("count_if(priority = 'high')", {}),
        ("count_if(lower(priority) = 'high')", {"condition": "priority <> 'low' or unit in ('north', 'south')"}),
        ("sum(hours)", {"unit_of_measure": "number"}),  # 46 of 12: no part of a whole
        ("100 * sum(met)", {"kind": "simple", "denominator": ""}),  # a sum in percent is not multiplied
    ],
)
def test_nothing_is_said_where_nothing_is_wrong(client, made, formula, more):
    answer = sent(client, made.analyst, "kpi_preview", **RATIO | {"formula": formula} | more)
    assert (answer.context["hints"], bool(answer.context["tried"])) == ([], True)


def test_a_hint_names_only_texts_of_rows_that_one_sees(client, made):
    local = member("analyst", made.north)
    asked = RATIO | {"unit": "north", "formula": "count_if(unit = 'east')"}
    said = html.unescape(sent(client, local, "kpi_preview", **asked).content.decode())
    assert "No row has 'east' in unit. It has 'north'; texts" in said and "south" not in said


def test_the_preview_needs_the_permission_and_shows_no_foreign_rows(client, made):
    assert sent(client, made.viewer, "kpi_preview", **NEW).status_code == 403
    text = sent(client, made.stranger, "kpi_preview", **NEW).content.decode()
    assert "north-" not in text and "Choose the dataset" in text


def test_a_wrong_formula_is_refused_beside_its_field_and_nothing_is_kept(client, made):
    answer = sent(client, made.analyst, "kpi_new", **{**NEW, "formula": "hourz", "owner": made.analyst.username})
    assert answer.status_code == 422
    assert "Did you mean `hours`?" in answer.content.decode()
    assert KpiVersion.objects.count() == 1


def test_a_kpi_over_rows_needs_its_dataset_and_its_form_says_so(client, made):
    sent(client, made.analyst, "kpi_new", **NEW | {"dataset": ""})
    assert not Kpi.objects.filter(code="hours_p90").exists()
    parts = {kind: sent(client, made.analyst, "kpi_form", kind=kind).context["form"] for kind in ("simple", "derived")}
    assert parts["simple"].fields["dataset"].required and not parts["derived"].fields["dataset"].required
    assert parts["simple"].fields["dimensions"].help_text == "Choose the dataset first."


def test_a_code_with_a_blank_is_refused_in_plain_words(client, made):
    given = {**NEW, "owner": made.analyst.username, "code": "hours p90"}
    answer = sent(client, made.analyst, "kpi_new", **given)
    assert answer.status_code == 422 and "digits, - and _ only" in answer.content.decode()


def certify(client, user, seen: str | None = None):
    """What the page says after its button Certify; seen: the revision of an earlier look at it."""
    page = opened(client, user, "kpi_definition", "hours_p90")
    shown = re.search(r'name="revision" value="(\w+)"', page)
    words = {"version": 1, "revision": shown.group(1) if seen is None else seen}
    answer = client.post(reverse("kpi_workflow", args=["hours_p90", "certify"]), words, follow=True)
    return " ".join(str(message) for message in answer.context["messages"])


def in_review(client, made) -> KpiVersion:
    given = {**NEW, "owner": made.analyst.username, "steward": made.analyst.username}
    sent(client, made.analyst, "kpi_new", **given)
    KpiVersion.objects.filter(kpi__code="hours_p90").update(**PASSPORT)
    version = KpiVersion.objects.get(kpi__code="hours_p90")
    return workflow.submit(version, by=made.analyst)


def test_what_was_looked_at_is_certified_not_what_was_written_meanwhile(client, made):
    """A second tab: its author edits and submits again while the page is open."""
    version = in_review(client, made)
    seen = workflow.revision_of(version)
    workflow.submit(definitions.edit(version, by=made.analyst, condition="hours > 0"), by=made.analyst)
    said = certify(client, made.manager, seen)
    assert "was changed since you opened it: nothing was decided. Look at it again, then decide." in said
    version.refresh_from_db()
    assert version.state == "in_review"
    assert "is certified" in certify(client, made.manager)


def test_who_edited_a_draft_of_another_does_not_certify_it(client, made):
    version = in_review(client, made)
    definitions.edit(version, by=made.manager, condition="hours > 0")
    workflow.submit(version, by=made.analyst)
    page = opened(client, made.manager, "kpi_definition", "hours_p90")
    assert 'name="revision"' not in page
    assert "who wrote any of it, or submitted it, cannot certify it" in page and f"changed by {made.manager}" in page
    with pytest.raises(workflow.SecondPersonNeeded):
        workflow.certify(version, by=made.manager, now=timezone.now())
    assert workflow.certify(version, by=member("manager", version.kpi.unit), now=timezone.now()).state == "certified"


def test_other_bands_drop_the_certificate_and_take_what_is_in_review_back(client, made):
    """They say what is red."""
    version = in_review(client, made)
    assert workflow.certify(version, by=made.manager, now=timezone.now()).state == "certified"
    bands = [{"status": "green", "at": 1}, {"status": "red"}]
    definitions.change_kpi(version.kpi, by=made.analyst, bands=bands)
    draft = version.kpi.versions.newest()
    assert (draft.number, draft.state) == (2, "draft")
    workflow.submit(draft, by=made.analyst)
    definitions.change_kpi(version.kpi, by=made.manager, bands=[])
    draft.refresh_from_db()
    assert (draft.state, set(draft.authors.all())) == ("draft", {made.analyst, made.manager})


def test_from_draft_to_certified_by_two_people(client, made):
    given = {**NEW, "owner": made.analyst.username, "steward": made.analyst.username}
    assert sent(client, made.analyst, "kpi_new", **given).status_code == 302
    version = KpiVersion.objects.get(kpi__code="hours_p90")
    assert "gaps" in opened(client, made.analyst, "kpi_definition", "hours_p90")
    sent(client, made.analyst, "kpi_workflow", "hours_p90", "submit", version=1)
    assert sent(client, made.analyst, "kpi_workflow", "hours_p90", "certify", version=1).status_code == 403
    certify(client, made.manager)
    version.refresh_from_db()
    assert version.state == "in_review"  # the passport has gaps
    KpiVersion.objects.filter(pk=version.pk).update(**PASSPORT)
    certify(client, made.manager)
    version.refresh_from_db()
    assert (version.state, version.certified_by) == ("certified", made.manager)


def test_who_submits_with_a_gap_is_told_the_gap_and_led_to_its_field(client, made):
    sent(client, made.analyst, "kpi_new", **NEW | {"owner": made.analyst.username})
    KpiVersion.objects.update(**PASSPORT)  # all but the steward, who is named above the passport
    page = opened(client, made.analyst, "kpi_definition", "hours_p90")
    assert '/kpis/hours_p90/edit/#id_steward">Fill it</a>' in page
    assert "not before the gap of its passport is filled" in page
    sent(client, made.analyst, "kpi_workflow", "hours_p90", "submit", version=1)
    page = opened(client, made.analyst, "kpi_definition", "hours_p90")
    assert "is in review. No certificate before its passport answers: Who looks after the data?" in page


def test_an_author_sees_why_a_draft_came_back_until_it_is_submitted_again(client, made):
    given = {**NEW, "owner": made.analyst.username, "steward": made.analyst.username}
    sent(client, made.analyst, "kpi_new", **given)
    sent(client, made.analyst, "kpi_workflow", "hours_p90", "submit", version=1)
    sent(client, made.manager, "kpi_workflow", "hours_p90", "send_back", version=1, reason="Whose hours?")
    page = opened(client, made.analyst, "kpi_definition", "hours_p90")
    assert f"<strong>{made.manager} sent it back</strong>" in page and ": Whose hours?" in page
    assert "<title>Hours to solve: Definition · perfmgr</title>" in page
    sent(client, made.analyst, "kpi_workflow", "hours_p90", "submit", version=1)
    assert "sent it back" not in opened(client, made.analyst, "kpi_definition", "hours_p90")


def test_an_edit_of_a_certified_kpi_warns_and_drops_the_certificate(client, made):
    page = opened(client, made.analyst, "kpi_edit", "in_time")
    assert "without that certificate" in page
    number = page.split('name="opened" value="')[1].split('"')[0]
    given = {
        "opened": number,
        "name": made.kpi.name,
        "unit": "group",
        "owner": made.manager.username,
        "steward": made.analyst.username,
        "kind": "ratio",
        "dataset": "incidents",
        "formula": "sum(met)",
        "denominator": "count(met)",
        "dimensions": ["priority"],
        "grain": "month",
        "direction": "higher",
        "unit_of_measure": "percent",
        "decimals": "1",
        "bands": "green 95\namber 90 %\nred",
        **PASSPORT,
    }
    assert sent(client, made.analyst, "kpi_edit", "in_time", **given).status_code == 302
    said = opened(client, made.analyst, "kpi_definition", "in_time")
    assert "Kept as version 2, a draft without the certificate of version 1." in said
    made.kpi.refresh_from_db()
    assert [band["status"] for band in made.kpi.bands] == ["green", "amber", "red"]
    assert list(made.kpi.versions.order_by("number").values_list("number", "state")) == [
        (1, "certified"),
        (2, "draft"),
    ]
    text = opened(client, made.viewer, "kpi_definition", "in_time")
    assert "green 95<br>amber 90 %<br>red" in text
    assert "<del>count(*)</del>" in text and "<ins>count(met)</ins>" in text
    again = sent(client, made.manager, "kpi_edit", "in_time", **given)
    assert again.status_code == 422 and "Somebody changed this KPI" in again.content.decode()


def test_steps_that_do_not_exist_are_not_there(client, made):
    assert sent(client, made.manager, "kpi_workflow", "in_time", "destroy", version=1).status_code == 404
    assert sent(client, made.manager, "kpi_workflow", "in_time", "submit", version="9" * 30).status_code == 404


def test_a_vendors_contact_reads_how_it_is_measured_and_not_how_it_could_be_gamed(client, made):
    vendor = UnitFactory(code="acme", kind="vendor")
    ResultFactory(kpi=made.kpi, unit=vendor)
    contact, rest = member("vendor_contact", vendor), APIClient()
    made.kpi.versions.update(gaming_risk="Close early", decision="Whom to pay", description="Solved by all")
    for person, told in ((contact, False), (made.viewer, True)):
        rest.force_authenticate(person)
        answers = [
            rest.get(f"/api/v1/kpis/{path}").content.decode() for path in ("in_time/", "in_time/versions/", "export/")
        ]
        answers += [
            opened(client, person, "kpi_definition", "in_time"),
            opened(client, person, "kpi_yaml", code="in_time"),
        ]
        for answer in answers:
            assert ("Close early" in answer, "Whom to pay" in answer) == (told, told)
            assert "Solved by all" in answer
    rest.force_authenticate(made.analyst)
    assert rest.get("/api/v1/kpis/in_time/impact/").status_code == 200
    rest.force_authenticate(contact)
    assert rest.get("/api/v1/kpis/in_time/impact/").status_code == 403
