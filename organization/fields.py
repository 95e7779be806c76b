"""Form fields about the organisation."""

from collections.abc import Iterable

from django import forms
from django.db import models
from django.forms.models import ModelChoiceIterator

from . import tree
from .models import Unit

INDENT = 3 * "\N{NO-BREAK SPACE}"  # a step down the tree in a list of units


def listed(units: Iterable[Unit]) -> list[tuple[Unit, str]]:
    """Each unit and its name as a list of choices has it: as the tree stands, indented below its parent."""
    return [(unit, f"{INDENT * depth}{unit}") for unit, depth in tree.in_order(units)]


class _InTree(ModelChoiceIterator):
    """The units of the field in that order. Two queries, however many there are."""

    def __iter__(self):
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        for unit, name in listed(self.queryset):
            yield (self.field.prepare_value(unit), name)


class UnitField(forms.ModelChoiceField):
    """A unit of `queryset`, which the form narrows to what the person may choose."""

    iterator = _InTree

    def __init__(self, queryset=None, **options):
        super().__init__(Unit.objects.none() if queryset is None else queryset, **options)


def largest_first(units):
    """The group before its divisions, vendors last: the first ones are where most things belong."""
    ranks = [models.When(kind=kind, then=place) for place, kind in enumerate(Unit.Kind.values)]
    return units.order_by(models.Case(*ranks, default=len(ranks)), "name")
