"""What is behind a number: its rows, files of them, and where it comes from."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook
from rest_framework.test import APIClient

from datasets import compaction
from datasets.facts import NoSuchVersion
from datasets.models import Upload
from kpis import drill
from kpis.models import Result
from kpis.recompute import recompute
from kpis.views.kpi_origin import sums_of
from organization.access import access_of
from tests.factories import UserFactory, upload_csv
from tests.kpis.pages import opened
from tests.kpis.sample_desk import DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]


def test_the_rows_add_up_to_the_number(client, made):
    text = opened(client, made.viewer, "kpi_rows", "in_time", period="2025-02-01", htmx=True)
    assert "12 rows add up to 100 × 10 / 12 = 83.33333333: the number shown." in text
    part = opened(
        client, made.viewer, "kpi_rows", "in_time", period="2025-02-01", dimension="priority", member="high", htmx=True
    )
    assert "6 rows add up to" in part and "the number shown" in part


@pytest.mark.parametrize(
    ("rows", "sum_", "expected"),
    [
        (1, 38.0, "1 row adds up to 38: the number shown."),
        (25, 167.6181292, "25 rows add up to 167.6181292: the number shown."),
        (2, 20815835612.0, "2 rows add up to 20,815,835,612: the number shown."),
    ],
)
def test_the_sum_of_the_rows_is_said_in_full(rows, sum_, expected):
    found = drill.RowsPage(columns=(), rows=(), total=rows, offset=0, hidden=0, numerator=sum_, denominator=None)
    assert sums_of(found, Result(rows=rows, value=sum_)).words == expected


@pytest.mark.parametrize(("query", "link"), [({}, "?load=1"), ({"unit": "north"}, "?unit=north&amp;load=1")])
def test_without_scripts_a_link_reads_the_rows(client, made, query, link):
    page = opened(client, made.viewer, "kpi_rows", "in_time", **query)
    assert f'<noscript><p><a class="btn" href="{link}">' in page
    assert "rows add up to" in opened(client, made.viewer, "kpi_rows", "in_time", **query, load="1")


def test_a_file_of_the_rows_adds_up_to_a_ratio_and_to_a_count(client, made):
    address = reverse("kpi_rows_export", args=["in_time", "csv"])
    assert address in opened(client, made.viewer, "kpi_rows", "in_time", period="2025-02-01", htmx=True)
    lines = file_of(client, made.viewer, "in_time", period="2025-02-01")
    assert (len(lines), list(lines[0])[-2:]) == (12, ["numerator", "denominator"])
    met, asked = (sum(float(line[name]) for line in lines) for name in ("numerator", "denominator"))
    assert (met, asked, 100 * met / asked) == (10, 12, pytest.approx(value_of(made.kpi)))
    high = file_of(client, made.viewer, "in_time", period="2025-02-01", dimension="priority", member="high")
    assert {line["priority"] for line in high} == {"high"} and len(high) == 6
    made.kpi.versions.update(kind="simple", formula="count(*)", denominator="")
    lines = file_of(client, made.viewer, "in_time", period="2025-02-01")
    assert sum(float(line["counts"]) for line in lines) == 12


def test_the_workbook_of_the_rows_says_what_they_are_of(client, made):
    client.force_login(made.viewer)
    answer = client.get(reverse("kpi_rows_export", args=["in_time", "xlsx"]), {"period": "2025-02-01"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))
    cover, rows = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    assert "12 rows add up to 100 × 10 / 12 = 83.33333333: the number shown." in str(cover)
    head, *lines = rows
    assert (sum(line[-2] for line in lines), sum(line[-1] for line in lines)) == (10, 12)


def test_a_file_of_the_rows_holds_all_of_those_that_one_may_see_or_none(client, made, monkeypatch):
    some = UserFactory()
    some.memberships.create(unit=made.south, role="viewer", valid_from=date(2020, 1, 1))
    assert len(file_of(client, some, "in_time")) == 8
    opened(client, some, "kpi_rows_export", "in_time", "csv", unit="group", expect=404)
    opened(client, made.viewer, "kpi_rows_export", "in_time", "pdf", expect=404)
    monkeypatch.setattr(drill, "MOST_ROWS", 5)
    answer = client.get(reverse("kpi_rows_export", args=["in_time", "csv"]), {"period": "2025-02-01"}, follow=True)
    assert "a file holds up to 5. Choose a unit below" in answer.content.decode()


def file_of(client, user, code, **query) -> list[dict]:
    text = opened(client, user, "kpi_rows_export", code, "csv", **query)
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def value_of(kpi, start=date(2025, 2, 1)) -> float:
    return Result.objects.current().get(kpi=kpi, unit=kpi.unit, grain="month", period_start=start, dimension="").value


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


def test_rows_of_a_number_are_shown_after_old_files_of_other_months_were_deleted(client, made):
    """February was computed from version 1, of which the file of April is gone; no later version touched February."""
    for met in (1, 0):
        rows = f"id,opened_at,unit,priority,met,hours\nnorth-2504-0,2025-04-01,north,low,{met},1\n"
        upload_csv(made.dataset, rows, by=made.analyst)
    recompute(made.dataset.pk, day=DAY)
    assert compaction.vacuum(timezone.now() + timedelta(days=31)) == 1
    lines = file_of(client, made.viewer, "in_time", period="2025-02-01")
    assert (sum(float(line["met"]) for line in lines), len(lines)) == (10, 12)
    before = Result.objects.filter(kpi=made.kpi, unit=made.group, data_version=1, dimension="").order_by("period_start")
    then = before.last()
    assert then.period_start == date(2025, 4, 1) and then.superseded_at is not None
    with pytest.raises(NoSuchVersion, match="no longer kept"):  # what was known of April before
        drill.rows_behind(then, access_of(made.viewer, DAY))


def test_a_part_that_does_not_exist_is_not_there(client, made):
    opened(client, made.viewer, "kpi_rows", "in_time", dimension="priority", member="purple", expect=404)
    opened(client, made.viewer, "kpi_rows", "in_time", dimension="pg_user", member="x", expect=404)


def test_where_it_comes_from(client, made):
    text = opened(client, made.viewer, "kpi_provenance", "in_time", period="2025-02-01")
    assert "100 × sum(met) / count(*) = 100 × 10 / 12 = 83.33333333" in text
    by = str(Upload.objects.get().uploaded_by)
    for word in ("version 1", "extract.csv", by, "run ", "certified", "What was known when"):
        assert word in text


def test_a_failed_check_that_somebody_answered_for_says_who_and_why(client, made):
    dataset, seen = made.dataset, Result.objects.filter(kpi=made.kpi, data_version__isnull=False).first().data_version
    rule = dataset.quality_rules.create(name="Filled", kind="not_null", column="hours", created_by=made.analyst)
    rule.results.create(version=seen, passed=False, checked=192, failing=2, at=timezone.now())
    rule.overrides.create(version=seen, reason="Two are open.", by=made.manager)
    text = opened(client, made.viewer, "kpi_provenance", "in_time", period="2025-02-01")
    assert f"Used all the same: Two are open. ({made.manager})" in text


def test_the_same_number_in_page_rows_provenance_and_export(client, made):
    lines = opened(client, made.viewer, "kpi_export", "in_time", "csv").splitlines()
    february = next(line for line in lines if line.startswith("2025-02-01") and ",priority," not in line)
    assert ",no target," in february
    assert ",no target," in opened(client, made.viewer, "kpis_export", "csv")
    assert float(february.split(",")[4]) == pytest.approx(1000 / 12)
    assert "83.3" in opened(client, made.viewer, "kpi", "in_time", period="2025-02-01")


def test_exports_open_and_neutralise(client, made):
    client.force_login(made.viewer)
    book = client.get(reverse("kpi_export", args=["in_time", "xlsx"]))
    assert b"".join(book)[:2] == b"PK"
    made.kpi.name = "=cmd|' /C calc'!A0"
    made.kpi.save()
    assert "'=cmd" in opened(client, made.viewer, "kpis_export", "csv")
    assert "'=cmd" in opened(client, made.viewer, "kpis_export", "csv", status="no_target")  # what the page lists
    assert "'=cmd" not in opened(client, made.viewer, "kpis_export", "csv", status="green")
    opened(client, made.viewer, "kpis_export", "pdf", expect=404)


def test_who_sees_some_rows_of_the_data_is_not_told_how_many_there_are(client, made):
    """192 rows in all, 128 of them of the south."""
    some = UserFactory()
    some.memberships.create(unit=made.south, role="viewer", valid_from=date(2020, 1, 1))
    rest = APIClient()
    for person, told in ((some, False), (made.viewer, True)):
        assert ("192" in opened(client, person, "kpi_provenance", "in_time", period="2025-02-01")) is told
        rest.force_authenticate(person)
        runs = rest.get("/api/v1/runs/").json()["results"]
        assert {run["rows_scanned"] for run in runs} == ({192} if told else set())
