"""KPIs with a few months and rules over them, for the tests of this room."""

from datetime import UTC, date, datetime

from alerts import rules
from alerts.models import Alert, AlertRule, FollowUp
from kpis.models import Kpi
from organization.models import Unit, User
from tests.factories import KpiFactory, ResultFactory, member

DAY = date(2025, 7, 10)
NOW = datetime(2025, 7, 10, 9, 0, tzinfo=UTC)
MONTHS = [date(2025, month, 1) for month in range(1, 7)]  # January to June, all complete


def kpi_with(values, *, unit: Unit | None = None, target: float | None = 95.0, **words) -> Kpi:
    """A KPI whose last months have `values` (None: a result without a value), the last one in June 2025."""
    kpi = KpiFactory(**({"unit": unit} if unit else {}), **words)
    add_results(kpi, values, target=target)
    return kpi


def add_results(kpi: Kpi, values, *, unit: Unit | None = None, target: float | None = 95.0, **words) -> None:
    for month, value in zip(MONTHS[-len(values) :], values, strict=True):
        status = "no_data" if value is None else "no_target" if target is None else "red" if value < target else "green"
        unit = unit or kpi.unit
        ResultFactory(kpi=kpi, unit=unit, month=month, value=value, target=target, status=status, **words)


def change(kpi: Kpi, month: date, value: float | None, **words) -> None:
    """Restate a month, as a recompute would."""
    kpi.results.current().filter(period_start=month, **words).update(superseded_at=NOW)
    ResultFactory(kpi=kpi, month=month, value=value, target=95.0, status="red" if value < 95 else "green", **words)


def a_rule(kpi: Kpi, **words) -> AlertRule:
    """Misses its target, told to the managers of the unit; `words` say otherwise."""
    given = {
        "name": f"{kpi} misses its target",
        "unit": kpi.unit,
        "grain": "month",
        "condition": "value",
        "comparator": "target",
        "roles": ["manager"],
        "by": kpi.owner,
        "now": NOW,
    }
    return rules.define_rule(kpi=kpi, **given | words)


def rule_of(unit: Unit) -> AlertRule:
    """A rule at the unit, written as it stands: for tests of doors."""
    kpi = KpiFactory(unit=unit)
    named = {"name": f"Rule of {unit.code}", "condition": "value", "comparator": "target", "roles": ["manager"]}
    return AlertRule.objects.create(kpi=kpi, unit=unit, grain="month", owner=kpi.owner, **named)


def an_alert(unit: Unit) -> Alert:
    """An open alert at the unit, as an evaluation would have raised it in June."""
    rule, month = rule_of(unit), MONTHS[-1]
    seen = {"period_start": month.isoformat(), "label": "Jun 2025", "value": 90.0, "limit": 95.0, "low": None}
    return Alert.objects.create(
        rule=rule,
        kpi=rule.kpi,
        unit=unit,
        grain="month",
        period_start=month,
        evidence_key=month.isoformat(),
        evidence=[{**seen, "high": None, "status": "red", "note": "", "breach": True}],
        summary="90.0 in Jun 2025, target 95.0",
        opened_at=NOW,
    )


def a_follow_up(unit: Unit) -> FollowUp:
    """Something to do about an alert at the unit."""
    alert = an_alert(unit)
    by, note = alert.rule.owner, f"Ask {unit.code} why"
    return FollowUp.objects.create(alert=alert, owner=by, due_date=DAY, note=note, created_by=by)


def manager_of(unit: Unit) -> User:
    return member("manager", unit)
