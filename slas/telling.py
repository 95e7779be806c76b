"""Whom this room tells of what, once each: through the inbox of `alerts.notify`."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db import transaction
from django.urls import reverse

from alerts import notify
from organization.access import MONEY, holders
from organization.models import User
from organization.money import written

from .clocks.times import Clock, times_of
from .models import Agreement, ClockWarning, CreditClaim, Slo

if TYPE_CHECKING:
    from .slos import Standing

BREACH = 100
CLAIM_WITHIN = timedelta(days=7)
CHANNELS = (notify.Channel.EMAIL, notify.Channel.WEBHOOK)
MOST_ALONE = 10  # warnings of one run that have an entry each; more are told in one


@transaction.atomic
def warnings(agreement: Agreement, *, now: datetime) -> int:
    """Tell the owner of every warning that nobody was told of so far; returns how many that were.

    Told and noted in one transaction: whatever stops a worker, the next run tells the rest, and nothing twice. Of a
    case that passed several thresholds at once the last one is told.
    """
    untold = list(agreement.warnings.select_for_update().filter(told_at=None).order_by("threshold", "pk"))
    if not untold:
        return 0
    last = list({(warning.target_code, warning.case): warning for warning in untold}.values())
    if len(last) > MOST_ALONE:
        _in_one_entry(agreement, last, now)
    else:
        names = dict(agreement.versions.order_by("number").values_list("targets__code", "targets__name"))
        clock = Clock(times_of(agreement, now.date()).clock.zone, is_named=True)
        for warning in last:
            _one(agreement, warning, names.get(warning.target_code, warning.target_code), clock, now)
    agreement.warnings.filter(pk__in=[warning.pk for warning in untold]).update(told_at=now)
    return len(untold)


def burning(standing: "Standing", *, now: datetime) -> None:
    """Tell the owner of each burn-rate alert that fires (once a day of the data) and of a budget that is used up."""
    slo, at, budget = standing.slo, standing.burns_at, standing.budget
    for alert in standing.alerts:
        if alert.is_firing:
            hours = round(alert.policy.long.total_seconds() / 3600)
            text = f"{alert.long_rate:.1f} times the rate that lasts for the window; fires above {alert.threshold:.1f}."
            if standing.lasts:
                text += f" The rest is then gone in {standing.lasts.total_seconds() / 86400:.1f} days."
            _of_slo(slo, f"burn:{slo.pk}:{hours}h:{at:%Y-%m-%d}", f"burns fast ({hours} h window)", text, now)
    if budget.remaining is not None and budget.remaining <= 0:
        window = f"{at:%Y-%m}" if slo.is_rolling else f"{budget.start:%Y-%m-%d}"
        text = f"Good were {budget.good:,.0f} of {budget.total:,.0f}; {slo.objective_pct.normalize():f} % are asked."
        _of_slo(slo, f"spent:{slo.pk}:{window}", "has used up its error budget", text, now)


def claims_near(day: date, *, now: datetime) -> int:
    """Tell whoever may claim at its unit of each credit whose last day to claim is near, once; returns how many are."""
    near = CreditClaim.objects.filter(
        state=CreditClaim.State.CALCULATED, claim_by__gte=day, claim_by__lte=day + CLAIM_WITHIN
    )
    found = list(near.select_related("agreement__unit", "period"))
    for claim in found:
        unit = claim.agreement.unit
        notify.tell(
            User.objects.filter(pk__in=holders(MONEY, unit, day)), key=f"slas:claim:{claim.pk}", kind="sla.claim",
            subject=f"Claim {written(claim.amount, claim.currency)} by {claim.claim_by:%-d %b %Y}",
            text=f"{claim.agreement.name}, {claim.period.label}. After that day the credit is lost.",
            link=reverse("service_credit", args=[claim.pk]), now=now, unit=unit,
        )  # fmt: skip
    return len(found)


def _one(agreement: Agreement, warning: ClockWarning, target: str, clock: Clock, now: datetime) -> None:
    missed = warning.threshold >= BREACH
    done = f"missed {target}" if missed else f"used {warning.threshold} % of {target}"
    due = f"Due {clock.shown(warning.due_at)}. " if warning.due_at else ""
    query = urlencode({"case": warning.case, "target": warning.target_code})
    _of_agreement(
        agreement,
        f"warning:{warning.pk}",
        "sla.breach" if missed else "sla.warning",
        f"{warning.case} has {done}",
        f"{agreement.name}. {due}{f'With {warning.holder}.' if warning.holder else ''}".strip(),
        f"{reverse('clock_explain', args=[agreement.code])}?{query}",
        now,
    )


def _in_one_entry(agreement: Agreement, told: Sequence[ClockWarning], now: datetime) -> None:
    counts = Counter(warning.threshold for warning in told)
    parts = [
        f"{n:,} missed" if threshold >= BREACH else f"{n:,} past {threshold} % of their time"
        for threshold, n in sorted(counts.items(), reverse=True)
    ]
    _of_agreement(
        agreement,
        f"warnings:{agreement.pk}:{told[0].pk}",
        "sla.breach" if counts[BREACH] else "sla.warning",
        f"{agreement.name}: {len(told):,} open cases need attention",
        f"{', '.join(parts)}.",
        reverse("agreement_board", args=[agreement.code]),
        now,
    )


def _of_agreement(agreement: Agreement, key: str, kind: str, subject: str, text: str, link: str, now: datetime) -> None:
    notify.tell(
        [agreement.owner], key=f"slas:{key}", kind=kind, subject=subject, text=text, link=link, now=now,
        unit=agreement.unit, channels=CHANNELS,
    )  # fmt: skip


def _of_slo(slo: Slo, key: str, what: str, text: str, now: datetime) -> None:
    notify.tell(
        [slo.owner], key=f"slas:{key}", kind="slo.burn", subject=f"{slo.name} {what}", text=text,
        link=slo.get_absolute_url(), now=now, unit=slo.unit, channels=CHANNELS,
    )  # fmt: skip
