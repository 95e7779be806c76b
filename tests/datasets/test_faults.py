"""What a kill, a restore or a flipped bit may do to a load: nothing that readers could see. (reliability F3 to F23)"""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

from datasets import intake, reconcile, verify
from datasets.facts import facts_of, table_of, version_of
from datasets.models import DatasetVersion, Upload
from datasets.refusals import DamagedData, OriginalMissing
from jobs.models import Job
from lake.contract import Column, ColumnType, Contract, Role
from tests.factories import loaded_dataset, perform, upload_csv

CONTRACT = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("cost", type=ColumnType.NUMBER),
    )
)
TEXT = "id,day,cost\n1,2025-01-01,10\n2,2025-01-02,20\n"
MORE = "id,day,cost\n2,2025-01-02,21\n3,2025-02-01,30\n"
WORKER = "import django; django.setup(); from jobs import work; import sys; work.perform(int(sys.argv[1]))"


def numbers(dataset):
    from datasets import scan

    dataset.refresh_from_db()
    facts = facts_of(dataset)
    return [
        tuple(row.values()) for row in scan.fetch(f"select id, cost from ({facts.relation}) order by 1", facts.files)
    ]


def worker(job: Job, failpoint: str = "") -> int:
    """Perform the job in a process of its own, which dies at the failpoint. Returns how it ended."""
    return started(job, failpoint).wait(timeout=120)


def started(job: Job, failpoint: str = "") -> subprocess.Popen:
    environment = {**os.environ, "PERFMGR_FAILPOINT": failpoint, "DJANGO_SETTINGS_MODULE": "perfmgr.settings"}
    environment["DATABASE_URL"] = _named(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    command = [sys.executable, "-c", WORKER, str(job.pk)]
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _named(url: str, name: str) -> str:
    """The address with another database in it."""
    head, _, tail = url.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{tail}" if tail else "")


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failpoint", ["after_lake_commit", "before_db_commit", "after_db_commit"])
def test_a_worker_killed_around_the_commits_leaves_each_row_exactly_once(failpoint):  # F3, F4
    dataset = loaded_dataset(TEXT, CONTRACT)
    upload = upload_csv(dataset, MORE, run=False)
    assert worker(upload.job, failpoint) == -signal.SIGKILL
    seen = [("1", 10.0), ("2", 20.0)] if failpoint != "after_db_commit" else [("1", 10.0), ("2", 21.0), ("3", 30.0)]
    assert numbers(dataset) == seen  # nothing, or all of it
    Job.objects.filter(pk=upload.job.pk).update(lease_until="2020-01-01T00:00Z")
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.accepted, upload.replaced) == ("loaded", 2, 1)
    assert numbers(dataset) == [("1", 10.0), ("2", 21.0), ("3", 30.0)]
    assert dataset.versions.filter(load_id=upload.load_id).count() == 1


@pytest.mark.django_db
class TestReconciliation:
    def orphaned(self, dataset):
        """An upload whose worker died between the lake's commit and the database's."""
        upload = upload_csv(dataset, MORE)
        dataset.refresh_from_db()
        version = version_of(dataset)
        previous = dataset.versions.exclude(pk=version.pk).first()
        version.delete()
        Upload.objects.filter(pk=upload.pk).update(state="loading")
        type(dataset).objects.filter(pk=dataset.pk).update(current_version=previous.version, rows=previous.rows)
        dataset.refresh_from_db()
        return upload, version

    def test_a_commit_that_the_database_does_not_know_is_adopted_once(self):  # F3
        dataset = loaded_dataset(TEXT, CONTRACT)
        upload, lost = self.orphaned(dataset)
        assert numbers(dataset) == [("1", 10.0), ("2", 20.0)]
        report = reconcile.reconcile(dataset)
        assert report.adopted == (lost.version,)
        assert numbers(dataset) == [("1", 10.0), ("2", 21.0), ("3", 30.0)]
        upload.refresh_from_db()
        perform(upload.job)  # its counts are read once more
        upload.refresh_from_db()
        assert (upload.state, upload.accepted) == ("loaded", 2)
        assert reconcile.reconcile(dataset).adopted == ()

    def test_the_next_load_names_what_was_left_before_it_builds_on_it(self):
        dataset = loaded_dataset(TEXT, CONTRACT)
        _, lost = self.orphaned(dataset)
        upload_csv(dataset, "id,day,cost\n4,2025-03-01,40\n")
        assert [number for number, _ in numbers(dataset)] == ["1", "2", "3", "4"]
        assert dataset.versions.filter(version=lost.version).exists()

    def test_a_load_of_nobody_is_never_shown_and_nothing_is_built_on_it(self):  # F22
        dataset = loaded_dataset(TEXT, CONTRACT)
        upload, lost = self.orphaned(dataset)
        Upload.objects.filter(pk=upload.pk).update(load_id="of-another-life")
        assert reconcile.reconcile(dataset).unknown == (lost.version,)
        assert numbers(dataset) == [("1", 10.0), ("2", 20.0)]
        refused = upload_csv(dataset, "id,day,cost\n4,2025-03-01,40\n")
        assert (refused.state, refused.fault["code"]) == ("refused", "lake_disagrees")
        with pytest.raises(SystemExit):
            call_command("reconcile_lake")

    def test_what_an_older_lake_lost_is_loaded_again_from_the_kept_files(self):  # F22, F23
        dataset = loaded_dataset(TEXT, CONTRACT)
        folder = table_of(dataset).folder
        backup = folder.with_name(f"{folder.name}-backup")
        shutil.copytree(folder, backup)
        upload = upload_csv(dataset, MORE)
        shutil.rmtree(folder)
        backup.rename(folder)
        dataset.refresh_from_db()
        assert reconcile.reconcile(dataset).missing == (dataset.current_version,)
        report = reconcile.reconcile(dataset, repair=True)
        assert report.reloaded == (upload.pk,)
        assert numbers(dataset) == [("1", 10.0), ("2", 20.0)]
        upload.refresh_from_db()
        perform(upload.job)
        assert numbers(dataset) == [("1", 10.0), ("2", 21.0), ("3", 30.0)]


