"""Clocks jump, days have 23 or 25 hours, backups are taken in the middle of a load (F24, F25, F30)."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.utils import timezone

from jobs import work
from jobs.models import Job
from jobs.sweep import sweep
from kpis import requests
from kpis.models import RecomputeRequest, Result, Run
from lake.periods import Calendar
from perfmgr import backup as backups
from tests.factories import upload_csv
from tests.faults.oracle import assert_sound
from tests.faults.processes import Beat, OneJob, rest, wait_until
from tests.faults.tickets import extract, make_dataset

ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Kathmandu",
)


@pytest.mark.django_db(transaction=True)
def test_F24_two_schedulers_at_once_have_the_effect_of_one(dataset, worker, queue, tmp_path):
    notes = tmp_path / "notes"
    with transaction.atomic():
        job = work.submit("test.slow", "slow", notes=str(notes), seconds=1)
        connection.run_on_commit.clear()  # its message is lost: only the schedulers' sweeps send it
    both = [Beat(queue.url), Beat(queue.url)]
    try:
        wait_until(lambda: Job.objects.get(pk=job.pk).state == "done", sweeping=False)
        assert all(beat.alive for beat in both), [beat.output.read_text() for beat in both]
    finally:
        for beat in both:
            beat.stop()
    job.refresh_from_db()
    assert (job.attempts, notes.read_text().split()) == (1, ["started", "done"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_F24_a_clock_that_jumps_an_hour_takes_nothing_from_a_living_worker(dataset, worker, tmp_path, jump):
    notes = tmp_path / "notes"
    job = work.submit("test.slow", "slow", notes=str(notes), seconds=2)
    wait_until(lambda: notes.exists())
    for _ in range(5):
        sweep(timezone.now() + jump)
    rest()
    job.refresh_from_db()
    assert (job.state, job.attempts, notes.read_text().split()) == ("done", 1, ["started", "done"])


@pytest.mark.django_db(transaction=True)
def test_F24_the_schedule_of_a_day_that_runs_twice_writes_once(dataset, worker):
    upload_csv(dataset, extract(1, 200), run=False)
    rest()
    known = Result.objects.count()
    for hour in (0, 1, -1):  # the clock was put forward and back
        day = (datetime(2025, 6, 1, 0, 30, tzinfo=UTC) + timedelta(hours=hour)).date()
        requests.recompute_on_schedule(day)
        requests.recompute_on_schedule(day)
    rest()
    assert Result.objects.count() == known and not RecomputeRequest.objects.exists()
    assert set(Run.objects.values_list("state", flat=True)) == {"done"}
    assert_sound(dataset)


def changes_of(zone: str, first: int = 2020, last: int = 2035) -> list[datetime]:
    """The hours (UTC) in which the zone's clock changes, by zoneinfo, day by day and then hour by hour."""
    here, found = ZoneInfo(zone), []
    day = datetime(first, 1, 1, tzinfo=UTC)
    while day.year <= last:
        if day.astimezone(here).utcoffset() != (day + timedelta(days=1)).astimezone(here).utcoffset():
            hours = [day + timedelta(hours=hour) for hour in range(24)]
            found += [
                hour
                for hour in hours
                if hour.astimezone(here).utcoffset() != (hour + timedelta(hours=1)).astimezone(here).utcoffset()
            ]
        day += timedelta(days=1)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_F25_every_instant_around_a_clock_change_belongs_to_one_local_day_and_none_is_lost(zone, tmp_path):
    """Half-hourly instants two days around each change go through the intake; zoneinfo is the other road."""
    import pyarrow.parquet as pq

    from lake import intake
    from lake.contract import Column, ColumnType, Contract, Role

    here = ZoneInfo(zone)
    instants = sorted(
        {
            change + timedelta(minutes=30 * step)
            for change in changes_of(zone) or [datetime(2028, 2, 29, tzinfo=UTC)]
            for step in range(-96, 97)
        }
    )
    contract = Contract(
        (
            Column("id", roles=(Role.KEY,)),
            Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,), format="%Y-%m-%dT%H:%M:%S%z"),
        ),
        timezone="UTC",
        reporting_timezone=zone,
    )
    file = tmp_path / "instants.csv"
    file.write_text("id,at\n" + "".join(f"{n},{at:%Y-%m-%dT%H:%M:%S%z}\n" for n, at in enumerate(instants)))
    loaded = intake.load(file, contract, intake.Dialect(), into=tmp_path)
    assert (loaded.accepted, loaded.rejected) == (len(instants), 0)
    table = pq.read_table(loaded.accepted_path)
    assert table["at"].to_pylist() == [at.replace(tzinfo=None) for at in instants]
    expected = [at.astimezone(here).date() for at in instants]
    assert table["at__day"].to_pylist() == expected

    calendar = Calendar()
    for grain in ("day", "week", "month", "quarter", "year"):
        periods = {calendar.period_of(day, grain) for day in set(expected)}
        counted = Counter(sum(period.start <= day < period.end for period in periods) for day in expected)
        assert counted == {1: len(expected)}


