"""The tabs that the pages of this room share."""

from django.urls import reverse

PLACES = (("alerts", "Alerts"), ("alert_rules", "Rules"), ("inbox", "Inbox"))


def tabs(current: str) -> list[dict]:
    return [{"label": label, "url": reverse(name), "active": name == current} for name, label in PLACES]
