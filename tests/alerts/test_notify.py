"""Telling people: once per fact and person, in the inbox, by e-mail and by webhook."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail as outbox

from alerts import mail
from alerts.models import InboxEntry, Mail, Notice, NotificationSettings
from alerts.notify import Channel, tell
from jobs.models import Job
from kpis import webhooks
from kpis.models import WebhookDelivery
from organization import access, members
from tests.factories import UnitFactory, UserFactory, member, perform

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 10, 12, 0, tzinfo=UTC)
FACT = {"key": "test:1", "kind": "alert.opened", "subject": "A&E is late", "text": "Why.", "link": "/alerts/1/"}


@pytest.fixture
def unit():
    return UnitFactory(code="north", timezone="Europe/London")


def mail_jobs():
    return Job.objects.filter(kind="alerts.mail")


def test_a_fact_is_told_once_to_each_person_however_often_it_is_found(unit):
    first, second = member("manager", unit), member("viewer", unit)
    assert len(tell([first], unit=unit, now=NOW, **FACT)) == 1
    assert [entry.user for entry in tell([first, second], unit=unit, now=NOW, **FACT)] == [second]
    assert tell([first, second], unit=unit, now=NOW, **FACT) == []
    assert (Notice.objects.count(), InboxEntry.objects.count(), mail_jobs().count()) == (1, 2, 2)


def test_only_people_who_may_see_the_unit_are_told(unit):
    stranger, gone = member("manager", UnitFactory()), member("viewer", unit, is_active=False)
    assert tell([stranger, gone], unit=unit, now=NOW, **FACT) == []


def test_who_loses_the_role_loses_the_entry_and_gets_no_e_mail(unit):
    person = member("viewer", unit)
    (entry,) = tell([person], unit=unit, now=NOW, **FACT)
    members.end(person.memberships.get(), on=NOW.date(), by=None)
    assert not InboxEntry.objects.visible_to(access.access_of(person, NOW.date())).exists()
    perform(mail_jobs().get())
    entry.mail.refresh_from_db()
    assert (entry.mail.state, outbox.outbox) == ("skipped", [])


def test_an_e_mail_says_what_happened_and_where_and_goes_out_once(unit):
    tell([member("viewer", unit, email="ada@example.org")], unit=unit, now=NOW, **FACT)
    perform(mail_jobs().get())
    assert mail.send(Mail.objects.get().pk, NOW) is None
    (letter,) = outbox.outbox
    assert (letter.to, letter.subject) == (["ada@example.org"], "A&E is late")
    assert letter.body.startswith("Why.\n\nhttp://127.0.0.1:8000/alerts/1/\n")


def test_a_mail_server_that_is_away_is_tried_again_with_the_same_message_id(unit, monkeypatch):
    tell([member("viewer", unit)], unit=unit, now=NOW, **FACT)
    letter = Mail.objects.get()
    seen = []

    def away(message, *_, **__):
        seen.append(message.extra_headers["Message-ID"])
        raise ConnectionRefusedError("no mail server")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", away)
        assert [mail.send(letter.pk, NOW).due_at - NOW for _ in range(3)] == [timedelta(minutes=n) for n in (1, 2, 4)]
    mail_jobs().delete()
    assert mail.deliver_due(NOW + timedelta(minutes=3)) == 0
    assert mail.deliver_due(NOW + timedelta(minutes=4)) == 1
    perform(mail_jobs().get())
    assert {*seen, outbox.outbox[0].extra_headers["Message-ID"]} == {seen[0]}


def test_an_e_mail_that_never_gets_through_is_given_up_visibly(unit, monkeypatch):
    tell([member("viewer", unit)], unit=unit, now=NOW, **FACT)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", lambda *_, **__: (_ for _ in ()).throw(OSError("away")))
    states = [mail.send(Mail.objects.get().pk, NOW).state for _ in range(mail.ATTEMPTS)]
    assert states == ["waiting"] * 9 + ["failed"]


def test_ones_own_quiet_hours_hold_the_e_mail_but_not_the_inbox(unit):
    """20:30 UTC is 21:30 in London, the unit's time: held until 7:00 there, 6:00 UTC."""
    person = member("viewer", unit)
    NotificationSettings.objects.create(user=person, quiet_from=time(21), quiet_until=time(7))
    tell([person], unit=unit, now=NOW.replace(hour=20, minute=30), **FACT)
    assert InboxEntry.objects.count() == 1
    assert Mail.objects.get().due_at == datetime(2025, 4, 11, 6, 0, tzinfo=UTC)
    assert mail_jobs().count() == 0


def test_who_wants_no_e_mail_or_has_no_address_gets_none(unit):
    person = member("viewer", unit)
    NotificationSettings.objects.create(user=person, email=False)
    assert len(tell([person, member("viewer", unit, email="")], unit=unit, now=NOW, **FACT)) == 2
    assert Mail.objects.count() == 0


def test_a_personal_notice_needs_no_unit():
    person = UserFactory()
    assert len(tell([person], now=NOW, channels=(), **FACT)) == 1
    assert InboxEntry.objects.visible_to(access.Access(user_id=person.pk)).count() == 1


class TestWebhooks:
    @pytest.fixture
    def hook(self, settings):
        settings.WEBHOOK_ALLOW_LOOPBACK = True
        group = UnitFactory(code="group")
        hook = webhooks.create_webhook(name="ops", url="http://127.0.0.1:9/hook", unit=group, by=UserFactory())
        hook.below = UnitFactory(code="below", parent=group)
        return hook

    def test_those_above_the_unit_hear_of_it_once(self, hook):
        for _ in range(2):
            tell([], unit=hook.below, now=NOW, channels=[Channel.WEBHOOK], **FACT)
        tell([], unit=UnitFactory(), now=NOW, channels=[Channel.WEBHOOK], **FACT | {"key": "test:2"})
        delivery = WebhookDelivery.objects.get()
        assert (delivery.event, delivery.body["subject"], delivery.body["unit"]) == (
            "alert.opened",
            "A&E is late",
            "below",
        )

    def test_quiet_hours_hold_it(self, hook):
        until = NOW + timedelta(hours=8)
        tell([], unit=hook.below, now=NOW, channels=[Channel.WEBHOOK], held_until=until, **FACT)
        mail.deliver_due(until - timedelta(seconds=1))
        assert WebhookDelivery.objects.count() == 0
        for _ in range(2):
            mail.deliver_due(until)
        assert WebhookDelivery.objects.count() == 1


def test_holders_are_those_whose_access_allows_it():
    group = UnitFactory(code="group")
    north = UnitFactory(code="north", parent=group)
    people = [member(role, at) for role in ("viewer", "manager", "finance") for at in (group, north, UnitFactory())]
    for permission in (access.VIEW, access.DEFINE, access.MONEY):
        asked = {p.pk for p in people if access.access_of(p, NOW.date()).allows(permission, north)}
        assert access.holders(permission, north, NOW.date()) & {p.pk for p in people} == asked


def test_an_entry_of_the_inbox_begins_a_long_text_and_does_not_hold_it():
    assert Notice(text="Late again.\n\nAll the lines follow.").lead == "Late again."
    assert len(Notice(text="x" * 20_000).lead) == 400
