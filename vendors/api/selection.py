"""Selection rounds: bids, criteria, evaluators; scores that are blind until the round is opened."""

from dataclasses import asdict, dataclass
from decimal import Decimal

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.codes import FreeCode
from doors.problems import Problem
from doors.serializers import ScopedCodeField, StrictModelSerializer, StrictSerializer
from doors.shapes import answer
from doors.viewsets import NamedInAddress
from organization.access import OVERSEE, PROCURE
from organization.models import Unit
from vendors import selection
from vendors.models import Bid, RoundCriterion, SelectionRound
from vendors.ranking import PRICE

from .base import VendorField, VendorReason, VendorsViewSet, person


class RoundCriterionSerializer(StrictModelSerializer):
    class Meta:
        model = RoundCriterion
        fields = ("id", "name", "weight")


class BidSerializer(StrictModelSerializer):
    vendor = VendorField(required=False, allow_null=True)

    class Meta:
        model = Bid
        fields = ("id", "bidder", "price", "vendor", "note")


class RoundSerializer(serializers.ModelSerializer):
    unit = serializers.SlugRelatedField("code", read_only=True)
    criteria = RoundCriterionSerializer(many=True, read_only=True)
    bids = BidSerializer(many=True, read_only=True)
    evaluators = serializers.SerializerMethodField(help_text="Log-in names of those who score.")

    class Meta:
        model = SelectionRound
        fields = (
            "id", "code", "name", "description", "unit", "currency", "price_weight", "state", "criteria", "bids",
            "evaluators", "opened_at", "awarded", "reason",
        )  # fmt: skip

    def get_evaluators(self, round) -> list[str]:
        return [evaluator.user.username for evaluator in round.evaluators.all()]


class NewRound(StrictModelSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all())

    class Meta:
        model = SelectionRound
        fields = ("code", "name", "description", "unit", "currency", "price_weight")
        extra_kwargs = {"code": {"validators": [FreeCode(SelectionRound)]}}


class NewEvaluator(StrictSerializer):
    user = person()


class ScoreSerializer(StrictSerializer):
    bid = serializers.IntegerField()
    criterion = serializers.IntegerField()
    score = serializers.DecimalField(4, 2, min_value=Decimal(0), max_value=Decimal(10))


class Scores(StrictSerializer):
    scores = ScoreSerializer(many=True)


class BidAward(VendorReason):
    bid = serializers.IntegerField()


@dataclass(frozen=True)
class RankedBid:
    """`by_criterion`: its mean score, 0 to 100; `spread`: the largest difference of two evaluators, 0 to 10."""

    bid: int
    rank: int
    total: float
    technical: float
    price_score: float
    spread: float
    by_criterion: dict[str, float]


@dataclass(frozen=True)
class WeightSwitch:
    """At which share of the whole weight (0 to 1) another bid wins, below or above; null: at none."""

    weight_of: str
    share: float
    below: float | None
    winner_below: int | None
    above: float | None
    winner_above: int | None


@dataclass(frozen=True)
class RankedRound:
    offers: list[RankedBid]
    sensitivity: list[WeightSwitch]


