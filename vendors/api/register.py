"""Vendors with their scorecards and risks; contacts; contracts; documents."""

from dataclasses import asdict
from datetime import date

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import parsers, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.files import stored_file
from doors.parsers import StrictJSONParser
from doors.serializers import DayField, ScopedCodeField, ScopedRelatedField, StrictModelSerializer, StrictSerializer
from doors.shapes import answer
from doors.viewsets import PLAIN_LIST
from kpis.calendars import calendars_of
from kpis.models import Kpi
from organization.access import OVERSEE, PROCURE, VIEW
from organization.models import Unit
from vendors import contacts, contracts, documents, register
from vendors.cards import Card, card_of, cards_of, newest_period_start
from vendors.contract_dates import Terms, dates_on
from vendors.models import Contact, Contract, Document, RiskAssessment, ScorecardTemplate, Vendor
from vendors.periods import grain_of, last_complete

from .base import ContractEnd, VendorField, VendorReason, VendorsViewSet, person
from .overviews import VendorOverview, overview_of

PERIOD = [
    OpenApiParameter("grain", str, description="week, month, quarter or year; the vendor's cadence if not given."),
    OpenApiParameter("period", str, description="A day of the period; the newest with a number if not given."),
]
LIVE = OpenApiParameter("live", bool, description="Today's numbers even where a published review kept others.")


class VendorSerializer(serializers.ModelSerializer):
    """What everybody sees who may see the vendor."""

    code = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)

    class Meta:
        model = Vendor
        fields = ("id", "code", "name")


class OverseenVendorSerializer(VendorSerializer):
    manager = person(read_only=True)
    template = serializers.SlugRelatedField("code", read_only=True)
    spend_kpi = serializers.SlugRelatedField("code", read_only=True)
    incidents_kpi = serializers.SlugRelatedField("code", read_only=True)

    class Meta(VendorSerializer.Meta):
        for_some = ("manager", "template", "spend_kpi", "incidents_kpi")  # a contact is not shown them
        fields = (
            *VendorSerializer.Meta.fields, "tier", "manager", "template", "cadence", "cadence_from", "cadence_to",
            "review_within_days", "spend_kpi", "incidents_kpi", "supplies", "exit_plan", "exit_plan_checked_on",
        )  # fmt: skip


