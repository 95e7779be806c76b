"""C61, by REST: a code that is not known is refused by its own code, with the nearest that the caller sees."""

import pytest
from rest_framework.test import APIClient

from tests.factories import ApiTokenFactory, KpiFactory, UnitFactory, member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"kpi": "in_tmie"}, "unknown_kpi", "no KPI with the code 'in_tmie' that you see. Did you mean in_time?"),
        ({"unit": "nroth"}, "unknown_unit", "no unit with the code 'nroth' that you see. Did you mean north?"),
        ({"unit": "away"}, "unknown_unit", "no unit with the code 'away' that you see."),  # it is there, for others
        ({"unit": "awya"}, "unknown_unit", "no unit with the code 'awya' that you see."),
    ],
)  # fmt: skip
def test_c61_an_unknown_code_is_refused_with_the_nearest_that_one_sees(wrong, code, words):
    unit, _ = UnitFactory(code="north"), UnitFactory(code="away")
    KpiFactory(code="in_time", unit=unit)
    token = ApiTokenFactory(user=member("manager", unit), scopes=["read", "define"])
    goal = {"kpi": "in_time", "unit": "north", "value": "95", "valid_from": "2025-01-01"} | wrong
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    answer = api.post("/api/v1/targets/", goal, format="json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["errors"] == [{"field": min(wrong), "code": code, "message": f"There is {words}"}]
