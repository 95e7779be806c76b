"""Answers that are dataclasses are described by their type hints, and come as they are described."""

from dataclasses import dataclass
from datetime import date

import jsonschema_rs
import pytest
from rest_framework.test import APIClient

from doors import shapes
from kpis.models import Scorecard
from tests.factories import member
from tests.kpis.sample_board import a_board
from tests.matrix import description


@dataclass(frozen=True)
class Branch:
    name: str
    since: date | None
    weights: dict[str, float]
    anything: object
    branches: tuple["Branch", ...] = ()


def test_a_type_hint_says_the_schema_and_a_class_may_hold_itself(monkeypatch):
    monkeypatch.setattr(shapes, "KNOWN", {})
    assert shapes.answer(Branch) == {(200, "application/json"): {"$ref": "#/components/schemas/TestsBranch"}}
    described = shapes.with_shapes({"components": {"schemas": {}}}, None, None, True)["components"]
    assert described["schemas"]["TestsBranch"]["properties"] == {
        "name": {"type": "string"},
        "since": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "weights": {"type": "object", "additionalProperties": {"type": "number"}},
        "anything": {},
        "branches": {"type": "array", "items": {"$ref": "#/components/schemas/TestsBranch"}},
    }
    leaf = {"name": "a", "since": None, "weights": {"x": 1.5}, "anything": [1], "branches": []}
    schema = {"$ref": "#/components/schemas/TestsBranch", "components": described}
    validator = jsonschema_rs.Draft202012Validator(schema)
    assert validator.is_valid({**leaf, "branches": [leaf]})
    assert not validator.is_valid({**leaf, "branches": [{**leaf, "since": 5}]})


@pytest.mark.django_db
def test_a_scorecard_comes_as_it_is_described():
    rest, board = APIClient(), a_board()
    rest.force_authenticate(member("manager", board.group))
    for scorecard in Scorecard.objects.all():
        address = f"/api/v1/scorecards/{scorecard.code}/view/"
        answer = rest.get(address)
        assert (answer.status_code, description.faults_of("get", address, answer)) == (200, [])
        assert answer.json()["nodes"]
