"""Every file of the bad-input corpus, sent to API and page: refused in the same clear words, with nothing kept."""

from html import unescape
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets.contracts import put_in_force
from datasets.models import Reject, Upload
from lake.intake import Dialect
from organization.models import Role as Member
from tests.corpus import parquets, texts, workbooks
from tests.corpus.refused import CASES, CONTRACT
from tests.factories import ApiTokenFactory, DatasetFactory, UnitFactory, member, perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def doors(client, settings, tmp_path, django_capture_on_commit_callbacks):
    """A dataset with the corpus' contract, and both ways to send a file for it: `api(path)`, `page(path)`.

    Each gives status, refusal (as JSON; as the text of the page) and the upload that was kept, if one was. `test_api`
    shows that a child process reads the files.
    """
    settings.UPLOAD_ROOT, settings.LAKE_ROOT = tmp_path / "uploads", tmp_path / "lake"
    dataset = DatasetFactory(unit=UnitFactory(), dialect=Dialect().to_dict())
    user = member(Member.ANALYST, dataset.unit)
    put_in_force(dataset, CONTRACT, by=user)
    headers = {"Authorization": f"Bearer {ApiTokenFactory(user=user, scopes=['read', 'upload']).secret}"}

    def send(address, path, **more):
        form = {"file": SimpleUploadedFile(path.name, path.read_bytes()), "dataset": dataset.code}
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(address, form, **more)

    def api(path):
        answer = send("/api/v1/uploads/", path, headers=headers)
        upload = loaded()
        if upload is None:
            assert answer["Content-Type"] == "application/problem+json"
            return answer.status_code, answer.json(), None
        shown = client.get(f"/api/v1/uploads/{upload.public_id}/", headers=headers).json()
        fault = shown["fault"] or {}
        return answer.status_code, {"detail": fault.get("message"), **fault}, upload

    def page(path):
        client.force_login(user)
        answer = send(reverse("upload_new"), path)
        upload = loaded()
        if upload is not None:
            assert answer["Location"] == upload.get_absolute_url()
        shown = answer if upload is None else client.get(answer["Location"])
        return answer.status_code, unescape(shown.content.decode()), upload

    def loaded():
        upload = Upload.objects.order_by("-pk").first()
        if upload is not None:
            perform(upload.job)
            upload.refresh_from_db()
        return upload

    return SimpleNamespace(dataset=dataset, api=api, page=page)


