"""Filters of lists over REST: plain names as in a body, `?kpi=on_time&unit=north&period_from=2025-01-01`.

A thing is asked for by its code, a person by the log-in name (a unit and a user by the id, too), all else by the
field's value; days and moments by `..._from`, which counts itself, and `..._before`, which does not.
"""

import re
from collections.abc import Callable, Iterable

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateField, DateTimeField
from django_filters import (
    BooleanFilter,
    CharFilter,
    ChoiceFilter,
    DateFilter,
    DateTimeFilter,
    Filter,
    IsoDateTimeFilter,
    ModelChoiceFilter,
)
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError

from .nearest import MOST, did_you_mean

A_DAY = "Write a day such as 2025-05-03."
A_MOMENT = "Write a moment, best in UTC, such as 2025-05-03T12:00:00Z."
NO_SUCH_ID = "Nothing that you see has this id: write one that the list of those things shows."
BY_ITS_NAME = re.compile(r"(?:\w+__)?(\w+?)__(?:code|username)\Z")
NAME_OF = re.compile(r"(.+)__(code|username)\Z")
OF_ANOTHER = re.compile(r"(?:\w+__)(\w+)\Z")
# period_start, due_date, opened_at and valid_from are asked for as period, due, opened and valid
IN_TIME = re.compile(r"(?:\w+__)?(\w+?)(?:_start|_date|_at|_from)?__(gte|lt)\Z")
ENDS = {"gte": "from", "lt": "before"}
CALLED = {"username": "log-in name", "object_id": "object's id", "object_type": "object's type"}
MOST_CHOICES = 40  # that a refusal names
NAMED_TWICE = {"unit": "code", "user": "username"}  # by that or by id, as in bodies


class TextFilter(CharFilter):
    """Rows with this text; one that no row has which the caller may see is refused, with the nearest that there are."""

    def __init__(self, *args, asked_as: str, **options):
        super().__init__(*args, **options)
        self.asked_as = asked_as

    def filter(self, qs, value):
        of_it = {self.field_name: value}
        if not value or self.parent.queryset.filter(**of_it).exists():
            return qs.filter(**of_it) if value else qs
        what = qs.model._meta.model_name if self.asked_as in ("code", "username") else self.asked_as
        raise ValidationError({self.asked_as: ErrorDetail(self._words(value), f"unknown_{what}")})

    def _words(self, value: str) -> str:
        seen = self.parent.queryset
        known = seen.order_by().values_list(self.field_name, flat=True).distinct()[:MOST]
        called = CALLED.get(self.asked_as, self.asked_as.replace("_", " "))
        words = f"There is no {_word(seen.model)} with the {called} {value[:80]!r} that you see."
        return words + did_you_mean(value[:80], map(str, known))


class PlainFilter(CharFilter):
    """Rows with this text, if any: its view judges whether it names something."""


class OneOfFilter(CharFilter):
    """Rows with one of the texts that there may be, which `known()` tells when it is asked; others are refused."""

    def __init__(self, *args, known: Callable[[], Iterable[str]], **options):
        super().__init__(*args, **options)
        self.known = known

    def filter(self, qs, value):
        known = sorted(self.known())
        if value and value not in known and not self.parent.queryset.filter(**{self.field_name: value}).exists():
            near = did_you_mean(value[:80], known)
            choose = "" if len(known) > MOST_CHOICES else f" Choose one of: {', '.join(known)}."
            words = f'"{value[:80]}" is none of the choices.{near}{choose}'
            raise ValidationError({self.field_name: ErrorDetail(words, "invalid_choice")})
        return super().filter(qs, value)


class SeenFilter(ModelChoiceFilter):
    """Rows of the thing with this id. One that the caller does not see is refused as one that there is not."""

    def __init__(self, *args, asked_as: str, **options):
        super().__init__(*args, **options)
        self.asked_as = asked_as

    def filter(self, qs, value):
        if value is None:
            return qs
        of_it = {self.field_name: value.pk}
        if self._is_seen(value) or self.parent.queryset.filter(**of_it).exists():
            return qs.filter(**of_it)
        raise ValidationError({self.asked_as: ErrorDetail(NO_SUCH_ID, "invalid_choice")})

    def _is_seen(self, thing) -> bool:
        found = type(thing).objects.filter(pk=thing.pk)
        access = self.parent.request.access
        return hasattr(found, "visible_to") and found.visible_to(access).exists()


class NamedFilter(CharFilter):
    """Rows of the thing with this code, or of the person with this log-in name (`called`).

    One that the caller does not see is refused as one that there is not.
    """

    def __init__(self, *args, asked_as: str, thing, called: str = "code", takes_id: bool = False, **options):
        super().__init__(*args, **options)
        self.asked_as, self.thing, self.called, self.takes_id = asked_as, thing, called, takes_id

    def filter(self, qs, value):
        if not value:
            return qs
        for known in self._known(value):
            seen = self.thing.objects.filter(pk=known).visible_to(self.parent.request.access)
            its_own = {self.field_name: known}
            if seen.exists() or self.parent.queryset.filter(**its_own).exists():  # a row that is seen names it
                return qs.filter(**its_own)
        names = self.thing.objects.visible_to(self.parent.request.access).values_list(self.called, flat=True)[:MOST]
        words = f"There is no {_word(self.thing)} {value[:80]!r} that you see." + did_you_mean(value[:80], names)
        raise ValidationError({self.asked_as: ErrorDetail(words, f"unknown_{self.thing._meta.model_name}")})

    def _known(self, value: str) -> list[int]:
        """The id of what is called so, or that is it."""
        known = list(self.thing.objects.filter(**{self.called: value}).values_list("pk", flat=True))
        is_id = self.takes_id and value.isascii() and value.isdigit() and len(value) < 19
        return known or ([int(value)] if is_id else [])