class VendorChange(StrictModelSerializer):
    manager = person()
    template = ScopedCodeField(queryset=ScorecardTemplate.objects.all(), required=False, allow_null=True)
    spend_kpi = ScopedCodeField(queryset=Kpi.objects.all(), required=False, allow_null=True)
    incidents_kpi = ScopedCodeField(queryset=Kpi.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Vendor
        fields = tuple(sorted(register.FIELDS))


class NewVendor(VendorChange):
    unit = ScopedCodeField(queryset=Unit.objects.all())

    class Meta(VendorChange.Meta):
        fields = ("unit", *VendorChange.Meta.fields)
        extra_kwargs = {"unit": {"validators": []}}


class RiskSerializer(StrictModelSerializer):
    assessed_by = person(read_only=True)

    class Meta:
        model = RiskAssessment
        fields = (
            "id", "assessed_on", "likelihood", "impact", "rating", "level", "risk", "mitigation", "next_on",
            "assessed_by",
        )  # fmt: skip
        read_only_fields = ("rating", "level")


class PlaceInLeague(serializers.Serializer):
    vendor = serializers.IntegerField()
    vendor_name = serializers.CharField()
    unit = serializers.CharField()
    period_label = serializers.CharField()
    score = serializers.FloatField(allow_null=True)
    grade = serializers.CharField()
    coverage_pct = serializers.FloatField()


class VendorViewSet(VendorsViewSet):
    """Vendors. A contact sees their own, by name, with its scorecard; whoever oversees it sees the rest."""

    queryset = Vendor.objects.select_related("unit", "manager", "template", "spend_kpi", "incidents_kpi").order_by("pk")
    serializer_class = OverseenVendorSerializer
    filterset_fields = {"tier": ["exact"], "unit__code": ["exact"]}
    query_parameters = {
        "scorecard": frozenset({"grain", "period", "live"}),
        "league": frozenset({"grain", "period"}),
        "overview": frozenset({"grain", "period"}),
    }
    needs = {"read": VIEW, "write": PROCURE, "league": OVERSEE, "risks": OVERSEE, "overview": OVERSEE}
    unit_of = staticmethod(lambda vendor: vendor.unit_id)

    def get_serializer_class(self):
        access = getattr(self.request, "access", None)
        oversees = access is not None and access.anywhere(OVERSEE)
        return OverseenVendorSerializer if oversees or access is None else VendorSerializer

    def get_serializer(self, *args, **kwargs):
        """Whoever oversees one vendor and merely sees another gets the names of the other only."""
        found = super().get_serializer(*args, **kwargs)
        each = getattr(found, "child", found)
        access = getattr(self.request, "access", None)
        if access is not None and isinstance(each, OverseenVendorSerializer):
            each.to_representation = _only_what_is_overseen(each, access)
        return found

    @extend_schema(request=NewVendor, responses={201: OverseenVendorSerializer})
    def create(self, request):
        values = self.checked(NewVendor)
        self.require(PROCURE, values["unit"])
        return self.answer(register.register(values.pop("unit"), by=request.user, **values), 201)

    @extend_schema(request=VendorChange, responses=OverseenVendorSerializer)
    def partial_update(self, request, pk):
        vendor = self.to_change()
        return self.answer(register.change(vendor, by=request.user, **self.checked(VendorChange, partial=True)))

    @extend_schema(parameters=[*PERIOD, LIVE], responses=answer(Card))
    @action(methods=["get"], detail=True)
    def scorecard(self, request, pk):
        """Every criterion with its number, weight and score; as the published review kept it, unless `live=true`."""
        vendor = self.get_object()
        grain, at, day = self._period([vendor])
        card = card_of(vendor, grain=grain, at=at, day=day, live=self.flag("live"))
        return Response(card.to_dict())

    @extend_schema(parameters=PERIOD, responses=PlaceInLeague(many=True))
    @action(methods=["get"], detail=False, **PLAIN_LIST)
    def league(self, request):
        """All overseen vendors with a scorecard, the best first."""
        vendors = list(
            Vendor.objects.overseen_by(request.access).exclude(template=None).select_related("unit", "template")
        )
        if not vendors:
            return Response([])
        grain, at, day = self._period(vendors)
        cards = cards_of(vendors, grain=grain, at=at, day=day).values()
        return Response(PlaceInLeague(sorted(cards, key=_by_score), many=True).data)

    @extend_schema(parameters=PERIOD, responses=answer(VendorOverview))
    @action(methods=["get"], detail=True)
    def overview(self, request, pk):
        """Spend, attainment, credits and reviews that are due."""
        vendor = self.get_object()
        self.require(OVERSEE, vendor.unit_id)
        grain, at, day = self._period([vendor])
        return Response(asdict(overview_of(vendor, grain=grain, at=at, day=day)))

    @extend_schema(methods=["GET"], responses=RiskSerializer(many=True))
    @extend_schema(methods=["POST"], request=RiskSerializer, responses={201: RiskSerializer})
    @action(methods=["get", "post"], detail=True, **PLAIN_LIST)
    def risks(self, request, pk):
        """How its risk was judged, the newest first; POST judges it anew."""
        if request.method == "GET":
            vendor = self.get_object()
            self.require(OVERSEE, vendor.unit_id)
            return Response(RiskSerializer(vendor.risks.select_related("assessed_by"), many=True).data)
        vendor, values = self.to_change(), self.checked(RiskSerializer)
        made = register.assess_risk(vendor, by=request.user, on=values.pop("assessed_on"), **values)
        return Response(RiskSerializer(made).data, status=201)

    def _period(self, vendors: list[Vendor]):
        """(grain, a day in the period, the day from which one looks). Raises ValidationError."""
        day = self.request._request.day
        grain = self.request.query_params.get("grain") or (grain_of(vendors[0]) if len(vendors) == 1 else "quarter")
        if grain not in Vendor.Cadence.values:
            raise serializers.ValidationError({"grain": "Write week, month, quarter or year."})
        if at := self.asked("period", DayField()):
            return grain, at, day
        calendar = calendars_of([vendors[0].unit_id], day)[vendors[0].unit_id]
        return grain, newest_period_start(vendors, grain, day) or last_complete(calendar, grain, day).start, day


def _by_score(card: Card) -> tuple:
    return (-(card.score if card.score is not None else -1), card.vendor_name)


def _only_what_is_overseen(serializer: OverseenVendorSerializer, access):
    whole = serializer.to_representation

    def shown(vendor: Vendor) -> dict:
        if access.allows(OVERSEE, vendor.unit_id):
            return whole(vendor)
        return VendorSerializer(vendor).data

    return shown


class ContactSerializer(StrictModelSerializer):
    vendor = VendorField()
    user = person(read_only=True)

    class Meta:
        model = Contact
        fields = ("id", "vendor", "name", "function", "email", "phone", "user")
        validators: list = []


class LetIn(StrictSerializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, required=False, default="", write_only=True)


class ContactViewSet(VendorsViewSet):
    """People at vendors, and whether they are let in."""

    queryset = Contact.objects.select_related("vendor__unit", "user").order_by("pk")
    serializer_class = ContactSerializer
    filterset_fields = ("vendor",)

    def create(self, request):
        values = self.checked(ContactSerializer)
        vendor = self.vendor_to_change(values.pop("vendor"))
        return self.answer(contacts.add_contact(vendor, by=request.user, **values), 201)

    def destroy(self, request, pk):
        contacts.remove_contact(self.to_change(), on=request._request.day, by=request.user)
        return Response(status=204)

    @extend_schema(request=LetIn, responses=ContactSerializer)
    @action(methods=["post"], detail=True, url_path="let-in")
    def let_in(self, request, pk):
        """From today on the contact sees the vendor's scorecard and answers their actions."""
        contact, values = self.to_change(), self.checked(LetIn)
        return self.answer(contacts.let_in(contact, on=request._request.day, by=request.user, **values))

    @extend_schema(request=None, responses=ContactSerializer)
    @action(methods=["post"], detail=True, url_path="shut-out")
    def shut_out(self, request, pk):
        contact = self.to_change()
        contacts.shut_out(contact, on=request._request.day, by=request.user)
        return self.answer(contact)


class ContractSerializer(StrictModelSerializer):
    vendor = VendorField()
    owner = person()
    state = serializers.SerializerMethodField()
    term_end = serializers.SerializerMethodField()
    notice_by = serializers.SerializerMethodField(help_text="The last day for notice.")

    class Meta:
        model = Contract
        fields = (
            "id", "vendor", "code", "title", "value", "currency", "starts_on", "ends_on", "notice_days", "renew_months",
            "remind_days", "owner", "state", "term_end", "notice_by", "notice_given_on", "ended_on", "reason",
        )  # fmt: skip
        read_only_fields = ("notice_given_on", "ended_on", "reason")
        validators: list = []

    def _dates(self, contract):
        return dates_on(Terms.of(contract), self.context["request"]._request.day)

    def get_state(self, contract) -> str:
        return self._dates(contract).state

    def get_term_end(self, contract) -> str | None:
        return self._dates(contract).term_end

    def get_notice_by(self, contract) -> date | None:
        return self._dates(contract).notice_by


class ContractViewSet(VendorsViewSet):
    """Contracts with vendors, each with its state and the days by which it must be decided about."""

    queryset = Contract.objects.select_related("vendor__unit", "owner").order_by("pk")
    serializer_class = ContractSerializer
    filterset_fields = ("vendor",)

    def create(self, request):
        values = self.checked(ContractSerializer)
        vendor = self.vendor_to_change(values.pop("vendor"))
        return self.answer(contracts.add_contract(vendor, by=request.user, **values), 201)

    def partial_update(self, request, pk):
        contract, values = self.to_change(), self.checked(ContractSerializer, partial=True)
        if values.pop("vendor", contract.vendor) != contract.vendor:
            raise serializers.ValidationError({"vendor": "A contract stays with its vendor: add another one."})
        return self.answer(contracts.change_contract(contract, by=request.user, **values))

    @extend_schema(request=ContractEnd, responses=ContractSerializer)
    @action(methods=["post"], detail=True)
    def notice(self, request, pk):
        """Give notice: it runs out."""
        contract = self.to_change()
        return self.answer(contracts.give_notice(contract, by=request.user, **self.checked(ContractEnd)))

    @extend_schema(request=ContractEnd, responses=ContractSerializer)
    @action(methods=["post"], detail=True)
    def end(self, request, pk):
        """End it early."""
        contract = self.to_change()
        return self.answer(contracts.end_contract(contract, by=request.user, **self.checked(ContractEnd)))


class DocumentSerializer(serializers.ModelSerializer):
    uploaded_by = person(read_only=True)

    class Meta:
        model = Document
        fields = (
            "id", "vendor", "contract", "title", "effective_on", "file_name", "size", "sha256", "uploaded_by",
            "uploaded_at",
        )  # fmt: skip


class NewDocument(StrictSerializer):
    vendor = VendorField()
    contract = ScopedRelatedField(queryset=Contract.objects.all(), required=False, allow_null=True)
    title = serializers.CharField(max_length=200)
    effective_on = DayField(required=False, allow_null=True)
    file = serializers.FileField()


class DocumentViewSet(VendorsViewSet):
    """Papers of vendors; multipart with `file`."""

    queryset = Document.objects.select_related("vendor__unit", "uploaded_by").order_by("pk")
    serializer_class = DocumentSerializer
    filterset_fields = ("vendor", "contract")
    parser_classes = [StrictJSONParser, parsers.MultiPartParser]

    @extend_schema(request={"multipart/form-data": NewDocument}, responses={201: DocumentSerializer})
    def create(self, request):
        values = self.checked(NewDocument)
        vendor = self.vendor_to_change(values.pop("vendor"))
        return self.answer(documents.add_document(vendor, by=request.user, **values), 201)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(methods=["get"], detail=True)
    def download(self, request, pk):
        """The file, as it was handed in."""
        found = self.get_object()
        return stored_file(found.file, found.file_name or "document")

    @extend_schema(request=VendorReason, responses={204: None})
    @action(methods=["post"], detail=True)
    def remove(self, request, pk):
        """Take it away; the trail keeps its name, digest and the reason."""
        documents.remove_document(self.to_change(), by=request.user, reason=self.checked(VendorReason)["reason"])
        return Response(status=204)
