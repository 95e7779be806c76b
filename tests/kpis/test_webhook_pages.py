"""Webhooks in the browser: added with the secret shown once, tried, looked at, removed; of the own units only."""

import pytest
from django.urls import reverse

from demo import extracts
from jobs.models import Job
from kpis import webhooks
from kpis.models import Webhook
from organization.models import Role
from tests.factories import UnitFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return UnitFactory(code="group")


@pytest.fixture
def admin(client, group):
    user = member(Role.ADMINISTRATOR, group)
    client.force_login(user)
    return user


def test_a_webhook_is_added_tried_and_removed(client, admin, group, monkeypatch):
    monkeypatch.setattr("doors.outgoing.check", lambda url: None)  # no name is looked up here
    made = client.post(reverse("webhook_add"), {"name": "Desk", "url": "https://example.org/x", "unit": group.pk})
    hook = Webhook.objects.get()
    assert hook.secret in made.content.decode() and made["Cache-Control"] == "no-store"
    assert client.post(reverse("webhook_try", args=[hook.pk])).status_code == 302
    assert Job.objects.get(kind=webhooks.KIND).arguments == {"delivery": hook.deliveries.get().pk}
    page = client.get(reverse("webhook", args=[hook.pk])).content.decode()
    assert "trial" in page and hook.secret not in page
    assert "Desk" in client.get(reverse("webhooks")).content.decode()
    client.post(reverse("webhook_remove", args=[hook.pk]))
    assert not Webhook.objects.exists()


def test_an_address_inside_is_refused_beside_its_field(client, admin, group, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    answer = client.post(reverse("webhook_add"), {"name": "x", "url": "http://127.0.0.1/", "unit": group.pk})
    assert (answer.status_code, Webhook.objects.count()) == (422, 0)
    assert answer.context["form"].errors["url"]


def test_loading_the_demo_does_not_wait_for_a_receiver(client, admin, group, monkeypatch):
    monkeypatch.setattr("doors.outgoing.check", lambda url: None)
    client.post(reverse("webhook_add"), {"name": "Desk", "url": "https://example.org/x", "unit": group.pk})
    client.post(reverse("webhook_try", args=[Webhook.objects.get().pk]))
    extracts.perform_all()
    assert Job.objects.get(kind=webhooks.KIND).state == Job.State.QUEUED
