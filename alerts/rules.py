"""Making and changing alert rules."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from kpis.measures import grains_of
from kpis.models import Kpi, KpiVersion
from kpis.selectors.readings import versions_on
from organization import audit
from organization.access import VIEW, holders
from organization.models import Role, Unit, User

from .evaluate import ask
from .models import Alert, AlertRule
from .series import datasets_of

Condition = AlertRule.Condition
WATCHED = (
    "unit", "below", "grain", "dimension", "members", "condition", "comparator", "limit", "margin", "statuses",
    "signal_kinds", "chance_pct", "grace_hours", "times", "periods",
)  # fmt: skip
FIELDS = (
    "name", *WATCHED, "cool_down_hours", "quiet_from", "quiet_until", "by_email", "by_webhook", "roles", "owner",
)  # fmt: skip
OWN = {
    Condition.VALUE: {"comparator", "limit", "margin"},
    Condition.STATUS: {"statuses"},
    Condition.SIGNAL: {"signal_kinds"},
    Condition.FORECAST_MISS: {"chance_pct", "margin"},
    Condition.NO_DATA: set(),
    Condition.LATE_DATA: {"grace_hours"},
}
EMPTY = {
    "comparator": "", "limit": None, "margin": Decimal(0), "statuses": [], "signal_kinds": [], "chance_pct": None,
    "grace_hours": 0,
}  # fmt: skip
WHOLE_ONLY = {Condition.SIGNAL, Condition.FORECAST_MISS, Condition.LATE_DATA}
STATUSES = ("red", "amber", "green", "no_target")
SIGNAL_KINDS = ("bad", "good", "neutral")
ROLES = tuple(role for role in Role.values if role != Role.INTEGRATION)


@transaction.atomic
def define_rule(*, kpi: Kpi, by: User, now: datetime, people: Collection[User] = (), **values) -> AlertRule:
    """A rule over `kpi`, in force at once. Raises ValidationError by field."""
    rule = AlertRule(kpi=kpi, owner=values.pop("owner", by))
    _take(rule, values, now.date())
    _check_people(rule, people, now.date())
    rule.save()
    rule.people.set(people)
    audit.record(by, "alert rule defined", rule, unit=rule.unit, definition=_plain(rule))
    ask([kpi.pk])
    return rule


@transaction.atomic
def change_rule(
    rule: AlertRule, *, by: User, now: datetime, people: Collection[User] | None = None, **values
) -> AlertRule:
    """Change a rule. If it watches something else from now on, its standing alerts are over. Raises ValidationError."""
    rule = AlertRule.objects.select_for_update().get(pk=rule.pk)
    before = _plain(rule)
    _take(rule, values, now.date())
    _check_people(rule, rule.people.all() if people is None else people, now.date())
    after = _plain(rule)
    if any(before[name] != after[name] for name in WATCHED):
        rule.revision += 1
        _end_standing(rule, "The rule was changed.", by=by, now=now)
    rule.save()
    if people is not None:
        rule.people.set(people)
    changed = {name: after[name] for name in after if before[name] != after[name]}
    audit.record(by, "alert rule changed", rule, unit=rule.unit, changes=changed)
    ask([rule.kpi_id])
    return rule


@transaction.atomic
def switch(rule: AlertRule, *, on: bool, by: User, now: datetime) -> AlertRule:
    """Switch a rule off (its standing alerts are over) or on again. Its alerts are kept."""
    if AlertRule.objects.filter(pk=rule.pk, is_active=not on).update(is_active=on):
        audit.record(by, f"alert rule switched {'on' if on else 'off'}", rule, unit=rule.unit)
        if on:
            ask([rule.kpi_id])
        else:
            _end_standing(rule, "The rule was switched off.", by=by, now=now)
    rule.is_active = on
    return rule


def _end_standing(rule: AlertRule, reason: str, *, by: User, now: datetime) -> None:
    for alert in Alert.objects.filter(rule=rule).standing().select_related("unit"):
        alert.state, alert.resolved_at, alert.resolved_by, alert.reason = Alert.State.RESOLVED, now, by, reason
        alert.save(update_fields=["state", "resolved_at", "resolved_by", "reason"])
        audit.record(by, "alert resolved", alert, unit=alert.unit, reason=reason)


def draft_of(kpi: Kpi, values: dict, *, owner: User, day: date) -> AlertRule:
    """The rule that `values` describe, checked but not kept: for a preview. Raises ValidationError."""
    rule = AlertRule(kpi=kpi, owner=owner)
    _take(rule, values, day)
    return rule


def _take(rule: AlertRule, values: dict, day: date) -> None:
    """Set the fields, empty what the condition does not have, and check the whole."""
    for name in FIELDS:
        if name in values:
            setattr(rule, name, values[name])
    for name, empty in EMPTY.items():
        if name not in OWN.get(rule.condition, set(EMPTY)):
            setattr(rule, name, empty)
    if rule.condition in (Condition.LATE_DATA, Condition.FORECAST_MISS):
        rule.times = rule.periods = 1
    if rule.comparator == AlertRule.Comparator.TARGET:
        rule.limit = None
    if not rule.dimension:
        rule.members = []
    rule.full_clean(exclude=["kpi", "owner"])
    _check(rule, day)


def _check(rule: AlertRule, day: date) -> None:
    version = versions_on([rule.kpi_id], day).get(rule.kpi_id)
    faults: dict[str, str] = {}
    if rule.dimension and rule.condition in WHOLE_ONLY:
        faults["dimension"] = f"{rule.get_condition_display()} is watched for the whole only: leave it empty."
    elif version and rule.dimension and rule.dimension not in version.dimensions:
        faults["dimension"] = f"{rule.kpi} is not kept by {rule.dimension!r}."
    if version and rule.grain not in grains_of(version):
        faults["grain"] = f"{rule.kpi} is kept by {', '.join(grains_of(version))}."
    faults |= _condition_faults(rule, version, day)
    for name, known in (("statuses", STATUSES), ("signal_kinds", SIGNAL_KINDS), ("roles", ROLES)):
        if not isinstance(getattr(rule, name), list) or set(getattr(rule, name)) - set(known):
            faults[name] = f"Choose from {', '.join(known)}."
    if not isinstance(rule.members, list) or not all(isinstance(one, str) and len(one) <= 200 for one in rule.members):
        faults["members"] = "Members are texts of at most 200 characters."
    if faults:
        raise ValidationError(faults)


def _condition_faults(rule: AlertRule, version: KpiVersion | None, day: date) -> dict[str, str]:
    direction = version.direction if version else ""
    match rule.condition:
        case Condition.VALUE if rule.comparator == "target" and direction == KpiVersion.Direction.NONE:
            return {"comparator": "The KPI is for information and has no target: choose a limit."}
        case Condition.STATUS if not rule.statuses:
            return {"statuses": "Choose at least one status."}
        case Condition.SIGNAL if not rule.signal_kinds:
            return {"signal_kinds": "Choose at least one kind of signal."}
        case Condition.FORECAST_MISS if rule.chance_pct is None or not 1 <= rule.chance_pct <= 99:
            return {"chance_pct": "Write a chance from 1 to 99 per cent."}
        case Condition.LATE_DATA if version and not _promises(version, day):
            return {"condition": "No refresh promise of a dataset and no reporting lag says when data are due."}
    return {}


def _promises(version: KpiVersion, day: date) -> bool:
    datasets = datasets_of([version], day)
    return any(one.refresh_promise_hours is not None for one in datasets) or (
        version.reporting_lag_days is not None and bool(datasets)
    )


def _check_people(rule: AlertRule, people: Collection[User], day: date) -> None:
    if not people and not rule.roles:
        raise ValidationError({"people": "Choose at least one person or role who is told."})
    allowed = holders(VIEW, rule.unit, day)
    if blind := [str(person) for person in people if person.pk not in allowed]:
        raise ValidationError({"people": f"{', '.join(blind)} may not see {rule.unit}."})


def _plain(rule: AlertRule) -> dict:
    """The fields as the audit trail keeps them."""
    plain = {}
    for name in FIELDS:
        value = getattr(rule, name)
        if isinstance(value, Decimal):
            value = f"{value.normalize():f}"
        plain[name] = value.code if isinstance(value, Unit) else str(value) if isinstance(value, User) else value
    return plain
