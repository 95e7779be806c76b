"""The API of this room: what the pages can do, with refusals that name thing, fault and next step."""

import gzip
import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets import scan
from datasets.contracts import put_in_force
from datasets.facts import facts_of
from datasets.models import Dataset, SavedView, Upload
from jobs.models import Job
from lake.contract import Column, ColumnType, Contract, Role
from lake.intake import Dialect
from organization.models import AuditEntry
from organization.models import Role as Member
from tests.factories import ApiTokenFactory, DatasetFactory, UnitFactory, member, perform
from tests.matrix.description import as_described

pytestmark = pytest.mark.django_db
CONTRACT = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("cost", type=ColumnType.NUMBER, roles=(Role.MEASURE,)),
    ),
    reject_limit_pct=60,
)
TEXT = b"id,day,cost\n1,2025-01-01,10\n2,2025-01-02,20\n"


class Caller:
    """Somebody with a token; `get`, `post` and so on give status and body."""

    def __init__(self, client, role, unit, scopes=("read", "upload", "define")):
        self.client, self.user = client, member(role, unit)
        token = ApiTokenFactory(user=self.user, scopes=list(scopes))
        self.headers = {"Authorization": f"Bearer {token.secret}"}

    def __call__(self, method, path, body=None, **headers):
        more = {"content_type": "application/json", "data": json.dumps(body)} if body is not None else {}
        answer = getattr(self.client, method)(f"/api/v1/{path}", headers=self.headers | headers, **more)
        as_described(method, f"/api/v1/{path}", answer)
        is_json = not answer.streaming and "json" in answer.get("Content-Type", "")
        return answer.status_code, answer.json() if is_json else answer

    def send(self, content, name="x.csv", dataset="orders", **headers):
        data = {"file": SimpleUploadedFile(name, content), **({"dataset": dataset} if dataset else {})}
        answer = self.client.post("/api/v1/uploads/", data, headers=self.headers | headers)
        return answer.status_code, answer.json()


@pytest.fixture
def home():
    return UnitFactory(code="home")


@pytest.fixture
def orders(home):
    dataset = DatasetFactory(code="orders", unit=home, dialect=Dialect().to_dict())
    put_in_force(dataset, CONTRACT, by=dataset.owner)
    dataset.refresh_from_db()
    return dataset


@pytest.fixture
def analyst(client, home):
    return Caller(client, Member.ANALYST, home)


@pytest.mark.child_process
def test_an_extract_goes_in_and_its_rows_come_out(analyst, orders):
    status, body = analyst.send(TEXT)
    assert (status, body["already"], body["upload"]["state"]) == (202, False, "queued")
    upload = Upload.objects.get(public_id=body["upload"]["public_id"])
    perform(upload.job)
    status, shown = analyst("get", f"uploads/{upload.public_id}/")
    assert (status, shown["state"], shown["accepted"], shown["progress"]) == (200, "loaded", 2, 100)
    status, page = analyst("get", "datasets/orders/rows/?limit=1")
    row = {"id": "2", "day": "2025-01-02", "cost": 20.0, "_upload": upload.pk, "_row": 3}
    assert (status, page["total"], page["rows"]) == (200, 2, [row])
    question = {"totals": [{"function": "sum", "column": "cost"}]}
    status, answer = analyst("post", "datasets/orders/explore/", {"question": question})
    assert (status, answer.get("rows"), answer["all_rows"]) == (200, [[30.0]], None), answer
    question |= {"groups": [{"column": "id"}], "limit": 1}
    status, answer = analyst("post", "datasets/orders/explore/", {"question": question})
    assert (status, answer["rows"], answer["truncated"], answer["all_rows"]) == (200, [["1", 10.0]], True, [30.0])
    assert (answer["pivots"], answer["cautions"]) == (None, [])
    totals = [*question["totals"], {"function": "count"}]
    question = {"totals": totals, "groups": [{"column": "day", "unit": "month"}], "pivot": {"column": "id"}}
    status, answer = analyst("post", "datasets/orders/explore/", {"question": question})
    assert (answer["columns"][1:], answer["rows"]) == (["1", "2"], [["2025-01-01", 10.0, 20.0]])
    assert answer["pivots"] == [
        {"total": "sum_cost", "rows": answer["rows"], "all_rows": [10.0, 20.0], "all_columns": [30.0, 30.0]},
        {"total": "count", "rows": [["2025-01-01", 1, 1]], "all_rows": [1, 1], "all_columns": [2, 2]},
    ]
    status, answer = analyst("post", "datasets/orders/sql/", {"sql": "select max(cost) as m from facts"})
    assert (status, answer["columns"], answer["rows"]) == (200, ["m"], [[20.0]])
    status, answer = analyst("post", "datasets/orders/sql/", {"sql": "select max(orders.cost) as m from orders"})
    assert (status, answer["rows"]) == (200, [[20.0]])
    status, fault = analyst("post", "datasets/orders/sql/", {"sql": "select cost from tickets"})
    assert (status, "under the name `facts` or `orders`, not `tickets`" in fault["detail"]) == (400, True), fault
    status, again = analyst.send(TEXT, name="renamed.csv")
    assert (status, again["already"], Upload.objects.count()) == (200, True, 1)
    assert f"#{upload.pk}" in again["message"]
    assert analyst("post", f"uploads/{upload.public_id}/undo/", {})[0] == 202


