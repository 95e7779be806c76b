"""Whoever writes a dataset's rows, or closes them, holds PostgreSQL's advisory lock of the dataset."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from jobs.work import Claim

from .models import Dataset

LOCK = 7301  # the advisory lock is (this, the dataset's id)
WAIT_FOR_OTHERS_SECONDS = 600


@contextmanager
def sole_writer(dataset: Dataset, claim: Claim | None = None) -> Iterator[None]:
    """Hold the lock until the end of the block; the connection of a dead writer frees it. Rereads the dataset.

    claim: of the job that waits, which says so meanwhile. Raises TimeoutError after ten minutes.
    """
    until = time.monotonic() + WAIT_FOR_OTHERS_SECONDS
    while not _asked("pg_try_advisory_lock", dataset):
        if time.monotonic() > until:
            raise TimeoutError(f"{dataset.name} has been written by somebody else for too long.")
        if claim is not None:
            claim.progress(82, "Waiting for another load of this dataset")
        time.sleep(0.25)
    try:
        dataset.refresh_from_db()
        yield
    finally:
        if connection.is_usable():
            _asked("pg_advisory_unlock", dataset)


def held_to_the_end_of_the_transaction(dataset: Dataset) -> bool:
    """Take the lock without waiting; False if somebody writes the dataset."""
    return _asked("pg_try_advisory_xact_lock", dataset)


def _asked(function: str, dataset: Dataset) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}(%s, %s)", [LOCK, dataset.pk])
        return cursor.fetchone()[0]