def nothing_is_left(dataset, settings) -> bool:
    lake, work = settings.LAKE_ROOT / dataset.lake_table.hex, settings.UPLOAD_ROOT / "work"
    kept = [path for path in settings.UPLOAD_ROOT.rglob("*") if path.is_file()]
    return (
        not dataset.versions.exists()
        and not lake.exists()
        and not list(work.glob("*"))
        and len(kept) == Upload.objects.count()
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_bad_file_is_refused_by_api_and_page_with_its_place_and_leaves_nothing(doors, case, tmp_path, settings):
    (tmp_path / "made").mkdir()
    file = case.write(tmp_path / "made")
    status, problem, upload = doors.api(file)
    if upload is None:
        assert status == (413 if case.code == "unpacks_too_large" else 422)
        assert problem["code"] == (case.door_code or case.code)
        assert not Upload.objects.exists()
    else:  # only its rows are bad: the worker finds that out, and the file is kept to be looked at
        assert (status, upload.state, problem["code"]) == (202, "refused", case.code)
    assert problem["file"] == file.name and problem["next_step"]
    assert case.says in problem["detail"]
    assert {name: problem.get(name) for name in case.place} == case.place
    assert nothing_is_left(doors.dataset, settings)

    status, page, again = doors.page(file)
    assert status == (422 if upload is None else 302) and (again is None) == (upload is None)
    assert file.name in page and problem["detail"] in page and problem["next_step"] in page
    assert all(f"row {case.place['row']:,}" in page for place in case.place if place == "row")
    assert nothing_is_left(doors.dataset, settings)


@pytest.mark.parametrize(
    ("build", "points"),
    [
        pytest.param(
            parquets.wrong_types,
            ["day: wanted date, got bool", "amount: wanted decimal, got string", "note: wanted text, got list"],
            id="C57",
        ),
        pytest.param(texts.rows(*(f"a{n},2025-02-01,{n + m},x" for n in (1, 2) for m in (0, 1))),
                     ["a1: rows 2, 3", "a2: rows 4, 5"], id="C60"),
        pytest.param(texts.written("id,dya,amuont,note\na1,2025-02-01,1.5,one\n"), ["day: is it dya?"], id="C26"),
        pytest.param(texts.written("id,day,ID,day\na,b,c,d\n"), ["id: columns 1, 3", "day: columns 2, 4"], id="C23"),
    ],
)  # fmt: skip
def test_the_page_lists_each_place_at_fault(doors, tmp_path, build, points):
    _, page, _ = doors.page(build(tmp_path / ("x.parquet" if build is parquets.wrong_types else "x.csv")))
    assert [point for point in points if point not in page] == []


def test_C2_a_header_alone_is_taken_as_no_rows_and_replaces_nothing(doors, tmp_path):
    doors.api(texts.written(texts.GOOD)(tmp_path / "good.csv"))
    status, _, upload = doors.api(texts.rows()(tmp_path / "header.csv"))
    doors.dataset.refresh_from_db()
    assert (status, upload.state, upload.accepted, upload.rejected) == (202, "loaded", 0, 0)
    assert doors.dataset.rows == 2  # "replace the period with nothing?" was never said


BAD_ROWS = [
    pytest.param("Total,,3.5,", "", "Total", id="C6-total-row"),
    pytest.param("a9,2025-02-01", "", "", id="C22-fewer-values"),
    pytest.param("a9,2025-02-01,1,x,y", "", "", id="C22-more-values"),
    pytest.param("a9,2025-02-01,NaN,x", "amount", "NaN", id="C32-nan"),
    pytest.param("a9,2025-02-01,1e400,x", "amount", "1e400", id="C32-too-large"),
    pytest.param("a9,2025-02-01,#DIV/0!,x", "amount", "#DIV/0!", id="C32-error"),
    pytest.param("a9,31/02/2025,1,x", "day", "31/02/2025", id="C37-no-such-day"),
    pytest.param("a9,2025-02-29,1,x", "day", "2025-02-29", id="C37-no-leap-year"),
    pytest.param("a9,45000,1,x", "day", "45000", id="C39-serial"),
    pytest.param("a9,0001-01-01,1,x", "day", "0001-01-01", id="C41-year-1"),
    pytest.param("a9,9999-12-31,1,x", "day", "9999-12-31", id="C41-year-9999"),
    pytest.param("a9,01/02/25,1,x", "day", "01/02/25", id="C42-two-digit-year"),
    pytest.param("a9,2025-02-01,٣,x", "amount", "٣", id="C65-other-digits"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "column", "value"), BAD_ROWS)
def test_a_bad_row_is_set_aside_with_row_column_value_and_reason_and_the_rest_is_loaded(
    doors, tmp_path, client, line, column, value
):
    good = [f"a{n},2025-01-01,{n},x" for n in range(1, 40)]
    status, _, upload = doors.api(texts.rows(*good[:20], line, *good[20:])(tmp_path / "x.csv"))
    assert (status, upload.state, upload.accepted, upload.rejected) == (202, "loaded", 39, 1)
    reject = Reject.objects.get()
    assert (reject.row, reject.column, reject.value) == (22, column, value)
    client.force_login(upload.uploaded_by)
    page = unescape(client.get(reverse("rejects", args=[upload.public_id])).content.decode())
    reason = reject.message.removeprefix(f"{column}: ")[1:]  # a sentence after the column
    assert reason and reason in page and "22" in page
    doors.dataset.refresh_from_db()
    assert doors.dataset.rows == 39


TOLD = [
    pytest.param("rows.csv", texts.rows("a1,2025-02-01,1,x", "a2,2025-02-01,1,x", "a1,2025-02-01,1,x"),
                 "Rows that repeat another row exactly and count once: 1.", id="C60-identical-rows"),
    pytest.param("wide.csv", texts.written("team,note,amount,day,id\nred,x,1,2025-02-01,a1\nred,x,2,2025-02-02,a2\n"),
                 "Columns that are not in the contract were ignored: team.", id="C26-reordered-and-one-more"),
    pytest.param("short.csv", texts.written("id,day,amount\na1,2025-02-01,1\na2,2025-02-02,2\n"),
                 "Columns that the file does not have: note.", id="C26-optional-missing"),
    pytest.param("long.xlsx", workbooks.long_numbers,
                 "Numbers with more than 15 digits, which a spreadsheet does not hold exactly: 2.", id="C31"),
    pytest.param("hidden.xlsx", workbooks.hidden_parts, "hidden", id="C45"),
    pytest.param("links.xlsx", workbooks.links, "Ignored parts of the workbook: data connections, links", id="C47"),
    pytest.param("dimension.xlsx", workbooks.false_dimension, "", id="C51"),
    pytest.param("plain.csv.gz", texts.gzipped(), "", id="C56"),
    pytest.param("marked.csv", texts.written(texts.GOOD.encode("utf-8-sig")), "", id="C8"),
    pytest.param("wide.csv", texts.written(texts.GOOD.encode("utf-16")), "", id="C9"),
    pytest.param("cr.csv", texts.written(texts.GOOD.replace("\n", "\r")), "", id="C15"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "build", "told"), TOLD)
def test_what_a_file_has_more_or_otherwise_is_told_and_its_rows_are_all_there(
    doors, tmp_path, client, name, build, told
):
    status, _, upload = doors.api(build(tmp_path / name))
    assert (status, upload.state, upload.rejected) == (202, "loaded", 0), upload.fault
    assert upload.accepted == (1_000 if build is workbooks.false_dimension else 2)
    client.force_login(upload.uploaded_by)
    page = unescape(client.get(upload.get_absolute_url()).content.decode())
    assert told in " ".join(upload.notes) and told in page
    doors.dataset.refresh_from_db()
    assert doors.dataset.rows == upload.accepted
