"""The viewsets from which every API view derives: scoped to the caller, strict about parameters, plain in refusals."""

import re

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django_filters import BooleanFilter, Filter
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ErrorDetail, ValidationError

from .filters import A_MOMENT
from .nearest import did_you_mean
from .permissions import in_words
from .problems import Problem
from .revisions import ChangedMeanwhile

LOST_PLUS = "In an address a + is a space: write %2B in its place, or the moment in UTC, such as 2025-05-03T12:00:00Z."
TRUE_OR_FALSE = ("true", "false")
# For an action whose answer is a plain list: `@action(..., **PLAIN_LIST)`.
PLAIN_LIST: dict = {"pagination_class": None, "filter_backends": ()}


class ScopedViewSet(viewsets.GenericViewSet):
    """A viewset whose objects are those that the caller may see: the queryset's `visible_to(access)`.

    needs: permission by "read" and "write" or by action's name (`organization.access`).
    by_reading: actions that a token's scope `read` opens although they are no GETs, such as a question to a dataset.
    query_parameters: by action's name, the names that it takes in its address; a write takes no others.
    filtered, paged: actions that take the filters and the names of the pages besides.
    refusals: expected exceptions of its verbs; they become 409 with the exception's name as code and its words.
    """

    needs: dict[str, str] = {}
    by_reading: frozenset[str] = frozenset()
    query_parameters: dict[str, frozenset[str]] = {}
    filtered: frozenset[str] = frozenset({"list"})
    paged: frozenset[str] = frozenset({"list"})
    refusals: tuple[type[Exception], ...] = ()

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):  # the description of the API is made without a caller
            return super().get_queryset().none()
        return super().get_queryset().visible_to(self.request.access)

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action and request.method != "OPTIONS":  # without an action it is a method that there is not: 405
            self._check_parameters(request.query_params)

    def require(self, permission: str, unit) -> None:
        """Raise PermissionDenied (403) unless the caller holds `permission` at `unit`."""
        if not self.request.access.allows(permission, unit):
            raise PermissionDenied(f"You may not {in_words(permission)} here. Ask an administrator of this unit.")

    def asked(self, name: str, field: serializers.Field):
        """What the query parameter says, read as `field`; None without it. Raises ValidationError that names it."""
        given = self.request.query_params.get(name)
        if given is None:
            return None
        try:
            return field.run_validation(given)
        except ValidationError as fault:
            if isinstance(field, serializers.DateTimeField):
                raise ValidationError({name: LOST_PLUS if " " in given else A_MOMENT}) from None
            raise ValidationError({name: fault.detail}) from None

    def flag(self, name: str) -> bool:
        """Whether the query parameter says true; without it, false. Raises ValidationError for anything else."""
        given = self.request.query_params.get(name, "false")
        if given not in TRUE_OR_FALSE:
            raise ValidationError({name: "Write true or false."})
        return given == "true"

    def filter_queryset(self, queryset):
        """Filters choose from a list; an address with a name in it is that thing's, whatever else it asks."""
        return super().filter_queryset(queryset) if self.action in self.filtered else queryset

    def known_parameters(self) -> set[str]:
        """What the action takes in its address: the description of the API names the same."""
        pages = self.paginator.parameters if self.paginator and self.action in self.paged else frozenset()
        return set(self._filters()) | self.query_parameters.get(self.action, frozenset()) | pages

    def _filters(self) -> dict[str, Filter]:
        filters: dict[str, Filter] = {}
        if self.action not in self.filtered:
            return filters
        for backend in self.filter_backends:
            if issubclass(backend, DjangoFilterBackend) and getattr(self, "queryset", None) is not None:
                filterset = backend().get_filterset_class(self, self.queryset.all())
                filters |= filterset.base_filters if filterset else {}
        return filters

    def _check_parameters(self, given) -> None:
        filters, known = self._filters(), self.known_parameters() if given else set()
        faults = {}
        for name, values in given.lists():
            if name not in known:
                faults[name] = ErrorDetail(_no_parameter(name, known) + self._in_body(), "unknown_parameter")
            elif any("\0" in value for value in values):
                faults[name] = "Holds a NUL."
            elif len(values) > 1:  # the last one would win
                faults[name] = "Write it once: ask for one value at a time."
            elif not values[0].strip():  # a filter would leave it out, and answer all
                faults[name] = ErrorDetail("It is empty: write a value, or leave the parameter out.", "blank")
            elif isinstance(filters.get(name), BooleanFilter) and values[0] not in TRUE_OR_FALSE:
                faults[name] = "Write true or false."  # the filter itself would leave out what it does not understand
        if faults:
            raise ValidationError(faults)

    def _in_body(self) -> str:
        return " What a change says stands in its body." if self.request.method in ("POST", "PUT", "PATCH") else ""

    def handle_exception(self, exc):
        if isinstance(exc, self.refusals):
            code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(exc).__name__).lower()
            exc = Problem(409, code, str(exc))
        elif isinstance(exc, ChangedMeanwhile):
            exc = Problem(exc.status, exc.code, exc.message, next_step=exc.next_step)
        return super().handle_exception(exc)


def _no_parameter(name: str, known: set[str]) -> str:
    near = did_you_mean(name[:80], sorted(known), cutoff=0.5)
    return f"There is no such parameter.{near} Known are: {', '.join(sorted(known)) or 'none'}."


class NamedInAddress:
    """Mixed into a viewset whose addresses hold the thing's name (`named_by`) or its id.

    Digits alone are always the id, whatever is named so: what an address means does not change by a new thing.
    """

    named_by = "code"
    lookup_value_regex = "[^/]+"

    def get_object(self):
        given = self.kwargs["pk"]
        if not (given.isascii() and given.isdigit()):
            seen = self.get_queryset().filter(**{self.named_by: given}) if given.isprintable() else self.queryset.none()
            self.kwargs["pk"] = get_object_or_404(seen).pk
        return super().get_object()


class ScopedReadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """Lists and single objects, read only."""
