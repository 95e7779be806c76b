"""Looking whether rules raise or end alerts: after each recompute and batch of signals, and once an hour.

One transaction a rule, under a lock on it: whoever is killed before its end has told nobody, and the job looks again;
whoever looks twice finds the same evidence, for which an alert stands already.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction

from jobs.work import submit
from kpis.selectors.readings import versions_on
from organization import audit
from organization.models import Unit

from . import telling
from .decide import Action, Judgement, Last, decide, evidence_of
from .models import Alert, AlertRule
from .series import Key, Seen, series_of
from .words import Words

KIND = "alerts.evaluate"
DATASET = "dataset"  # the dimension of alerts about late data: which dataset is late


@dataclass
class Outcome:
    """What one look at a rule came to."""

    raised: list[Alert] = field(default_factory=list)
    reopened: list[Alert] = field(default_factory=list)
    resolved: list[Alert] = field(default_factory=list)


class RulesFailed(Exception):
    """Some rules could not be evaluated; the others were. The register of rules says why."""


def ask(kpis: Iterable[int]) -> None:
    """Queue a look at the active rules of these KPIs, in the caller's transaction."""
    watched = AlertRule.objects.active().filter(kpi__in=set(kpis)).values_list("kpi_id", flat=True).distinct()
    if watched := sorted(watched):
        digest = sha256(",".join(map(str, watched)).encode()).hexdigest()[:32]
        submit(KIND, f"alerts:{digest}", kpis=watched)


def ask_all() -> None:
    """Queue a look at every active rule: for what comes with time alone, such as late data or a cool-down's end."""
    submit(KIND, "alerts:all", kpis=None)


def evaluate_all(kpis: Iterable[int] | None, *, now: datetime, day: date) -> dict[str, int]:
    """Look at the active rules of some KPIs (None: all). Raises RulesFailed after the last one if some failed."""
    rules = AlertRule.objects.active().order_by("pk")
    rules = rules if kpis is None else rules.filter(kpi__in=list(kpis))
    counts, faults = {"rules": 0, "raised": 0, "resolved": 0}, []
    for pk in rules.values_list("pk", flat=True):
        try:
            outcome = evaluate(pk, now=now, day=day)
        except Exception as fault:  # one rule's trouble must not keep the others from being looked at
            faults.append(f"rule {pk}: {fault}")
            AlertRule.objects.filter(pk=pk).update(fault=f"{type(fault).__name__}: {fault}"[:300])
            continue
        counts["rules"] += 1
        counts["raised"] += len(outcome.raised) + len(outcome.reopened)
        counts["resolved"] += len(outcome.resolved)
    if faults:
        raise RulesFailed("; ".join(faults))
    return counts


@transaction.atomic
def evaluate(rule_id: int, *, now: datetime, day: date) -> Outcome:
    """Look at one rule as of `day`; raise and resolve its alerts, and tell of them."""
    rule = AlertRule.objects.select_for_update().get(pk=rule_id)
    outcome = Outcome()
    if not rule.is_active:
        return outcome
    versions = versions_on([rule.kpi_id], day)
    words = Words(rule, versions.get(rule.kpi_id), day)
    series, last = series_of(rule, day=day, now=now), last_alerts(rule)
    units = Unit.objects.in_bulk({unit for unit, _ in series})
    for key, seen in series.items():
        _act(rule, units[key[0]], key, seen, last.get(key), words, outcome, now)
    telling.tell_raised(rule, outcome.raised, words, now=now)
    telling.tell_reopened(rule, outcome.reopened, words, now=now)
    telling.tell_resolved(rule, outcome.resolved, now=now)
    AlertRule.objects.filter(pk=rule.pk).update(evaluated_at=now, fault="")
    return outcome


def last_alerts(rule: AlertRule) -> dict[Key, Alert]:
    """(unit id, member) -> the last alert of the rule as it is now. One query."""
    found = Alert.objects.filter(rule=rule, revision=rule.revision).select_related("unit", "kpi")
    return {(alert.unit_id, alert.member): alert for alert in found.order_by("opened_at", "pk")}


def _act(
    rule: AlertRule, unit: Unit, key: Key, seen: list[Seen], last: Alert | None, words: Words, outcome, now
) -> None:
    points = [one.point for one in seen]
    match decide(points, rule.terms, as_last(last), now):
        case Action.RAISE:
            outcome.raised.append(_raise(rule, unit, key[1], seen, words, now))
        case Action.REOPEN:
            outcome.reopened.append(_reopen(last, seen, words, now))
        case Action.RESOLVE:
            outcome.resolved.append(_resolve(last, seen, words, now))


def as_last(alert: Alert | None) -> Last | None:
    if alert is None:
        return None
    return Last(alert.evidence_key, alert.resolved_at, by_itself=alert.resolved_by_id is None)


def _raise(rule: AlertRule, unit: Unit, member: str, seen: list[Seen], words: Words, now: datetime) -> Alert:
    newest = seen[-1]
    alert = Alert.objects.create(
        rule=rule,
        revision=rule.revision,
        kpi=rule.kpi,
        unit=unit,
        dimension=DATASET if rule.condition == AlertRule.Condition.LATE_DATA else rule.dimension,
        member=member,
        grain=rule.grain,
        period_start=newest.period_start,
        evidence_key=newest.point.key,
        evidence=evidence(seen, words),
        summary=_summary(rule, seen, words),
        opened_at=now,
    )
    audit.record(None, "alert raised", alert, unit=unit, rule=rule.pk, found=alert.summary)
    return alert


def _reopen(alert: Alert, seen: list[Seen], words: Words, now: datetime) -> Alert:
    alert.state, alert.resolved_at, alert.reason = Alert.State.OPEN, None, ""
    alert.evidence, alert.summary = evidence(seen, words), _summary(alert.rule, seen, words)
    alert.reopened += 1
    alert.save()
    audit.record(None, "alert reopened", alert, unit=alert.unit, found=alert.summary)
    return alert


def _resolve(alert: Alert, seen: list[Seen], words: Words, now: datetime) -> Alert:
    newest = seen[-1]
    number = words.number(newest.value) if newest.period_start else ""
    where = f" in {words.period(newest.period_start)}" if newest.period_start else ""
    alert.state, alert.resolved_at = Alert.State.RESOLVED, now
    alert.reason = f"The condition is clear: {number}{where}." if number else "The condition is clear."
    alert.save(update_fields=["state", "resolved_at", "reason"])
    audit.record(None, "alert resolved", alert, unit=alert.unit, reason=alert.reason)
    return alert


def _summary(rule: AlertRule, seen: list[Seen], words: Words) -> str:
    found = words.found(seen[-rule.periods :], len(evidence_of([one.point for one in seen], rule.terms)))
    return found[:1].upper() + found[1:300]


def evidence(seen: list[Seen], words: Words) -> list[dict]:
    """The periods that the rule looked at, as plain values to be kept."""
    return [
        {
            "period_start": one.period_start.isoformat() if one.period_start else None,
            "label": words.period(one.period_start) if one.period_start else one.point.key,
            "value": one.value,
            "limit": one.limit,
            "low": one.low,
            "high": one.high,
            "status": one.status,
            "note": one.note,
            "breach": one.point.judgement is Judgement.BREACH,
        }
        for one in seen
    ]
