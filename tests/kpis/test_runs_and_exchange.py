"""Pages of runs, and of definitions on their way from one installation to another."""

import pytest
from rest_framework.test import APIClient

from jobs.models import Job
from kpis.models import KpiVersion, Result, Run
from tests.factories import KpiFactory, MembershipFactory, UnitFactory, member
from tests.kpis.pages import opened, sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]


def test_runs_are_listed_with_their_steps_and_not_to_strangers(client, made):
    run = Result.objects.filter(kpi=made.kpi).first().run
    assert "definition of in_time" in opened(client, made.viewer, "runs")
    assert "scan" in opened(client, made.viewer, "run", run.pk)
    assert "in_time" not in opened(client, made.stranger, "runs")
    opened(client, made.stranger, "run", run.pk, expect=404)


def test_a_parked_recompute_shows_its_fault_and_not_how_far_it_came(client, made):
    parked = {"state": Job.State.PARKED, "fault": "The disk is full.", "progress_note": "Writing 40 results"}
    Job.objects.create(
        kind="kpis.recompute", key="dataset:1", arguments={"dataset": made.kpi.versions.newest().dataset_id}, **parked
    )
    shown = opened(client, made.viewer, "runs")
    assert "The disk is full." in shown and "Writing 40 results" not in shown


def test_over_rest_a_run_is_as_on_its_page_and_names_only_faults_of_kpis_that_one_sees(made):
    run = Result.objects.filter(kpi=made.kpi).first().run
    faults = [{"kpi": "in_time", "message": "No column met."}, {"kpi": "of_others", "message": "No column secret."}]
    Run.objects.filter(pk=run.pk).update(faults=faults)
    KpiFactory(code="of_others")
    rest = APIClient()
    rest.force_authenticate(made.viewer)
    assert rest.get(f"/api/v1/runs/{run.pk}/").json()["faults"] == faults[:1]
    assert {fault["kpi"] for one in rest.get("/api/v1/runs/").json()["results"] for fault in one["faults"]} == {
        "in_time"
    }
    rest.force_authenticate(made.stranger)
    assert rest.get(f"/api/v1/runs/{run.pk}/").status_code == 404


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


def test_a_dry_run_tells_every_fault_and_keeps_nothing(client, made):
    text = sent(
        client,
        made.analyst,
        "kpi_exchange",
        text=opened(client, made.viewer, "kpi_yaml", code="in_time").replace(
            "denominator: count(*)", "denominator: sum(hourz)"
        ),
    )
    assert text.status_code == 422
    assert "Did you mean `hours`?" in text.content.decode()
    assert KpiVersion.objects.count() == 1


def test_a_recompute_is_taken_up_again_by_who_defines_where_its_rows_are(client, made):
    """Not by who defines at another unit, and only looks here; also before it had a run."""
    job = Job.objects.create(kind="kpis.recompute", key="x", state="parked", arguments={"dataset": made.dataset.pk})
    person = member("viewer", made.group)
    MembershipFactory(user=person, unit=UnitFactory(code="away"), role="analyst")
    assert sent(client, person, "run_retry", job.pk).status_code == 403
    assert sent(client, made.stranger, "run_retry", job.pk).status_code in (403, 404)
    assert sent(client, made.analyst, "run_retry", job.pk).status_code == 302
    job.refresh_from_db()
    assert job.state == "queued"
