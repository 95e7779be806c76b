"""Business calendars with their versions and open hours; fiscal calendars with their periods."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.codes import FreeCode
from doors.serializers import DayField, StrictModelSerializer, StrictSerializer
from doors.viewsets import PLAIN_LIST, NamedInAddress, ScopedReadViewSet
from organization import business_calendars, fiscal, ics, shared_calendars
from organization.access import ADMINISTER, VIEW
from organization.models import BusinessCalendar, CalendarVersion, FiscalCalendar, OpeningWindow

A_DAY = {"type": "string", "format": "date"}


class OpeningWindowSerializer(StrictModelSerializer):
    class Meta:
        model = OpeningWindow
        fields = ("weekday", "opens", "closes")


class CalendarVersionSerializer(StrictModelSerializer):
    windows = OpeningWindowSerializer(many=True)

    class Meta:
        model = CalendarVersion
        fields = ("id", "valid_from", "valid_to", "timezone", "country", "subdivision", "windows")
        read_only_fields = ("valid_to",)


class CalendarSerializer(StrictModelSerializer):
    versions = CalendarVersionSerializer(many=True, read_only=True)

    class Meta:
        model = BusinessCalendar
        fields = ("id", "code", "name", "versions")
        extra_kwargs = {"code": {"validators": [FreeCode(BusinessCalendar)]}}


class DayWindow(StrictSerializer):
    opens = serializers.TimeField()
    closes = serializers.TimeField()


class CalendarDaySerializer(StrictSerializer):
    day = DayField()
    name = serializers.CharField(max_length=200, allow_blank=True, default="")
    windows = DayWindow(many=True, help_text="Empty: closed.")


class IcsFile(serializers.Serializer):
    file = serializers.FileField(help_text="iCalendar; each all-day event closes its days.")


class ClosedDays(serializers.Serializer):
    closed = serializers.IntegerField()


class OpenSpanSerializer(serializers.Serializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class OpenHours(serializers.Serializer):
    spans = OpenSpanSerializer(many=True)
    hours = serializers.FloatField(help_text="Open hours in all.")


class CalendarViewSet(NamedInAddress, ScopedReadViewSet):
    """Business calendars. They may be changed by who administers every unit that uses them."""

    queryset = BusinessCalendar.objects.prefetch_related("versions__windows")
    serializer_class = CalendarSerializer
    filterset_fields = ("code",)
    query_parameters = {"hours": frozenset({"first", "last"})}
    needs = {"read": VIEW, "write": ADMINISTER}
    refusals = (business_calendars.CalendarRefused, ics.IcsRefused)

    @extend_schema(request=CalendarSerializer, responses={201: CalendarSerializer})
    def create(self, request):
        values = _checked(CalendarSerializer, request)
        calendar = shared_calendars.add(BusinessCalendar, by=request.user, **values)
        return Response(CalendarSerializer(calendar).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CalendarVersionSerializer, responses={201: CalendarVersionSerializer})
    @action(methods=["post"], detail=True)
    def versions(self, request, pk):
        """The calendar as it holds from `valid_from` on."""
        calendar = self._changeable()
        values = _checked(CalendarVersionSerializer, request)
        windows = [business_calendars.Window(**window) for window in values.pop("windows")]
        version = business_calendars.add_version(calendar, windows=windows, by=request.user, **values)
        return Response(CalendarVersionSerializer(version).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CalendarDaySerializer, responses={204: None})
    @action(methods=["post"], detail=True)
    def days(self, request, pk):
        """A day that differs: its own windows, or closed."""
        calendar = self._changeable()
        values = _checked(CalendarDaySerializer, request)
        windows = [(window["opens"], window["closes"]) for window in values["windows"]]
        version = business_calendars.version_on(calendar, values["day"])
        business_calendars.set_day(version, values["day"], windows=windows, name=values["name"], by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request={"multipart/form-data": IcsFile}, responses=ClosedDays)
    @action(methods=["post"], detail=True, url_path="ics", parser_classes=[parsers.MultiPartParser])
    def load_ics(self, request, pk):
        """Close the days of an iCalendar file, in place of what was imported before."""
        calendar = self._changeable()
        days = ics.read_days(_checked(IcsFile, request)["file"].read())
        return Response({"closed": ics.close_days(calendar, days, by=request.user)})

    @extend_schema(
        parameters=[
            OpenApiParameter("first", A_DAY, required=True, description="The first local day."),
            OpenApiParameter("last", A_DAY, required=True, description="The last local day; it counts itself."),
        ],
        responses=OpenHours,
    )
    @action(detail=True)
    def hours(self, request, pk):
        """The open spans, in UTC, that touch the local days from `first` to `last`."""
        first, last = (self.asked(name, DayField()) for name in ("first", "last"))
        if missing := [name for name, day in (("first", first), ("last", last)) if day is None]:
            raise serializers.ValidationError(dict.fromkeys(missing, "Say which day."), code="required")
        spans = business_calendars.opening_spans(business_calendars.rules_of(self.get_object()), first, last)
        open_for = sum((end - start for start, end in spans), timedelta())
        shown = [{"start": start, "end": end} for start, end in spans]
        return Response(OpenHours({"spans": shown, "hours": open_for / timedelta(hours=1)}).data)

    def _changeable(self) -> BusinessCalendar:
        return _require_change(self.get_object(), self.request.access)


class FiscalSerializer(StrictModelSerializer):
    start_month = serializers.IntegerField(min_value=1, max_value=12, default=1)
    week_starts_on = serializers.IntegerField(min_value=0, max_value=6, default=0, help_text="0 Monday to 6 Sunday.")

    class Meta:
        model = FiscalCalendar
        fields = ("id", "code", "name", "kind", "start_month", "week_starts_on", "anchor")
        extra_kwargs = {"code": {"validators": [FreeCode(FiscalCalendar)]}}


class FiscalPeriodSerializer(serializers.Serializer):
    grain = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField(help_text="The first day after the period.")
    label = serializers.CharField()
    fiscal_year = serializers.IntegerField()
    index = serializers.IntegerField()


class FiscalViewSet(NamedInAddress, ScopedReadViewSet):
    """Fiscal calendars: how the year is divided."""

    queryset = FiscalCalendar.objects.all()
    serializer_class = FiscalSerializer
    filterset_fields = ("code", "kind")
    query_parameters = {"periods": frozenset({"day"})}
    needs = {"read": VIEW, "write": ADMINISTER}

    @extend_schema(request=FiscalSerializer, responses={201: FiscalSerializer})
    def create(self, request):
        calendar = shared_calendars.add(FiscalCalendar, by=request.user, **_checked(FiscalSerializer, request))
        return Response(FiscalSerializer(calendar).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=FiscalSerializer, responses=FiscalSerializer)
    def partial_update(self, request, pk):
        calendar = _require_change(self.get_object(), request.access)
        values = _checked(FiscalSerializer, request, instance=calendar, partial=True)
        return Response(FiscalSerializer(shared_calendars.change(calendar, by=request.user, **values)).data)

    @extend_schema(
        parameters=[OpenApiParameter("day", A_DAY, description="Any day of the periods; today if not given.")],
        responses=FiscalPeriodSerializer(many=True),
    )
    @action(detail=True, **PLAIN_LIST)
    def periods(self, request, pk):
        """The week, month, quarter and year that hold a day."""
        day = self.asked("day", DayField()) or request.day
        calendar = fiscal.calendar_of(self.get_object())
        found = [calendar.period_of(day, grain) for grain in ("week", "month", "quarter", "year")]
        return Response(FiscalPeriodSerializer(found, many=True).data)


def _checked(serializer_class, request, **options) -> dict:
    serializer = serializer_class(data=request.data, context={"request": request}, **options)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _require_change(calendar, access):
    if not calendar.may_change(access):
        raise PermissionDenied("Units that you do not administer use this calendar too: make one of your own.")
    return calendar
