"""B23: somebody who may restate says why, and it stays told."""

from datetime import date

import pytest

from datasets import closing, intake
from datasets.refusals import PeriodClosed
from kpis.models import RecomputeRequest
from organization.models import AuditEntry, Membership
from organization.models import Role as Member
from tests.datasets.closing.orders import HEAD, TODAY, WHY, orders_now, restated, rows_of
from tests.factories import KpiFactory, perform, upload_csv

pytestmark = pytest.mark.django_db


def test_B23_who_may_restate_has_it_loaded_with_a_reason_that_stays(orders, people):
    before = orders.current_version
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n4,2025-02-02,4\n")
    with pytest.raises(PeriodClosed):  # it would only be refused again
        intake.request_load(refused, by=people[Member.MANAGER])
    perform(intake.request_load(refused, by=people[Member.MANAGER], restatement=WHY).upload.job)
    refused.refresh_from_db()
    version = orders.versions.first()
    assert (refused.state, refused.notes) == ("loaded", ["Restated: 1 record of closed periods changed."])
    assert (version.restated, version.restatement, version.restated_by) == (1, WHY, people[Member.MANAGER])
    entry = AuditEntry.objects.get(action="closed periods restated")
    assert entry.details == {"version": version.version, "records": 1, "reason": WHY, "closed_through": "2025-01-31"}
    assert rows_of(orders_now(orders))[0] == ("1", "2025-01-10", 11.0)
    assert rows_of(orders, before)[0] == ("1", "2025-01-10", 10.0)  # as it was known before


def test_the_history_of_a_number_tells_a_restatement_from_any_load(orders, people):
    KpiFactory(dataset=orders)
    upload_csv(orders, HEAD + "4,2025-02-02,4\n")
    restated(orders, HEAD + "1,2025-01-10,11\n", by=people[Member.MANAGER])
    restating, plain = orders.versions.order_by("-version")[:2]
    asked = [one.trigger for one in RecomputeRequest.objects.filter(scope="data").order_by("pk")]
    assert asked[-2:] == [f"load of version {plain.version}", f"load of version {restating.version}, a restatement"]


def test_a_right_to_restate_that_is_gone_when_the_load_runs_restates_nothing(orders, people):
    manager = people[Member.MANAGER]
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n")
    job = intake.request_load(refused, by=manager, restatement=WHY).upload.job
    Membership.objects.filter(user=manager).update(role=Member.ANALYST)
    perform(job)
    refused.refresh_from_db()
    assert (refused.state, refused.fault["code"]) == ("refused", "period_closed")


def test_a_restatement_that_changes_nothing_closed_is_none(orders, people):
    upload = restated(orders, HEAD + "4,2025-02-02,4\n", by=people[Member.MANAGER])
    assert upload.notes == ["It was sent as a restatement, but changed nothing of closed periods."]
    assert orders.versions.first().restated == 0


def test_a_refused_upload_may_be_loaded_once_its_periods_are_open_again(orders, people):
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n")
    asked = closing.propose(orders, date(2024, 12, 31), by=people[Member.MANAGER], reason="Late invoice", day=TODAY)
    closing.decide(asked, approve=True, by=people[Member.FINANCE])
    perform(intake.request_load(refused, by=orders.owner).upload.job)
    refused.refresh_from_db()
    assert refused.state == "loaded"
