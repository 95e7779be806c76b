"""Pages of KPIs: what they show adds up, what is foreign is not there, and they cost the same at any size."""

from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kpis import annotations, targets
from kpis.models import KpiVersion, ManualEntry, Result, Target
from kpis.recompute import recompute
from tests.factories import KpiFactory, ResultFactory, UnitFactory, UserFactory
from tests.kpis.sample_desk import DAY, PASSPORT, desk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process")]


@pytest.fixture(autouse=True)
def day(settings):
    settings.AS_OF = DAY.isoformat()


@pytest.fixture
def made():
    return desk()


def opened(client, user, page, /, *args, expect=200, htmx=False, **query):
    client.force_login(user)
    headers = {"HX-Request": "true"} if htmx else {}
    answer = client.get(f"{reverse(page, args=args)}?{urlencode(query)}", headers=headers)
    assert answer.status_code == expect, answer.content.decode()[:2000]
    return answer.content.decode() if not answer.streaming else b"".join(answer).decode()


def sent(client, user, page, /, *args, query=None, **data):
    client.force_login(user)
    return client.post(f"{reverse(page, args=args)}?{urlencode(query or {})}", data)


# --- list ----------------------------------------------------------------------------------------------------------


def test_the_list_shows_each_kpi_with_its_last_complete_number(client, made):
    text = opened(client, made.viewer, "kpis")
    assert "Incidents solved in time" in text
    assert "75.0" in text  # March 2025: (3 + 6) of 12
    assert "Mar 2025" in text


def test_the_list_filters_and_says_when_nothing_matches(client, made):
    assert "Incidents solved" in opened(client, made.viewer, "kpis", q="solved", state="certified")
    assert "No KPI matches" in opened(client, made.viewer, "kpis", q="solved", state="draft")
    assert "Incidents solved" in opened(client, made.viewer, "kpis", status="no_target")
    assert "Incidents solved" not in opened(client, made.viewer, "kpis", status="red")


def test_who_sees_nothing_of_a_kpi_gets_a_404_and_no_name(client, made):
    assert "Incidents solved" not in opened(client, made.stranger, "kpis")
    for name in ("kpi", "kpi_rows", "kpi_provenance", "kpi_definition", "kpi_edit"):
        assert "Incidents solved" not in opened(client, made.stranger, name, "in_time", expect=404)
    opened(client, made.viewer, "kpi", "in_time", unit="elsewhere", expect=404)
    opened(client, made.stranger, "targets", kpi="in_time", expect=404)


def test_a_viewer_of_one_unit_sees_the_kpi_there(client, made):
    only_south = UserFactory()
    only_south.memberships.create(unit=made.south, role="viewer", valid_from=date(2020, 1, 1))
    text = opened(client, only_south, "kpi", "in_time")
    assert "South" in text and "75.0" in text  # 6 of 8
    opened(client, only_south, "kpi", "in_time", unit="group", expect=404)


# --- one KPI -------------------------------------------------------------------------------------------------------


def test_the_page_shows_actual_year_before_to_date_and_parts(client, made):
    text = opened(client, made.viewer, "kpi", "in_time")
    assert "9 ÷ 12" in text.replace("</span>", "").replace('<span class="number">', "")
    assert "Year to date" in text and "Quarter to date" in text
    assert "By priority" in text and "Units below Service desk" in text
    assert "data complete through" in text


def test_to_date_is_like_for_like(made):
    from kpis.selectors.to_date import to_date
    from organization.access import access_of

    quarter, year = to_date(made.kpi, made.group, DAY, access_of(made.viewer, DAY))
    # January 9 of 12, February 10 of 12, March 9 of 12
    assert year.now.value == pytest.approx(100 * 28 / 36)
    assert (year.now.start, year.now.end) == (date(2025, 1, 1), date(2025, 4, 1))
    assert (year.last_year.start, year.last_year.end) == (date(2024, 1, 1), date(2024, 4, 1))
    # October to December 2024: 10 + 9 + 10
    assert quarter.previous.value == pytest.approx(100 * 29 / 36)
    assert quarter.change == pytest.approx(-100 / 36)
    assert quarter.change_is_good is False


def test_a_to_date_number_is_not_compared_with_less_than_all_of_it(made):
    from kpis.selectors.to_date import to_date
    from organization.access import access_of

    day = date(2024, 6, 10)  # the data begin in January 2024: there is no year before
    (_, year) = to_date(made.kpi, made.group, day, access_of(made.viewer, day))
    assert year.now.value == pytest.approx(100 * (9 + 10 + 9 + 10 + 9) / 60)
    assert (year.previous, year.last_year, year.change) == (None, None, None)


