"""Pages on which targets are set, and numbers entered by hand."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from kpis import requests, targets
from kpis.models import ManualEntry, Target
from kpis.recompute import recompute
from organization.models import FiscalCalendar
from tests.factories import KpiFactory, UnitFactory, member
from tests.kpis.pages import opened, sent
from tests.kpis.sample_desk import DAY
from tests.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]


# --- targets -------------------------------------------------------------------------------------------------------


def cell(unit, month):
    return f"c_{unit.pk}_2025-{month:02}-01"


def set_cells(client, user, cells, before="{}", **query):
    given = {"kpi": "in_time", "unit": "group", "year": "2025-01-01", **query}
    return sent(client, user, "targets", query=given, before=before, **{"reason": "Agreed late", **cells})


def test_a_pasted_row_becomes_targets(client, made):
    answer = set_cells(client, made.manager, {cell(made.north, 1): "80", cell(made.north, 2): " 82,5 % "})
    assert answer.status_code == 302
    assert list(Target.objects.order_by("valid_from").values_list("value", "valid_from", "valid_to")) == [
        (Decimal(80), date(2025, 1, 1), date(2025, 2, 1)),
        (Decimal("82.5"), date(2025, 2, 1), date(2025, 3, 1)),
    ]


def test_a_kpi_within_a_band_says_how_a_band_is_written_and_takes_it_with_a_hyphen(client, made):
    made.kpi.versions.update(direction="band")
    page = opened(client, made.manager, "targets", kpi="in_time", unit="group")
    assert "Its target is a band: write both ends, such as 75..85." in page
    assert set_cells(client, made.manager, {cell(made.north, 1): "75-85"}).status_code == 302
    assert list(Target.objects.values_list("low", "high")) == [(Decimal(75), Decimal(85))]


def test_without_a_kpi_the_page_leads_to_the_designer_and_a_vain_search_back(client):
    group = UnitFactory()
    analyst, viewer = member("analyst", group), member("viewer", group)
    assert reverse("kpi_new") in opened(client, analyst, "targets")
    assert "An analyst defines the KPIs" in opened(client, viewer, "targets")
    KpiFactory(unit=group, name="Yield")
    assert "Yield" in opened(client, analyst, "targets")
    assert "No KPI is called so" in opened(client, analyst, "targets", q="crop")


def test_the_choice_of_a_kpi_says_the_target_of_its_last_complete_period(client, made):
    client.force_login(made.manager)
    assert "Service desk none Mar 2025" in text_of(client.get(reverse("targets")))
    targets.set_target(
        targets.Goal(made.kpi, made.group, date(2025, 1, 1), value=Decimal("82.5")),
        by=made.manager,
        reason="Agreed late",
    )
    recompute(made.dataset.pk)
    assert "Service desk 82.5 % Mar 2025" in text_of(client.get(reverse("targets")))


def test_the_grid_says_of_what_its_numbers_are(client):
    group = UnitFactory(code="group")
    manager = member("manager", group)
    KpiFactory(unit=group, code="daily", kind="simple", formula="count(*)", grain="day", unit_of_measure="calls")
    KpiFactory(unit=group, code="rate", kind="ratio", formula="count(*)", denominator="count(*)", grain="day")
    daily = opened(client, manager, "targets", kpi="daily")
    assert "in calls. A number is that of its whole month. A quarter or year has the sum" in daily
    each = opened(client, manager, "targets", kpi="daily", amounts="each")
    assert "in calls. A number holds for each day that begins in its month." in each
    rate = opened(client, manager, "targets", kpi="rate")
    assert "Amounts are" not in rate and "A number holds for each" not in rate


@pytest.fixture
def calls(made):
    """A count of incidents by days, at the group."""
    return KpiFactory(
        unit=made.group, code="calls", kind="simple", formula="count(*)", grain="day", dataset=made.dataset
    )


def test_a_months_total_is_typed_and_shown_back_as_typed(client, made, calls):
    amounts = {cell(made.group, month): "30,000.5" if month == 3 else "1000" for month in range(1, 13)}
    assert set_cells(client, made.manager, amounts, kpi="calls", amounts="total").status_code == 302
    march = Target.objects.get(valid_from=date(2025, 3, 1))
    assert (march.value, march.valid_to, march.as_total) == (Decimal("30000.5"), date(2025, 4, 1), True)
    given = {"kpi": "calls", "unit": "group", "year": "2025-01-01"}
    text = opened(client, made.manager, "targets", **given)
    assert 'value="30000.5"' in text
    assert '<td class="num sum">41,000.5</td>' in text  # 30,000.5 + 11 x 1000
    each = opened(client, made.manager, "targets", **given, amounts="each")
    assert 'placeholder="30000.5 in all"' in each and 'value="30000.5"' not in each


def test_months_of_a_count_by_months_are_added_up_too(client, made):
    """There is nothing to choose: a month's number is that of the month."""
    monthly = KpiFactory(unit=made.group, code="monthly", kind="simple", formula="count(*)", grain="month")
    amounts = {cell(made.group, month): str(month) for month in range(1, 13)}
    set_cells(client, made.manager, amounts, kpi="monthly")
    given = {"kpi": "monthly", "unit": "group", "year": "2025-01-01"}
    text = opened(client, made.manager, "targets", **given)
    assert "Amounts are" not in text
    assert '<td class="num sum">78</td>' in text  # 1 + 2 + ... + 12
    assert set(monthly.targets.values_list("as_total", flat=True)) == {True}


