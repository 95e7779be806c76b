"""Disks fill up, clients vanish, bits flip, logs tear, folders come back from another day (F8-F10, F17, F19-F22)."""

import json
import random
import shutil
import socket
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from rest_framework.test import APIClient

from datasets import reconcile, verify
from datasets.facts import facts_of, table_of
from datasets.models import Upload
from datasets.refusals import DamagedData
from jobs.models import Job
from kpis import requests
from kpis.models import Result
from tests.factories import ApiTokenFactory, upload_csv
from tests.faults.oracle import assert_sound
from tests.faults.processes import OneJob, Web, Worker, form_of, lapse, rest
from tests.faults.tickets import extract

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(dataset):
    client = APIClient()
    secret = ApiTokenFactory(user=dataset.owner, scopes=["read", "upload"]).secret
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def sent(api, dataset, text: str, name: str = "extract.csv", key: str = ""):
    kind, body = form_of(dataset.code, name, text)
    more = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return api.generic("POST", "/api/v1/uploads/", body, content_type=kind, **more)


def loaded(dataset, seed: int, rows: int = 300, **more) -> Upload:
    """Loaded, with its recompute, by the shared worker."""
    upload = upload_csv(dataset, extract(seed, rows, **more), name=f"extract-{seed}.csv", run=False)
    rest()
    upload.refresh_from_db()
    assert upload.state == "loaded", upload.fault
    dataset.refresh_from_db()
    return upload


def unsent(dataset, text: str) -> Upload:
    with transaction.atomic():
        upload = upload_csv(dataset, text, run=False)
        connection.run_on_commit.clear()
    return upload


def kept_files() -> set[Path]:
    """The kept originals; what a worker of another test is reading just now is none."""
    root = Path(settings.UPLOAD_ROOT)
    return {path for path in root.rglob("*") if path.is_file() and root / "work" not in path.parents}