def test_an_idempotency_key_with_another_body_is_refused(analyst, orders):
    key = {"Idempotency-Key": "night-1"}
    first, again = analyst.send(TEXT, **key), analyst.send(TEXT, **key)
    assert first[1]["upload"]["public_id"] == again[1]["upload"]["public_id"]
    status, problem = analyst.send(b"id,day,cost\n7,2025-01-01,1\n", **key)
    assert (status, problem["code"], Upload.objects.count()) == (422, "idempotency_key_reused", 1)


def test_a_key_that_came_with_a_file_that_is_there_already_is_used_as_any_other(analyst, orders):
    first = analyst.send(TEXT)[1]["upload"]["public_id"]
    key = {"Idempotency-Key": "night-2"}
    for _ in range(2):
        status, body = analyst.send(TEXT, **key)
        assert (status, body["already"], body["upload"]["public_id"]) == (200, True, first)
    status, problem = analyst.send(b"id,day,cost\n7,2025-01-01,1\n", **key)
    assert (status, problem["code"], Upload.objects.count()) == (422, "idempotency_key_reused", 1)


def _bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    return file.getvalue()


BAD = {
    "empty": (b"", "x.csv"),
    "missing column": (b"id,cost\n1,2\n", "x.csv"),
    "parquet cut off": (b"PAR1" + b"\0" * 100, "x.parquet"),
    "gzip cut off": (gzip.compress(TEXT * 1000)[:60], "x.csv.gz"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_no_table_is_refused_at_the_door_and_nothing_is_kept(analyst, orders, settings, tmp_path, what):
    settings.UPLOAD_ROOT = tmp_path
    content, name = BAD[what]
    status, problem = analyst.send(content, name)
    assert (400 <= status < 500, Upload.objects.count()) == (True, 0), problem
    assert problem["detail"] and problem["next_step"] and problem["code"] != "invalid"
    assert not orders.versions.exists()


@pytest.mark.child_process
def test_a_zip_bomb_is_refused_from_its_directory(analyst, orders):  # B16, C54
    status, problem = analyst.send(_bomb(), "x.xlsx")
    assert (400 <= status < 500, Upload.objects.count()) == (True, 0)
    assert "limit" in problem["detail"] or "unpack" in problem["detail"]


def test_a_body_without_length_too_long_or_too_large_for_the_disk_is_refused_before_it_is_read(
    analyst, orders, settings, monkeypatch
):
    settings.UPLOAD_LIMIT_BYTES = 10
    assert analyst.send(b"x" * 100_000)[1]["code"] == "file_too_large"
    settings.UPLOAD_LIMIT_BYTES = 10**9
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 90, 10))
    status, problem = analyst.send(TEXT)  # F17
    assert (status, problem["code"], Upload.objects.count()) == (507, "disk_full", 0)


