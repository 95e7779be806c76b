"""The viewsets from which every API view derives: scoped to the caller, strict about parameters, plain in refusals."""

import re

from django.core.exceptions import PermissionDenied
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, viewsets
from rest_framework.exceptions import ValidationError

from .permissions import SAFE
from .problems import Problem

# For an action whose answer is a plain list: `@action(..., **PLAIN_LIST)`.
PLAIN_LIST: dict = {"pagination_class": None, "filter_backends": ()}


class ScopedViewSet(viewsets.GenericViewSet):
    """A viewset whose objects are those that the caller may see: the queryset's `visible_to(access)`.

    needs: permission by "read" and "write" or by action's name (`organization.access`).
    query_parameters: names that its reads take besides the filters and those of the pages.
    refusals: expected exceptions of its verbs; they become 409 with the exception's name as code and its words.
    """

    needs: dict[str, str] = {}
    query_parameters: frozenset[str] = frozenset()
    refusals: tuple[type[Exception], ...] = ()

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):  # the description of the API is made without a caller
            return super().get_queryset().none()
        return super().get_queryset().visible_to(self.request.access)

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method in SAFE:
            self._check_parameters(request.query_params)

    def require(self, permission: str, unit) -> None:
        """Raise PermissionDenied (403) unless the caller holds `permission` at `unit`."""
        if not self.request.access.allows(permission, unit):
            raise PermissionDenied(f"You may not {permission} here. Ask an administrator of this unit.")

    def known_parameters(self) -> set[str]:
        filters: set[str] = set()
        for backend in self.filter_backends:
            if issubclass(backend, DjangoFilterBackend) and getattr(self, "queryset", None) is not None:
                filterset = backend().get_filterset_class(self, self.queryset.all())
                filters |= set(filterset.base_filters) if filterset else set()
        paged = self.paginator.parameters if self.paginator else frozenset()
        return filters | self.query_parameters | paged

    def _check_parameters(self, given) -> None:
        known = self.known_parameters()
        faults = {
            name: f"There is no such parameter. Known are: {', '.join(sorted(known)) or 'none'}."
            for name in given
            if name not in known
        }
        faults |= {name: "Holds a NUL." for name, values in given.lists() if any("\0" in value for value in values)}
        if faults:
            raise ValidationError(faults, code="unknown_parameter")

    def handle_exception(self, exc):
        if isinstance(exc, self.refusals):
            code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(exc).__name__).lower()
            exc = Problem(409, code, str(exc))
        return super().handle_exception(exc)


class ScopedReadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """Lists and single objects, read only."""