def test_F8_the_same_file_again_or_renamed_is_answered_with_the_first_upload(dataset, worker, api):
    text = extract(1, 300)
    first = sent(api, dataset, text, key="key-1")
    assert first.status_code == 202
    rest()
    number, files = first.json()["upload"]["number"], kept_files()
    for again in (sent(api, dataset, text), sent(api, dataset, text, name="renamed.csv")):
        assert (again.status_code, again.json()["upload"]["number"], again.json()["already"]) == (200, number, True)
        assert f"already as #{number}" in again.json()["message"]
    other = sent(api, dataset, extract(2, 300), key="key-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert kept_files() == files and dataset.uploads.count() == 1
    assert_sound(dataset)


def test_F9_F10_overlapping_and_disjoint_uploads_at_once_come_out_as_in_some_order(dataset, queue, worker):
    """Four processes load at once: two replace the same tickets, two bring other units' tickets."""
    texts = [extract(n, 200) for n in (3, 4)] + [extract(n, 200, first=1000 * n, site="south") for n in (5, 6)]
    uploads = [unsent(dataset, text) for text in texts]
    processes = [OneJob(upload.job, queue.url) for upload in uploads]
    assert [process.wait(180) for process in processes] == [0, 0, 0, 0]
    rest()
    assert dataset.uploads.filter(state="loaded").count() == 4
    assert_sound(dataset)  # replays the originals in the order of the versions: a serial order
    dataset.refresh_from_db()
    assert dataset.rows == 600


def test_F17_an_upload_that_would_not_fit_is_refused_before_it_is_read(dataset, api, settings):
    settings.UPLOAD_LIMIT_BYTES = 1 << 60
    kind, body = form_of(dataset.code, "x.csv", extract(1, 5))
    answer = api.generic("POST", "/api/v1/uploads/", body, content_type=kind, CONTENT_LENGTH=str(1 << 50))
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert "MB free" in answer.json()["detail"]
    assert dataset.uploads.count() == 0


@pytest.mark.parametrize("limit", [500, 20_000])
def test_F17_a_disk_that_fills_up_in_the_middle_fails_the_load_and_reads_go_on(dataset, queue, worker, limit):
    """500 bytes: the parsed rows do not fit; 20,000: they do, the lake's files do not."""
    loaded(dataset, 7, rows=50)
    text = extract(8, 3_000, months=1)
    upload = unsent(dataset, text)
    for _ in range(3):
        upload.job.refresh_from_db()
        if not upload.job.is_finished:
            OneJob(upload.job, queue.url, PERFMGR_TEST_FILE_LIMIT=str(limit)).wait(120)
            lapse(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.job.state) == ("failed", "parked")
    assert upload.fault["file"] == upload.file_name and upload.fault["next_step"]
    assert not list((Path(settings.UPLOAD_ROOT) / "work").glob(f"{upload.public_id.hex}-*"))
    assert table_of(dataset).orphans() == ()
    assert_sound(dataset)
    again = upload_csv(dataset, text, run=False)  # there is room again
    rest()
    again.refresh_from_db()
    assert again.state == "loaded"
    assert_sound(dataset)


@pytest.mark.parametrize("limit", [1])
def test_F17_an_upload_that_cannot_be_written_leaves_nothing(dataset, queue, limit):
    secret = ApiTokenFactory(user=dataset.owner, scopes=["read", "upload"]).secret
    before = kept_files()
    web = Web(queue.url, PERFMGR_UPLOAD_LIMIT_BYTES="1000000")
    try:
        import resource

        resource.prlimit(child_of(web.popen.pid), resource.RLIMIT_FSIZE, (100_000, 100_000))
        status, answer = web.upload(dataset.code, "large.csv", extract(9, 8_000), secret)
        assert (status, json.loads(answer)["code"]) == (507, "disk_full"), answer
        assert web.get("/api/v1/datasets/", secret)[0] == 200
        status, answer = web.upload(dataset.code, "small.csv", extract(9, 100), secret)
        assert status == 202, answer
    finally:
        web.stop()
    assert len(kept_files() - before) == 1 and dataset.uploads.count() == 1


def test_F17_web_and_worker_go_on_where_their_logs_find_no_room(dataset, queue):
    """Both write to `/dev/full`, where each write fails, and have something to say."""
    secret = ApiTokenFactory(user=dataset.owner, scopes=["read", "upload"]).secret
    worker, web = (start(queue.url, logs="/dev/full", LOG_LEVEL="DEBUG") for start in (Worker, Web))
    try:
        assert web.get("/api/v1/no-such-thing/", secret)[0] == 404
        assert web.upload(dataset.code, "extract.csv", extract(11, 100), secret)[0] == 202
        rest()
        assert dataset.uploads.get().state == "loaded"
        assert worker.alive and web.alive
    finally:
        worker.stop()
        web.stop()
    assert_sound(dataset)


def child_of(pid: int) -> int:
    """gunicorn's worker, which serves."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def test_F19_a_client_that_vanishes_in_the_middle_leaves_nothing_and_is_told(dataset, worker, queue):
    """A file, and the JSON of a change; the client hangs up, or only its sending half, so that it hears the answer."""
    token = ApiTokenFactory(user=dataset.owner, scopes=["read", "upload", "define"])
    kind, body = form_of(dataset.code, "cut.csv", extract(10, 2_000))
    about = json.dumps({"name": "Half a name", "description": "x" * 3_000}).encode()
    asked = {
        f"POST /api/v1/uploads/ HTTP/1.1\r\nContent-Type: {kind}": body,
        f"PATCH /api/v1/datasets/{dataset.code}/ HTTP/1.1\r\nContent-Type: application/json": about,
    }
    before, name = kept_files(), dataset.name
    web = Web(queue.url)
    try:
        for line, content in asked.items():
            head = f"{line}\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token.secret}\r\nConnection: close\r\n"
            whole = f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
            for share in (0.1, 0.5, 0.99):
                sent_bytes = whole[: len(whole) - len(content) + int(len(content) * share)]
                hang_up(web, sent_bytes, listen=False)
                answer = hang_up(web, sent_bytes, listen=True)
                assert answer.startswith(b"HTTP/1.1 400") and b"truncated_upload" in answer, answer
                assert f"Only {int(len(content) * share):,} of {len(content):,} bytes arrived".encode() in answer
        assert kept_files() == before and dataset.uploads.count() == 0
        assert web.upload(dataset.code, "whole.csv", extract(10, 2_000), token.secret)[0] == 202
    finally:
        web.stop()
    rest()
    dataset.refresh_from_db()
    assert (dataset.name, dataset.uploads.count(), len(kept_files() - before)) == (name, 1, 1)
    assert_sound(dataset)


def hang_up(web: Web, data: bytes, *, listen: bool) -> bytes:
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as client:
        client.sendall(data)
        if not listen:
            return b""
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_F20_flipped_bits_are_refused_by_name_and_one_file_from_a_backup_heals(dataset, worker, queue):
    first = loaded(dataset, 11, months=3)
    results = set(Result.objects.current().values_list("pk", "value"))
    facts, draw = facts_of(dataset), random.Random(20)
    file = facts.files[0]
    good = file.read_bytes()
    for _ in range(60):
        bad, bit = bytearray(good), draw.randrange(len(good) * 8)
        bad[bit // 8] ^= 1 << bit % 8
        file.write_bytes(bad)
        verify.forget()
        with pytest.raises(DamagedData) as caught:
            facts_of(dataset)
        assert file.name in str(caught.value)
    (damage,) = verify.scrub()
    assert damage.uploads == (str(first),) and set(damage.units) == {"north", "south"}
    assert damage.file.endswith(file.name)

    requests.everything(dataset, "after the damage")
    rest()
    assert set(Result.objects.current().values_list("pk", "value")) == results  # old results stand
    given_up = Job.objects.get(state="parked")
    assert "damaged" in given_up.fault.lower()
    file.write_bytes(good)
    assert verify.scrub() == []
    requests.everything(dataset, "healed")
    rest()
    assert set(Result.objects.current().values_list("pk", "value")) == results
    given_up.refresh_from_db()
    assert given_up.state == "cancelled"  # the run that was asked for afterwards did its work
    assert_sound(dataset)


@pytest.mark.parametrize("fault", ["missing", "torn", "empty"])
def test_F21_a_damaged_log_refuses_the_table_and_names_the_last_good_version(dataset, worker, fault):
    """Each of the last three entries of the log in turn; reads of the versions that the database names go on."""
    for seed in (12, 13):
        loaded(dataset, seed, first=1000 * seed)
    log = table_of(dataset).folder / "_delta_log"
    for entry in sorted(log.glob("*.json"))[-3:]:
        number, text = int(entry.stem), entry.read_bytes()
        if fault == "missing":
            entry.unlink()
        else:
            entry.write_bytes(text[: len(text) // 2] if fault == "torn" else b"")
        (report,) = reconcile.reconcile_all()
        assert not report.agrees
        good = f"Version {number - 1} and older can be read" if number else "No version can be read"
        assert good in str(report) or report.missing == (number,), report
        refused = upload_csv(dataset, extract(14, 100), run=False)
        rest(120)
        refused.refresh_from_db()
        assert (refused.state, refused.fault["code"]) == ("refused", "lake_disagrees")
        assert good in refused.fault["message"] or f"missing versions {number}" in refused.fault["message"], (
            refused.fault
        )
        assert refused.fault["next_step"]
        assert len(facts_of(dataset).files) and dataset.rows == 600
        entry.write_bytes(text)
        assert reconcile.reconcile_all()[0].agrees
    assert_sound(dataset)


def test_F22_a_lake_that_came_back_older_is_loaded_again_from_the_kept_files(dataset, worker):
    loaded(dataset, 15)
    folder = table_of(dataset).folder
    older = folder.with_name("older")
    shutil.copytree(folder, older)
    second = loaded(dataset, 16, first=1000)
    shutil.rmtree(folder)
    shutil.move(older, folder)

    (report,) = reconcile.reconcile_all()
    assert report.missing == (second.versions.get().version,)
    refused = upload_csv(dataset, extract(17, 100), run=False)
    rest(120)
    refused.refresh_from_db()
    assert refused.fault["code"] == "lake_disagrees"  # nothing is built on what does not agree

    (report,) = reconcile.reconcile_all(repair=True)
    assert report.reloaded == (second.pk,)
    rest()
    assert reconcile.reconcile_all()[0].agrees
    assert_sound(dataset)


def test_F22_a_lake_that_came_back_newer_shows_nothing_that_nobody_here_asked_for(dataset, worker):
    """The database is of yesterday: it knows neither the upload nor the version of today's load."""
    loaded(dataset, 18)
    second = loaded(dataset, 19, first=1000)
    with connection.cursor() as cursor:  # as if restored from before the second load
        cursor.execute("delete from kpis_result where data_version > %s", [second.versions.get().version - 1])
    Result.objects.update(superseded_at=None)
    first = dataset.versions.exclude(upload=second).get()
    second.versions.all().delete()
    second.delete()
    type(dataset).objects.filter(pk=dataset.pk).update(current_version=first.version, rows=first.rows)
    (report,) = reconcile.reconcile_all()
    assert report.unknown and not report.adopted
    dataset.refresh_from_db()
    assert dataset.current_version == first.version
    refused = upload_csv(dataset, extract(20, 100), run=False)
    rest(120)
    refused.refresh_from_db()
    assert refused.fault["code"] == "lake_disagrees"
