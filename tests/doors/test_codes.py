"""C61, by REST: a code that is not known is refused by its own code, with the nearest that the caller sees."""

import pytest
from rest_framework.test import APIClient

from datasets.models import Dataset
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


@pytest.mark.parametrize("by", ["code", "id"])
def test_a_unit_is_named_by_its_code_or_its_id(by):
    unit = UnitFactory(code="north")
    api = _caller(member("manager", unit))
    body = {"code": "costs", "name": "Costs", "unit": "north" if by == "code" else unit.pk}
    answer = api.post("/api/v1/datasets/", body, format="json")
    assert (answer.status_code, answer.json()["unit"]) == (201, "north")
    assert Dataset.objects.get().unit == unit


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("nroth", "There is no unit with the code 'nroth' that you see. Did you mean north?"),
        ("foreign", "There is no unit with the id {} that you see."),
        (-1, "There is no unit with the id -1 that you see."),
        (True, "Write the code in quotes, or the id without."),
        (["north"], "Write the code in quotes, or the id without."),
    ],
)  # fmt: skip
def test_what_is_neither_the_code_nor_the_id_of_a_unit_that_one_sees_is_refused(wrong, words):
    unit, away = UnitFactory(code="north"), UnitFactory(code="away")
    given = away.pk if wrong == "foreign" else wrong
    api = _caller(member("manager", unit))
    answer = api.post("/api/v1/datasets/", {"code": "costs", "name": "Costs", "unit": given}, format="json")
    fault = answer.json()["errors"][0]
    assert (answer.status_code, fault["field"], fault["message"]) == (400, "unit", words.format(away.pk))
    assert not Dataset.objects.exists()


def _caller(user):
    api = APIClient()
    token = ApiTokenFactory(user=user, scopes=["read", "define"])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    return api
