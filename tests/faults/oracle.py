"""The common oracle: what must hold after every fault, whatever it was.

(a) each acknowledged load is present exactly once, (b) nothing of an unacknowledged one is visible, (c) KPI results
are those of a computation from scratch, (d) the audit chain verifies, (e) no job is stuck past its lease, (f) every
file that no version needs is one that the janitor lists.

The rows that must be there are found by a second road: the kept originals of the loaded uploads are read with Python's
csv module and laid over each other in the order of the versions that the database names.
"""

import csv
from collections import defaultdict
from datetime import date, timedelta

from django.utils import timezone

from datasets import scan
from datasets.facts import facts_of, table_of
from datasets.intake import original_of
from datasets.models import Dataset, DatasetVersion, Upload
from jobs.models import Job
from kpis.models import RecomputeRequest, Result
from kpis.recompute import recompute
from organization import audit

Row = dict[str, str]


def assert_sound(dataset: Dataset) -> None:
    """All six, for a dataset of `tests.faults.tickets` whose jobs have come to rest."""
    dataset.refresh_from_db()
    rows = expected_rows(dataset)
    assert_each_load_once(dataset)
    assert_rows(dataset, rows)
    assert_results(dataset, rows)
    verdict = audit.verify()
    assert verdict.fault == "", verdict
    assert_no_job_is_stuck()
    assert_no_unlisted_orphan(dataset)


def expected_rows(dataset: Dataset) -> dict[str, Row]:
    """By ticket number, what the loads that the database calls loaded have brought, the later over the earlier.

    Of the days of a complete one only what it has stays.
    """
    rows: dict[str, Row] = {}
    loads = dataset.versions.filter(kind=DatasetVersion.Kind.LOAD, upload__state=Upload.State.LOADED)
    for version in loads.order_by("version").select_related("upload"):
        with original_of(version.upload).open(newline="") as file:
            brought = {row["number"]: row for row in csv.DictReader(file)}
        if (sent := version.upload).complete:
            days = sorted(row["opened"] for row in brought.values())
            first, last = str(sent.stated_from or days[0]), str(sent.stated_through or days[-1])
            stays = (row for row in rows.values() if not first <= row["opened"] <= last)
            rows = {row["number"]: row for row in stays}
        rows |= brought
    return rows


def assert_each_load_once(dataset: Dataset) -> None:  # (a)
    acknowledged = sorted(dataset.uploads.filter(state=Upload.State.LOADED).values_list("load_id", flat=True))
    named = dataset.versions.filter(kind=DatasetVersion.Kind.LOAD)
    assert sorted(named.values_list("load_id", flat=True)) == acknowledged
    versions = set(named.values_list("version", flat=True))
    in_lake = [commit for commit in table_of(dataset).history() if commit.version in versions]
    assert sorted(commit.load_id for commit in in_lake) == acknowledged


def assert_rows(dataset: Dataset, rows: dict[str, Row]) -> None:  # (a), (b)
    facts = facts_of(dataset)
    stored = []
    if facts.files:
        sql = f"select number, strftime(opened, '%Y-%m-%d') as opened, site, met, hours from ({facts.relation})"
        stored = [{name: str(value) for name, value in row.items()} for row in scan.fetch(sql, facts.files)]
    assert sorted(stored, key=lambda row: row["number"]) == [rows[number] for number in sorted(rows)]
    assert dataset.rows == len(rows)


def assert_results(dataset: Dataset, rows: dict[str, Row]) -> None:  # (c), two roads
    found = {
        (code, unit, start): value
        for code, unit, start, value in Result.objects.current()
        .filter(kpi__versions__dataset=dataset, grain="month", dimension="")
        .values_list("kpi__code", "unit__code", "period_start", "value")
        if value is not None
    }
    wanted = results_by_hand(rows)
    assert set(found) == set(wanted)
    assert all(abs(found[key] - wanted[key]) <= 1e-9 * max(1, abs(wanted[key])) for key in wanted)
    if dataset.current_version is not None:
        assert_nothing_changes_from_scratch(dataset)


def assert_nothing_changes_from_scratch(dataset: Dataset) -> None:
    """Everything computed again over the current version, in every grain, is what stands already."""
    assert not RecomputeRequest.objects.filter(dataset=dataset).exists()
    before = Result.objects.current().count()
    RecomputeRequest.objects.create(dataset=dataset, scope=RecomputeRequest.Scope.EVERYTHING, trigger="the oracle")
    run = recompute(dataset.pk)
    assert (run.results_written, run.faults) == (0, [])
    assert run.results_unchanged == before == Result.objects.current().count()


def results_by_hand(rows: dict[str, Row]) -> dict[tuple[str, str, date], float]:
    """By KPI, unit and month, in plain Python; a site's rows count for the group too."""
    groups: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for row in rows.values():
        month = date.fromisoformat(row["opened"]).replace(day=1)
        for unit in (row["site"], "group"):
            groups[unit, month].append(row)
    results: dict[tuple[str, str, date], float] = {}
    for (unit, month), members in groups.items():
        hours = sorted(int(row["hours"]) for row in members)
        results["tickets", unit, month] = len(members)
        results["met_share", unit, month] = sum(int(row["met"]) for row in members) / len(members)
        results["p90_hours", unit, month] = percentile(hours, 0.9)
    return results


def percentile(ordered: list[int], share: float) -> float:
    """Linear between the two neighbours (Hyndman and Fan's type 7, as spreadsheets and pandas have it)."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def assert_no_job_is_stuck() -> None:  # (e)
    grace = timezone.now() - timedelta(seconds=1)
    assert list(Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=grace)) == []
    assert list(Job.objects.unfinished()) == []


def assert_no_unlisted_orphan(dataset: Dataset) -> None:  # (f)
    table = table_of(dataset)
    if not table.exists:
        return
    named = {table.folder / file.path for commit in table.history() for file in commit.files}
    listed = {path for orphan in table.orphans() for path in (orphan, *orphan.rglob("*"))}
    files = {path for path in table.folder.rglob("*") if path.is_file() and "_delta_log" not in path.parts}
    assert files - named - listed - {table.folder / ".lock"} == set()
