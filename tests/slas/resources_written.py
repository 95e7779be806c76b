"""Who writes agreements, closes their periods and removes objectives: rows for `tests.matrix.table`."""

from tests.datasets.resources import Contracted
from tests.factories import MembershipFactory
from tests.matrix.table import Resource

from .factories import ClockRuleFactory
from .resources import (
    AUTHORS,
    SIGNERS,
    Address,
    a_closed_period,
    a_draft,
    a_period,
    a_target,
    an_agreement,
    an_slo,
    its_draft,
    its_slo,
    the_version,
)

A, V, P = "/api/v1", "/api/v1/agreement-versions/{}/", "/api/v1/agreement-periods/{}/"
WHY = {"reason": "Late data"}


def its_target(unit):
    target = ClockRuleFactory(target=a_target(unit), dataset=Contracted(unit).dataset).target
    return Address(f"{target.version.agreement.code}/versions/1/targets/{target.code}", unit.code)


def a_colleague(unit):
    return MembershipFactory(unit=unit)


def authored(name: str, path: str, make, status: int = 200, method: str = "post", **more) -> Resource:
    return Resource(name, method, path, make, AUTHORS, status=status, door="define", **more)


def signed(name: str, path: str, make, status: int = 200, **more) -> Resource:
    return Resource(name, "post", path, make, SIGNERS, status=status, door="certify", **more)


RESOURCES = [
    authored("a new service target", "/agreements/{}/target-new/", its_draft, 404),
    authored("changing a service target", "/agreements/{}/", its_target, 422),
    authored("removing a service target", "/agreements/{}/remove/", its_target, 302),
    authored("editing an objective", "/slos/{}/edit/", its_slo, 422),
    authored("removing an objective of service", "/slos/{}/remove/", its_slo, 302),
    authored("API: making an agreement", f"{A}/agreements/", a_colleague, 201, elsewhere=400,
             body=lambda one: {"code": "new-one", "name": "New", "kind": "sla", "unit": one.unit.code,
                               "valid_from": "2030-01-01"}),
    authored("API: discarding a draft of an agreement", V, a_draft, 409, "delete"),
    authored("API: offering a version", V + "offer/", a_draft, 400),
    authored("API: taking an offer back", V + "take_back/", a_draft, 400),
    authored("API: a new version of an agreement", V + "new_version/", the_version, 201, body={"day": "2100-01-01"}),
    authored("API: credit tiers", V + "tiers/", a_draft, 200, "put", body={"tiers": []}),
    signed("API: withdrawing notice", V + "withdraw_notice/", the_version, 400),
    signed("API: terminating", V + "terminate/", the_version, 200, body={"day": "2100-01-01", "reason": "Price"}),
    authored("API: a new service target", f"{A}/service-targets/", a_draft, 400, elsewhere=400,
             body=lambda draft: {"version": draft.pk, "code": "new", "name": "New", "metric": "resolution"}),
    authored("API: changing a service target", f"{A}/service-targets/{{}}/", a_target, 400, "patch",
             body={"name": "Another"}),
    signed("API: closing a period", P + "close/", a_period),
    signed("API: settling a dispute", P + "settle/", a_period, 409, body=WHY),
    authored("API: asking for a period's restatement", P + "restate/", a_closed_period, 201, body=WHY),
    authored("API: proposing an exclusion", f"{A}/exclusions/", an_agreement, 201, elsewhere=400,
             body=lambda one: {"agreement": one.code, "kind": "force_majeure", "reason": "Flood",
                               "starts_at": "2025-01-03T00:00:00Z", "ends_at": "2025-01-04T00:00:00Z"}),
    authored("API: changing an objective of service", f"{A}/slos/{{}}/", an_slo, 400, "patch", body={"name": "New"}),
    authored("API: removing an objective of service", f"{A}/slos/{{}}/", an_slo, 204, "delete"),
]  # fmt: skip