def test_a_number_for_each_day_is_replaced_by_the_months_total(client, made, calls):
    name = cell(made.group, 3)
    set_cells(client, made.manager, {name: "900"}, kpi="calls", amounts="each")
    given = {"kpi": "calls", "unit": "group", "year": "2025-01-01"}
    assert 'value="900"' in opened(client, made.manager, "targets", **given)  # the kind that is set already
    assert 'placeholder="900 each"' in opened(client, made.manager, "targets", **given, amounts="total")
    set_cells(client, made.manager, {name: "30000"}, before=f'{{"{name}": ""}}', kpi="calls", amounts="total")
    assert list(Target.objects.values_list("value", "as_total")) == [(Decimal(30000), True)]
    set_cells(client, made.manager, {name: ""}, before=f'{{"{name}": "30000"}}', kpi="calls", amounts="total")
    assert not Target.objects.exists()


def test_a_result_of_a_month_and_a_quarter_is_judged_by_typed_totals(client, made, calls):
    """12 incidents a month: January's 12 of 12 wanted are green, the quarter's 36 of 12 + 13 + 12 = 37 are not."""
    set_cells(
        client,
        made.manager,
        {cell(made.group, 1): "12", cell(made.group, 2): "13", cell(made.group, 3): "12"},
        kpi="calls",
        amounts="total",
    )
    requests.definition(calls, "a new KPI")
    recompute(made.dataset.pk)
    results = calls.results.current().filter(unit=made.group, dimension="", period_start=date(2025, 1, 1))
    judged = {row.grain: (row.value, row.target, row.status) for row in results}
    assert judged["month"] == (12, 12, "green")
    assert judged["quarter"] == (36, 37, "amber")
    assert judged["year"][1:] == (None, "no_target")
    assert judged["day"][1:] == (None, "no_target")


def test_one_wrong_cell_and_nothing_is_set(client, made):
    answer = set_cells(client, made.manager, {cell(made.north, 1): "80", cell(made.north, 2): "eighty"})
    text = answer.content.decode()
    assert answer.status_code == 422 and "“eighty” is not a number" in text and 'value="80"' in text
    assert not Target.objects.exists()


def test_an_overlap_is_named_in_its_cell(client, made):
    targets.set_target(
        targets.Goal(made.kpi, made.north, date(2025, 1, 15), value=Decimal(70)), by=made.manager, reason="Agreed late"
    )
    answer = set_cells(client, made.manager, {cell(made.north, 1): "80"})
    assert answer.status_code == 422 and "end that one first" in answer.content.decode()


