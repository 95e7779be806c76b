"""Clocks over REST, on the run's sample desk: the same numbers as on the pages, in the caller's scope."""

import pytest
from rest_framework.test import APIClient

from tests.factories import ApiTokenFactory, member
from tests.matrix.description import as_described

from .sample_clocks import HOUR

pytestmark = pytest.mark.django_db
API = "/api/v1/clocks"


def client_of(user):
    client = APIClient()
    token = ApiTokenFactory(user=user, scopes=["read", "define"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    return client


def test_what_was_run_what_is_open_and_one_clock(desk):
    client = client_of(desk.author)
    assert client.get(f"{API}/desk/").json() | {"data_version": 1} == {
        "code": "desk", "name": "Desk", "dataset": "sla-desk", "data_version": 1, "cases": 7,
        "complete_through": "2025-01-07",
    }  # fmt: skip
    board = client.get(f"{API}/desk/board/").json()
    assert [(case["case"], case["used_pct"]) for case in board["cases"]] == [("F", 175), ("E", 87.5), ("G", 0)]
    assert board["bands"] == {"Missed": 1, "90 % and more": 0, "75 to 90 %": 1, "Below 75 %": 1}
    assert [case["case"] for case in client.get(f"{API}/desk/board/?band=2").json()["cases"]] == ["E"]
    earlier = client.get(f"{API}/desk/board/?as_of=2025-01-06").json()
    assert [case["case"] for case in earlier["cases"]] == ["B", "C"]
    (clock,) = client.get(f"{API}/desk/explain/?case=B&target=p1").json()["clocks"]
    assert (clock["verdict"], clock["due_at"]) == ("missed", "2025-01-07T11:00:00Z")
    assert [part["state"] for part in clock["intervals"]] == ["running", "paused", "running", "out_of_hours", "running"]
    assert clock["moved"][0]["business_s"] == 6 * HOUR
    assert [warning["case"] for warning in client.get(f"{API}/desk/warnings/").json()] == ["E", "F", "F", "F"]


def test_the_cases_behind_an_attainment_and_who_had_those_that_were_missed(desk):
    client = client_of(desk.author)
    everything = client.get(f"{API}/desk/cases/").json()
    assert (everything["total"], everything["verdicts"]) == (
        7, {"met": 2, "missed": 2, "in_flight": 2, "cancelled": 1},
    )  # fmt: skip
    assert [case["case"] for case in everything["cases"]][:2] == ["F", "B"]  # 175 and 125 %
    missed = client.get(f"{API}/desk/cases/?verdict=missed&held_by=db").json()
    assert (missed["total"], missed["missed_by"]) == (2, {"db": 2})
    assert client.get(f"{API}/desk/cases/?target=p2&offset=1").json()["total"] == 3
    assert client.get(f"{API}/desk/cases/?period=2024-01-01").status_code == 400


@pytest.mark.parametrize("what", ["board/", "board/?as_of=2025-01-06", "cases/", "explain/?case=B", "replay/"])
def test_what_is_answered_is_as_described(desk, what):
    address = f"{API}/desk/{what}"
    assert as_described("get", address, client_of(desk.author).get(address)).status_code == 200


def test_a_replay_and_a_run_are_for_who_may_draft(desk):
    assert client_of(desk.author).get(f"{API}/desk/replay/?version=1").json()["flips"] == []
    assert client_of(desk.author).post(f"{API}/desk/run/").status_code == 202
    viewer = client_of(member("viewer", desk.unit))
    assert viewer.get(f"{API}/desk/replay/").status_code == 403
    assert viewer.post(f"{API}/desk/run/").status_code == 403


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("board/?as_of=soon", "as_of"),
        ("board/?band=9", "band"),
        ("explain/", "case"),
        ("compare/?column=nothing&metric=resolution", "column"),
        ("board/?nonsense=1", "nonsense"),
    ],
)
def test_what_cannot_be_read_is_named(desk, address, field):
    answer = client_of(desk.author).get(f"{API}/desk/{address}")
    assert answer.status_code == 400
    assert field in str(answer.json())


def test_the_board_takes_the_same_queries_for_one_agreement_and_many(desk, django_assert_max_num_queries):
    client = client_of(desk.author)
    client.get(f"{API}/")
    with django_assert_max_num_queries(12):
        client.get(f"{API}/")
    with django_assert_max_num_queries(20):
        client.get(f"{API}/desk/board/")
