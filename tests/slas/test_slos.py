"""Objectives: their budgets over real rows, their page and API, and OpenSLO files that come back as they went."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from alerts.models import InboxEntry
from analytics.budgets.burn import POLICIES, Alert
from jobs.models import Job
from organization.models import Unit
from slas import openslo, slos, telling
from slas.drafting import AgreementRefused
from slas.models import Slo
from tests.factories import ApiTokenFactory, perform, upload_csv
from tests.matrix.description import as_described
from tests.pages import text_of

from .sample import Desk, deliveries, deliveries_csv

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 2, 20, tzinfo=UTC)
WORDS = {
    "code": "on-time",
    "name": "Deliveries on time",
    "good": "count(case when done_on <= due_on then 1 end)",
    "total": "count(*)",
    "objective_pct": 95,
    "slice_seconds": 86400,
}


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def dataset(desk):
    return deliveries(desk.unit)


@pytest.fixture
def slo(desk, dataset):
    return slos.create(by=desk.author, unit=desk.unit, owner=desk.author, dataset=dataset, window_count=60, **WORDS)


def test_the_budget_of_a_rolling_window(slo):
    found = slos.standing(slo, NOW)  # 22 December to 19 February: all twenty lines
    assert found.at == datetime(2025, 2, 20, tzinfo=UTC)
    assert (found.budget.good, found.budget.total) == (18, 20)
    assert found.budget.allowed == pytest.approx(1)  # 5 % of 20, and two were late
    assert found.budget.consumed == pytest.approx(2) and found.status == "red"
    assert found.budget.coverage == pytest.approx(20 / 60)  # a delivery on twenty of sixty days
    assert [(start.date(), bad, total) for start, bad, total in found.worst] == [
        (date(2025, 1, 17), 1, 1),
        (date(2025, 1, 13), 1, 1),
    ]


def test_a_calendar_month_has_its_own_budget(slo, desk):
    changed = slos.change(slo, by=desk.author, is_rolling=False, window_count=1, window_unit="month")
    found = slos.standing(changed, NOW)
    assert (found.budget.good, found.budget.total, found.status) == (10, 10, "green")
    assert slos.standing(changed, datetime(2025, 1, 31, 12, tzinfo=UTC)).budget.total == 10


def test_a_budget_is_measured_after_each_load_and_its_end_is_told_once(slo, dataset, desk):
    def jobs():
        return [perform(job) for job in Job.objects.unfinished().filter(kind=slos.JOB)]

    assert [outcome["state"] for outcome in jobs()] == ["red"]  # asked for when it was written down
    slo.refresh_from_db()
    assert (slo.state, slo.left) == ("red", pytest.approx(-1))  # two were late, one may be
    assert slo.measured_to == datetime(2025, 2, 20, tzinfo=UTC)
    upload_csv(dataset, deliveries_csv(months=(3,)), name="march.csv")
    assert [outcome["state"] for outcome in jobs()] == ["green"]
    told = [entry.notice.subject for entry in InboxEntry.objects.filter(user=desk.author)]
    assert told == ["Deliveries on time has used up its error budget"]  # the second window has no late line


def test_a_burn_rate_alert_is_told_once_a_day_while_it_fires(slo, desk):
    firing = Alert(POLICIES[0], 14.4, 20.0, 18.0, True)
    found = replace(slos.standing(slo, NOW), alerts=(firing,), budget=SimpleNamespace(remaining=0.5), lasts=None)
    for _ in range(2):
        telling.burning(found, now=NOW)
    telling.burning(replace(found, burns_at=NOW + timedelta(days=1)), now=NOW)
    told = [(entry.notice.subject, entry.notice.text) for entry in InboxEntry.objects.filter(user=desk.author)]
    text = "20.0 times the rate that lasts for the window; fires above 14.4."
    assert told == [("Deliveries on time burns fast (1 h window)", text)] * 2


def test_what_cannot_be_computed_is_refused_by_its_word(desk, dataset):
    words = {"unit": desk.unit, "owner": desk.author, "dataset": dataset, **WORDS}
    with pytest.raises(AgreementRefused) as refusal:
        slos.create(by=desk.author, **words | {"good": "count(dune_on)", "slice_seconds": 60, "timezone": "Mars"})
    faults = {fault.field: fault for fault in refusal.value.faults}
    assert set(faults) == {"good", "slice_seconds", "timezone"} and faults["good"].suggestion in ("done_on", "due_on")


def exported() -> str:
    return openslo.export(Slo.objects.select_related("unit", "owner", "dataset"))


def imported(text: str, desk) -> openslo.Imported:
    datasets = type(desk.unit.datasets.first()).objects.all()
    return openslo.read(text, by=desk.author, datasets=datasets, units=Unit.objects.all())


def test_an_export_comes_back_as_it_went(slo, desk, dataset):
    other = WORDS | {"code": "slices", "method": "Timeslices", "slice_pct": "97.5", "timezone": "Europe/Paris"}
    slos.create(by=desk.author, unit=desk.unit, owner=desk.author, dataset=dataset, is_rolling=False, window_count=2,
                window_unit="week", time_column="done_on", condition="mode = 'air'", **other)  # fmt: skip
    text = exported()
    assert imported(text, desk).same == ("on-time", "slices")
    Slo.objects.all().delete()
    assert imported(text, desk).made == ("on-time", "slices")
    assert exported() == text


def test_a_document_is_openslo_v1(slo):
    document = yaml.safe_load(exported())
    assert (document["apiVersion"], document["kind"]) == ("openslo/v1", "SLO")
    spec = document["spec"]
    assert spec["timeWindow"] == [{"duration": "60d", "isRolling": True}]
    assert spec["objectives"] == [{"displayName": "Deliveries on time", "target": 0.95, "timeSliceWindow": "1d"}]
    assert spec["indicator"]["spec"]["ratioMetric"]["good"]["metricSource"]["type"] == "perfmgr"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"apiVersion": "openslo/v2"}, "apiVersion is 'openslo/v2'"),
        ({"kind": "Service"}, "no document of kind SLO"),
        ({"spec.budgetingMethod": "Guess"}, "budgetingMethod 'Guess'"),
        ({"spec.timeWindow": [{"duration": "30x", "isRolling": True}]}, "duration '30x'"),
        ({"spec.objectives": [{"target": 1.5}]}, "target 1.5 is no share"),
        ({"spec.timeWindow": [{"duration": "1M", "calendar": {"startTime": "2025-01-15 00:00:00"}}]}, "another day"),
        ({"spec.indicatorRef": "other", "spec.indicator": None}, "indicatorRef 'other'"),
    ],
)
def test_what_cannot_be_read_is_named(slo, desk, change, words):
    document = yaml.safe_load(exported())
    for path, value in change.items():
        *above, name = path.split(".")
        part = document[above[0]] if above else document
        part[name] = value
    with pytest.raises(openslo.NotOpenSlo, match=words.replace("(", r"\(")):
        imported(yaml.safe_dump(document), desk)


def test_pages_show_and_keep_an_objective(client, slo, desk, settings):
    settings.AS_OF = "2025-02-20"
    client.force_login(desk.author)
    assert "Deliveries on time" in client.get(reverse("slos")).content.decode()
    page = client.get(slo.get_absolute_url()).content.decode()
    assert "used up" in page and "cannot be told" in page
    settings.AS_OF = "2025-01-12"  # three lines so far, all in time
    assert "used up" not in client.get(slo.get_absolute_url()).content.decode()
    words = {name: getattr(slo, name) for name in ("name", "good", "total", "objective_pct", "method", "timezone")}
    words |= {"unit": desk.unit.pk, "owner": desk.author.pk, "dataset": slo.dataset_id, "slice_seconds": 86400,
              "window_count": 30, "window_unit": "day", "is_rolling": "on"}  # fmt: skip
    answer = client.post(reverse("slo_edit", args=[slo.code]), words | {"good": "count(nothing)"})
    assert answer.status_code == 422 and "nothing" in answer.content.decode()
    assert client.post(reverse("slo_edit", args=[slo.code]), words).status_code == 302
    slo.refresh_from_db()
    assert slo.window_count == 30
    file = SimpleUploadedFile("slos.yaml", client.get(reverse("slo_yaml")).content)
    assert client.post(reverse("slo_import"), {"file": file}).status_code == 302


def test_pages_show_the_window_by_the_clock_of_its_zone(client, slo, desk, settings):
    """Midnight there is 05:00 UTC in winter; a budget measured up to midnight UTC was so at 19:00."""
    settings.AS_OF = "2025-02-20"
    Slo.objects.update(timezone="America/New_York", is_rolling=False, window_count=1, window_unit="quarter")
    client.force_login(desk.author)
    page = text_of(client.get(slo.get_absolute_url()))
    assert "1 Jan 2025, 00:00 to " in page and "by the clock of America/New_York (EST/EDT)." in page
    Slo.objects.update(measured_to=datetime(2025, 2, 20, tzinfo=UTC))
    assert "19 Feb 2025, 19:00 America/New_York" in text_of(client.get(reverse("slos")))


def test_the_api_gives_the_budget_and_openslo(client, slo, desk):
    token = ApiTokenFactory(user=desk.author, scopes=["read", "define"])
    headers = {"Authorization": f"Bearer {token.secret}"}
    budget = f"/api/v1/slos/{slo.pk}/budget/"
    found = as_described("get", budget, client.get(budget, headers=headers)).json()
    assert (found["good"], found["total"], len(found["alerts"])) == (18, 20, 4)
    assert found["exhausted_in_seconds"] == 0
    text = client.get("/api/v1/slos/openslo/", headers=headers).content.decode()
    sent = {"data": {"yaml": text}, "content_type": "application/json", "headers": headers}
    again = as_described("post", "/api/v1/slos/openslo/", client.post("/api/v1/slos/openslo/", **sent))
    assert again.json() == {"made": [], "changed": [], "same": ["on-time"]}
    words = WORDS | {"code": "made", "unit": desk.unit.code, "dataset": "deliveries", "objective_pct": "99"}
    answer = client.post("/api/v1/slos/", data=words, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