def test_F25_leap_day_month_ends_and_week_53_are_where_the_calendar_has_them():
    calendar = Calendar()
    for year in range(2020, 2036):
        ends = [calendar.period_of(date(year, month, 28), "month").end for month in range(1, 13)]
        assert ends == [date(year + month // 12, month % 12 + 1, 1) for month in range(1, 13)]
        days = (calendar.period_of(date(year, 2, 1), "month").end - date(year, 2, 1)).days
        assert days == (29 if year % 4 == 0 else 28)
        monday = calendar.period_of(date(year, 12, 28), "week")  # ISO 8601: 28 December lies in the last week
        assert (monday.start.isocalendar().week, monday.start.isoweekday()) == (
            date(year, 12, 28).isocalendar().week,
            1,
        )
        following = calendar.period_of(monday.end, "week")
        assert (following.start, following.start.isocalendar().week) == (monday.end, 1)


@pytest.mark.django_db(transaction=True)
def test_F25_a_leap_second_is_refused_by_name_or_read_by_the_stated_rule(dataset, worker):
    text = extract(2, 50).replace("\n", "\n", 1) + "T999999,2016-12-31T23:59:60,north,1,1\n"
    upload = upload_csv(dataset, text, run=False)
    rest()
    upload.refresh_from_db()
    assert (upload.state, upload.accepted, upload.rejected) == ("loaded", 50, 1)
    assert upload.rejects.get().value == "2016-12-31T23:59:60"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failpoint", ["after_lake_commit", "before_db_commit"])
def test_F30_a_backup_taken_during_a_load_restores_the_values_to_the_last_bit(
    cluster, queue, tmp_path, settings, failpoint
):
    """The load stands between the lake's commit and the database's when the backup is taken."""
    from tests.faults.processes import Worker

    dataset = make_dataset()
    upload_csv(dataset, extract(3, 400))
    do_all_here()
    known = values()
    assert known and Result.objects.current().count() == len(known)
    with transaction.atomic():
        upload = upload_csv(dataset, extract(4, 400, first=200), run=False)
        connection.run_on_commit.clear()
    OneJob(upload.job, queue.url, failpoint=failpoint).wait()
    file = tmp_path / "backup.tar.gz"
    manifest = backups.backup(file, timezone.now())
    assert manifest["rows"]["kpis_result"] == Result.objects.count()

    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    do_all_here()  # life goes on after the backup ...
    assert values() != known
    settings.LAKE_ROOT, settings.UPLOAD_ROOT = tmp_path / "scratch" / "lake", tmp_path / "scratch" / "uploads"
    settings.MEDIA_ROOT = tmp_path / "scratch" / "media"
    from perfmgr.launch.postgres import Postgres

    drill = Postgres(Path(file.parent) / "pg", throwaway=True)
    drill.start()
    before = dict(connection.settings_dict)
    try:
        connection.close()
        connection.settings_dict.update(HOST=str(drill.sockets))
        backups.restore(file)
        assert values() == known  # ... and the restored cluster knows the moment of the backup
        dataset.refresh_from_db()
        Job.objects.filter(state="running").update(lease_until=timezone.now() - timedelta(seconds=1))
        worker = Worker(
            queue.url,
            PERFMGR_TEST_SCRATCH=str(tmp_path / "scratch"),
        )
        try:
            rest()
        finally:
            worker.stop()
        assert dataset.uploads.filter(state="loaded").count() == 2  # the load of that moment is taken up again
        assert_sound(dataset)
    finally:
        connection.close()
        connection.settings_dict.update(before)
        drill.stop()


def values() -> dict:
    """Every current result by its key; floats compare to the last bit."""
    rows = Result.objects.current().values_list(
        "kpi__code", "unit__code", "grain", "period_start", "dimension", "member", "value", "numerator", "denominator"
    )
    return {row[:6]: row[6:] for row in rows}


def do_all_here() -> None:
    while job := Job.objects.unfinished().order_by("pk").first():
        work.perform(job.pk)
        job.refresh_from_db()
        assert job.state != "parked", job.fault
