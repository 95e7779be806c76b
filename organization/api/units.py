"""Units as the tree stands on a day, and their codes in other systems."""

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.codes import FreeCode, in_words
from doors.nearest import MOST, did_you_mean
from doors.pagination import CursorPages
from doors.parsers import StrictJSONParser
from doors.serializers import DayField, ScopedCodeOrIdField, ScopedRelatedField, StrictModelSerializer, StrictSerializer
from doors.viewsets import NamedInAddress, ScopedReadViewSet
from organization import tree, unit_import
from organization.access import ADMINISTER, VIEW
from organization.models import BusinessCalendar, FiscalCalendar, Unit, UnitAlias, UnitPlacement

DAY = OpenApiParameter("day", {"type": "string", "format": "date"}, description="The tree as it stood on that day.")


class UnitSerializer(StrictModelSerializer):
    parent = serializers.IntegerField(source="parent_on_day", read_only=True, allow_null=True)

    class Meta:
        model = Unit
        fields = (
            "id", "code", "name", "kind", "parent", "timezone", "fiscal_calendar", "business_calendar", "is_active",
        )  # fmt: skip


class UnitChange(StrictModelSerializer):
    fiscal_calendar = ScopedRelatedField(queryset=FiscalCalendar.objects.all(), required=False, allow_null=True)
    business_calendar = ScopedRelatedField(queryset=BusinessCalendar.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Unit
        fields = ("name", "kind", "timezone", "fiscal_calendar", "business_calendar")


class NewUnit(UnitChange):
    parent = ScopedCodeOrIdField(queryset=Unit.objects.all(), allow_null=True, help_text="None: at the top.")
    from_day = DayField(default=None, allow_null=True, help_text="Null: as long as its parent.")

    class Meta(UnitChange.Meta):
        fields = ("code", "parent", "from_day", *UnitChange.Meta.fields)
        extra_kwargs = {"code": {"validators": [FreeCode(Unit)]}}


class UnitMove(StrictSerializer):
    parent = ScopedCodeOrIdField(queryset=Unit.objects.all(), allow_null=True, help_text="None: to the top.")
    from_day = DayField(
        help_text="From this day on; the days before keep their tree. A day before its first: it begins earlier, "
        "under its first parent."
    )


class UnitClose(StrictSerializer):
    from_day = DayField(help_text="The first day on which the unit is no longer there.")


class UnitFile(serializers.Serializer):
    file = serializers.FileField(help_text="CSV: code, name, kind, parent, timezone, alias:SYSTEM.")
    from_day = DayField(
        required=False,
        help_text="From when new places hold. Empty: a new unit is there as long as its parent, and a move holds from "
        "the day looked from.",
    )
    dry_run = serializers.BooleanField(default=False)


class ImportFaultSerializer(serializers.Serializer):
    row = serializers.IntegerField()
    column = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField()


class UnitImportReport(serializers.Serializer):
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    imported = serializers.BooleanField()
    faults = ImportFaultSerializer(many=True)


class UnitFilter(django_filters.FilterSet):
    parent = django_filters.CharFilter(
        method="right_below", help_text="Those right below this unit, by its code or id, on the day asked for."
    )

    class Meta:
        model = Unit
        fields = ("code", "kind", "is_active")

    def right_below(self, units, name, value):
        seen, is_id = Unit.objects.visible_to(self.request.access), value.isascii() and value.isdigit()
        found = seen.filter(code=value).first()
        if found is None and is_id and len(value) < 19:
            found = seen.filter(pk=int(value)).first()
        if found is None:
            near = did_you_mean(value[:80], seen.values_list("code", flat=True)[:MOST])
            words = f"There is no unit {value[:80]!r} that you see.{near}"
            raise serializers.ValidationError({name: words}, code="unknown_unit")
        return units.filter(parent_on_day=found.pk)


class ByCode(CursorPages):
    ordering = "code"


class UnitViewSet(NamedInAddress, ScopedReadViewSet):
    """Organisation units. `parent` is the one on the day asked for (`?day=`), if the caller may see it."""

    queryset = Unit.objects.all()
    serializer_class = UnitSerializer
    filterset_class = UnitFilter
    pagination_class = ByCode
    needs = {"read": VIEW, "write": ADMINISTER}
    query_parameters = {"list": frozenset({"day"}), "retrieve": frozenset({"day"})}
    refusals = (tree.TreeRefused, unit_import.ImportRefused)

    def get_queryset(self):
        day = self.request.day if self.request else tree.ALWAYS
        if self.request:
            day = self.asked("day", DayField()) or day
        placed = UnitPlacement.objects.in_force(day).filter(unit=OuterRef("pk"))
        units = super().get_queryset()
        seen = units.values("pk").order_by()
        return units.annotate(parent_on_day=Subquery(placed.filter(parent__in=seen).values("parent")[:1]))

    @extend_schema(parameters=[DAY])
    def list(self, request, *args, **kwargs):
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=[DAY])
    def retrieve(self, request, *args, **kwargs):
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=NewUnit, responses={201: UnitSerializer})
    def create(self, request):
        values = self._checked(NewUnit, request.data)
        self._require_place(values["parent"])
        unit = tree.add_unit(by=request.user, **values)
        return Response(self._shown(unit), status=status.HTTP_201_CREATED)

    @extend_schema(request=UnitChange, responses=UnitSerializer)
    def partial_update(self, request, pk):
        unit = self._administered()
        tree.change_unit(unit, by=request.user, **self._checked(UnitChange, request.data, partial=True))
        return Response(self._shown(unit))

    @extend_schema(request=UnitMove, responses=UnitSerializer)
    @action(methods=["post"], detail=True)
    def move(self, request, pk):
        """Let the unit stand under another parent from a day on."""
        unit, values = self._administered(), self._checked(UnitMove, request.data)
        self._require_place(values["parent"])
        tree.move_unit(unit, values["parent"], from_day=values["from_day"], by=request.user)
        return Response(self._shown(unit))

    @extend_schema(request=UnitClose, responses=UnitSerializer)
    @action(methods=["post"], detail=True)
    def close(self, request, pk):
        """End the unit on a day; its past stays."""
        unit = self._administered()
        tree.close_unit(unit, from_day=self._checked(UnitClose, request.data)["from_day"], by=request.user)
        return Response(self._shown(unit))

    @extend_schema(request={"multipart/form-data": UnitFile}, responses=UnitImportReport)
    @action(methods=["post"], detail=False, url_path="import", parser_classes=[parsers.MultiPartParser])
    def load(self, request):
        """Add and change units from a CSV, all or nothing; with `dry_run` only say what it would do."""
        _require_all(request.access)
        values = self._checked(UnitFile, request.data)
        day = values.get("from_day") or request.day
        seen = unit_import.preview(values["file"].read(), day)
        is_done = not (seen.faults or values["dry_run"])
        if is_done:
            unit_import.import_units(seen, from_day=values.get("from_day"), today=request.day, by=request.user)
        report = {"added": seen.added, "changed": seen.changed, "imported": is_done, "faults": seen.faults}
        return Response(UnitImportReport(report).data, status=422 if seen.faults else 200)

    def _checked(self, serializer_class, data, **options):
        serializer = serializer_class(data=data, context=self.get_serializer_context(), **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def _administered(self) -> Unit:
        unit = self.get_object()
        self.require(ADMINISTER, unit)
        return unit

    def _require_place(self, parent: Unit | None) -> None:
        """Under a parent: who administers it; at the top: who administers the whole organisation."""
        if parent is None:
            _require_all(self.request.access)
        else:
            self.require(ADMINISTER, parent)

    def _shown(self, unit: Unit) -> dict:
        shown = Unit.objects.get(pk=unit.pk)
        placed = UnitPlacement.objects.in_force(self.request.day).filter(unit=unit).first()
        shown.parent_on_day = placed.parent_id if placed else None
        return UnitSerializer(shown).data


def _require_all(access) -> None:
    if not access.everywhere(ADMINISTER):
        raise PermissionDenied("Only an administrator of the whole organisation may do that.")


class UnitAliasSerializer(StrictModelSerializer):
    unit = ScopedCodeOrIdField(queryset=Unit.objects.all())

    class Meta:
        model = UnitAlias
        fields = ("id", "unit", "system", "code")
        validators: list = []  # `validate` says whose it is

    def validate(self, attrs):
        same = UnitAlias.objects.filter(system=attrs["system"], code=attrs["code"]).select_related("unit")
        if alias := same.first():
            seen = self.context["request"].access.allows(VIEW, alias.unit_id)
            words = in_words(str(alias), Unit, alias.unit if seen else None)
            raise serializers.ValidationError({"code": words}, "taken")
        return attrs


class UnitAliasViewSet(mixins.CreateModelMixin, mixins.DestroyModelMixin, ScopedReadViewSet):
    """Codes by which the extracts of other systems know the units."""

    queryset = UnitAlias.objects.select_related("unit")
    serializer_class = UnitAliasSerializer
    filterset_fields = ("unit", "system", "code")
    needs = {"read": VIEW, "write": ADMINISTER}
    parser_classes = [StrictJSONParser]

    def perform_create(self, serializer):
        self.require(ADMINISTER, serializer.validated_data["unit"])
        serializer.instance = tree.add_alias(by=self.request.user, **serializer.validated_data)

    def perform_destroy(self, alias):
        self.require(ADMINISTER, alias.unit)
        tree.remove_alias(alias, by=self.request.user)
