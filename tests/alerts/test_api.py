"""The API of alerts: rules, back-test, acts, and the caller's own inbox."""

import pytest
from django.test import Client

from alerts.models import AlertRule, InboxEntry
from alerts.notify import tell
from tests.factories import ApiTokenFactory, UnitFactory, member

from .samples import NOW, an_alert, kpi_with, manager_of, rule_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return UnitFactory(code="north", name="North")


class Caller:
    def __init__(self, person):
        token = ApiTokenFactory(user=person, scopes=["read", "define"])
        self.client = Client(headers={"Authorization": f"Bearer {token.secret}"})

    def get(self, path, **query):
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path, **body):
        return self.client.post(f"/api/v1/{path}", body, content_type="application/json")

    def patch(self, path, **body):
        return self.client.patch(f"/api/v1/{path}", body, content_type="application/json")


@pytest.fixture
def manager(unit):
    return manager_of(unit)


@pytest.fixture
def api(manager):
    return Caller(manager)


def rule_body(kpi, **words) -> dict:
    return {
        "name": "Late", "kpi": kpi.code, "unit": kpi.unit.code, "grain": "month", "condition": "value",
        "comparator": "below", "limit": "95", "times": 2, "periods": 3, "roles": ["manager"],
    } | words  # fmt: skip


def test_a_rule_is_made_previewed_changed_and_switched_off(api, unit):
    kpi = kpi_with([96.0, 94.0, 93.0, 96.0, 97.0, 97.0], unit=unit)
    tested = api.post("alert-rules/preview/", **rule_body(kpi)).json()
    assert [(one["period"], one["until"]) for one in tested["raised"]] == [("Mar 2025", "May 2025")]
    assert AlertRule.objects.count() == 0
    made = api.post("alert-rules/", **rule_body(kpi)).json()
    assert (made["limit"], made["margin"], made["owner"]) == ("95", "0", AlertRule.objects.get().owner.username)
    pk = made["id"]
    assert api.get(f"alert-rules/{pk}/backtest/").json()["count"] == 1
    assert api.patch(f"alert-rules/{pk}/", limit="90").json()["limit"] == "90"
    assert api.get(f"alert-rules/{pk}/words/").json()["words"].endswith("below 90.0 in 2 of the last 3 months.")
    assert api.post(f"alert-rules/{pk}/switch-off/").json()["is_active"] is False
    assert api.post(f"alert-rules/{pk}/switch-on/").json()["is_active"] is True


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"limit": None}, "limit"),
        ({"roles": ["boss"]}, "roles"),
        ({"roles": []}, "people"),
        ({"dimension": "colour"}, "dimension"),
        ({"times": "2"}, "times"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_fault_names_its_field(api, unit, words, field):
    answer = api.post("alert-rules/", **rule_body(kpi_with([94.0], unit=unit), **words))
    assert answer.status_code == 400
    assert field in str(answer.json())


def test_a_kpi_of_a_rule_stays(api, unit):
    rule = rule_of(unit)
    assert api.patch(f"alert-rules/{rule.pk}/", kpi=rule.kpi.code).status_code == 400


def test_an_alert_is_acknowledged_once_and_then_over(api, unit, manager):
    alert = an_alert(unit)
    answer = api.post(f"alerts/{alert.pk}/acknowledge/", note="Seen").json()
    assert (answer["state"], answer["acknowledged_by"], answer["evidence"][0]["value"]) == (
        "acknowledged",
        manager.username,
        90.0,
    )
    due = {"owner": manager.username, "due_date": "2100-01-01", "note": "Look at it"}
    follow_up = api.post(f"alerts/{alert.pk}/follow-ups/", **due).json()
    assert api.post(f"follow-ups/{follow_up['id']}/done/", outcome="Fixed").json()["outcome"] == "Fixed"
    assert api.post(f"follow-ups/{follow_up['id']}/reopen/").json()["done_at"] is None
    assert api.post(f"alerts/{alert.pk}/snooze/", until="2000-01-01T00:00:00Z").status_code == 400
    assert api.post(f"alerts/{alert.pk}/resolve/", reason="Known").json()["state"] == "resolved"
    again = api.post(f"alerts/{alert.pk}/resolve/", reason="Known")
    assert (again.status_code, again.json()["code"]) == (409, "alert_over")


def test_the_inbox_is_ones_own_and_of_units_that_one_may_see(api, unit, manager):
    other = member("manager", unit)
    for person, key in ((manager, "mine"), (other, "theirs")):
        tell([person], key=key, kind="alert.opened", subject=key, unit=unit, now=NOW)
    entries = api.get("inbox/").json()["results"]
    assert [(one["subject"], one["unit"], one["read_at"]) for one in entries] == [("mine", "north", None)]
    theirs = InboxEntry.objects.get(user=other)
    assert api.post(f"inbox/{theirs.pk}/read/").status_code == 404
    mine = InboxEntry.objects.get(user=manager)
    assert api.post(f"inbox/{mine.pk}/read/").json()["read_at"]
    assert api.get("inbox/", is_read="false").json()["results"] == []
    assert [one["id"] for one in api.get("inbox/", kind=mine.notice.kind).json()["results"]] == [mine.pk]
    assert api.get("inbox/", kind="dataset.closing_rejected").json()["results"] == []  # nobody was told of one yet
    assert api.get("inbox/count/").json() == {"unread": 0}
    assert api.post(f"inbox/{mine.pk}/unread/").json()["read_at"] is None
    assert api.post("inbox/read-all/").json() == {"unread": 0}
    manager.memberships.all().delete()
    assert api.get("inbox/").status_code == 403  # no role any more: no door, and nothing behind it


@pytest.mark.parametrize("path", ["alerts/", "alert-rules/"])
def test_lists_take_as_many_queries_for_fifty_rows_as_for_one(api, unit, path, django_assert_max_num_queries):
    for _ in range(50):
        an_alert(unit)
    with django_assert_max_num_queries(10):
        assert len(api.get(path).json()["results"]) == 50