def test_rejects_are_listed_downloaded_neutralised_corrected_and_replayed(analyst, orders):
    _, body = analyst.send(b"id,day,cost\n1,2025-01-01,10\n=1+1,31/02/2025,5\n")
    upload = Upload.objects.get(public_id=body["upload"]["public_id"])
    perform(upload.job)
    base = f"uploads/{upload.public_id}"
    _, page = analyst("get", f"{base}/rejects/")
    (reject,) = page["results"]
    assert (reject["row"], reject["column"], reject["value"]) == (3, "day", "31/02/2025")
    status, answer = analyst("get", f"{base}/rejects/?as=csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert (status, lines[1].split(",")[6]) == (200, "'=1+1")  # B20

    status, problem = analyst("patch", f"{base}/rejects/3/", {"cells": {"cost": 6}})
    assert (status, problem["errors"][0]["message"]) == (400, "cost: Write a text in quotes.")

    corrected = "\n".join([lines[0], lines[1].replace("31/02/2025,5", "2025-02-28,5")]).encode()
    form = {"file": SimpleUploadedFile("rejects.csv", corrected)}
    answer = analyst.client.post(f"/api/v1/{base}/corrections/", form, headers=analyst.headers)
    assert answer.json() == {"corrected": 1}
    status, body = analyst("post", f"{base}/replay/")
    assert status == 202
    perform(Upload.objects.get(public_id=body["upload"]["public_id"]).job)
    orders.refresh_from_db()
    facts = facts_of(orders)
    assert scan.fetch(f"select id from ({facts.relation}) order by id", facts.files) == [{"id": "1"}, {"id": "=1+1"}]
    assert upload.rejects.get().state == "replayed"
    status, problem = analyst("patch", f"{base}/rejects/7/", {"cells": {"cost": "6"}})
    assert (status, problem["code"], problem["row"]) == (404, "no_such_row", 7)
    status, problem = analyst("patch", f"{base}/rejects/3/", {"cells": {"nope": "x"}})
    assert (status, problem["code"]) == (409, "wrong_state")


def test_the_wizard_by_api_inspects_confirms_and_loads(analyst, home):
    status, upload = analyst.send(TEXT, dataset=None)
    assert (status, upload["state"], upload["dataset"]) == (201, "received", None)
    base = f"uploads/{upload['public_id']}"
    status, seen = analyst("post", f"{base}/inspect/", {})
    assert (status, [column["name"] for column in seen["contract"]["columns"]]) == (200, ["id", "day", "cost"])
    new = {"code": "costs", "name": "Costs", "unit": home.pk}
    body = {"contract": CONTRACT.to_dict(), "dialect": seen["dialect"], "new_dataset": new}
    status, confirmed = analyst("post", f"{base}/confirm/", body)
    assert (status, confirmed["dataset"], confirmed["contract_number"]) == (200, "costs", 1)
    status, requested = analyst("post", f"{base}/load/")
    assert status == 202
    perform(Upload.objects.get(public_id=upload["public_id"]).job)
    assert Dataset.objects.get(code="costs").rows == 2
    again = analyst("post", f"{base}/confirm/", body)
    assert (again[0], again[1]["code"]) == (409, "wrong_state")


def test_a_dataset_that_an_upload_was_confirmed_into_first_makes_way_while_it_is_empty(analyst, home, orders):
    """Confirmed as `cost`, then as `costs`: the first name was a mistake and leaves no empty dataset behind."""
    _, upload = analyst.send(TEXT, dataset=None)
    base = f"uploads/{upload['public_id']}/confirm/"
    body = {"contract": CONTRACT.to_dict(), "dialect": upload["dialect"]}
    for code in ("cost", "costs"):
        new = {"code": code, "name": code, "unit": home.pk, "code_system": ""}
        assert analyst("post", base, {**body, "new_dataset": new})[0] == 200
    assert sorted(Dataset.objects.values_list("code", flat=True)) == ["costs", "orders"]
    removed = AuditEntry.objects.get(action="empty dataset removed")
    assert (removed.object_name, removed.details) == ("cost", {"instead": "costs"})
    costs = Dataset.objects.get(code="costs")
    SavedView.objects.create(dataset=costs, name="kept", question={}, created_by=analyst.user)
    assert analyst("post", base, {**body, "dataset": "orders"})[0] == 200
    assert Dataset.objects.filter(code="costs").exists()  # somebody keeps a view of it


def test_a_contract_change_shows_its_difference_and_a_wrong_one_names_its_column(analyst, orders):
    plain = CONTRACT.to_dict()
    plain["columns"][2]["maximum"] = 100
    status, changes = analyst("put", "datasets/orders/contract/", {"contract": plain, "dry_run": True})
    assert (status, [(c["column"], c["entry"], c["after"]) for c in changes]) == (200, [("cost", "maximum", 100)])
    assert analyst("put", "datasets/orders/contract/", {"contract": plain})[0] == 200
    assert analyst("get", "datasets/orders/contract/")[1]["number"] == 2
    plain["columns"][1]["type"] = "text"
    status, problem = analyst("put", "datasets/orders/contract/", {"contract": plain})
    assert (status, problem["errors"][0]["field"]) == (400, "contract.columns.day")
    plain["columns"][1] |= {"type": "date", "format": "%d/%m/%YY"}
    status, problem = analyst("put", "datasets/orders/contract/", {"contract": plain})
    assert (status, "has 'Y' as a text that every value would need" in problem["detail"]) == (400, True), problem


def test_what_belongs_to_another_unit_is_not_there(client, orders, analyst):  # B9, B10
    stranger = Caller(client, Member.ANALYST, UnitFactory())
    missing = stranger("get", "datasets/no-such/")
    for method, path, body in (
        ("get", "datasets/orders/", None),
        ("get", "datasets/orders/rows/", None),
        ("post", "datasets/orders/sql/", {"sql": "select 1 as x from facts"}),
        ("put", "datasets/orders/contract/", {"contract": CONTRACT.to_dict()}),
    ):
        assert stranger(method, path, body) == missing
    assert stranger("get", "datasets/")[1]["results"] == []
    assert stranger.send(TEXT)[0] == 404


def test_roles_and_scopes_decide(client, orders, home):
    viewer = Caller(client, Member.VIEWER, home)
    assert viewer("get", "datasets/orders/")[0] == 200
    assert viewer.send(TEXT)[0] == 403
    assert viewer("post", "datasets/orders/sql/", {"sql": "select 1 as x from facts"})[0] == 403
    reader = Caller(client, Member.ANALYST, home, scopes=["read"])
    assert reader.send(TEXT)[0] == 403
    assert reader("patch", "datasets/orders/", {"name": "mine"})[0] == 403


def test_fields_that_only_the_server_sets_are_refused(analyst, orders):  # B14
    for field, value in (("rows", 7), ("is_provisional", False), ("unit", 1), ("code", "x")):
        status, problem = analyst("patch", "datasets/orders/", {field: value})
        assert (status, problem["errors"][0]["field"]) == (400, field)
    assert analyst("get", "datasets/?unit__owner__password=x")[0] == 400  # B15


def test_quality_rules_by_api(analyst, orders):
    perform(Upload.objects.get(public_id=analyst.send(TEXT)[1]["upload"]["public_id"]).job)
    rule = {"dataset": "orders", "name": "cheap", "kind": "range", "column": "cost", "parameters": {"max": 15}}
    status, made = analyst("post", "quality-rules/", {**rule, "severity": "critical"})
    assert status == 201
    perform(Job.objects.filter(kind="datasets.quality").latest("pk"))
    (result,) = analyst("get", f"quality-rules/{made['id']}/results/")[1]
    assert (result["passed"], result["checked"], result["failing"]) == (False, 2, 1)
    assert analyst("get", "datasets/orders/")[1]["is_provisional"] is True
    override = "post", f"quality-rules/{made['id']}/override/", {"reason": "Known and agreed."}
    status, problem = analyst(*override)
    assert (status, problem["code"]) == (409, "second_person_needed")  # they loaded the rows
    assert Caller(analyst.client, Member.ANALYST, orders.unit)(*override)[0] == 201
    assert analyst("get", "datasets/orders/")[1]["is_provisional"] is False
    status, problem = analyst("post", "quality-rules/", {**rule, "column": "colour"})
    assert (status, "colour" in problem["detail"], problem["field"]) == (400, True, "column")
    assert [error["field"] for error in problem["errors"]] == ["column"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"groups": [{"column": "cost", "by": "day"}]}, "Unknown entry 'by' in a group"),
        ({"groups": "cost"}, "The entry 'groups' of a question takes a list"),
        ({"groups": [{"column": "day", "unit": "minute"}]}, "one of day, week, month"),
        ({"totals": [{"function": "mode", "column": "cost"}]}, "one of count, count_distinct"),
        ({"totals": [{"column": "cost"}]}, "A total names its"),
        ({"totals": [{"function": "sum"}]}, "`sum` is that of a column: name one"),
        ({"totals": [{"function": "avg", "column": "id"}]}, "`id` is text, which has no `avg`: count it instead"),
        ({"groups": [{"column": "cost", "unit": "month"}]}, "`cost` holds no times: group by it without `month`"),
        ({"filters": [{"column": "cost", "operator": "like", "values": ["1"]}]}, "one of eq, ne"),
        ({"filters": [{"column": "cost", "operator": "eq", "values": {"a": 1}}]}, "'values' of a filter takes a list"),
        ({"limit": 0}, "from 1 to 10,000"),
        ({"limit": True}, "takes a whole number"),
        ({"chart": "pie"}, "one of table, bar, line"),
    ],
)
def test_a_question_that_is_not_right_is_refused_in_words(analyst, orders, question, said):
    status, problem = analyst("post", f"datasets/{orders.code}/explore/", {"question": question})
    assert (status, said in problem["detail"]) == (400, True), problem