def test_a_kpi_is_shown_as_it_was_known(client, made):
    Result.objects.filter(kpi=made.kpi).update(recorded_at="2025-04-05T00:00:00Z")
    before = opened(client, made.viewer, "kpi", "in_time", known="2025-04-01")
    assert "There is no number for this unit yet" in before
    assert "As known on 6 Apr 2025" in opened(client, made.viewer, "kpi", "in_time", known="2025-04-06")


@pytest.mark.parametrize(
    "query",
    [
        {"period": "2025-13-45"},
        {"period": "latest"},
        {"grain": "hour"},
        {"known": "yesterday"},
        {"as_of": "0000-00-00"},
        {"by": "'; drop table"},
        {"offset": "-1"},
        {"period": "1999-01-01"},
    ],
)
def test_an_address_that_cannot_be_read_still_opens(client, made, query):
    for name in ("kpi", "kpi_rows", "kpi_provenance"):
        opened(client, made.viewer, name, "in_time", **query)


def test_a_unit_with_a_nul_is_not_there(client, made):
    opened(client, made.viewer, "kpi", "in_time", unit="a\0b", expect=404)


def test_targets_bands_and_a_percentage_s_change_are_in_points(client, made):
    targets.set_target(targets.Goal(made.kpi, made.group, date(2024, 1, 1), value=Decimal(80)), by=made.manager)
    recompute(made.dataset.pk, day=DAY)
    text = opened(client, made.viewer, "kpi", "in_time")
    assert "−5.0" in text and "pts" in text  # noqa: RUF001  75 against 80
    assert "at risk" in text


def test_what_happened_stands_beside_the_number(client, made):
    assert sent(client, made.viewer, "kpi_annotate", "in_time", day="2025-03-02", text="x").status_code == 403
    answer = sent(client, made.analyst, "kpi_annotate", "in_time", day="2025-03-02", text="<b>Flood</b> in the depot")
    assert answer.status_code == 302
    text = opened(client, made.viewer, "kpi", "in_time")
    assert "&lt;b&gt;Flood&lt;/b&gt; in the depot" in text and "<b>Flood" not in text
    note = made.kpi.annotations.get()
    assert sent(client, made.manager, "kpi_annotate", "in_time", remove=note.pk).status_code == 404  # not theirs
    sent(client, made.analyst, "kpi_annotate", "in_time", remove=note.pk)
    assert not made.kpi.annotations.exists()


def test_hostile_names_are_only_text(client):
    made = desk(name="<script>alert(1)</script>")
    for name in ("kpi", "kpi_rows", "kpi_provenance", "kpi_definition"):
        assert "<script>alert(1)" not in opened(client, made.viewer, name, "in_time")
    assert "<script>alert(1)" not in opened(client, made.viewer, "kpis")
    assert "<script>alert(1)" not in opened(client, made.manager, "targets", kpi="in_time")


# --- behind the number ---------------------------------------------------------------------------------------------


def test_the_rows_add_up_to_the_number(client, made):
    text = opened(client, made.viewer, "kpi_rows", "in_time", period="2025-02-01", htmx=True)
    assert "12 rows add up to 100 × 10 / 12 = 83.33333333: the number shown." in text
    part = opened(
        client, made.viewer, "kpi_rows", "in_time", period="2025-02-01", dimension="priority", member="high", htmx=True
    )
    assert "6 rows add up to" in part and "the number shown" in part


def test_rows_come_after_the_page_and_without_scripts_by_a_link(client, made):
    text = opened(client, made.viewer, "kpi_rows", "in_time")
    assert 'hx-trigger="load"' in text and "load=1" in text and "add up" not in text
    assert "add up to 100 × 9 / 12 = 75" in opened(client, made.viewer, "kpi_rows", "in_time", load=1)


def test_rows_of_units_of_others_stay_hidden_and_are_counted(client, made):
    some = UserFactory()
    some.memberships.create(unit=made.south, role="viewer", valid_from=date(2020, 1, 1))
    text = opened(client, some, "kpi_rows", "in_time", htmx=True)
    assert "8 rows add up to" in text and "north-" not in text
    opened(client, some, "kpi_rows", "in_time", unit="group", htmx=True, expect=404)


