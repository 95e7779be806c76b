"""The rows behind a month's number show that month: by the clock of the zone in which the KPI counts days."""

import csv
import html
import io
from datetime import date, datetime

import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook
from rest_framework.test import APIClient

from datasets.models import Dataset
from kpis import definitions, workflow
from kpis.models import Kpi, Result
from kpis.recompute import recompute
from lake.contract import Column, ColumnType, Contract, Role
from tests.factories import UnitFactory, loaded_dataset, member
from tests.kpis.pages import opened, sent
from tests.kpis.sample_desk import PASSPORT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process")]
ROWS = "id,at\n1,2016-07-31T21:59Z\n2,2016-07-31T22:30Z\n3,2016-07-31T23:30Z\n"
ROWS += "4,2016-10-30T00:30Z\n5,2016-10-30T01:30Z\n"
# Midnight in Paris is 22:00 UTC, in London 23:00. The last two rows are of the hour that occurs twice.
AUGUST = {"Europe/London": ["2016-08-01 00:30"], "Europe/Paris": ["2016-08-01 00:30", "2016-08-01 01:30"]}
OCTOBER = {
    "Europe/London": ["2016-10-30 01:30 +01:00", "2016-10-30 01:30 +00:00"],
    "Europe/Paris": ["2016-10-30 02:30 +02:00", "2016-10-30 02:30 +01:00"],
}


NAMES = {"Europe/London": "GMT/BST", "Europe/Paris": "CET/CEST"}
WORDS = {"code": "calls", "name": "Calls", "kind": "simple", "formula": "count(*)", "unit_of_measure": "number"}


@pytest.fixture(params=["Europe/London", "Europe/Paris"])
def zone(request):
    return request.param


@pytest.fixture
def analyst(zone, settings):
    """Of a unit whose calls are counted by one KPI; the results are computed."""
    settings.AS_OF = "2016-11-10"
    unit = UnitFactory(code="group")
    analyst, manager = member("analyst", unit), member("manager", unit)
    at = Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,))
    contract = Contract((Column("id", roles=(Role.KEY,)), at), timezone="UTC", reporting_timezone=zone)
    calls = loaded_dataset(ROWS, contract, code="calls", unit=unit, owner=analyst)
    version = definitions.create_kpi(
        **WORDS, **PASSPORT, unit=unit, owner=manager, steward=analyst, by=analyst, dataset=calls
    )
    workflow.certify(workflow.submit(version, by=analyst), by=manager, now=timezone.now())
    recompute(calls.pk, day=date(2016, 11, 10))
    return analyst


def value_of(month: str) -> float:
    return Result.objects.current().get(kpi__code="calls", grain="month", period_start=month).value


@pytest.mark.parametrize(("month", "rows"), [("2016-08-01", AUGUST), ("2016-10-01", OCTOBER)])
def test_the_rows_of_a_month_are_shown_in_that_month_and_are_as_many_as_it_counts(client, analyst, zone, month, rows):
    assert value_of(month) == len(rows[zone])
    page = opened(client, analyst, "kpi_rows", "calls", period=month, htmx=True)
    cells = [f"<td>{shown}</td>" for shown in rows[zone]]
    assert page.count(f"<td>{month[:7]}-") == len(cells)  # no row of another month
    places = [page.index(cell) for cell in cells]
    assert places == sorted(places)  # in the order of their time
    assert f"Times are by the clock of {zone} ({NAMES[zone]})." in page


def test_files_of_the_rows_say_offset_and_clock(client, analyst, zone):
    query = {"period": "2016-10-01"}
    text = opened(client, analyst, "kpi_rows_export", "calls", "csv", **query).removeprefix("\ufeff")
    hour = 1 if zone == "Europe/London" else 2  # of the clock, and ahead of UTC until it is put back
    first, second = (f"2016-10-30T0{hour}:30:00+0{ahead}:00" for ahead in (hour, hour - 1))
    assert [row["at"] for row in csv.DictReader(io.StringIO(text))] == [first, second]
    client.force_login(analyst)
    answer = client.get(reverse("kpi_rows_export", args=["calls", "xlsx"]), query)
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))
    cover, (_, *lines) = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    assert [line[1] for line in lines] == [datetime(2016, 10, 30, hour, 30)] * 2
    assert ["Clock", f"Times are by the clock of {zone} ({NAMES[zone]})."] in cover


