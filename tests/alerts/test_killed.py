"""A worker that dies anywhere in an evaluation: the next one ends in the same state, and nobody is told twice."""

import pytest

from alerts import telling
from alerts.evaluate import evaluate_all
from alerts.models import Alert, AlertRule, InboxEntry, Mail, Notice
from organization.models import AuditEntry
from tests.factories import UnitFactory

from .samples import DAY, NOW, a_rule, add_results, kpi_with, manager_of

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Not an Exception: nothing of ours may catch it, as nothing catches SIGKILL."""


@pytest.fixture
def rules():
    """Two rules: one raises two alerts, the other ends one and raises none."""
    group = UnitFactory(code="group")
    manager_of(group)
    late = kpi_with([96.0, 96.0], unit=group)
    for code in ("north", "south"):
        add_results(late, [96.0, 90.0], unit=UnitFactory(code=code, parent=group))
    over = kpi_with([90.0, 96.0], unit=group)
    rule = a_rule(over)
    evaluate_all(None, now=NOW, day=DAY.replace(month=6, day=20))
    return rule, a_rule(late, below=True)


def state():
    alerts = Alert.objects.order_by("rule", "unit__code").values_list("rule__name", "unit__code", "state", "summary")
    told = Notice.objects.order_by("kind", "subject").values_list("kind", "subject")
    entries = (
        InboxEntry.objects.count(),
        Mail.objects.count(),
        AuditEntry.objects.filter(action__startswith="alert ").count(),
    )
    return list(alerts), list(told), entries


@pytest.mark.parametrize("fatal", range(1, 5))
def test_killed_at_any_notice_the_next_worker_does_the_rest_once(rules, monkeypatch, fatal):
    calls = 0
    tell = telling.tell

    def deadly(*people, **words):
        nonlocal calls
        calls += 1
        if calls == fatal:
            raise Killed
        return tell(*people, **words)

    with monkeypatch.context() as patch:
        patch.setattr(telling, "tell", deadly)
        try:
            evaluate_all(None, now=NOW, day=DAY)
        except Killed:
            pass
        else:
            assert fatal > 3  # three notices in all: the last case is the run without a fault
    evaluate_all(None, now=NOW, day=DAY)
    alerts, told, counts = state()
    late, over = AlertRule.objects.get(below=True).name, rules[0].name
    assert sorted(alerts) == sorted(
        [
            (late, "north", "open", "90.0 in Jun 2025, target 95.0"),
            (late, "south", "open", "90.0 in Jun 2025, target 95.0"),
            (over, "group", "resolved", "90.0 in May 2025, target 95.0"),
        ]
    )
    assert [kind for kind, _ in told] == ["alert.opened"] * 3 + ["alert.resolved"]
    assert counts == (4, 3, 6)  # entries, e-mails (none that it is over), audit: 2 rules defined, 3 raised, 1 resolved
