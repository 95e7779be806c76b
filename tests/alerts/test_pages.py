"""Pages of alerts, rules and the inbox: what they show, what one does there, and how many queries they take."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts import handling
from alerts.evaluate import evaluate
from alerts.models import AlertRule, FollowUp, InboxEntry, NotificationSettings
from alerts.notify import tell
from tests.factories import KpiFactory, UnitFactory, member
from tests.pages import text_of

from .samples import DAY, NOW, a_follow_up, a_rule, an_alert, kpi_with, manager_of, rule_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return UnitFactory(code="north", name="North")


@pytest.fixture
def manager(unit):
    return manager_of(unit)


@pytest.fixture
def client(manager):
    client = Client()
    client.force_login(manager)
    return client


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def raised(unit, manager):
    """A real alert, raised by an evaluation, of which the manager was told."""
    rule = a_rule(kpi_with([96.0, 92.0], unit=unit, unit_of_measure="percent", name="In time"), times=1, periods=2)
    return evaluate(rule.pk, now=NOW, day=DAY).raised[0]


def test_an_alert_shows_its_evidence_with_links_to_the_kpi(client, unit, manager):
    alert = raised(unit, manager)
    page = client.get(f"/alerts/{alert.pk}/")
    words = text_of(page)
    assert "In time at North: misses its target in 1 of the last 2 months." in words
    assert "Jun 2025 92.0 % 95.0 % off target breach" in words
    assert "May 2025 96.0 % 95.0 % on target no breach" in words
    assert f"/kpis/{alert.kpi.code}/?unit=north&amp;grain=month&amp;period=2025-06-01" in page.content.decode()


def test_acknowledge_follow_up_and_finish(client, unit, manager):
    alert, other = raised(unit, manager), member("viewer", unit)
    client.post(f"/alerts/{alert.pk}/acknowledge/", {"note": "Two nurses are ill."})
    ask = {"note": "Ask the ward", "owner": other.username, "due_date": "2100-01-01"}
    assert client.post(f"/alerts/{alert.pk}/follow-up/", ask).status_code == 302
    assert InboxEntry.objects.filter(user=other, notice__kind="follow_up.assigned").count() == 1
    theirs = Client()
    theirs.force_login(other)
    assert "Ask the ward" in text_of(theirs.get("/inbox/"))
    follow_up = FollowUp.objects.get()
    theirs.post(f"/follow-ups/{follow_up.pk}/done/", {"outcome": "They called in two.", "from": "inbox"})
    words = text_of(client.get(f"/alerts/{alert.pk}/"))
    for said in ("acknowledged", "Two nurses are ill.", "Ask the ward They called in two.", "follow-up done"):
        assert said in words


def test_a_snoozed_alert_is_out_of_sight_and_comes_back_with_a_notice(client, unit, manager):
    alert = an_alert(unit)
    client.post(f"/alerts/{alert.pk}/snooze/", {"hours": "4"})
    assert "Rule of north" not in text_of(client.get("/alerts/"))
    assert "Rule of north" in text_of(client.get("/alerts/?state=snoozed"))
    later = timezone.now() + timedelta(hours=5)
    assert [handling.wake(later), handling.wake(later)] == [1, 0]
    assert InboxEntry.objects.get(user=manager).notice.kind == "alert.snooze_over"
    assert "Rule of north" in text_of(client.get("/alerts/"))


def test_resolving_needs_a_reason_and_happens_once(client, unit):
    alert = an_alert(unit)
    assert client.post(f"/alerts/{alert.pk}/resolve/", {"reason": " "}).status_code == 422
    client.post(f"/alerts/{alert.pk}/resolve/", {"reason": "A test load."})
    page = client.post(f"/alerts/{alert.pk}/resolve/", {"reason": "Again"}, follow=True)
    alert.refresh_from_db()
    assert (alert.state, alert.reason) == ("resolved", "A test load.")
    assert "has been resolved" in text_of(page)


def test_a_follow_up_for_somebody_who_may_not_see_the_unit_is_refused(client, unit):
    stranger = member("viewer", UnitFactory())
    body = {"note": "x", "owner": stranger.username, "due_date": "2100-01-01"}
    assert client.post(f"/alerts/{an_alert(unit).pk}/follow-up/", body).status_code == 422


def test_filters_of_the_list(client, unit):
    first, second = an_alert(unit), an_alert(UnitFactory(code="below", name="Below", parent=unit))
    assert [a.pk for a in client.get("/alerts/?unit=below").context["page"]] == [second.pk]
    assert [a.pk for a in client.get(f"/alerts/?rule={first.rule_id}").context["page"]] == [first.pk]
    assert not client.get("/alerts/?condition=late_data").context["page"].object_list
    assert client.get("/alerts/?rule=nonsense&unit=%00&state=x").status_code == 200


# --- rules -----------------------------------------------------------------------------------------------------------


def body_of(kpi, **words) -> dict:
    return {
        "name": "Late", "kpi": kpi.code, "unit": kpi.unit.code, "condition": "value", "comparator": "below",
        "limit": "95", "margin": "0", "times": "2", "periods": "3", "grain": "month",
        "roles": ["manager"], "by_email": "on",
    } | words  # fmt: skip


def test_the_preview_shows_on_which_months_a_rule_would_have_fired(client, unit):
    """Below 95 in 2 of 3 months: February and March raise it in March, it is over in May."""
    kpi = kpi_with([96.0, 94.0, 93.0, 96.0, 97.0, 97.0], unit=unit)
    words = text_of(client.post("/alerts/rules/preview/", body_of(kpi, name="")))  # before it has a name
    assert "below 95.0 in 2 of the last 3 months." in words
    assert "1 alert from Jan 2025 to Jun 2025" in words
    assert "Mar 2025 North 93.0 in Mar 2025, limit 95.0; 2 of the last 3 months May 2025" in words
    assert AlertRule.objects.count() == 0


def test_a_rule_is_made_and_changed_on_its_page(client, unit):
    kpi = kpi_with([94.0], unit=unit)
    made = client.post("/alerts/rules/new/", body_of(kpi))
    rule = AlertRule.objects.get()
    assert made["Location"] == f"/alerts/rules/{rule.pk}/"
    assert client.get(f"/alerts/rules/{rule.pk}/").context["form"]["limit"].value() == "95"
    client.post(f"/alerts/rules/{rule.pk}/", body_of(kpi, limit="90", quiet_from="22:00", quiet_until="07:00"))
    rule.refresh_from_db()
    assert (rule.limit, rule.revision, f"{rule.quiet_from:%H:%M}") == (90, 2, "22:00")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"limit": ""}, "Write the limit."),
        ({"times": "4"}, "1 or more of its last periods"),
        ({"roles": []}, "Choose at least one person or role"),
        ({"condition": "status"}, "Choose at least one status."),
        ({"condition": "late_data"}, "says when data are due"),
        ({"quiet_from": "22:00"}, "another hour as their end"),
        ({"grain": "day"}, "not one of the available choices"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_beside_its_field(client, unit, words, said):
    page = client.post("/alerts/rules/new/", body_of(kpi_with([94.0], unit=unit), **words))
    assert page.status_code == 422
    assert said in text_of(page)


def test_the_form_offers_what_kpi_and_condition_need(client, unit):
    kpi = KpiFactory(unit=unit, dimensions=["priority"])
    body = body_of(kpi, condition="status")
    form = client.post("/alerts/rules/form/", body).context["form"]
    assert [field.name for field in form.parts] == ["statuses"]
    assert [field.name for field in form.members_parts] == ["dimension", "members"]
    form = client.post("/alerts/rules/form/", body | {"condition": "signal"}).context["form"]
    assert [field.name for field in form.parts] == ["signal_kinds"]
    assert form.members_parts == []


def test_how_often_reads_as_a_sentence_and_a_target_needs_no_limit(client, unit):
    kpi = KpiFactory(unit=unit)
    below, target = (client.post("/alerts/rules/form/", body_of(kpi, comparator=word)) for word in ("below", "target"))
    assert re.search(r"In How many of the last Of how many Periods months", text_of(below))
    assert [[field.name for field in page.context["form"].parts] for page in (below, target)] == [
        ["comparator", "limit", "margin"],
        ["comparator", "margin"],
    ]


def test_a_viewer_reads_a_rule_in_words(unit):
    client = Client()
    client.force_login(member("viewer", unit))
    assert "misses its target in a month." in text_of(client.get(f"/alerts/rules/{rule_of(unit).pk}/"))


# --- inbox -----------------------------------------------------------------------------------------------------------


def test_opening_an_entry_reads_it_and_the_bell_counts_the_rest(client, unit, manager):
    for number in (1, 2):
        tell(
            [manager],
            key=f"k{number}",
            kind="alert.opened",
            subject=f"No {number}",
            link="/alerts/",
            unit=unit,
            now=NOW,
        )
    entry = InboxEntry.objects.get(notice__key="k1")
    assert "2 unread" in text_of(client.get("/inbox/bell/"))
    assert client.post(f"/inbox/{entry.pk}/open/")["Location"] == "/alerts/"
    assert "Inbox, 1 unread" in text_of(client.get("/inbox/bell/"))
    assert "No 1" not in text_of(client.get("/inbox/?show=unread"))
    client.post("/inbox/read/")
    assert "Everything is read" in text_of(client.get("/inbox/"))


def test_a_link_elsewhere_is_not_followed(client, manager):
    tell([manager], key="k", kind="x.y", subject="x", link="//evil.example/", now=NOW)
    assert client.post(f"/inbox/{InboxEntry.objects.get().pk}/open/")["Location"] == "/inbox/"


def test_an_entry_of_another_person_is_not_there(client):
    other = member("viewer", UnitFactory())
    tell([other], key="k", kind="x.y", subject="Secret", now=NOW)
    assert client.post(f"/inbox/{InboxEntry.objects.get().pk}/open/").status_code == 404
    assert "Secret" not in text_of(client.get("/inbox/"))


def test_what_is_sent_besides_the_inbox_is_ones_own_choice(client, manager):
    body = {"quiet_from": "20:00", "quiet_until": "07:30"}
    assert client.post("/inbox/settings/", body).status_code == 302
    mine = NotificationSettings.objects.get(user=manager)
    assert (mine.email, f"{mine.quiet_until:%H:%M}") == (False, "07:30")
    assert client.post("/inbox/settings/", {"quiet_from": "20:00"}).status_code == 422


# --- queries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/alerts/", "/alerts/rules/", "/inbox/"])
def test_the_lists_take_as_many_queries_for_fifty_rows_as_for_one(client, unit, manager, address):
    a_row(unit, manager)
    before = queries_of(client, address)
    for _ in range(49):
        a_row(unit, manager)
    assert queries_of(client, address) <= before
    assert before <= 16


def a_row(unit, manager):
    follow_up = a_follow_up(unit)
    FollowUp.objects.filter(pk=follow_up.pk).update(owner=manager)
    alert = follow_up.alert
    tell([manager], key=f"k{alert.pk}", kind="alert.opened", subject=str(alert), unit=unit, now=NOW, channels=())


def test_a_rule_begins_from_the_page_of_its_kpi(client, unit):
    kpi = kpi_with([94.0], unit=unit, code="in_time")
    assert "/alerts/rules/new/?kpi=in_time&amp;unit=north" in client.get("/kpis/in_time/").content.decode()
    form = client.get("/alerts/rules/new/?kpi=in_time&unit=north").context["form"]
    assert (form.kpi, form["unit"].value(), form["grain"].value()) == (kpi, "north", "month")