def test_inheritance_is_shown_and_an_emptied_cell_takes_its_own_back(client, made):
    targets.set_target(
        targets.Goal(made.kpi, made.group, date(2024, 1, 1), value=Decimal(70), basis="Contract 7"),
        by=made.manager,
        reason="Agreed late",
    )
    month = (date(2025, 1, 1), date(2025, 2, 1))
    targets.set_target(
        targets.Goal(made.kpi, made.north, *month, value=Decimal(72)), by=made.manager, reason="Agreed late"
    )
    text = opened(client, made.manager, "targets", kpi="in_time", unit="group", year="2025-01-01")
    assert 'placeholder="70"' in text and "from Service desk: Contract 7" in text
    name = cell(made.north, 1)
    set_cells(client, made.manager, {name: ""}, before=f'{{"{name}": "72"}}')
    assert not Target.objects.filter(unit=made.north).exists()


def test_a_cell_that_somebody_else_set_meanwhile_is_not_overwritten(client, made):
    name = cell(made.north, 1)
    month = (date(2025, 1, 1), date(2025, 2, 1))
    targets.set_target(
        targets.Goal(made.kpi, made.north, *month, value=Decimal(72)), by=made.manager, reason="Agreed late"
    )
    answer = set_cells(client, made.manager, {name: "90"}, before=f'{{"{name}": ""}}')
    assert answer.status_code == 422 and "Somebody set 72 here" in answer.content.decode()


def test_only_who_may_sets_targets(client, made):
    answer = set_cells(client, made.analyst, {cell(made.north, 1): "80"})
    assert answer.status_code == 422 and not Target.objects.exists()
    assert sent(client, made.analyst, "target_annual", query={"kpi": "in_time"}).status_code == 403


def test_an_annual_total_is_phased_exactly(client, made):
    query = {"kpi": "in_time", "unit": "group", "year": "2025-01-01"}
    given = {"annual-unit": "group", "annual-total": "100", "annual-phasing": "even", "annual-decimals": "2"}
    given["annual-reason"] = "Agreed late"
    assert sent(client, made.manager, "target_annual", query=query, **given).status_code == 302
    values = list(Target.objects.values_list("value", flat=True))
    assert (len(values), sum(values)) == (12, Decimal(100))
    text = opened(client, made.manager, "targets", **query)
    assert "Part of the annual target" in text
    assert (
        sent(client, made.manager, "target_annual", query=query, **{**given, "annual-total": "lots"}).status_code == 422
    )


def test_a_target_without_end_from_before_the_year_is_listed_and_can_be_ended(client, made):
    target = targets.set_target(
        targets.Goal(made.kpi, made.group, date(2000, 1, 1), value=Decimal(70)), by=made.manager, reason="Agreed late"
    )
    query = {"kpi": "in_time", "unit": "group", "year": "2025-01-01"}
    text = opened(client, made.manager, "targets", **query)
    assert "from 1 Jan 2000" in text
    assert reverse("target_change", args=[target.pk, "end"]) in text
    sent(
        client,
        made.manager,
        "target_change",
        target.pk,
        "end",
        query=query,
        last_day="2024-12-31",
        reason="It was never agreed",
    )
    assert "from 1 Jan 2000" not in opened(
        client, made.manager, "targets", **query
    )  # it holds in no period of the year


def test_a_quarters_total_is_set_with_its_own_days(client, made, calls):
    query = {"kpi": "calls", "unit": "group", "year": "2025-01-01"}
    given = {
        "single-unit": "group",
        "single-comparator": "target",
        "single-value": "90000",
        "single-valid_from": "2025-01-01",
        "single-valid_to": "2025-04-01",
        "single-as_total": "on",
        "single-reason": "Agreed late",
    }
    assert sent(client, made.manager, "target_set", query=query, **given).status_code == 302
    assert "together from 1 Jan 2025 to before 1 Apr 2025" in opened(client, made.manager, "targets", **query)
    assert "single-as_total" not in opened(client, made.manager, "targets", kpi="in_time", unit="group")


