"""Pages of KPIs: what they show adds up, what is foreign is not there, and they cost the same at any size."""

import re
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kpis import annotations, targets
from kpis.models import Result
from kpis.recompute import recompute
from organization.access import access_of
from tests.factories import KpiFactory, ResultFactory, UnitFactory, UserFactory
from tests.kpis.pages import opened, sent
from tests.kpis.sample_desk import DAY, desk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]


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


def test_the_target_stands_with_the_limit_and_the_stretch_that_it_is_scored_by(client, made):
    assert "red limit" not in opened(client, made.viewer, "kpi", "in_time").split("<h2>")[0]
    Result.objects.update(target=80, red_limit=70, stretch=90)
    words = re.sub(r"<[^>]+>|&nbsp;|\s+", " ", opened(client, made.viewer, "kpi", "in_time")).replace("\xa0", " ")
    assert re.search(r"red limit +70\.0 +% *, +stretch +90\.0 +%", words)


def test_a_dimension_is_written_in_words():
    kpi = SimpleNamespace(unit_of_measure="percent", decimals=1)
    parts = SimpleNamespace(kpi=kpi, rows=(), dimension="shipment_mode", period=None, total=None)
    table = render_to_string("kpis/_parts.html", {"parts": parts, "kind": "member", "place": None})
    assert '<th scope="col">shipment mode</th>' in table


def test_the_floor_and_the_budget_of_the_period_stand_there_too(client, made):
    january = {"valid_from": date(2025, 1, 1), "valid_to": date(2025, 2, 1)}
    for goal in (
        targets.Goal(made.kpi, made.group, date(2025, 1, 1), value=Decimal("61.5"), comparator="floor"),
        targets.Goal(made.kpi, made.group, value=Decimal("77.5"), comparator="budget", **january),
    ):
        targets.set_target(goal, by=made.manager, reason="Agreed late")
    page = opened(client, made.viewer, "kpi", "in_time")  # of March, for which no budget is set
    assert re.search(r"<dt>Floor</dt><dd>.*61\.5", page) and "<dt>Budget</dt>" not in page
    assert re.search(r"<dt>Budget</dt><dd>.*77\.5", opened(client, made.viewer, "kpi", "in_time", period="2025-01-01"))


@pytest.mark.parametrize(("rows", "heads"), [(94, 7), (0, 5)])
def test_a_number_without_rows_of_its_own_has_no_column_of_rows(rows, heads):
    """One derived from other KPIs, or entered by hand."""
    kpi = SimpleNamespace(unit_of_measure="percent", decimals=1)
    whole = SimpleNamespace(rows=rows)
    parts = SimpleNamespace(kpi=kpi, rows=(), dimension="priority", period=None, total=whole)
    table = render_to_string("kpis/_parts.html", {"parts": parts, "kind": "member", "place": None})
    assert table.count('scope="col"') == heads


# --- one KPI -------------------------------------------------------------------------------------------------------


def test_the_page_shows_actual_year_before_to_date_and_parts(client, made):
    text = opened(client, made.viewer, "kpi", "in_time")
    assert "9 ÷ 12" in text.replace("</span>", "").replace('<span class="number">', "")
    assert "Year to date" in text and "Quarter to date" in text
    assert "By priority" in text and "Units below Service desk" in text
    assert "data complete through" in text


def test_to_date_is_like_for_like(made):
    from kpis.selectors.to_date import to_date

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

    day = date(2024, 6, 10)  # the data begin in January 2024: there is no year before
    (_, year) = to_date(made.kpi, made.group, day, access_of(made.viewer, day))
    assert year.now.value == pytest.approx(100 * (9 + 10 + 9 + 10 + 9) / 60)
    assert (year.previous, year.last_year, year.change) == (None, None, None)


def test_a_kpi_is_shown_as_it_was_known(client, made):
    Result.objects.filter(kpi=made.kpi).update(recorded_at="2025-04-05T00:00:00Z")
    before = opened(client, made.viewer, "kpi", "in_time", known="2025-04-01")
    assert "Nothing was recorded here by that day" in before
    assert "As known on 6 Apr 2025" in opened(client, made.viewer, "kpi", "in_time", known="2025-04-06")


def test_the_day_on_which_it_was_known_ends_by_the_clock_of_who_looks(client, made):
    """23:30 in UTC on 5 April 2025 is 05:00 in Kolkata on the 6th: there the 5th does not know it yet."""
    Result.objects.filter(kpi=made.kpi).update(recorded_at="2025-04-05T23:30:00Z")
    nothing = "Nothing was recorded here by that day"

    def at_home(day: str) -> str:
        return opened(client, made.viewer, "kpi", "in_time", known=day)

    assert nothing not in at_home("2025-04-05")
    made.viewer.timezone = "Asia/Kolkata"
    made.viewer.save()
    assert nothing in at_home("2025-04-05") and "As known on 5 Apr 2025, Asia/Kolkata" in at_home("2025-04-05")
    assert nothing not in at_home("2025-04-06")
    answer = client.get("/kpis/in_time/export/csv/", {"known": "2025-04-05"})
    assert len(b"".join(answer).decode().splitlines()) == 1


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
    targets.set_target(
        targets.Goal(made.kpi, made.group, date(2024, 1, 1), value=Decimal(80)), by=made.manager, reason="Agreed late"
    )
    recompute(made.dataset.pk, day=DAY)
    text = opened(client, made.viewer, "kpi", "in_time")
    assert "−5.0" in text and "pts" in text  # 75 against 80
    assert "at risk" in text


def test_a_variance_in_per_cent_is_written_like_all_numbers(client, made):
    kpi = KpiFactory(unit=made.group, code="spend", unit_of_measure="EUR")
    ResultFactory(kpi=kpi, unit=made.group, value=5100.0, target=100, status="green")  # 5,000 above: 5,000 %
    text = re.sub(r"<[^>]+>", "", opened(client, made.viewer, "kpi", "spend"))
    assert "+5,000.0\N{NO-BREAK SPACE}%" in text or "+5,000.0 %" in text  # with its sign, as the amount beside it


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
        targets.set_target(
            targets.Goal(made.kpi, unit, date(2025, 1, 1), value=Decimal(n + 1)), by=made.manager, reason="Agreed late"
        )
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
