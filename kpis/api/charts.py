"""Control charts, signals, forecasts and drivers: of one KPI under its address, and as lists over all."""

import dataclasses

import django_filters
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.filters import OneOfFilter
from doors.problems import Problem
from doors.shapes import answer
from doors.viewsets import PLAIN_LIST
from kpis import rebasing
from kpis.calendars import calendars_of
from kpis.charting import chart_of
from kpis.landing import landing
from kpis.models import ChartPhase, ChartSetting, ChartVerdict, ExcludedPoint, Forecast, Kpi, KpiVersion, Signal
from kpis.moved import what_moved
from kpis.selectors import verdicts
from kpis.selectors.catalogue import first_unit
from kpis.selectors.readings import versions_on
from kpis.selectors.stretches import ONE_DAY
from kpis.selectors.windows import NoWindow, Windows, windows
from lake.periods import Span
from organization.access import CERTIFY, DEFINE, VIEW
from organization.models import Unit

from .base import KpisViewSet
from .chart_serializers import (
    ChartAsked,
    ChartPhaseSerializer,
    ChartSerializer,
    ChartSettingSerializer,
    DriversAsked,
    DriversSerializer,
    ExcludedPointSerializer,
    ExclusionAsked,
    Grain,
    KpiForecastSerializer,
    LandingSerializer,
    PhaseAsked,
    PhaseRejection,
    PlaceAsked,
    SignalSerializer,
    VerdictRowSerializer,
    WindowsAsked,
)

PLACE = frozenset({"unit", "grain"})
ASKED = {  # by the actions under a KPI's address
    "chart": PLACE,
    "signals": PLACE,
    "forecast": PLACE,
    "drivers": PLACE | {"dimension", "period", "against"},
    "windows": frozenset({"unit", "first", "last", "against_first", "against_last"}),
}


# --- under a KPI's address ------------------------------------------------------------------------------------------