def test_rest_answers_the_same_rows_in_utc(analyst):
    rest = APIClient()
    rest.force_authenticate(analyst)
    october = Result.objects.current().get(kpi__code="calls", grain="month", period_start="2016-10-01")
    rows = rest.get(f"/api/v1/results/{october.pk}/rows/").json()["rows"]
    assert [row["at"] for row in rows] == ["2016-10-30T00:30:00", "2016-10-30T01:30:00"]


def tried(client, analyst, **words):
    """The designer's preview of a KPI of the calls, its text and the value of its newest period."""
    new = WORDS | {"code": "late", "unit": "group", "dataset": "calls", "grain": "month", "direction": "lower"}
    answer = sent(client, analyst, "kpi_preview", **new | words)
    return answer.context, html.unescape(answer.content.decode())


def test_the_rows_beside_a_definition_say_their_clock_and_that_of_formulas(client, analyst, zone):
    """`hour(at)` of the last row is 1, whatever the clock shows; `local(at)` is what it shows."""
    seen, page = tried(client, analyst, formula="sum(hour(at))")
    assert all(f"<td>{shown}</td>" in page for shown in OCTOBER[zone])
    said = "Formulas read times in UTC; local(at) is by the clock of"
    assert f"Times are by the clock of {zone} ({NAMES[zone]}). {said} {zone}." in page
    assert seen["tried"][0].value == 0 + 1
    seen, _ = tried(client, analyst, formula="sum(hour(local(at)))")
    assert (seen["tried"][0].value, seen["hints"]) == (1 + 1 if zone == "Europe/London" else 2 + 2, [])
    parts = sent(client, analyst, "kpi_form", kind="simple", dataset="calls").content.decode()
    assert f"{said} {zone}." in parts


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ({"formula": "sum(hour(at))"}, "hour"),
        ({"formula": "count(*)", "condition": "weekday(at) > 5"}, "weekday"),
        ({"formula": "count(distinct at::date)"}, "date"),
        ({"formula": "count_if(extract(day from at) = 1)"}, "day"),
    ],
)
def test_what_is_taken_of_a_time_in_utc_is_said_beside_the_preview(client, analyst, zone, words, word):
    seen, page = tried(client, analyst, **words)
    said = f"The {word} of at is taken in UTC, while days are counted by the clock of {zone}: write local(at)"
    assert seen["hints"] == [f"{said} in place of at for that clock."] and said in page
    for field, text in words.items():
        words = words | {
            field: text.replace("(at", "(local(at)").replace("at::", "local(at)::").replace("m at", "m local(at)")
        }
    assert tried(client, analyst, **words)[0]["hints"] == []


def test_of_a_dataset_that_counts_its_days_in_utc_nothing_is_said(client, analyst, zone):
    calls = Dataset.objects.get(code="calls")
    calls.contract |= {"reporting_timezone": "UTC"}
    calls.save()
    seen, page = tried(client, analyst, formula="sum(hour(at))")
    assert seen["hints"] == [] and "Times are in UTC." in page and "local(" not in page
    assert "local(" not in sent(client, analyst, "kpi_form", kind="simple", dataset="calls").content.decode()


def test_a_certified_kpi_counts_by_the_local_clock(client, analyst, zone):
    """On Sunday 30 October two calls came between one and two in London, which is after two in Paris."""
    words = WORDS | {"code": "early", "formula": "count_if(hour(local(at)) < 2)", "condition": "weekday(local(at)) = 7"}
    calls, manager = Dataset.objects.get(code="calls"), Kpi.objects.get(code="calls").owner
    version = definitions.create_kpi(
        **words, **PASSPORT, unit=calls.unit, owner=manager, steward=analyst, by=analyst, dataset=calls
    )
    workflow.certify(workflow.submit(version, by=analyst), by=manager, now=timezone.now())
    recompute(calls.pk, day=date(2016, 11, 10))
    found = Result.objects.current().get(kpi__code="early", grain="month", period_start="2016-10-01")
    assert found.value == (2 if zone == "Europe/London" else 0)
