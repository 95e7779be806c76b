"""A code that a person gives to a thing, in a form or over REST, and whose it is when it is taken."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.html import format_html
from django.utils.text import capfirst
from rest_framework import serializers


class CodeField(forms.SlugField):
    """Letters, digits, - and _, as in addresses."""

    default_error_messages = {
        "invalid": "Write letters without accents, digits, - and _ only: no blanks or other signs."
    }


class NewCode:
    """A form that gives a thing of `coded` its code, by somebody with `access`."""

    coded: type[Model]

    def clean_code(self) -> str:
        others = self.coded.objects.exclude(pk=getattr(getattr(self, "instance", None), "pk", None))
        return free(self.cleaned_data["code"], others, self.access)


class FreeCode:
    """Validates a serializer's `code`: refused with whose it is, as in a form."""

    requires_context = True

    def __init__(self, model: type[Model]):
        self.model = model

    def __call__(self, code: str, field) -> None:
        things = self.model.objects.exclude(pk=getattr(field.parent.instance, "pk", None))
        if things.filter(code=code).exists():
            seen = things.visible_to(field.context["request"].access).filter(code=code).first()
            raise serializers.ValidationError(in_words(code, self.model, seen), "taken")


def free(code: str, things, access) -> str:
    """`code`, if none of `things` has it. Otherwise a ValidationError that says whose it is, as far as one may see."""
    if things.filter(code=code).exists():
        raise taken(code, things.model, things.visible_to(access).filter(code=code).first())
    return code


def taken(code: str, model: type[Model], owner: Model | None) -> ValidationError:
    """The code belongs to `owner`, or to one of `model` that the person does not see (None)."""
    if not hasattr(owner, "get_absolute_url"):
        return ValidationError(in_words(code, model, owner), "taken")
    link = format_html('<a href="{}">{}</a>', owner.get_absolute_url(), owner)
    words = "The {} {} has the code {}. Choose another code, or open that one."
    return ValidationError(format_html(words, model._meta.verbose_name, link, code), "taken")


def in_words(code: str, model: type[Model], owner: Model | None) -> str:
    """The same without the way there."""
    what = model._meta.verbose_name
    if owner is None:
        return f"{capfirst(what)} code {code} is taken outside your units. Choose another."
    return f"The {what} {owner} has the code {code}. Choose another code."
