"""One extract of the demo into its dataset, by the verbs that the upload wizard uses."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import sleep

from datasets import describing, intake, quality
from datasets.models import Dataset, Upload
from jobs import work
from jobs.models import Job
from kpis import webhooks
from lake.contract import Contract
from lake.intake import Dialect
from organization.access import access_of
from organization.models import Unit, User

DATA = Path(__file__).parent / "data"
A_MOMENT = 0.2  # seconds


class DemoFailed(Exception):
    """An extract of the demo was not loaded; the message says why."""


def load(definition: Mapping, users: Mapping[str, User], today: date) -> Dataset:
    """Receive, inspect, confirm and load the extract of `definition`; then set its quality rules. Raises DemoFailed."""
    by, extract = users["analyst"], DATA / definition["dataset"]["file"]
    existing = Dataset.objects.filter(code=definition["dataset"]["code"]).first()
    if existing and existing.current_version is not None:
        return existing
    with extract.open("rb") as stream:
        upload = intake.receive(None, stream, name=extract.name, by=by, length=extract.stat().st_size)
    dataset = _confirm(upload, definition["dataset"], existing, users)
    upload.refresh_from_db()
    requested = intake.request_load(upload, by=by)
    perform(requested.upload.job)
    requested.upload.refresh_from_db()
    if requested.upload.state != Upload.State.LOADED:
        raise DemoFailed(f"{extract.name} was not loaded: {requested.upload.fault or requested.upload.job.fault}")
    dataset.refresh_from_db()
    access = access_of(by, today)
    for rule in definition.get("quality", ()):
        quality.define_rule(dataset, by=by, access=access, **rule)
    return dataset


def _confirm(upload: Upload, words: Mapping, existing: Dataset | None, users: Mapping[str, User]) -> Dataset:
    """Say how the extract is read; what the definition does not say is as inspected."""
    found = intake.inspect(upload).dialect
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in words["dialect"].items()}
    dialect: Dialect = replace(found, **given)
    into = existing or intake.NewDataset(
        code=words["code"],
        name=words["name"],
        unit=Unit.objects.get(code=words["unit"]),
        description=words["description"],
        source_system=words["source_system"],
        code_system=words["code_system"],
        refresh_promise_hours=words.get("refresh_promise_hours"),
        licence=words["licence"],
        covers=words.get("covers", Dataset.Covers.DAY),
    )
    dataset = intake.confirm(upload, Contract.from_dict(words["contract"]), dialect, by=users["analyst"], into=into)
    return describing.describe(dataset, by=users["analyst"], steward=users["manager"])


def perform(job: Job) -> None:
    """Do the job here and now, as a worker would; one that a worker of a running perfmgr has taken is waited for."""
    work.perform(job.pk)
    job.refresh_from_db()
    while not (job.is_finished or job.fault):
        sleep(A_MOMENT)
        work.perform(job.pk)  # it is ours if the worker died
        job.refresh_from_db()


def perform_all() -> None:
    """Do what the loads asked for: quality runs, recomputes. Raises DemoFailed if one cannot be done.

    Messages to others are left to the worker: a receiver that does not answer is no fault of an extract.
    """
    while job := Job.objects.unfinished().exclude(kind=webhooks.KIND).order_by("pk").first():
        perform(job)
        if job.fault:
            raise DemoFailed(f"{job} failed: {job.fault}")