@pytest.mark.django_db
def test_a_damaged_file_is_refused_and_named_with_its_upload_and_units():  # F20
    dataset = loaded_dataset(TEXT, CONTRACT)
    other = loaded_dataset(TEXT, CONTRACT)
    file = facts_of(dataset).files[0]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(bytes(content))
    verify.forget()
    with pytest.raises(DamagedData) as fault:
        facts_of(dataset)
    upload = dataset.uploads.get()
    assert fault.value.extra["uploads"] == [str(upload)]
    assert file.name in str(fault.value) and str(upload) in str(fault.value)
    assert [found.dataset for found in verify.scrub() if found.dataset in (dataset.code, other.code)] == [dataset.code]
    assert numbers(other) == [("1", 10.0), ("2", 20.0)]


@pytest.mark.django_db
def test_a_missing_original_refuses_the_load_and_leaves_the_rows(settings):  # F23
    dataset = loaded_dataset(TEXT, CONTRACT)
    upload = upload_csv(dataset, MORE, run=False)
    (Path(django_settings.UPLOAD_ROOT) / upload.path).unlink()
    with pytest.raises(OriginalMissing):
        intake.original_of(upload)
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.fault["code"]) == ("refused", "original_missing")
    assert numbers(dataset) == [("1", 10.0), ("2", 20.0)]


@pytest.mark.django_db
def test_compaction_changes_files_and_no_rows():
    from datasets import compaction

    dataset = loaded_dataset(TEXT, CONTRACT)
    for number in range(3):
        upload_csv(dataset, f"id,day,cost\nx{number},2025-01-1{number},1\n")
    before = numbers(dataset)
    files = len(version_of(dataset).files)
    outcome = perform(compaction.request_compaction(dataset))
    assert numbers(dataset) == before
    after = version_of(dataset)
    assert (outcome["compacted"], after.kind) == (True, DatasetVersion.Kind.COMPACT)
    assert len(after.files) < files
    assert [asdict(file) for file in table_of(dataset).data_files(after.version)] == after.files


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_of_the_same_records_end_as_one_after_the_other():  # F9
    dataset = loaded_dataset(TEXT, CONTRACT)
    files = [f"id,day,cost\n1,2025-01-01,{cost}\n2,2025-01-02,{cost}\n" for cost in (100, 200)]
    uploads = [upload_csv(dataset, text, run=False) for text in files]
    running = [started(upload.job) for upload in uploads]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    for upload in uploads:
        upload.refresh_from_db()
    assert [upload.state for upload in uploads] == ["loaded", "loaded"]
    assert numbers(dataset) in ([("1", 100.0), ("2", 100.0)], [("1", 200.0), ("2", 200.0)])
    assert dataset.versions.count() == 3


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_the_same_message_delivered_twice_at_once_loads_once():  # F6
    dataset = loaded_dataset(TEXT, CONTRACT)
    upload = upload_csv(dataset, MORE, run=False)
    running = [started(upload.job) for _ in range(2)]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    upload.refresh_from_db()
    assert (upload.state, upload.job.attempts, dataset.versions.count()) == ("loaded", 1, 2)
    assert numbers(dataset) == [("1", 10.0), ("2", 21.0), ("3", 30.0)]
