"""Claiming service credits: calculated when a period closes, then claimed, agreed (or rejected), credited.

The arithmetic is `slas.credits`; here are who, when, and what the period's figures give it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from django.db import transaction
from django.utils import timezone

from doors.revisions import ChangedMeanwhile
from organization import audit
from organization.money import written

from . import credits
from .figures import PLACES, Figure, read_figures
from .models import AgreementVersion, CreditClaim, PeriodResult, ServiceTarget
from .periods import standing_figures
from .reasons import said

State = CreditClaim.State
SIDES = {"below": False, "at_or_below": True}


class WrongState(Exception):
    """The claim is not in the state that the step needs."""


class DeadlinePassed(Exception):
    """The last day to claim is over."""


class SecondPersonNeeded(Exception):
    """Who claimed a credit cannot agree to it."""


class ClaimRefused(Exception):
    """An amount that does not fit the claim."""


@dataclass(frozen=True)
class Preview:
    """What a period would owe by figures that are not frozen yet. credit: None without tiers or a charge."""

    credit: credits.Credit | None
    currency: str


def preview(version: AgreementVersion, plain: Mapping, earlier: list[Mapping] = ()) -> Preview:
    """The credit of a period's figures; earlier: those of the periods before it, the newest first."""
    figures = read_figures(plain)
    if plain.get("charge") is None or not version.tiers.all():
        return Preview(None, version.currency)
    return Preview(credits.credit_of(_terms(version, plain), _outcomes(version, figures, earlier)), version.currency)


@transaction.atomic
def calculate(period: PeriodResult, *, by, day: date) -> CreditClaim | None:
    """What a closed (or restated) period owes; None where nothing is due. A claim that was made keeps its amount."""
    version = AgreementVersion.objects.prefetch_related("tiers", "targets").get(pk=period.version_id)
    found = preview(version, standing_figures(period), earlier_figures(period)).credit
    claim = CreditClaim.objects.filter(period=period).first()
    if claim and claim.state != State.CALCULATED:
        return claim
    if found is None or not found.amount:
        if claim:
            claim.delete()
        return None
    claim = claim or CreditClaim(agreement=period.agreement, period=period)
    claim.currency, claim.amount = version.currency, found.amount
    claim.charge = Decimal(standing_figures(period)["charge"])
    claim.breakdown = _breakdown(found)
    claim.claim_by = credits.last_day_to_claim(day, version.claim_days)
    claim.calculated_at = timezone.now()
    claim.save()
    audit.record(by, "credit calculated", claim, unit=period.agreement.unit, amount=claim.amount)
    return claim


@transaction.atomic
def claim_credit(claim: CreditClaim, *, by, day: date, note: str = "", seen: Decimal | None = None) -> CreditClaim:
    """Claim it from the provider. seen: the amount that the person looked at; a restatement may have changed it.

    Raises WrongState, DeadlinePassed, ChangedMeanwhile.
    """
    claim = _locked(claim, State.CALCULATED)
    if day > claim.claim_by:
        raise DeadlinePassed(f"The last day to claim was {claim.claim_by}; agree on a later one in the agreement.")
    if seen is not None and seen != claim.amount:
        now, then = written(claim.amount, claim.currency), written(seen, claim.currency)
        raise ChangedMeanwhile(
            f"The credit is {now} by now, not {then}: nothing was claimed.",
            next_step="Look at it again, then claim it.",
        )
    claim.state, claim.claimed_on, claim.claimed_by = State.CLAIMED, day, by
    claim.note = note or claim.note
    claim.save()
    _noted(claim, by, "credit claimed")
    return claim


@transaction.atomic
def agree(claim: CreditClaim, *, by, day: date, amount: Decimal | None = None, note: str = "") -> CreditClaim:
    """The provider agrees to the amount, or to a part, saying why.

    Raises WrongState, SecondPersonNeeded, ClaimRefused, AgreementRefused (less without a reason).
    """
    claim = _locked(claim, State.CLAIMED)
    if by.pk == claim.claimed_by_id:
        raise SecondPersonNeeded("You claimed this credit: somebody else must record that it was agreed.")
    amount = claim.amount if amount is None else credits.rounded(amount, claim.currency)
    if not 0 < amount <= claim.amount:
        raise ClaimRefused(f"Agree on an amount above 0 and up to {written(claim.amount, claim.currency)}.")
    if amount < claim.amount:
        note = said(note, "note", f"Say why less than {written(claim.amount, claim.currency)} is agreed.")
    claim.state, claim.agreed_amount = State.AGREED, amount
    _decided(claim, by, day, note.strip())
    _noted(claim, by, "credit agreed", note=claim.decision_note)
    return claim


@transaction.atomic
def reject(claim: CreditClaim, *, by, day: date, reason: str) -> CreditClaim:
    """The provider does not owe it. Raises WrongState, SecondPersonNeeded, AgreementRefused (no reason)."""
    claim = _locked(claim, State.CLAIMED)
    if by.pk == claim.claimed_by_id:
        raise SecondPersonNeeded("You claimed this credit: somebody else must record that it was rejected.")
    claim.state = State.REJECTED
    _decided(claim, by, day, said(reason, "reason", "Say why it is not owed."))
    _noted(claim, by, "credit rejected", reason=claim.decision_note)
    return claim


def _decided(claim: CreditClaim, by, day: date, note: str) -> None:
    claim.decided_by, claim.decided_on, claim.decision_note = by, day, note
    claim.save()


@transaction.atomic
def credit(claim: CreditClaim, *, by, day: date, reference: str) -> CreditClaim:
    """The credit note is there. Raises WrongState, ClaimRefused."""
    claim = _locked(claim, State.AGREED)
    if not reference.strip():
        raise ClaimRefused("Give the number of the credit note or the invoice that it reduces.")
    claim.state, claim.credited_on, claim.credited_by = State.CREDITED, day, by
    claim.reference = reference.strip()
    claim.save()
    _noted(claim, by, "credit credited", reference=claim.reference)
    return claim


