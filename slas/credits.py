"""What a period's misses earn: pure decimal arithmetic over plain values. Who claims it, when: `slas.claims`.

1. Each target's attainment finds its tier: below the bound, or at or below it, as the tier says; of several tiers that
   apply the one with the lowest bound counts. Without attainment (no case) nothing is earned.
2. Its line is charge x share of the charge x the tier's percentage, times the multiplier if it was missed repeatedly,
   rounded half up to the currency's smallest unit.
3. The lines' sum is capped at the percentage at risk; what stays below the minimum is not owed.
4. Earn-back returns a share of a credit when the periods after it were all met.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from organization.money import decimals_of

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Tier:
    """Attainment below `bound` (`at_or_below`: the bound too) earns `credit_pct` of the charge. All in percent."""

    bound: Decimal
    credit_pct: Decimal
    at_or_below: bool = False

    def applies_to(self, attainment: Decimal) -> bool:
        return attainment <= self.bound if self.at_or_below else attainment < self.bound


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a target went. attainment: 0 to 100, None without a case. misses: periods missed in a row, this one included.

    share: the part of the charge that its credits are taken from; 1 unless the agreement pools them.
    """

    target: str
    attainment: Decimal | None
    tiers: tuple[Tier, ...]
    misses: int = 1
    share: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the agreement says about money. charge: of the whole period. at_risk_pct: None is no cap."""

    charge: Decimal
    currency: str
    at_risk_pct: Decimal | None = None
    minimum: Decimal = Decimal(0)
    repeat_multiplier: Decimal = Decimal(1)
    repeat_misses: int = 2


@dataclass(frozen=True, slots=True)
class Line:
    """What one target earned, with every factor, so that it can be checked by hand."""

    target: str
    attainment: Decimal
    tier: Tier
    share: Decimal
    multiplier: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Credit:
    """earned: sum of the lines; cap: None without one; amount: what is owed."""

    lines: tuple[Line, ...]
    earned: Decimal
    cap: Decimal | None
    amount: Decimal
    is_capped: bool
    is_below_minimum: bool


def tier_of(attainment: Decimal | None, tiers: Sequence[Tier]) -> Tier | None:
    """The tier with the lowest bound among those that apply; None when nothing is earned."""
    if attainment is None:
        return None
    applying = [tier for tier in tiers if tier.applies_to(attainment)]
    return min(applying, key=lambda tier: (tier.bound, tier.at_or_below)) if applying else None


def credit_of(terms: Terms, outcomes: Sequence[Outcome]) -> Credit:
    """What the period owes. Raises ValueError for a charge below zero."""
    if terms.charge < 0:
        raise ValueError(f"A charge is not below zero, got {terms.charge} {terms.currency}.")
    lines = tuple(line for outcome in outcomes if (line := _line(terms, outcome)))
    earned = sum((line.amount for line in lines), Decimal(0))
    cap = None
    if terms.at_risk_pct is not None:
        cap = rounded(terms.charge * terms.at_risk_pct / HUNDRED, terms.currency, ROUND_DOWN)
    owed = earned if cap is None else min(earned, cap)
    is_below = 0 < owed < terms.minimum
    return Credit(
        lines=lines,
        earned=earned,
        cap=cap,
        amount=Decimal(0) if is_below else owed,
        is_capped=cap is not None and earned > cap,
        is_below_minimum=is_below,
    )


def earned_back(amount: Decimal, currency: str, *, pct: Decimal, periods: int, met_after: Sequence[bool]) -> Decimal:
    """What of a credit is returned: `pct` of it once the first `periods` periods after it were all met.

    met_after: whether each later period met every target, in time order. periods 0: there is no earn-back.
    """
    if not periods or len(met_after) < periods or not all(met_after[:periods]):
        return Decimal(0)
    return rounded(amount * pct / HUNDRED, currency)


def last_day_to_claim(closed_on: date, claim_days: int) -> date:
    """The deadline: that many days after the day of the period's close."""
    return closed_on + timedelta(days=claim_days)


def rounded(amount: Decimal, currency: str, rounding: str = ROUND_HALF_UP) -> Decimal:
    """To the currency's smallest unit: 0.01, or 1 where it has none."""
    return amount.quantize(Decimal(1).scaleb(-decimals_of(currency)), rounding=rounding)


def _line(terms: Terms, outcome: Outcome) -> Line | None:
    tier = tier_of(outcome.attainment, outcome.tiers)
    if tier is None or outcome.attainment is None:
        return None
    multiplier = terms.repeat_multiplier if outcome.misses >= terms.repeat_misses else Decimal(1)
    amount = terms.charge * outcome.share * tier.credit_pct / HUNDRED * multiplier
    return Line(outcome.target, outcome.attainment, tier, outcome.share, multiplier, rounded(amount, terms.currency))