class RoundViewSet(NamedInAddress, VendorsViewSet):
    """Selection rounds: criteria, bids, evaluators, and who was chosen."""

    queryset = (
        SelectionRound.objects.select_related("unit")
        .prefetch_related("criteria", "bids", "evaluators__user")
        .order_by("pk")
    )
    serializer_class = RoundSerializer
    filterset_fields = {"code": ["exact"], "state": ["exact"]}
    needs = {"read": OVERSEE, "write": PROCURE, "score": OVERSEE}
    unit_of = staticmethod(lambda round: round.unit_id)

    @extend_schema(request=NewRound, responses={201: RoundSerializer})
    def create(self, request):
        values = self.checked(NewRound)
        self.require(PROCURE, values["unit"])
        return self.answer(selection.create_round(by=request.user, **values), 201)

    @extend_schema(request=RoundCriterionSerializer, responses={201: RoundCriterionSerializer})
    @action(methods=["post"], detail=True)
    def criteria(self, request, pk):
        made = selection.add_criterion(self.to_change(), by=request.user, **self.checked(RoundCriterionSerializer))
        return Response(RoundCriterionSerializer(made).data, status=201)

    @extend_schema(request=BidSerializer, responses={201: BidSerializer})
    @action(methods=["post"], detail=True)
    def bids(self, request, pk):
        made = selection.add_bid(self.to_change(), by=request.user, **self.checked(BidSerializer))
        return Response(BidSerializer(made).data, status=201)

    @extend_schema(request=NewEvaluator, responses=RoundSerializer)
    @action(methods=["post"], detail=True)
    def evaluators(self, request, pk):
        round, values = self.to_change(), self.checked(NewEvaluator)
        selection.name_evaluator(round, values["user"], day=request._request.day, by=request.user)
        return self.answer(round)

    @extend_schema(responses={204: None})
    @action(methods=["delete"], detail=True, url_path=r"(?P<part>criteria|bids|evaluators)/(?P<which>[\w.@+-]{1,150})")
    def remove(self, request, pk, part, which):
        """Take a criterion or bid (by id) or an evaluator (by log-in) out."""
        round = self.to_change()
        if part != "evaluators" and not (which.isascii() and which.isdigit() and len(which) < 18):
            raise Http404
        wanted = {"user__username": which} if part == "evaluators" else {"pk": which}
        selection.remove_part(get_object_or_404(getattr(round, part), **wanted), by=request.user)
        return Response(status=204)

    @extend_schema(request=None, responses=RoundSerializer)
    @action(methods=["post"], detail=True)
    def start(self, request, pk):
        return self.answer(selection.start(self.to_change(), by=request.user))

    @extend_schema(request=Scores, responses={204: None})
    @action(methods=["post"], detail=True)
    def score(self, request, pk):
        """One's own scores; nobody reads them until the round is opened."""
        round = self.to_change(OVERSEE)
        rows = self.checked(Scores)["scores"]
        given = {(row["bid"], row["criterion"]): row["score"] for row in rows}
        selection.score(round, by=request.user, scores=given)
        return Response(status=204)

    @extend_schema(request=None, responses=RoundSerializer)
    @action(methods=["post"], detail=True)
    def open(self, request, pk):
        return self.answer(selection.open_round(self.to_change(), now=timezone.now(), by=request.user))

    @extend_schema(responses=answer(RankedRound))
    @action(methods=["get"], detail=True)
    def ranking(self, request, pk):
        """The bids ranked, and how far each weight may move before another wins. 409 until the round is opened."""
        round = self.get_object()
        found = selection.ranking_of(round)
        if found is None:
            raise Problem(409, "round_not_opened", "The scores are blind until the round is opened.")
        names = {PRICE: "price"} | {str(c.pk): c.name for c in round.criteria.all()}
        offers = [
            RankedBid(
                int(o.key), o.rank, o.total, o.technical, o.price_score, o.spread,
                {names[criterion]: mean for criterion, mean in o.by_criterion.items()},
            )
            for o in found.offers
        ]  # fmt: skip
        switches = [
            WeightSwitch(
                names[s.criterion], s.share, s.below, s.winner_below and int(s.winner_below), s.above,
                s.winner_above and int(s.winner_above),
            )
            for s in found.switches
        ]  # fmt: skip
        return Response(asdict(RankedRound(offers, switches)))

    @extend_schema(request=BidAward, responses=RoundSerializer)
    @action(methods=["post"], detail=True)
    def award(self, request, pk):
        round, values = self.to_change(), self.checked(BidAward)
        bid = get_object_or_404(round.bids, pk=values["bid"])
        return self.answer(selection.award(round, bid, reason=values["reason"], by=request.user))

    @extend_schema(request=VendorReason, responses=RoundSerializer)
    @action(methods=["post"], detail=True)
    def cancel(self, request, pk):
        return self.answer(selection.cancel(self.to_change(), by=request.user, **self.checked(VendorReason)))