@transaction.atomic
def earn_back(period: PeriodResult, *, by) -> list[CreditClaim]:
    """After `period` was closed: earlier credits of which a share is returned now."""
    changed = []
    frozen = [
        p for p in period.agreement.periods.prefetch_related("restatements").order_by("period_start") if p.is_frozen
    ]
    claims = period.agreement.claims.exclude(state=State.REJECTED).select_related("period__version")
    for claim in claims.filter(period__period_start__lt=period.period_start):
        after = [is_met(standing_figures(p)) for p in frozen if p.period_start > claim.period.period_start]
        version = claim.period.version
        returned = credits.earned_back(
            claim.agreed_amount or claim.amount,
            claim.currency,
            pct=version.earn_back_pct,
            periods=version.earn_back_periods,
            met_after=after,
        )
        if returned != claim.earned_back:
            claim.earned_back = returned
            claim.save(update_fields=["earned_back"])
            _noted(claim, by, "credit earned back")
            changed.append(claim)
    return changed


def is_met(plain: Mapping) -> bool:
    """Whether every promise of a period was kept; one without a case was not broken."""
    return all(figure.is_met is not False for figure in read_figures(plain).values())


def earlier_figures(period: PeriodResult) -> list[Mapping]:
    """The standing figures of the periods before it, the newest first."""
    before = period.agreement.periods.filter(period_start__lt=period.period_start).order_by("-period_start")
    return [standing_figures(p) for p in before.prefetch_related("restatements")[:24]]


def _terms(version: AgreementVersion, plain: Mapping) -> credits.Terms:
    return credits.Terms(
        charge=Decimal(plain["charge"]),
        currency=version.currency,
        at_risk_pct=version.at_risk_pct,
        minimum=version.minimum_credit,
        repeat_multiplier=version.repeat_multiplier,
        repeat_misses=version.repeat_misses,
    )


def _outcomes(version: AgreementVersion, figures: Mapping[str, Figure], earlier) -> list[credits.Outcome]:
    """What each target gives to the credit. Weights other than 1 pool the charge among the targets."""
    targets = list(version.targets.all())
    is_pooled = any(target.weight != 1 for target in targets)
    whole = sum((target.weight for target in targets), Decimal(0))
    return [
        credits.Outcome(
            target=target.code,
            attainment=_exact(figures[target.code]),
            tiers=_tiers(version, target, figures[target.code]),
            misses=_misses(target.code, [figures, *map(read_figures, earlier)]),
            share=target.weight / whole if is_pooled and whole else Decimal(1),
        )
        for target in targets
        if target.code in figures
    ]


def _tiers(version: AgreementVersion, target: ServiceTarget, figure: Figure) -> tuple[credits.Tier, ...]:
    """A target's own tiers, or those of every target.

    Of a kept promise: none of a percentile, and of the general ones only those up to what is required, so that "at or
    below 95" earns at exactly 95 where 95 is required, but not where 90 is.
    """
    own = [tier for tier in version.tiers.all() if tier.target_id == target.pk]
    tiers = own or [tier for tier in version.tiers.all() if tier.target_id is None]
    if figure.is_met is not False:
        if target.metric == ServiceTarget.Metric.PERCENTILE:
            return ()
        tiers = own or [tier for tier in tiers if tier.below_pct <= Decimal(figure.required)]
    return tuple(credits.Tier(tier.below_pct, tier.credit_pct, SIDES[tier.side]) for tier in tiers)


def _exact(figure: Figure) -> Decimal | None:
    """The attainment with all its digits: a bound is compared with what it is, not with what is shown."""
    total = Decimal(figure.total)
    return Decimal(figure.good) * 100 / total if total else None


def _misses(code: str, newest_first: Iterable[Mapping[str, Figure]]) -> int:
    """How many periods up to this one missed the promise, without a break; 0 where this one kept it."""
    count = 0
    for figures in newest_first:
        figure = figures.get(code)
        if figure is None or figure.is_met is not False:
            break
        count += 1
    return count


def _breakdown(credit: credits.Credit) -> list[dict]:
    lines = [
        {
            "target": line.target,
            "attainment": f"{line.attainment.quantize(PLACES, ROUND_DOWN):f}",
            "tier": f"{'at or below' if line.tier.at_or_below else 'below'} {line.tier.bound.normalize():f} %",
            "credit_pct": f"{line.tier.credit_pct.normalize():f}",
            "share": f"{line.share.normalize():f}",
            "multiplier": f"{line.multiplier.normalize():f}",
            "amount": f"{line.amount:f}",
        }
        for line in credit.lines
    ]
    cap = {"earned": f"{credit.earned:f}", "cap": None if credit.cap is None else f"{credit.cap:f}"}
    return [*lines, cap | {"is_capped": credit.is_capped, "amount": f"{credit.amount:f}"}]


def _noted(claim: CreditClaim, by, action: str, **details) -> None:
    amount = claim.amount if claim.agreed_amount is None else claim.agreed_amount
    audit.record(by, action, claim, unit=claim.agreement.unit, amount=amount, currency=claim.currency, **details)


def _locked(claim: CreditClaim, *states: str) -> CreditClaim:
    claim = (
        CreditClaim.objects.select_for_update(of=("self",)).select_related("agreement__unit", "period").get(pk=claim.pk)
    )
    if claim.state not in states:
        wanted = " or ".join(State(state).label.lower() for state in states)
        raise WrongState(f"The credit is {claim.get_state_display().lower()}; this step needs it to be {wanted}.")
    return claim