def test_a_part_that_does_not_exist_is_not_there(client, made):
    opened(client, made.viewer, "kpi_rows", "in_time", dimension="priority", member="purple", expect=404)
    opened(client, made.viewer, "kpi_rows", "in_time", dimension="pg_user", member="x", expect=404)


def test_where_it_comes_from(client, made):
    text = opened(client, made.viewer, "kpi_provenance", "in_time", period="2025-02-01")
    assert "100 × sum(met) / count(*) = 100 × 10 / 12 = 83.33333333" in text
    for word in ("version 1", "extract.csv", "run ", "certified", "What was known when"):
        assert word in text


def test_the_same_number_in_page_rows_provenance_and_export(client, made):
    lines = opened(client, made.viewer, "kpi_export", "in_time", "csv").splitlines()
    february = next(line for line in lines if line.startswith("2025-02-01") and ",priority," not in line)
    assert float(february.split(",")[4]) == pytest.approx(1000 / 12)
    assert "83.3" in opened(client, made.viewer, "kpi", "in_time", period="2025-02-01")


def test_exports_open_and_neutralise(client, made):
    client.force_login(made.viewer)
    book = client.get(reverse("kpi_export", args=["in_time", "xlsx"]))
    assert b"".join(book)[:2] == b"PK"
    made.kpi.name = "=cmd|' /C calc'!A0"
    made.kpi.save()
    assert "'=cmd" in opened(client, made.viewer, "kpis_export", "csv")
    opened(client, made.viewer, "kpis_export", "pdf", expect=404)


# --- definition and its life ---------------------------------------------------------------------------------------

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
    assert "<mark>hourz</mark>" in text and "<code>hours</code>" in text


def test_the_preview_is_what_the_rows_give(client, made):
    text = sent(client, made.analyst, "kpi_preview", **NEW).content.decode()
    # March: hours 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8; the 0.9 quantile lies 0.9 of the way from the 10th to the 11th
    assert "6.9" in text and "Mar 2025" in text
    assert KpiVersion.objects.count() == 1  # nothing is kept


def test_the_preview_needs_the_permission_and_shows_no_foreign_rows(client, made):
    assert sent(client, made.viewer, "kpi_preview", **NEW).status_code == 403
    text = sent(client, made.stranger, "kpi_preview", **NEW).content.decode()
    assert "north-" not in text and "Choose the dataset" in text


def test_a_wrong_formula_is_refused_beside_its_field_and_nothing_is_kept(client, made):
    answer = sent(client, made.analyst, "kpi_new", **{**NEW, "formula": "hourz", "owner": made.analyst.username})
    assert answer.status_code == 422
    assert "Did you mean `hours`?" in answer.content.decode()
    assert KpiVersion.objects.count() == 1


def test_from_draft_to_certified_by_two_people(client, made):
    given = {**NEW, "owner": made.analyst.username, "steward": made.analyst.username}
    assert sent(client, made.analyst, "kpi_new", **given).status_code == 302
    version = KpiVersion.objects.get(kpi__code="hours_p90")
    assert "gaps" in opened(client, made.analyst, "kpi_definition", "hours_p90")
    sent(client, made.analyst, "kpi_workflow", "hours_p90", "submit", version=1)
    assert sent(client, made.analyst, "kpi_workflow", "hours_p90", "certify", version=1).status_code == 403
    sent(client, made.manager, "kpi_workflow", "hours_p90", "certify", version=1)
    version.refresh_from_db()
    assert version.state == "in_review"  # the passport has gaps
    KpiVersion.objects.filter(pk=version.pk).update(**PASSPORT)
    sent(client, made.manager, "kpi_workflow", "hours_p90", "certify", version=1)
    version.refresh_from_db()
    assert (version.state, version.certified_by) == ("certified", made.manager)


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


# --- targets -------------------------------------------------------------------------------------------------------


def cell(unit, month):
    return f"c_{unit.pk}_2025-{month:02}-01"


def set_cells(client, user, cells, before="{}", **query):
    given = {"kpi": "in_time", "unit": "group", "year": "2025-01-01", **query}
    return sent(client, user, "targets", query=given, before=before, **cells)


def test_a_pasted_row_becomes_targets(client, made):
    answer = set_cells(client, made.manager, {cell(made.north, 1): "80", cell(made.north, 2): " 82,5 % "})
    assert answer.status_code == 302
    assert list(Target.objects.order_by("valid_from").values_list("value", "valid_from", "valid_to")) == [
        (Decimal(80), date(2025, 1, 1), date(2025, 2, 1)),
        (Decimal("82.5"), date(2025, 2, 1), date(2025, 3, 1)),
    ]