class FiltersByName(DjangoFilterBackend):
    """Gives the filters of `filterset_fields` and of a filter set their plain names, and each a description.

    `version__agreement__code` is asked for as `agreement`, `period_start__gte` as `period_from`. A choice that there is
    not is refused with those that there are.
    """

    def get_filterset_class(self, view, queryset=None):
        found = super().get_filterset_class(view, queryset)
        if found is not None:
            found.base_filters = dict(_named(found, name, one) for name, one in found.base_filters.items())
            for name, one in found.base_filters.items():
                one.extra["help_text"] = one.extra.get("help_text") or described(found._meta.model, name, one)
                if isinstance(one, ChoiceFilter) and "choices" in one.extra:
                    one.extra["error_messages"] = {"invalid_choice": _wrong_choice(one)}
                elif isinstance(one, ModelChoiceFilter):
                    one.extra["error_messages"] = {"invalid_choice": NO_SUCH_ID}
                elif isinstance(one, DateFilter):  # 03/05/2025 would be taken for a day in March
                    one.extra |= {"input_formats": ["%Y-%m-%d"], "error_messages": {"invalid": A_DAY}}
                elif isinstance(one, DateTimeFilter | IsoDateTimeFilter):
                    one.extra |= {"input_formats": [IsoDateTimeField.ISO_8601], "error_messages": {"invalid": A_MOMENT}}
        return found


def _named(filters, name: str, one: Filter) -> tuple[str, Filter]:
    """The name by which a filter is asked for, and the filter that then answers."""
    if in_time := IN_TIME.match(name):
        return f"{in_time[1]}_{ENDS[in_time[2]]}", one
    found = BY_ITS_NAME.match(name) or OF_ANOTHER.match(name)
    thing, path = found[1] if found else name, one.field_name or ""
    is_named, its_name = thing in NAMED_TWICE, NAME_OF.match(path)
    if isinstance(one, NamedFilter) or not (its_name or is_named):
        return thing, _refusing(thing, path, one)
    of_it, called = its_name.groups() if its_name else (path, NAMED_TWICE[thing])
    model = _field(filters._meta.model, of_it).related_model
    return thing, NamedFilter(field_name=of_it, asked_as=thing, thing=model, called=called, takes_id=is_named)


def _refusing(asked_as: str, path: str, one: Filter) -> Filter:
    """The same filter, as one that refuses what there is not."""
    if type(one) is ModelChoiceFilter:
        return SeenFilter(field_name=path, asked_as=asked_as, **one.extra)
    if type(one) is CharFilter and not one.method:
        return TextFilter(field_name=path, asked_as=asked_as, **one.extra)
    return one


def described(model, name: str, one: Filter) -> str:
    """What the filter keeps, in a sentence."""
    field = _field(model, one.field_name or name)
    if one.lookup_expr in ENDS and not isinstance(field, DateField):
        when = "this or greater" if one.lookup_expr == "gte" else "less than this"
        return f"Those whose `{field.name}` is {when}."
    if one.lookup_expr in ENDS:
        what = "moment" if isinstance(field, DateTimeField) else "day"
        said = f"at this {what}" if what == "moment" else f"on this {what}"
        when = f"{said} or later" if one.lookup_expr == "gte" else f"before this {what}"
        return f"Those whose `{field.name}` lies {when}."
    if isinstance(one, NamedFilter) and one.called == "username":
        return f"Those with this {name}, by the log-in name{' or id' if one.takes_id else ''}."
    if isinstance(one, NamedFilter):
        below = "; without what stands below it" if name in NAMED_TWICE else ""
        return f"Those of this {_word(one.thing)}, by its code{' or id' if one.takes_id else ''}{below}."
    if isinstance(one, BooleanFilter):
        return f"Write true or false: those for which `{name}` is so."
    if isinstance(one, ModelChoiceFilter):
        return f"Those of this {_word(field.related_model)}, by its id."
    return f"Those with exactly this `{name}`."


def _word(model) -> str:
    return str(model._meta.verbose_name)


def _field(model, path: str):
    """The field at the end of `a__b__c`; None where the path leads over something that is no field."""
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except (FieldDoesNotExist, AttributeError):
            return None
        model = field.related_model
    return field


def _wrong_choice(one: ChoiceFilter) -> str:
    known = ", ".join(str(value) for value, _ in one.extra["choices"])
    return '"%(value)s" is none of the choices. Choose one of: ' + known.replace("%", "%%") + "."
