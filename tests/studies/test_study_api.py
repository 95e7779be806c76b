"""Studies over REST: the same answers as on the pages, kept, run again and reviewed."""

import pytest

from organization.models import ApiToken, Role
from tests.factories import ApiTokenFactory, member
from tests.matrix.description import as_described

pytestmark = pytest.mark.django_db
BODY = {
    "title": "High or low?",
    "question": "difference",
    "dataset": "tickets",
    "unit": "group",
    "parameters": {"value": "met", "group": "priority", "members": ["low", "=high"]},
    "conclusion": "Low first.",
}


@pytest.fixture
def call(client, desk):
    people = {name: member(Role.ANALYST, desk["group"], username=name) for name in ("ann", "rob")}
    scopes = [ApiToken.Scope.READ, ApiToken.Scope.DEFINE]
    tokens = {name: ApiTokenFactory(user=user, scopes=scopes).secret for name, user in people.items()}

    def send(method: str, path: str, body=None, by: str = "ann"):
        headers = {"Authorization": f"Bearer {tokens[by]}"}
        options = {"data": body, "content_type": "application/json"} if method != "get" else {}
        address = f"/api/v1/studies/{path}"
        return as_described(method, address, getattr(client, method)(address, headers=headers, **options))

    return send


def test_from_the_question_to_the_review(call):
    made = call("post", "", BODY)
    assert made.status_code == 201, made.content
    study = made.json()
    assert (study["state"], study["analyst"]) == ("draft", "ann")
    (run,) = call("get", f"{study['id']}/runs/").json()
    assert run["result"]["method"] == "z test of two proportions"
    again = call("post", f"{study['id']}/again/").json()
    assert again["changed"] is False
    assert again["run"]["number"] == 2
    assert call("post", f"{study['id']}/submit/").json()["state"] == "in_review"
    own = call("post", f"{study['id']}/accept/")
    assert (own.status_code, own.json()["code"]) == (409, "second_person_needed")
    done = call("post", f"{study['id']}/accept/", {"note": "Checked."}, by="rob").json()
    assert (done["state"], done["reviewer"], done["reviewed_run"]) == ("reviewed", "rob", 2)
    assert call("get", "?state=reviewed").json()["results"][0]["id"] == study["id"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parameters": {"value": "met"}}, "parameters.group"),
        ({"parameters": {"value": "met", "group": "priority", "tails": 2}}, "parameters.tails"),
        ({"parameters": {"value": "nothing", "group": "priority"}}, "parameters.value"),
        ({"dataset": "secret"}, "dataset"),
        ({"question": "magic"}, "question"),
    ],
)
def test_a_question_that_cannot_be_put_names_its_field(call, change, field):
    answer = call("post", "", {**BODY, **change})
    assert answer.status_code == 400
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_a_question_without_an_answer_is_a_422(call):
    answer = call("post", "", {**BODY, "parameters": {"value": "met", "group": "priority", "members": ["x", "y"]}})
    assert (answer.status_code, answer.json()["code"]) == (422, "cannot_answer")
