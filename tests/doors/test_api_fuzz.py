"""Requests that nobody thought of, made from the API's own description: none of them is an error of ours.

Schemathesis makes a few for each operation, the same ones in every run; every second one is sent to something that
exists. What a request does is taken back before the next one.
"""

import re
from collections import Counter
from datetime import date

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings

from tests.factories import (
    ApiTokenFactory,
    KpiFactory,
    ResultFactory,
    ScorecardFactory,
    TargetFactory,
    UnitFactory,
    loaded_dataset,
    member,
)
from tests.kpis.sample_desk import CONTRACT

pytestmark = pytest.mark.django_db
ROWS = "id,opened_at,unit,priority,met,hours\n1,2025-01-01,home,high,1,0\n2,2025-01-02,home,low,0,5\n"


@pytest.fixture(scope="module")
def described(django_db_setup, django_db_blocker):
    from perfmgr.wsgi import application

    with django_db_blocker.unblock():
        return schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)


@pytest.fixture
def home(in_this_process):
    """A unit with one thing of each kind, and how the addresses name them."""
    unit = UnitFactory(code="home")
    dataset = loaded_dataset(ROWS, CONTRACT, unit=unit, code="cases")
    kpi = KpiFactory(unit=unit, code="met")
    result = ResultFactory(kpi=kpi, month=date(2025, 1, 1))
    ids = {
        "units": unit.pk,
        "datasets": dataset.code,
        "uploads": dataset.uploads.get().public_id,
        "kpis": kpi.code,
        "results": result.pk,
        "targets": TargetFactory(kpi=kpi).pk,
        "scorecards": ScorecardFactory(unit=unit).code,
    }
    token = ApiTokenFactory(user=member("administrator", unit), scopes=["read", "upload", "define", "administer"])
    for role in ("analyst", "manager", "finance"):
        token.user.memberships.create(unit=unit, role=role, valid_from="2020-01-01")
    return {name: str(value) for name, value in ids.items()}, {"Authorization": f"Bearer {token.secret}"}


@pytest.fixture
def one_connection():
    """That of the test is not closed after a request; Django's own test client does likewise."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def faults_of(operation, ids: dict[str, str], headers: dict[str, str], statuses: Counter) -> list[str]:
    """The requests to one operation that were answered as an error of ours."""
    found: list[str] = []
    name = re.match(r"/api/v1/([a-z-]+)/\{(\w+)\}/", operation.path)

    @settings(
        max_examples=4,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case) -> None:
        if name and name[1] in ids and len(str(case.body)) % 2:
            case.path_parameters = {**case.path_parameters, name[2]: ids[name[1]]}
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        statuses[answer.status_code // 100] += 1
        if answer.status_code >= 500:
            found.append(f"{case.method} {case.formatted_path} {case.query} {case.body!r}: {answer.text[-600:]}")

    ask()
    return found


def test_no_request_is_an_error_of_ours(described, home, one_connection):
    ids, headers = home
    statuses: Counter = Counter()
    operations = [operation.ok() for operation in described.get_all_operations()]
    faults = [fault for operation in operations for fault in faults_of(operation, ids, headers, statuses)]
    assert faults == []
    assert len(operations) > 100 and statuses[2] > 100, statuses
