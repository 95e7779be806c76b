"""Every file of the bad-input corpus, sent to the API: refused in clear words, with nothing kept or half-written."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets.contracts import put_in_force
from datasets.models import Upload
from lake.intake import Dialect
from organization.models import Role as Member
from tests.corpus.refused import CASES, CONTRACT
from tests.factories import ApiTokenFactory, DatasetFactory, UnitFactory, member, perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(client, settings, tmp_path):
    """Sends a file for a dataset with the corpus' contract. `test_api` shows that a child process reads it."""
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    settings.LAKE_ROOT = tmp_path / "lake"
    dataset = DatasetFactory(unit=UnitFactory(), dialect=Dialect().to_dict())
    user = member(Member.ANALYST, dataset.unit)
    put_in_force(dataset, CONTRACT, by=user)
    token = ApiTokenFactory(user=user, scopes=["read", "upload"])

    def sent(path):
        data = {"file": SimpleUploadedFile(path.name, path.read_bytes()), "dataset": dataset.code}
        return client.post("/api/v1/uploads/", data, headers={"Authorization": f"Bearer {token.secret}"}), dataset

    return sent


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_bad_file_is_refused_and_leaves_nothing(send, case, tmp_path, settings):
    (tmp_path / "made").mkdir()
    answer, dataset = send(case.write(tmp_path / "made"))
    body = answer.json()
    if answer.status_code == 202:  # only its rows are bad: the worker finds that out
        upload = Upload.objects.get(public_id=body["upload"]["public_id"])
        perform(upload.job)
        upload.refresh_from_db()
        assert upload.state == "refused"
        problem = {"detail": upload.fault["message"], **upload.fault}
    else:
        assert 400 <= answer.status_code < 500
        assert answer["Content-Type"] == "application/problem+json"
        assert not Upload.objects.exists()
        problem = body
    assert problem["code"] and problem["detail"] and problem["next_step"]
    assert not dataset.versions.exists()
    assert not (settings.LAKE_ROOT / dataset.lake_table.hex).exists()
    assert not list((settings.UPLOAD_ROOT / "work").glob("*"))
