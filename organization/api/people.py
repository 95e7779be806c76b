"""Members and their roles, users for who gives roles, and one's own tokens."""

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.serializers import (
    DayField,
    ScopedCodeOrIdField,
    ScopedLoginOrIdField,
    StrictModelSerializer,
    StrictSerializer,
)
from doors.viewsets import NamedInAddress, ScopedReadViewSet
from organization import members, tokens
from organization.access import ADMINISTER, VIEW
from organization.models import ApiToken, Membership, Role, Unit, User


class UserSerializer(StrictModelSerializer):
    class Meta:
        model = User
        fields = ("id", "username", "first_name", "last_name", "is_active")


class NewUser(StrictSerializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128)
    first_name = serializers.CharField(max_length=150, default="", allow_blank=True)
    last_name = serializers.CharField(max_length=150, default="", allow_blank=True)
    email = serializers.EmailField(default="", allow_blank=True)


class UserViewSet(NamedInAddress, ScopedReadViewSet):
    """Users, for administrators who give them roles; others see only themselves.

    Only an administrator of the whole organisation adds, disables and enables them.
    """

    queryset = User.objects.all()
    serializer_class = UserSerializer
    named_by = "username"
    filterset_fields = ("username", "is_active")
    needs = {"read": VIEW, "write": ADMINISTER}
    refusals = (members.LastAdministrator,)

    @extend_schema(request=NewUser, responses={201: UserSerializer})
    def create(self, request):
        self._require_whole()
        serializer = NewUser(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = members.add_user(by=request.user, **serializer.validated_data)
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=UserSerializer)
    @action(methods=["post"], detail=True)
    def disable(self, request, pk):
        """Sessions and tokens are dead at their next request; the past stays."""
        self._require_whole()
        user = self.get_object()
        members.disable(user, now=timezone.now(), by=request.user)
        return Response(UserSerializer(user).data)

    @extend_schema(request=None, responses=UserSerializer)
    @action(methods=["post"], detail=True)
    def enable(self, request, pk):
        """The person can sign in again; revoked tokens stay revoked."""
        self._require_whole()
        user = self.get_object()
        members.enable(user, by=request.user)
        return Response(UserSerializer(user).data)

    def _require_whole(self) -> None:
        if not self.request.access.everywhere(ADMINISTER):
            raise PermissionDenied("Only an administrator of the whole organisation may do that.")


class MemberSerializer(StrictModelSerializer):
    user = ScopedLoginOrIdField(queryset=User.objects.all())
    unit = ScopedCodeOrIdField(queryset=Unit.objects.all())
    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "user", "username", "unit", "role", "valid_from", "valid_to")
        validators: list = []  # `members.grant` decides


class NewRole(StrictSerializer):
    role = serializers.ChoiceField(choices=Role.choices)
    on = DayField(required=False, help_text="From this day on; today if empty.")


class RoleEnd(StrictSerializer):
    on = DayField(required=False, help_text="The first day without the role; today if empty.")


class MemberViewSet(ScopedReadViewSet):
    """Who holds which role at which unit."""

    queryset = Membership.objects.select_related("user", "unit")
    serializer_class = MemberSerializer
    filterset_fields = ("user", "unit", "role")
    needs = {"read": VIEW, "write": ADMINISTER}
    refusals = (members.LastAdministrator, members.RoleRefused)

    @extend_schema(request=MemberSerializer, responses={201: MemberSerializer})
    def create(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        self.require(ADMINISTER, values["unit"])
        membership = members.grant(
            user=values["user"],
            unit=values["unit"],
            role=values["role"],
            from_day=values["valid_from"],
            until=values.get("valid_to"),
            by=request.user,
        )
        return Response(MemberSerializer(membership).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewRole, responses=MemberSerializer)
    def partial_update(self, request, pk):
        """Another role at the same unit from a day on."""
        membership, values = self._administered(), self._checked(NewRole, request.data)
        day = values.get("on") or timezone.now().date()
        return Response(MemberSerializer(members.change_role(membership, values["role"], on=day, by=request.user)).data)

    @extend_schema(request=RoleEnd, responses={204: None})
    @action(methods=["post"], detail=True)
    def end(self, request, pk):
        """The role is not held from a day on."""
        membership, values = self._administered(), self._checked(RoleEnd, request.data)
        members.end(membership, on=values.get("on") or timezone.now().date(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _checked(self, serializer_class, data):
        serializer = serializer_class(data=data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def _administered(self) -> Membership:
        membership = self.get_object()
        self.require(ADMINISTER, membership.unit)
        return membership


class TokenSerializer(StrictModelSerializer):
    class Meta:
        model = ApiToken
        fields = ("id", "name", "prefix", "scopes", "unit", "created_at", "expires_at", "revoked_at", "last_used_at")
        shapes = {"scopes": list[str]}


class NewTokenSerializer(StrictSerializer):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ApiToken.Scope.choices), min_length=1)
    unit = ScopedCodeOrIdField(queryset=Unit.objects.all(), required=False, allow_null=True)
    days = serializers.IntegerField(default=tokens.DEFAULT_DAYS, min_value=1, max_value=tokens.LONGEST_DAYS)


class MadeToken(TokenSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown only in this answer.")

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "secret")


class TokenViewSet(ScopedReadViewSet):
    """One's own tokens. A token cannot make one that may do more than itself, so only a session makes tokens."""

    queryset = ApiToken.objects.all()
    serializer_class = TokenSerializer
    needs = {"read": VIEW, "write": VIEW}
    by_reading = frozenset({"destroy"})  # whoever finds a token in the wrong place takes it out of use by itself
    refusals = (tokens.TokenRefused,)

    @extend_schema(request=NewTokenSerializer, responses={201: MadeToken})
    def create(self, request):
        if isinstance(request.auth, ApiToken):
            raise tokens.TokenRefused("A token cannot make tokens: sign in, or use manage.py create_token.")
        serializer = NewTokenSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        made = tokens.create(user=request.user, by=request.user, now=timezone.now(), **serializer.validated_data)
        body = {**TokenSerializer(made.token).data, "secret": made.secret}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """Revoke the token; it stays in the list."""
        tokens.revoke(self.get_object(), now=timezone.now(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
