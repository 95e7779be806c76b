"""Closing and restating over REST and in the pages."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets import closing, restating
from datasets.facts import contract_of
from datasets.models import Closing, Dataset, Restatement, Upload
from lake.contract import Column, Contract, Role
from organization.models import Role as Member
from organization.models import Unit
from tests.datasets.closing.orders import CONTRACT, HEAD, NOW, TEXT, TODAY, WHY, asked_for, orders_now, rows_of
from tests.factories import ApiTokenFactory, UnitFactory, UserFactory, loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db


class Caller:
    def __init__(self, client, user):
        token = ApiTokenFactory(user=user, scopes=["read", "upload", "define"])
        self.client, self.headers = client, {"Authorization": f"Bearer {token.secret}"}

    def __call__(self, method, path, body=None):
        more = {"content_type": "application/json", "data": json.dumps(body)} if body is not None else {}
        answer = getattr(self.client, method)(f"/api/v1/{path}", headers=self.headers, **more)
        return answer.status_code, answer.json()

    def send(self, text, **more):
        data = {"file": SimpleUploadedFile("x.csv", text.encode()), "dataset": "orders", **more}
        answer = self.client.post("/api/v1/uploads/", data, headers=self.headers)
        return answer.status_code, answer.json()


def test_B23_by_rest_a_closed_period_is_a_409_of_its_own_and_a_restatement_loads_it(client, orders, people):
    analyst, manager = (Caller(client, people[role]) for role in (Member.ANALYST, Member.MANAGER))
    text = HEAD + "1,2025-01-10,11\n"
    status, body = analyst.send(text)
    assert status == 202
    upload = Upload.objects.get(public_id=body["upload"]["public_id"])
    perform(upload.job)
    status, shown = analyst("get", f"uploads/{upload.public_id}/")
    assert (shown["state"], shown["fault"]["code"]) == ("refused", "period_closed")
    status, problem = analyst("post", f"uploads/{upload.public_id}/load/", {})
    assert (status, problem["code"], problem["closed_through"]) == (409, "period_closed", "2025-01-31")
    detail = {"row": 2, "key": "1", "day": "2025-01-10", "stored_day": "2025-01-10"}
    assert problem["details"] == [detail | {"changes": [{"column": "cost", "before": "10", "after": "11"}]}]
    assert "restatement" in problem["next_step"]
    wish = {"upload": str(upload.public_id), "reason": WHY}
    assert manager("post", "dataset-restatements/", wish | {"reason": "so"})[0] == 400
    status, asked = analyst("post", "dataset-restatements/", wish)
    assert (status, asked["kind"], asked["state"], asked["asked_by"]) == (201, "load", "proposed", "analyst")
    assert asked["details"] == problem["details"]
    assert analyst("post", f"dataset-restatements/{asked['id']}/approve/", {})[0] == 403
    stale = {"revision": "0" * 16}
    status, problem = manager("post", f"dataset-restatements/{asked['id']}/approve/", stale)
    assert (status, problem["code"]) == (409, "changed_meanwhile")
    looked_at = {"revision": manager("get", f"dataset-restatements/{asked['id']}/")[1]["revision"]}
    status, done = manager("post", f"dataset-restatements/{asked['id']}/approve/", looked_at)
    assert (status, done["state"], done["decided_by"]) == (200, "approved", "manager")
    upload.refresh_from_db()
    perform(upload.job)
    newest = manager("get", "datasets/orders/versions/")[1][0]
    assert (newest["restated"], newest["restatement"], newest["restated_by"]) == (1, WHY, "manager")


def test_whoever_takes_back_rows_that_they_may_not_see_is_told_none_of_them(client, home, people):
    """The analyst uploads for the home unit; rows of elsewhere are not theirs to see."""
    UnitFactory(code="elsewhere")
    columns = (*CONTRACT.columns, Column("unit", roles=(Role.UNIT,)))
    text = "id,day,cost,unit\n1,2025-01-10,10,elsewhere\n"
    admin = member(Member.ADMINISTRATOR, home)
    admin.memberships.create(unit=Unit.objects.get(code="elsewhere"), role=Member.ADMINISTRATOR, valid_from=TODAY)
    dataset = loaded_dataset(text, Contract(columns), unit=home, code="orders", owner=admin)
    Dataset.objects.filter(pk=dataset.pk).update(closed_through="2025-01-31")
    first = dataset.uploads.get()
    for caller, details in ((Caller(client, admin), 1), (Caller(client, people[Member.ANALYST]), 0)):
        status, problem = caller("post", f"uploads/{first.public_id}/undo/", {})
        assert (status, problem["code"], len(problem["details"])) == (409, "period_closed", details)


def test_an_undo_of_closed_rows_by_rest(client, orders, people):
    analyst, manager = (Caller(client, people[role]) for role in (Member.ANALYST, Member.MANAGER))
    first = orders.uploads.get()
    status, problem = analyst("post", f"uploads/{first.public_id}/undo/", {})
    assert (status, problem["code"]) == (409, "period_closed")
    wish = {"upload": str(first.public_id), "reason": WHY}
    status, asked = analyst("post", "dataset-restatements/", wish)
    assert (status, asked["kind"]) == (201, "undo")
    path = f"dataset-restatements/{asked['id']}/"
    assert manager("post", f"{path}withdraw/")[0] == 409
    assert analyst("post", f"{path}withdraw/")[1]["state"] == "withdrawn"
    path = f"dataset-restatements/{analyst('post', 'dataset-restatements/', wish)[1]['id']}/"
    assert manager("post", f"{path}reject/", {})[0] == 400
    status, done = manager("post", f"{path}reject/", {"remark": "They are right"})
    assert (status, done["state"], done["remark"]) == (200, "rejected", "They are right")
    assert len(analyst("get", "dataset-restatements/?dataset=orders")[1]["results"]) == 2


def test_closings_by_rest(client, orders, people):
    analyst, manager, finance = (
        Caller(client, people[role]) for role in (Member.ANALYST, Member.MANAGER, Member.FINANCE)
    )
    asked = {"dataset": "orders", "through": "2025-02-28", "reason": "Month-end of February"}
    assert analyst("post", "dataset-closings/", asked)[0] == 403
    status, made = manager("post", "dataset-closings/", asked)
    assert (status, made["state"], made["before"]) == (201, "proposed", "2025-01-31")
    status, problem = manager("post", f"dataset-closings/{made['id']}/approve/")
    assert (status, problem["code"]) == (409, "second_person_needed")
    status, done = finance("post", f"dataset-closings/{made['id']}/approve/")
    assert (status, done["state"], done["decided_by"]) == (200, "approved", "finance")
    assert analyst("get", "datasets/orders/")[1]["closed_through"] == "2025-02-28"
    status, problem = manager("post", "dataset-closings/", asked | {"through": "2025-02-30"})
    assert (status, problem["errors"][0]["field"]) == (400, "through")
    assert len(analyst("get", "dataset-closings/?dataset=orders")[1]["results"]) == 2


def test_the_pages_close_refuse_restate_and_tell(client, home, people):
    dataset = loaded_dataset(TEXT, CONTRACT, unit=home, code="orders", name="Orders")
    page = reverse("dataset_closing", args=["orders"])
    client.force_login(people[Member.MANAGER])
    assert client.post(page, {"through": "", "reason": "Month-end"}).status_code == 422
    assert client.post(page, {"through": "2025-01-31", "reason": "Month-end of January"}).status_code == 302
    assert f"{people[Member.FINANCE]} may decide." in client.get(page).content.decode()
    client.force_login(people[Member.FINANCE])
    decided = client.post(reverse("closing_decide", args=[Closing.objects.get().pk, "approve"]), follow=True)
    assert "Close through 31 Jan 2025: approved." in decided.content.decode()
    assert "31 Jan 2025" in client.get(reverse("dataset", args=["orders"])).content.decode()

    client.force_login(people[Member.ANALYST])
    sent = {"file": SimpleUploadedFile("x.csv", b"id,day,cost\n1,2025-01-10,11\n"), "dataset": "orders"}
    where = client.post(reverse("upload_new"), sent).url
    perform(Upload.objects.first().job)
    shown = client.get(where).content.decode()
    assert (
        "Orders is closed through 31 Jan 2025" in shown
        and "row 2, record 1 would change on 10 Jan 2025: cost 10 → 11" in shown
    )
    assert "Ask for a restatement" in shown
    assert "Asked for." in client.post(where + "restatement/", {"reason": WHY}, follow=True).content.decode()
    shown = client.get(where).content.decode()
    assert f"{people[Member.MANAGER]} may decide." in shown and "Approve" not in shown

    client.force_login(people[Member.MANAGER])
    told = client.get(page).content.decode()
    assert f"Load #{Upload.objects.first().pk} as a restatement?" in told and WHY in told
    shown = client.get(where).content.decode()
    asked, seen = Restatement.objects.get(), re.search(r'name="seen" value="(\w{16})"', shown)[1]
    decision = reverse("restatement_decide", args=[asked.pk, "approve"])
    assert "was changed since you opened it" in client.post(decision, {"seen": "old"}, follow=True).content.decode()
    assert "Approved: it waits for a worker." in client.post(decision, {"seen": seen}, follow=True).content.decode()
    perform(Upload.objects.first().job)
    for told in (client.get(where), client.get(page), client.get(reverse("dataset_history", args=["orders"]))):
        assert WHY in told.content.decode()
    assert rows_of(orders_now(dataset))[0] == ("1", "2025-01-10", 11.0)


def test_somebody_of_another_unit_decides_nothing(client, orders):
    stranger = member(Member.MANAGER, UnitFactory(code="elsewhere"))
    asked = closing.propose(orders, None, by=UserFactory(), reason="All of it", day=TODAY)
    client.force_login(stranger)
    assert client.post(reverse("closing_decide", args=[asked.pk, "approve"])).status_code == 404
    assert contract_of(orders).event_time.name == "day"


def ways_back(client, upload):
    """Which buttons stand on the upload's page once it looked at its closed rows, and what is said beside them."""
    shown = client.get(reverse("upload", args=[upload.public_id])).content.decode()
    look = reverse("upload_undo_look", args=[upload.public_id])
    shown = client.get(look).content.decode() if f'hx-get="{look}"' in shown else shown
    return re.findall(r'data-pm-open="([\w-]*undo)"', shown), shown


def test_only_the_way_to_take_it_back_that_is_open_is_shown(client, orders, people):
    client.force_login(people[Member.ANALYST])
    first = orders.uploads.get()
    ways, shown = ways_back(client, first)
    assert ways == ["ask-undo"] and "2 records of closed periods would change: Orders is closed through" in shown
    asked = asked_for(first, by=people[Member.ANALYST])
    ways, shown = ways_back(client, first)
    assert ways == [] and "Take it back as a restatement?" in shown
    restating.withdraw(asked, by=people[Member.ANALYST], now=NOW)
    later = upload_csv(orders, HEAD + "4,2025-02-02,40\n", by=people[Member.ANALYST])
    same = upload_csv(orders, TEXT + "5,2025-02-03,50\n", by=people[Member.ANALYST])  # January as it was
    assert [ways_back(client, one)[0] for one in (later, same)] == [["undo"], ["undo"]]


def test_who_may_not_take_it_back_is_not_told_of_its_closed_rows(client, orders, home):
    client.force_login(member(Member.VIEWER, home))
    look = reverse("upload_undo_look", args=[orders.uploads.get().public_id])
    assert client.get(look).status_code == 403
