"""Telling others of a change of status: a signed message per webhook, delivered by a job until it is heard.

The body is signed with the webhook's secret: `X-Perfmgr-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256>` over
"<t>.<body>", so that a receiver can check both the sender and the time.
"""

import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs import work
from jobs.work import submit
from organization import audit
from organization.models import Unit, UnitPath

from .models import Run, StatusChange, Webhook, WebhookDelivery

KIND = "kpis.webhook"
EVENT = "status.changed"
TRIAL = "trial"
ATTEMPTS = 8
TIMEOUT = 10
LONGEST_PLACE = 90
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(hours=1)


class NotHeard(work.Later):
    """The receiver did not answer with success; the job tries again, later each time, for less than 4 hours."""


@transaction.atomic
def create_webhook(*, name: str, url: str, unit: Unit, by) -> Webhook:
    """A webhook for changes at `unit` and below; its secret is made here. Raises doors.outgoing.UnsafeAddress."""
    from doors.outgoing import check

    check(url)
    hook = Webhook.objects.create(name=name, url=url, unit=unit, secret=secrets.token_urlsafe(32), created_by=by)
    audit.record(by, "webhook added", hook, unit=unit, url=url)
    return hook


@transaction.atomic
def remove_webhook(hook: Webhook, *, by) -> None:
    """Stop telling; what was delivered stays in the audit trail."""
    audit.record(by, "webhook removed", hook, unit=hook.unit)
    hook.delete()


@transaction.atomic
def send_trial(hook: Webhook, *, by) -> None:
    """Queue a message that says nothing but that it is one, so that the receiver can be tried."""
    _queue(hook, TRIAL, {"event": TRIAL, "webhook": hook.name, "asked_by": str(by)})
    audit.record(by, "webhook tried", hook, unit=hook.unit)


def announce(run: Run) -> int:
    """Queue a delivery of each status change of the run to each webhook above its unit. Returns how many."""
    changes = list(
        StatusChange.objects.filter(result__run=run, kpi__webhook_status=True).select_related("kpi", "unit", "result")
    )
    if not changes:
        return 0
    above = _above({change.unit_id for change in changes}, timezone.now())
    hooks = list(Webhook.objects.filter(is_active=True))
    count = 0
    for change in changes:
        for hook in hooks:
            if hook.unit_id in above.get(change.unit_id, ()):
                _queue(hook, EVENT, body_of(change))
                count += 1
    return count


def send_above(unit_id: int, event: str, body: dict, now: datetime) -> int:
    """Queue a delivery of `body` to each webhook of the unit and of those above it. Returns how many."""
    above = _above({unit_id}, now).get(unit_id, set())
    hooks = list(Webhook.objects.filter(is_active=True, unit__in=above))
    for hook in hooks:
        _queue(hook, event, body)
    return len(hooks)


def _queue(hook: Webhook, event: str, body: dict) -> None:
    delivery = WebhookDelivery.objects.create(webhook=hook, event=event, body=body)
    submit(KIND, f"webhook:{delivery.pk}", max_attempts=ATTEMPTS, delivery=delivery.pk)


def _above(units: set[int], now: datetime) -> dict[int, set[int]]:
    paths = UnitPath.objects.in_force(now.date()).filter(descendant__in=units)
    above: dict[int, set[int]] = {}
    for unit, ancestor in paths.values_list("descendant_id", "ancestor_id"):
        above.setdefault(unit, set()).add(ancestor)
    return above


def body_of(change: StatusChange) -> dict:
    """What a receiver is told."""
    result = change.result
    return {
        "event": EVENT,
        "kpi": change.kpi.code,
        "name": change.kpi.name,
        "unit": change.unit.code,
        "grain": change.grain,
        "period_start": change.period_start.isoformat(),
        "before": change.before,
        "after": change.after,
        "value": result.value,
        "target": result.target,
        "score": result.score,
        "url": address(f"/kpis/{change.kpi.code}/"),
        "at": change.at.isoformat(),
    }


def address(path: str) -> str:
    """The whole address of a page of ours, for those who read of it elsewhere."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def signature(secret: str, moment: int, body: bytes) -> str:
    """The value of X-Perfmgr-Signature."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def told(status: int, body: str, location: str) -> str:
    """What the receiver answered, for who keeps the webhook; of a redirect, what to do about it."""
    if not 300 <= status < 400:
        return f"{status} {body}".strip()
    place = location if len(location) <= LONGEST_PLACE else f"{location[:LONGEST_PLACE]}…"
    where = f" to {place}" if place else ""
    return f"{status}: it redirects{where}, and redirects are not followed. Add a webhook with the final address."


def deliver(delivery_id: int, now: datetime) -> None:
    """Send one delivery. Raises NotHeard when it should be tried again, UnsafeAddress when it must not be sent."""
    from doors.outgoing import UnsafeAddress, post

    delivery = WebhookDelivery.objects.select_related("webhook").get(pk=delivery_id)
    if delivery.delivered_at or not delivery.webhook.is_active:
        return
    body = json.dumps({"id": delivery.pk, **delivery.body}).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "perfmgr",
        "X-Perfmgr-Event": delivery.event,
        "X-Perfmgr-Delivery": str(delivery.pk),
        "X-Perfmgr-Signature": signature(delivery.webhook.secret, int(now.timestamp()), body),
    }
    delivery.attempts += 1
    refused = None
    try:
        reply = post(delivery.webhook.url, body, headers, timeout=TIMEOUT)
        delivery.response = told(reply.status, reply.body, reply.location)[:200].replace("\0", "")
        heard = 200 <= reply.status < 300
    except (OSError, UnsafeAddress) as fault:
        delivery.response, heard = f"{type(fault).__name__}: {fault}"[:200], False
        refused = fault if isinstance(fault, UnsafeAddress) else None
    if heard:
        delivery.delivered_at = now
    delivery.save(update_fields=["attempts", "response", "delivered_at"])
    if refused is not None:
        raise refused
    if not heard:
        wait = min(FIRST_WAIT * 4 ** (delivery.attempts - 1), LONGEST_WAIT)
        raise NotHeard(f"{delivery.webhook} answered {delivery.response}", after=wait)
