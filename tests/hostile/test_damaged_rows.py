"""A stored file whose bits have changed (F20): each door that reads rows says so, and those that read results go on."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from datasets import verify
from datasets.facts import facts_of
from tests.factories import ApiTokenFactory, member
from tests.kpis.sample_desk import desk

pytestmark = pytest.mark.django_db
VERSION = {"kind": "simple", "dataset": "incidents", "formula": "sum(met)"}
SQL = "select count(*) as n from facts"
TOTALS = {"question": {"totals": [{"function": "count"}]}}


@pytest.fixture
def hurt(in_this_process):
    """The desk with one flipped bit in each stored file. `words`: what is said of it."""
    made = desk()
    files = facts_of(made.dataset).files
    for file in files:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.chmod(0o600)
        file.write_bytes(bytes(content))
    verify.forget()
    return made


def test_F20_every_door_that_reads_rows_names_file_upload_and_units(hurt, client):
    api = APIClient()
    token = ApiTokenFactory(user=hurt.analyst, scopes=["read", "define", "upload"])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    client.force_login(hurt.analyst)
    upload = str(hurt.dataset.uploads.get())
    as_json = [
        api.get("/api/v1/datasets/incidents/rows/"),
        api.post("/api/v1/datasets/incidents/explore/", TOTALS, format="json"),
        api.post("/api/v1/datasets/incidents/sql/", {"sql": SQL}, format="json"),
        api.post("/api/v1/kpis/preview/", {"version": VERSION}, format="json"),
        client.get(reverse("kpi_rows", args=["in_time"]), headers={"HX-Request": "true"}),
    ]
    for answer in as_json:
        assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json"), answer.content
        problem = answer.json()
        assert (problem["code"], problem["uploads"]) == ("damaged_file", [upload])
        assert problem["file"].endswith(".parquet") and problem["file"] in problem["detail"]
        assert sorted(problem["units"]) == ["north", "south"] and "backup" in problem["next_step"]
    as_pages = [
        (client.get(reverse("explore"), {"dataset": "incidents"}), 200),
        (client.post(f"{reverse('sql')}?dataset=incidents", {"sql": SQL}), 422),
        (client.get(reverse("kpi_rows", args=["in_time"]), {"load": 1}), 409),
    ]
    for answer, status in as_pages:
        assert answer.status_code == status
        assert "a stored file is missing or damaged" in answer.content.decode() and upload in answer.content.decode()


def test_F20_who_may_not_know_of_all_units_reads_only_of_theirs(hurt, client):
    client.force_login(member("viewer", hurt.north))
    problem = client.get(reverse("kpi_rows", args=["in_time"]), {"unit": "north"}, headers={"HX-Request": "true"})
    assert problem.status_code == 409 and problem.json()["units"] == ["north"]
    assert "south" not in problem.content.decode()


def test_F20_numbers_that_were_computed_before_still_stand(hurt, client):
    client.force_login(hurt.analyst)
    page = client.get(reverse("kpi", args=["in_time"]), {"period": "2025-03-01"})
    assert page.status_code == 200 and b"75" in page.content  # (3 + 6) / 12