def test_one_wrong_cell_and_nothing_is_set(client, made):
    answer = set_cells(client, made.manager, {cell(made.north, 1): "80", cell(made.north, 2): "eighty"})
    text = answer.content.decode()
    assert answer.status_code == 422 and "“eighty” is not a number" in text and 'value="80"' in text
    assert not Target.objects.exists()


def test_an_overlap_is_named_in_its_cell(client, made):
    targets.set_target(targets.Goal(made.kpi, made.north, date(2024, 1, 1), value=Decimal(70)), by=made.manager)
    answer = set_cells(client, made.manager, {cell(made.north, 1): "80"})
    assert answer.status_code == 422 and "end that one first" in answer.content.decode()


def test_inheritance_is_shown_and_an_emptied_cell_takes_its_own_back(client, made):
    targets.set_target(
        targets.Goal(made.kpi, made.group, date(2024, 1, 1), value=Decimal(70), basis="Contract 7"), by=made.manager
    )
    month = (date(2025, 1, 1), date(2025, 2, 1))
    targets.set_target(targets.Goal(made.kpi, made.north, *month, value=Decimal(72)), by=made.manager)
    text = opened(client, made.manager, "targets", kpi="in_time", unit="group", year="2025-01-01")
    assert 'placeholder="70"' in text and "from Service desk: Contract 7" in text
    name = cell(made.north, 1)
    set_cells(client, made.manager, {name: ""}, before=f'{{"{name}": "72"}}')
    assert not Target.objects.filter(unit=made.north).exists()


def test_a_cell_that_somebody_else_set_meanwhile_is_not_overwritten(client, made):
    name = cell(made.north, 1)
    month = (date(2025, 1, 1), date(2025, 2, 1))
    targets.set_target(targets.Goal(made.kpi, made.north, *month, value=Decimal(72)), by=made.manager)
    answer = set_cells(client, made.manager, {name: "90"}, before=f'{{"{name}": ""}}')
    assert answer.status_code == 422 and "Somebody set 72 here" in answer.content.decode()


def test_only_who_may_sets_targets(client, made):
    answer = set_cells(client, made.analyst, {cell(made.north, 1): "80"})
    assert answer.status_code == 422 and not Target.objects.exists()
    assert sent(client, made.analyst, "target_annual", query={"kpi": "in_time"}).status_code == 403


def test_an_annual_total_is_phased_exactly(client, made):
    query = {"kpi": "in_time", "unit": "group", "year": "2025-01-01"}
    given = {"annual-unit": "group", "annual-total": "100", "annual-phasing": "even", "annual-decimals": "2"}
    assert sent(client, made.manager, "target_annual", query=query, **given).status_code == 302
    values = list(Target.objects.values_list("value", flat=True))
    assert (len(values), sum(values)) == (12, Decimal(100))
    text = opened(client, made.manager, "targets", **query)
    assert "Part of the annual target" in text
    assert (
        sent(client, made.manager, "target_annual", query=query, **{**given, "annual-total": "lots"}).status_code == 422
    )


def test_a_target_of_a_segment_with_its_own_days(client, made):
    query = {"kpi": "in_time", "unit": "group"}
    given = {
        "single-unit": "north",
        "single-comparator": "target",
        "single-value": "99",
        "single-valid_from": "2025-01-01",
        "single-dimension": "priority",
        "single-member": "high",
    }
    assert sent(client, made.manager, "target_set", query=query, **given).status_code == 302
    target = Target.objects.get()
    assert (target.member, target.valid_to) == ("high", None)
    sent(client, made.manager, "target_change", target.pk, "end", query=query, last_day="2025-03-31")
    target.refresh_from_db()
    assert target.valid_to == date(2025, 4, 1)
    sent(client, made.manager, "target_change", target.pk, "remove", query=query)
    assert not Target.objects.exists()


# --- entered numbers -----------------------------------------------------------------------------------------------


@pytest.fixture
def manual(made):
    return KpiFactory(code="audits", name="Audits held", unit=made.group, owner=made.manager)


