"""Selection rounds: bids are taken, evaluators score them blind, the round is opened, one bid is awarded."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from organization import audit
from organization.access import OVERSEE, access_of
from organization.models import Unit, User

from .models import Bid, Evaluation, Evaluator, RoundCriterion, SelectionRound, Vendor
from .ranking import Offer, Ranking, rank
from .refusals import Refusal

State = SelectionRound.State


class RoundRefused(Refusal):
    """The round is not in a state for this step, or lacks something."""


@transaction.atomic
def create_round(
    *, code: str, name: str, unit: Unit, currency: str, price_weight: Decimal, by, **more
) -> SelectionRound:
    """Raises ValidationError."""
    made = SelectionRound(
        code=code, name=name, unit=unit, currency=currency, price_weight=price_weight, made_by=by, **more
    )
    made.full_clean()
    made.save()
    audit.record(by, "selection round created", made, unit=unit)
    return made


@transaction.atomic
def add_criterion(round: SelectionRound, *, name: str, weight: Decimal, by) -> RoundCriterion:
    """Raises RoundRefused, ValidationError."""
    round = _locked(round, State.DRAFT)
    last = round.criteria.aggregate(Max("position"))["position__max"]
    criterion = RoundCriterion(round=round, name=name, weight=weight, position=0 if last is None else last + 1)
    criterion.full_clean()
    criterion.save()
    audit.record(by, "selection criterion added", round, unit=round.unit, criterion=name, weight=weight)
    return criterion


@transaction.atomic
def add_bid(
    round: SelectionRound, *, bidder: str, price: Decimal, by, vendor: Vendor | None = None, note: str = ""
) -> Bid:
    """Raises RoundRefused, ValidationError."""
    round = _locked(round, State.DRAFT)
    bid = Bid(round=round, bidder=bidder, price=price, vendor=vendor, note=note)
    bid.full_clean()
    if price <= 0:
        raise RoundRefused("A bid has a price above 0: it is divided by.", "price")
    bid.save()
    audit.record(by, "bid added", round, unit=round.unit, bidder=bidder, price=price)
    return bid


@transaction.atomic
def name_evaluator(round: SelectionRound, user: User, *, day, by) -> Evaluator:
    """Raises RoundRefused where the person may not see the round, or it is opened."""
    round = _locked(round, State.DRAFT, State.SCORING)
    if not access_of(user, day).allows(OVERSEE, round.unit_id):
        raise RoundRefused(f"{user} may not see this round: give them a role at {round.unit} first.", "user")
    evaluator, is_new = Evaluator.objects.get_or_create(round=round, user=user)
    if is_new:
        audit.record(by, "evaluator named", round, unit=round.unit, username=user.username)
    return evaluator


@transaction.atomic
def remove_part(part, *, by) -> None:
    """Take a criterion or a bid out of a draft, or an evaluator (with their scores) out of a round not yet opened."""
    allowed = (State.DRAFT, State.SCORING) if isinstance(part, Evaluator) else (State.DRAFT,)
    round = _locked(part.round, *allowed)
    audit.record(by, f"{part._meta.verbose_name} removed", round, unit=round.unit, name=str(part))
    part.delete()


@transaction.atomic
def start(round: SelectionRound, *, by) -> SelectionRound:
    """Let the evaluators score; bids and criteria stand from now on. Raises RoundRefused."""
    round = _locked(round, State.DRAFT)
    lacks = [
        words
        for words, there in (
            ("two bids to compare", round.bids.count() >= 2),
            ("a criterion with a weight", round.criteria.filter(weight__gt=0).exists()),
            ("an evaluator", round.evaluators.exists()),
        )
        if not there
    ]
    if lacks:
        raise RoundRefused(f"The round needs {', '.join(lacks)} before it can be scored.")
    return _to(round, State.SCORING, "selection round started", by)


@transaction.atomic
def score(
    round: SelectionRound, *, by: User, scores: Mapping[tuple[int, int], Decimal], comments: Mapping | None = None
) -> None:
    """Keep the evaluator's own scores: (bid id, criterion id) -> 0 to 10; what was scored before is replaced.

    The trail says that, not what, they scored: it is read before the round is opened. Raises RoundRefused.
    """
    round = _locked(round, State.SCORING)
    evaluator = round.evaluators.filter(user=by).first()
    if evaluator is None:
        raise RoundRefused("You are no evaluator of this round.")
    bids, criteria = set(round.bids.values_list("pk", flat=True)), set(round.criteria.values_list("pk", flat=True))
    for (bid, criterion), value in scores.items():
        if bid not in bids or criterion not in criteria:
            raise RoundRefused("A score is for a bid and a criterion of this round.", "scores")
        given = Evaluation.objects.filter(bid=bid, criterion=criterion, evaluator=evaluator).first()
        given = given or Evaluation(bid_id=bid, criterion_id=criterion, evaluator=evaluator)
        given.score, given.comment = value, (comments or {}).get((bid, criterion), given.comment)
        given.full_clean()
        given.save()
    audit.record(by, "bids scored", round, unit=round.unit, count=len(scores))


@transaction.atomic
def open_round(round: SelectionRound, *, now: datetime, by) -> SelectionRound:
    """Let everybody see all scores, which stand from now on. Raises RoundRefused while one is missing."""
    round = _locked(round, State.SCORING)
    if waiting := [str(evaluator) for evaluator, missing in progress(round) if missing]:
        raise RoundRefused(f"Not all scores are in: {', '.join(waiting)}. Wait, or take the evaluator out.")
    round.opened_at = now
    return _to(round, State.OPENED, "selection round opened", by)


@transaction.atomic
def award(round: SelectionRound, bid: Bid, *, reason: str, by) -> SelectionRound:
    """Raises RoundRefused: only an opened round is awarded, to one of its bids, for a reason."""
    round = _locked(round, State.OPENED)
    if bid.round_id != round.pk:
        raise RoundRefused("Choose a bid of this round.", "bid")
    if not reason.strip():
        raise RoundRefused("Say why this bid: whoever lost will ask.", "reason")
    round.awarded, round.reason = bid, reason.strip()
    return _to(round, State.AWARDED, "selection round awarded", by, bidder=bid.bidder, reason=reason)


@transaction.atomic
def cancel(round: SelectionRound, *, reason: str, by) -> SelectionRound:
    """Raises RoundRefused."""
    round = _locked(round, State.DRAFT, State.SCORING, State.OPENED)
    round.reason = reason
    return _to(round, State.CANCELLED, "selection round cancelled", by, reason=reason)


def progress(round: SelectionRound) -> list[tuple[Evaluator, int]]:
    """Each evaluator with the number of scores that they still owe. Four queries."""
    wanted = round.bids.count() * round.criteria.count()
    given: dict[int, int] = {}
    for evaluator in Evaluation.objects.filter(bid__round=round).values_list("evaluator_id", flat=True):
        given[evaluator] = given.get(evaluator, 0) + 1
    evaluators = round.evaluators.select_related("user")
    return [(evaluator, wanted - given.get(evaluator.pk, 0)) for evaluator in evaluators]


def ranking_of(round: SelectionRound) -> Ranking | None:
    """The bids ranked, keys being their ids; None until the round is opened. Three queries."""
    if not round.is_open_to_all:
        return None
    scores: dict[tuple[int, int], list[float]] = {}
    for one in Evaluation.objects.filter(bid__round=round):
        scores.setdefault((one.bid_id, one.criterion_id), []).append(float(one.score))
    criteria = list(round.criteria.all())
    offers = [
        Offer(str(bid.pk), float(bid.price), {str(c.pk): scores[(bid.pk, c.pk)] for c in criteria})
        for bid in round.bids.all()
    ]
    return rank(offers, {str(c.pk): float(c.weight) for c in criteria}, float(round.price_weight) / 100)


def _locked(round: SelectionRound, *states: str) -> SelectionRound:
    round = SelectionRound.objects.select_for_update(of=("self",)).select_related("unit").get(pk=round.pk)
    if round.state not in states:
        raise RoundRefused(f"The round is {round.get_state_display().lower()}: this step is not open.")
    return round


def _to(round: SelectionRound, state: str, words: str, by, **details) -> SelectionRound:
    round.state = state
    round.save()
    audit.record(by, words, round, unit=round.unit, **details)
    return round
