"""What this room's views share: the vendor in a body, people by their log-in, refusals as problem details."""

import re

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.response import Response

from doors.problems import Problem
from doors.serializers import DayField, LoginField, StrictSerializer
from doors.viewsets import ScopedViewSet
from organization.access import OVERSEE, PROCURE
from organization.models import User
from vendors.models import Vendor
from vendors.refusals import Refusal


class VendorsViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """A view of this room: read by who oversees the vendor, written by who may change it.

    unit_of: from an object of the view to the unit whose permission counts.
    """

    needs = {"read": OVERSEE, "write": PROCURE}
    unit_of = staticmethod(lambda thing: thing.vendor.unit_id)

    def checked(self, serializer_class, **options) -> dict:
        """The request's body, as `serializer_class` reads it. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context(), **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def answer(self, thing, status: int = 200) -> Response:
        fresh = self.get_queryset().get(pk=thing.pk)
        return Response(self.get_serializer(fresh).data, status=status)

    def to_change(self, permission: str = PROCURE):
        """The object of the address, if the caller may change it; else 404 or 403."""
        thing = self.get_object()
        self.require(permission, self.unit_of(thing))
        return thing

    def vendor_to_change(self, vendor: Vendor) -> Vendor:
        """A vendor that a body names."""
        seen = Vendor.objects.overseen_by(self.request.access)
        found = get_object_or_404(seen.select_related("unit"), pk=vendor.pk)
        self.require(PROCURE, found.unit_id)
        return found

    def handle_exception(self, exc):
        if isinstance(exc, Refusal):
            exc = _problem(exc)
        return super().handle_exception(exc)


def _problem(refusal: Refusal) -> Exception:
    """With a field it is a fault of the request, without one the thing's state does not allow it."""
    if refusal.field:
        return serializers.ValidationError({refusal.field: str(refusal)})
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(refusal).__name__).lower()
    return Problem(409, code, str(refusal))


@extend_schema_field(OpenApiTypes.INT)
class VendorField(serializers.PrimaryKeyRelatedField):
    """The id of a vendor that the caller oversees; a foreign id reads like one that does not exist."""

    def get_queryset(self):
        return Vendor.objects.overseen_by(self.context["request"].access)


def person(**options) -> LoginField:
    """Somebody by their log-in."""
    if not options.get("read_only"):
        options["queryset"] = User.objects.filter(is_active=True)
    return LoginField(**options)


class VendorReason(StrictSerializer):
    reason = serializers.CharField(max_length=5000)


class VendorText(StrictSerializer):
    text = serializers.CharField(max_length=5000)


class ContractEnd(VendorReason):
    on = DayField()