def test_an_entry_counts_once_a_second_person_approves_it(client, made, manual):
    from django.core.files.uploadedfile import SimpleUploadedFile

    assert "Audits held" in opened(client, made.analyst, "manual_entries")  # due: March
    given = {"kpi": "audits", "unit": "group", "day": "2025-03-15", "value": "12"}
    file = SimpleUploadedFile("../../minutes.pdf", b"%PDF-1.4 ...")
    assert sent(client, made.analyst, "manual_entries", **given, evidence=file).status_code == 302
    entry = ManualEntry.objects.get()
    sent(client, made.analyst, "manual_decide", entry.pk, "approve")
    entry.refresh_from_db()
    assert entry.state == "entered"  # not by the same person
    sent(client, made.manager, "manual_decide", entry.pk, "approve")
    entry.refresh_from_db()
    assert entry.state == "approved"
    client.force_login(made.viewer)
    evidence = client.get(reverse("manual_evidence", args=[entry.pk]))
    assert b"".join(evidence) == b"%PDF-1.4 ..." and "attachment" in evidence["Content-Disposition"]
    client.force_login(made.stranger)
    assert client.get(reverse("manual_evidence", args=[entry.pk])).status_code == 404


def test_a_bad_entry_is_refused_beside_its_field(client, made, manual):
    given = {"kpi": "audits", "unit": "group", "day": "2025-03-15", "value": "1,234"}
    answer = sent(client, made.analyst, "manual_entries", **given)
    assert answer.status_code == 422 and "may be 1234 or 1.234" in answer.content.decode()
    assert not ManualEntry.objects.exists()


# --- runs and exchange ---------------------------------------------------------------------------------------------


def test_runs_are_listed_with_their_steps_and_not_to_strangers(client, made):
    run = Result.objects.filter(kpi=made.kpi).first().run
    assert "definition of in_time" in opened(client, made.viewer, "runs")
    assert "scan" in opened(client, made.viewer, "run", run.pk)
    assert "in_time" not in opened(client, made.stranger, "runs")
    opened(client, made.stranger, "run", run.pk, expect=404)


def test_a_recompute_can_be_asked_for_and_shows_on_the_page(client, made):
    assert sent(client, made.viewer, "kpi_recompute", "in_time").status_code == 403
    sent(client, made.analyst, "kpi_recompute", "in_time")
    assert "being computed again" in opened(client, made.viewer, "kpi_progress", "in_time", htmx=True)


def test_definitions_go_out_and_in_with_a_look_before(client, made):
    text = opened(client, made.viewer, "kpi_yaml", code="in_time")
    changed = text.replace("Incidents solved in time", "Solved in time")
    seen = sent(client, made.analyst, "kpi_exchange", text=changed)
    assert "<del>Incidents solved in time</del>" in seen.content.decode()
    made.kpi.refresh_from_db()
    assert made.kpi.name == "Incidents solved in time"
    assert sent(client, made.analyst, "kpi_exchange", text=changed, step="import").status_code == 302
    made.kpi.refresh_from_db()
    assert made.kpi.name == "Solved in time"
    bad = sent(client, made.analyst, "kpi_exchange", text="!!python/object:os.system {}")
    assert bad.status_code == 422


# --- costs ---------------------------------------------------------------------------------------------------------


def queries(client, name, *args, **query):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        client.get(f"{reverse(name, args=args)}?{urlencode(query)}")
    return [one["sql"] for one in seen]


def test_pages_cost_the_same_with_one_and_with_fifty(client, made):
    client.force_login(made.manager)
    pages = [
        ("kpis", ()),
        ("kpi", ("in_time",)),
        ("kpi_provenance", ("in_time",)),
        ("kpi_definition", ("in_time",)),
        ("runs", ()),
        ("manual_entries", ()),
    ]

    def one_more(n: int) -> None:
        unit = UnitFactory(parent=made.group)
        kpi = KpiFactory(unit=made.group)
        ResultFactory(kpi=kpi, unit=made.group, month=date(2025, 3, 1))
        ResultFactory(kpi=made.kpi, unit=unit, month=date(2025, 3, 1))
        targets.set_target(targets.Goal(made.kpi, unit, date(2025, 1, 1), value=Decimal(n + 1)), by=made.manager)
        annotations.annotate(made.kpi, made.group, day=date(2025, 3, 1), text=f"note {n}", by=made.manager)

    one_more(0)
    client.get(reverse("kpis"))
    few = [len(queries(client, name, *args)) for name, args in pages]
    few_targets = len(queries(client, "targets", kpi="in_time", unit="group"))
    for n in range(1, 50):
        one_more(n)
    many = [len(queries(client, name, *args)) for name, args in pages]
    assert dict(zip([name for name, _ in pages], many, strict=True)) == dict(
        zip([name for name, _ in pages], few, strict=True)
    )
    assert len(queries(client, "targets", kpi="in_time", unit="group")) == few_targets
