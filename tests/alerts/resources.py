"""Who may do what with alerts (see tests/matrix). The inbox is everybody's own: tests/alerts/test_inbox.py."""

from organization.models import Role
from tests.factories import MembershipFactory
from tests.matrix.table import Resource

from .samples import a_follow_up, an_alert, rule_of

DEFINERS = frozenset({Role.ANALYST, Role.MANAGER, Role.ADMINISTRATOR, Role.INTEGRATION})


def name(rule) -> str:
    return rule.name


def rule_name(alert) -> str:
    return alert.rule.name


def summary(alert) -> str:
    return f'"{alert.unit.code}"'


def note(follow_up) -> str:
    return follow_up.note


def change(title: str, path: str, make=an_alert, method: str = "post", **more) -> Resource:
    return Resource(title, method, path, make, DEFINERS, door="define", **more)


def somebody_to_do_it(alert) -> dict:
    person = MembershipFactory(unit=alert.unit).user.username
    return {"owner": person, "due_date": "2030-01-01", "note": "Ask why"}


RESOURCES = [
    Resource("the alerts page", "get", "/alerts/", an_alert, is_list=True, marker=rule_name),
    Resource("an alert", "get", "/alerts/{}/", an_alert),
    Resource("the register of rules", "get", "/alerts/rules/", rule_of, is_list=True, marker=name),
    Resource("an alert rule", "get", "/alerts/rules/{}/", rule_of),
    change("acknowledging an alert", "/alerts/{}/acknowledge/", status=302),
    change("asking for a follow-up", "/alerts/{}/follow-up/", body={"note": ""}, status=422),
    Resource("finishing a follow-up", "post", "/follow-ups/{}/done/", a_follow_up, DEFINERS, status=302),
    Resource("API: alert rules", "get", "/api/v1/alert-rules/", rule_of, is_list=True, marker=name),
    Resource("API: an alert rule", "get", "/api/v1/alert-rules/{}/", rule_of),
    Resource("API: the back-test of a rule", "get", "/api/v1/alert-rules/{}/backtest/", rule_of),
    change("API: changing a rule", "/api/v1/alert-rules/{}/", rule_of, "patch", body={"name": "Another"}),
    change("API: switching a rule off", "/api/v1/alert-rules/{}/switch-off/", rule_of),
    Resource("API: alerts", "get", "/api/v1/alerts/", an_alert, is_list=True, marker=summary),
    Resource("API: an alert", "get", "/api/v1/alerts/{}/", an_alert),
    change("API: acknowledging an alert", "/api/v1/alerts/{}/acknowledge/", body={"note": "Seen"}),
    change("API: resolving an alert", "/api/v1/alerts/{}/resolve/", body={"reason": "Known"}),
    Resource("API: follow-ups", "get", "/api/v1/follow-ups/", a_follow_up, is_list=True, marker=note),
    Resource("API: finishing a follow-up", "post", "/api/v1/follow-ups/{}/done/", a_follow_up, DEFINERS, status=200),
    change("switching a rule", "/alerts/rules/{}/switch/", rule_of, status=302),
    change("snoozing an alert", "/alerts/{}/snooze/", status=422),
    change("resolving an alert", "/alerts/{}/resolve/", status=422),
    change("API: switching a rule on", "/api/v1/alert-rules/{}/switch-on/", rule_of),
    change("API: snoozing an alert", "/api/v1/alerts/{}/snooze/", body={"until": "2100-01-01T00:00:00Z"}),
    change(
        "API: asking for a follow-up",
        "/api/v1/alerts/{}/follow-ups/",
        status=201,
        body=somebody_to_do_it,
    ),
    change("API: opening a follow-up again", "/api/v1/follow-ups/{}/reopen/", a_follow_up),
]
