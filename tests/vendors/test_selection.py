"""Selection rounds: blind until opened, opened when all have scored, awarded for a reason."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from tests.factories import UnitFactory, UserFactory
from vendors import selection

from .factories import DAY, NOW, a_manager

pytestmark = pytest.mark.django_db


def a_round(unit, by, evaluators=()):
    made = selection.create_round(
        code=f"kits-{unit.code}", name="Test kits", unit=unit, currency="USD", price_weight=Decimal(40), by=by
    )
    for name, weight in (("Quality", 3), ("Delivery", 1)):
        selection.add_criterion(made, name=name, weight=Decimal(weight), by=by)
    for bidder, price in (("Cheap", 80_000), ("Good", 100_000)):
        selection.add_bid(made, bidder=bidder, price=Decimal(price), by=by)
    for user in evaluators:
        selection.name_evaluator(made, user, day=DAY, by=by)
    return made


def score_all(made, user, table):
    bids, criteria = list(made.bids.all()), list(made.criteria.all())
    scores = {(b.pk, c.pk): Decimal(table[b.bidder][n]) for b in bids for n, c in enumerate(criteria)}
    selection.score(made, by=user, scores=scores)


def test_a_round_from_draft_to_award():
    unit = UnitFactory()
    manager, first, second = (a_manager(unit) for _ in range(3))
    made = a_round(unit, manager, (first, second))
    made = selection.start(made, by=manager)
    score_all(made, first, {"Cheap": (5, 6), "Good": (9, 8)})
    with pytest.raises(selection.RoundRefused, match=f"Not all scores are in: {second}"):
        selection.open_round(made, now=NOW, by=manager)
    assert selection.ranking_of(made) is None  # blind: nothing is shown, to nobody
    score_all(made, second, {"Cheap": (7, 6), "Good": (9, 10)})
    made = selection.open_round(made, now=NOW, by=manager)
    ranking = selection.ranking_of(made)
    good, cheap = ranking.offers
    names = {str(bid.pk): bid.bidder for bid in made.bids.all()}
    assert (names[good.key], good.total, cheap.total) == ("Good", pytest.approx(86), pytest.approx(76))
    with pytest.raises(selection.RoundRefused, match="not open"):
        score_all(made, first, {"Cheap": (9, 9), "Good": (0, 0)})
    with pytest.raises(selection.RoundRefused, match="whoever lost"):
        selection.award(made, made.bids.get(bidder="Good"), reason=" ", by=manager)
    made = selection.award(made, made.bids.get(bidder="Good"), reason="Best total", by=manager)
    assert (made.state, made.awarded.bidder) == ("awarded", "Good")


def test_a_round_needs_bids_criteria_and_evaluators():
    unit = UnitFactory()
    manager = a_manager(unit)
    empty = selection.create_round(
        code="empty", name="Empty", unit=unit, currency="USD", price_weight=Decimal(40), by=manager
    )
    with pytest.raises(selection.RoundRefused, match="two bids to compare, a criterion with a weight, an evaluator"):
        selection.start(empty, by=manager)
    with pytest.raises(selection.RoundRefused, match="may not see this round"):
        selection.name_evaluator(empty, UserFactory(), day=DAY, by=manager)


def test_only_evaluators_score_and_only_from_0_to_10():
    unit = UnitFactory()
    manager = a_manager(unit)
    made = selection.start(a_round(unit, manager, (manager,)), by=manager)
    with pytest.raises(selection.RoundRefused, match="no evaluator"):
        score_all(made, a_manager(unit), {"Cheap": (5, 6), "Good": (9, 8)})
    with pytest.raises(ValidationError):
        score_all(made, manager, {"Cheap": (5, 11), "Good": (9, 8)})
    with pytest.raises(selection.RoundRefused, match="of this round"):
        selection.score(made, by=manager, scores={(0, 0): Decimal(1)})


def test_the_trail_does_not_say_what_was_scored():
    from organization.models import AuditEntry

    unit = UnitFactory()
    manager = a_manager(unit)
    made = selection.start(a_round(unit, manager, (manager,)), by=manager)
    score_all(made, manager, {"Cheap": (5, 6), "Good": (9, 8)})
    assert AuditEntry.objects.order_by("-seq").first().details == {"count": 4}


def test_an_evaluator_who_does_not_score_is_taken_out():
    unit = UnitFactory()
    manager, absent = a_manager(unit), a_manager(unit)
    made = selection.start(a_round(unit, manager, (manager, absent)), by=manager)
    score_all(made, manager, {"Cheap": (5, 6), "Good": (9, 8)})
    selection.remove_part(made.evaluators.get(user=absent), by=manager)
    assert selection.open_round(made, now=NOW, by=manager).is_open_to_all
    with pytest.raises(selection.RoundRefused):
        selection.remove_part(made.bids.first(), by=manager)