def test_a_target_of_a_segment_with_its_own_days(client, made):
    query = {"kpi": "in_time", "unit": "group"}
    given = {
        "single-unit": "north",
        "single-comparator": "target",
        "single-value": "99",
        "single-valid_from": "2025-01-01",
        "single-dimension": "priority",
        "single-member": "high",
        "single-reason": "Agreed late",
    }
    assert sent(client, made.manager, "target_set", query=query, **given).status_code == 302
    target = Target.objects.get()
    assert (target.member, target.valid_to) == ("high", None)
    sent(
        client,
        made.manager,
        "target_change",
        target.pk,
        "end",
        query=query,
        last_day="2025-03-31",
        reason="It was never agreed",
    )
    target.refresh_from_db()
    assert target.valid_to == date(2025, 4, 1)
    sent(client, made.manager, "target_change", target.pk, "remove", query=query, reason="It was never agreed")
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
    assert entry.state == "entered"  # neither by the same person nor by one who certifies nothing
    sent(client, made.manager, "manual_decide", entry.pk, "approve")
    entry.refresh_from_db()
    assert entry.state == "approved"
    recompute(None, day=DAY)
    origin = opened(client, made.viewer, "kpi_provenance", "audits", unit="group", period="2025-03-01")
    assert "Entered by" in origin and reverse("manual_evidence", args=[entry.pk]) in origin
    client.force_login(made.viewer)
    evidence = client.get(reverse("manual_evidence", args=[entry.pk]))
    assert b"".join(evidence) == b"%PDF-1.4 ..." and "attachment" in evidence["Content-Disposition"]
    client.force_login(made.stranger)
    assert client.get(reverse("manual_evidence", args=[entry.pk])).status_code == 404


def test_the_page_of_an_entered_kpi_leads_to_where_it_is_entered(client, made, manual):
    page = opened(client, made.analyst, "kpi", "audits", unit="group")
    assert "/manual-entries/?kpi=audits&amp;unit=group#enter" in page and "Compute again" not in page
    assert "Enter a number" in page and "Enter a number" not in opened(client, made.viewer, "kpi", "audits")


def test_who_entered_a_number_reads_why_it_was_rejected(client, made, manual):
    sent(client, made.analyst, "manual_entries", kpi="audits", unit="group", day="2025-03-15", value="12")
    entry = ManualEntry.objects.get()
    sent(client, made.manager, "manual_decide", entry.pk, "reject", reason="Two are missing.")
    assert f"{made.manager}: Two are missing." in opened(client, made.analyst, "manual_entries")


def test_a_bad_entry_is_refused_beside_its_field(client, made, manual):
    given = {"kpi": "audits", "unit": "group", "day": "2025-03-15", "value": "1,234"}
    answer = sent(client, made.analyst, "manual_entries", **given)
    assert answer.status_code == 422 and "may be 1234 or 1.234" in answer.content.decode()
    assert not ManualEntry.objects.exists()


def test_months_of_weeks_say_their_first_and_last_day(client, made):
    """4-4-5 from the Monday after December's last Sunday: FY2025 begins on 30 December, its third month has 5 weeks."""
    made.group.fiscal_calendar = FiscalCalendar.objects.create(code="retail", name="Retail", kind="445", start_month=1)
    made.group.save()
    page = opened(client, made.manager, "targets", kpi="in_time", unit="group", year="2025-01-15")
    heads = re.sub(r"<[^>]+>", " ", page.split("<thead>")[1].replace("</th>", "|")).split("|")
    assert [" ".join(head.split()) for head in heads[1:4]] == [
        "FY2025 P01 30 Dec – 26 Jan",
        "FY2025 P02 27 Jan – 23 Feb",
        "FY2025 P03 24 Feb – 30 Mar",
    ]
    assert "30 Dec 2024 – 28 Dec 2025" in page
    assert f'aria-label="{made.group.name}, FY2025 P01"' in page


def test_months_of_the_calendar_need_no_days(client, made):
    page = opened(client, made.manager, "targets", kpi="in_time", unit="group", year="2025-01-15")
    assert "Jan 2025" in page and "31 Jan" not in page