def test_a_dataset_that_is_not_seen_is_named_with_the_nearest(orders, client):
    caller = Caller(client, "analyst", orders.unit)
    status, body = caller.send(TEXT, dataset="order")
    assert (status, body["code"]) == (404, "unknown_dataset")
    assert body["errors"][0]["field"] == "dataset"
    assert body["detail"].endswith("Did you mean orders?")


def test_a_misspelt_field_and_a_second_file_are_refused_rather_than_left_out(orders, client):
    caller = Caller(client, "analyst", orders.unit)
    file = SimpleUploadedFile("x.csv", TEXT)
    answer = client.post("/api/v1/uploads/", {"file": file, "dataest": "orders"}, headers=caller.headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "dataest")
    files = [SimpleUploadedFile("x.csv", TEXT), SimpleUploadedFile("y.csv", TEXT)]
    answer = client.post("/api/v1/uploads/", {"file": files, "dataset": "orders"}, headers=caller.headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "repeated")
    assert not Upload.objects.exists()


def test_work_that_was_asked_for_is_followed_at_its_address(orders, client):
    caller = Caller(client, "analyst", orders.unit)
    status, asked = caller("post", "datasets/orders/compact/", {})
    assert (status, asked["state"]) == (202, "queued")
    status, job = caller("get", asked["address"].removeprefix("/api/v1/"))
    assert (status, job["kind"], job["state"], job["asked_by"]) == (
        200,
        "datasets.compact",
        "queued",
        caller.user.username,
    )
    assert [found["id"] for found in caller("get", "jobs/?state=queued")[1]["results"]] == [asked["job"]]
    stranger = Caller(client, "analyst", UnitFactory(code="away"))
    assert stranger("get", f"jobs/{asked['job']}/")[0] == 404
    assert stranger("get", "jobs/")[1]["results"] == []


def test_only_a_parked_job_is_tried_again_or_dismissed(orders, client):
    caller = Caller(client, "analyst", orders.unit)
    number = caller("post", "datasets/orders/compact/", {})[1]["job"]
    assert {caller("post", f"jobs/{number}/{verb}/", {})[0] for verb in ("retry", "dismiss")} == {403}
    Job.objects.filter(pk=number).update(state="parked", attempts=3, fault="The disk was full.")
    status, job = caller("post", f"jobs/{number}/retry/", {})
    assert (status, job["state"], job["attempts"], job["fault"]) == (200, "queued", 0, "")
    entry = AuditEntry.objects.get(action="parked job tried again")
    assert (entry.actor, entry.object_id, entry.details["fault"]) == (caller.user, str(number), "The disk was full.")
    Job.objects.filter(pk=number).update(state="parked")
    assert caller("post", f"jobs/{number}/dismiss/", {})[1]["state"] == "cancelled"