class ChartActions:
    """What `/api/v1/kpis/{code}/` answers beside the definition; mixed into its view."""

    @extend_schema(parameters=[PlaceAsked], responses=ChartSerializer)
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def chart(self, request, code):
        """The control chart of the KPI at a unit: limits per phase, signals, icons, and how its limits were made."""
        kpi, unit, grain, _ = self._place(PlaceAsked)
        chart = chart_of(kpi, unit, grain, request.day, request.access, all_points=True)
        return Response(ChartSerializer(chart).data)

    @extend_schema(parameters=[PlaceAsked], responses=SignalSerializer(many=True))
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def signals(self, request, code):
        """The signals that stand, the newest first."""
        kpi, unit, grain, _ = self._place(PlaceAsked)
        found = Signal.objects.current().filter(kpi=kpi, unit=unit, grain=grain).select_related("kpi", "unit")
        return Response(SignalSerializer(found[:500], many=True).data)

    @extend_schema(parameters=[PlaceAsked], responses=LandingSerializer)
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def forecast(self, request, code):
        """Where the period after the last complete one will land, with the back-test."""
        kpi, unit, grain, _ = self._place(PlaceAsked)
        return Response(LandingSerializer(landing(kpi, unit, grain, request.day, request.access)).data)

    @extend_schema(parameters=[DriversAsked], responses=DriversSerializer)
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def drivers(self, request, code):
        """What moved the number between two complete periods, by the members of a dimension."""
        kpi, unit, grain, asked = self._place(DriversAsked)
        calendar = calendars_of([kpi.unit_id], request.day)[kpi.unit_id]
        period, against = (
            calendar.period_of(asked[name], grain) if asked[name] else None for name in ("period", "against")
        )
        version = versions_on([kpi.pk], request.day)[kpi.pk]
        dimension = asked["dimension"] or next(iter(version.dimensions), "")
        moved = what_moved(kpi, unit, period, against, dimension, request.day, request.access, grain=grain)
        return Response(DriversSerializer(moved).data)

    @extend_schema(parameters=[WindowsAsked], responses=answer(Windows))
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def windows(self, request, code):
        """The number of any days against that of any others, each of whole and complete periods of the KPI.

        The end of a stretch is not one of its days.
        """
        kpi, unit, _, asked = self._place(WindowsAsked)
        now, before = (Span(asked[f"{which}first"], asked[f"{which}last"] + ONE_DAY) for which in ("", "against_"))
        try:
            found = windows(kpi, unit, now, before, request.day, request.access)
        except NoWindow as fault:
            raise Problem(400, "no_window", str(fault)) from fault
        return Response(dataclasses.asdict(found))

    def _place(self, serializer_class) -> tuple[Kpi, Unit, str, dict]:
        """KPI, unit and grain that the address asks for; by default where it is answered for, by its own grain."""
        kpi = self.get_object()
        form = serializer_class(data=self.request.query_params, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        unit = asked.get("unit") or Unit.objects.get(pk=first_unit(kpi, self.request.access))
        version = versions_on([kpi.pk], self.request.day).get(kpi.pk)
        return kpi, unit, asked.get("grain") or (version.grain if version else Grain.MONTH), asked


# --- lists ----------------------------------------------------------------------------------------------------------


def _named(icons: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(code, name) for code, (name, _) in icons.items()]


class SignalFilter(django_filters.FilterSet):
    grain = django_filters.ChoiceFilter(choices=KpiVersion.Grain.choices, help_text="Those of periods of this length.")
    rule = OneOfFilter(field_name="rule", known=verdicts.rule_codes, help_text="Those of this rule, by its code.")

    class Meta:
        model = Signal
        fields = {
            "kpi__code": ["exact"],
            "unit__code": ["exact"],
            "kind": ["exact"],
            "period_start": ["gte", "lt"],
            "found_at": ["gte", "lt"],
        }


class VerdictFilter(django_filters.FilterSet):
    grain = django_filters.ChoiceFilter(choices=KpiVersion.Grain.choices, help_text="Those of periods of this length.")
    variation = django_filters.ChoiceFilter(choices=_named(verdicts.VARIATIONS), help_text="Those with this icon.")
    assurance = django_filters.ChoiceFilter(choices=_named(verdicts.ASSURANCES), help_text="Those with this icon.")

    class Meta:
        model = ChartVerdict
        fields = ("kpi__code", "unit__code")


class SignalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Signals of the units that the caller may see, those that are gone only with `gone=true`."""

    queryset = Signal.objects.select_related("kpi", "unit")
    serializer_class = SignalSerializer
    filterset_class = SignalFilter
    query_parameters = {"list": frozenset({"gone"})}
    needs = {"read": VIEW}

    @extend_schema(parameters=[OpenApiParameter("gone", bool, description="Those that no longer fire as well.")])
    def list(self, request, *args, **kwargs):
        return super().list(request, *args, **kwargs)

    def get_queryset(self):
        found = super().get_queryset()
        if self.action == "list" and self.request and not self.flag("gone"):
            found = found.filter(gone_at=None)
        return found


class VerdictViewSet(mixins.ListModelMixin, KpisViewSet):
    """Variation and assurance of every charted series, with its limits in force."""

    queryset = ChartVerdict.objects.select_related("kpi", "unit")
    serializer_class = VerdictRowSerializer
    unit_path = "unit"
    filterset_class = VerdictFilter
    needs = {"read": VIEW}


class ForecastViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Forecasts, of open periods and, kept to be held against what came, of those that have ended."""

    queryset = Forecast.objects.select_related("kpi", "unit")
    serializer_class = KpiForecastSerializer
    unit_path = "unit"
    filterset_fields = {"kpi__code": ["exact"], "unit__code": ["exact"], "period_start": ["gte", "lt", "exact"]}
    needs = {"read": VIEW}


class ChartSettingViewSet(mixins.ListModelMixin, KpisViewSet):
    """How series are charted, where that differs from the defaults; POST sets one."""

    queryset = ChartSetting.objects.select_related("kpi", "unit", "changed_by")
    serializer_class = ChartSettingSerializer
    unit_path = "unit"
    filterset_fields = {"kpi__code": ["exact"], "unit__code": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE}

    @extend_schema(request=ChartAsked, responses={200: ChartSettingSerializer})
    def create(self, request):
        values = self.checked(ChartAsked)
        self.require(DEFINE, values["unit"])
        return self.answer(rebasing.set_chart(by=request.user, **values))


class ChartPhaseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Re-bases: proposed by one person, approved or rejected by another."""

    queryset = ChartPhase.objects.select_related("kpi", "unit", "proposed_by", "decided_by")
    serializer_class = ChartPhaseSerializer
    unit_path = "unit"
    filterset_fields = {"kpi__code": ["exact"], "unit__code": ["exact"], "state": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE, "approve": CERTIFY, "reject": CERTIFY}

    @extend_schema(request=PhaseAsked, responses={201: ChartPhaseSerializer})
    def create(self, request):
        values = self.checked(PhaseAsked)
        self.require(DEFINE, values["unit"])
        return self.answer(rebasing.propose_phase(by=request.user, **values), 201)

    @extend_schema(request=None, responses=ChartPhaseSerializer)
    @action(methods=["post"], detail=True)
    def approve(self, request, pk):
        return self.answer(rebasing.decide_phase(self._to_decide(), approve=True, by=request.user, now=timezone.now()))

    @extend_schema(request=PhaseRejection, responses=ChartPhaseSerializer)
    @action(methods=["post"], detail=True)
    def reject(self, request, pk):
        remark = self.checked(PhaseRejection)["remark"]
        return self.answer(
            rebasing.decide_phase(self._to_decide(), approve=False, by=request.user, remark=remark, now=timezone.now())
        )

    def _to_decide(self) -> ChartPhase:
        phase = self.get_object()
        self.require(CERTIFY, phase.unit)
        return phase


class ExcludedPointViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Points that are drawn but make no limits and fire no rule, each with its reason."""

    queryset = ExcludedPoint.objects.select_related("kpi", "unit", "by")
    serializer_class = ExcludedPointSerializer
    unit_path = "unit"
    filterset_fields = {"kpi__code": ["exact"], "unit__code": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE}

    @extend_schema(request=ExclusionAsked, responses={201: ExcludedPointSerializer})
    def create(self, request):
        values = self.checked(ExclusionAsked)
        self.require(DEFINE, values["unit"])
        return self.answer(rebasing.exclude_point(by=request.user, **values), 201)

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        point = self.get_object()
        self.require(DEFINE, point.unit)
        rebasing.include_point(point, by=request.user)
        return Response(status=204)
