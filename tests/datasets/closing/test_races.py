"""Nothing is closed while rows are stored, and nothing closed is lost with a killed worker or a damaged lake."""

from datetime import date

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import closing, reconcile, sole_writer, undo
from datasets.facts import table_of
from datasets.models import Dataset, Upload
from datasets.refusals import WrongState
from jobs.models import Job
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, HEAD, JANUARY, TEXT, TODAY, orders_now, rows_of
from tests.factories import loaded_dataset, perform, upload_csv

pytestmark = pytest.mark.django_db


def test_nothing_is_closed_while_rows_are_being_stored(home, people):
    """The writer lock is held by another session, as by a load between its check and its commit."""
    from django.db import connections

    dataset = loaded_dataset(TEXT, CONTRACT, unit=home)
    asked = closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end", day=TODAY)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s, %s)", [sole_writer.LOCK, dataset.pk])
            with pytest.raises(WrongState, match="being stored"):
                closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
            cursor.execute("select pg_advisory_unlock(%s, %s)", [sole_writer.LOCK, dataset.pk])
    finally:
        other.close()
    closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
    assert orders_now(dataset).closed_through == JANUARY


def test_nothing_is_closed_while_a_worker_stores_whose_lock_postgresql_forgot(home, people):
    """PostgreSQL was restarted during a load: its lock is gone, the worker still writes the lake."""
    from lake.store import sole_writer

    dataset = loaded_dataset(TEXT, CONTRACT, unit=home)
    asked = closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end", day=TODAY)
    with sole_writer(table_of(dataset).folder), pytest.raises(WrongState, match="being stored"):
        closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
    assert orders_now(dataset).closed_through is None
    closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
    assert orders_now(dataset).closed_through == JANUARY


def test_what_a_killed_worker_had_committed_before_the_closing_counts_as_before_it(orders, people):
    upload = upload_csv(orders, HEAD + "3,2025-02-01,33\n")
    version = orders.versions.first()
    previous = orders.versions.exclude(pk=version.pk).first()
    version.delete()  # the worker died between the lake's commit and the database's
    Upload.objects.filter(pk=upload.pk).update(state="loading")
    Job.objects.filter(pk=upload.job_id).update(state="queued")
    Dataset.objects.filter(pk=orders.pk).update(current_version=previous.version)
    asked = closing.propose(orders, date(2025, 2, 28), by=people[Member.MANAGER], reason="Month-end", day=TODAY)
    closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
    assert rows_of(orders_now(orders))[2] == ("3", "2025-02-01", 33.0)
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.fault) == ("loaded", None)


def test_what_the_lake_has_lost_of_closed_periods_is_loaded_again(orders):
    import shutil

    shutil.rmtree(table_of(orders).folder)
    (upload,) = [Upload.objects.get(pk=pk) for pk in reconcile.reconcile(orders, repair=True).reloaded]
    perform(upload.job)
    assert len(rows_of(orders_now(orders))) == 3


@settings(max_examples=6)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from("1234"), st.tuples(st.sampled_from(["2025-01-10", "2025-02-10"]), st.integers(1, 2)),
                min_size=1,
            ),
            st.booleans(),
        ),
        min_size=1, max_size=3,
    )
)  # fmt: skip
def test_B23_no_accepted_upload_changes_a_closed_row_without_a_restatement(history):
    """The law, over random uploads (and their undoing) of one closed dataset."""
    dataset = loaded_dataset(TEXT, CONTRACT)
    Dataset.objects.filter(pk=dataset.pk).update(closed_through=JANUARY)
    closed = [row for row in rows_of(dataset) if row[1] <= "2025-01-31"]
    for records, taken_back in history:
        lines = [f"{key},{day},{cost}\n" for key, (day, cost) in sorted(records.items())]
        upload = upload_csv(dataset, HEAD + "".join(lines))
        assert upload.state in ("loaded", "refused")
        if taken_back and upload.state == "loaded":
            perform(undo.request_undo(upload, by=dataset.owner))
        assert [row for row in rows_of(orders_now(dataset)) if row[1] <= "2025-01-31"] == closed
    assert not dataset.versions.exclude(restated=0).exists()
