"""A code that a person gives to a thing, in a form or over REST; what it may be, and whose it is when it is taken."""

import re
import unicodedata

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
    """A form that gives a thing of `coded` its code, by somebody with `access`.

    A new thing's code is proposed from what stands in `code_from`: by the browser while that is typed (`forms.js`), by
    the server where the code is left empty. `code_sign` stands in place of blanks.
    """

    coded: type[Model]
    code_from = "name"
    code_sign = "-"

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if "code" not in self.fields or self._kept:
            return
        field, first = self.fields["code"], self.code_from
        field.required = False
        field.help_text = f"{field.help_text} Empty: made from the {first}.".strip()
        field.widget.attrs |= {"data-pm-code": self.code_sign, "data-pm-code-of": self.add_prefix(first)}
        others = [name for name in self.fields if name != "code"]
        place = others.index(first) + 1  # it is cleaned after what it is made from
        self.order_fields([*others[:place], "code", *others[place:]])

    @property
    def _kept(self):
        return getattr(getattr(self, "instance", None), "pk", None)

    def clean_code(self) -> str:
        code, others = self.cleaned_data["code"], self.coded.objects.exclude(pk=self._kept)
        if code or self._kept or not (name := self.cleaned_data.get(self.code_from)):
            return free(code, others, self.access)
        return proposed_free(name, others, longest=self.fields["code"].max_length, sign=self.code_sign)


LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def proposed(name: str, *, longest: int, sign: str = "-") -> str:
    """A code that reads as the name does; empty where the name has no letter or digit that a code may have.

    With the sign _ it can be written in a formula as it is, so that it does not start with a digit.
    """
    plain = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    code = re.sub("[^a-z0-9]+", sign, plain.lower().translate(LETTERS)).strip(sign)
    if sign == "_" and code[:1].isdigit():
        code = sign + code
    return code[:longest].rstrip(sign)


def proposed_free(name: str, things, *, longest: int, sign: str = "-") -> str:
    """The same, numbered where one of `things` has it already."""
    code = proposed(name, longest=longest, sign=sign)
    if not code:
        raise ValidationError("Write a code of letters without accents and digits: the name has none.", "required")
    number, numbered = 1, code
    while things.filter(code=numbered).exists():
        number += 1
        tail = f"{sign}{number}"
        numbered = code[: longest - len(tail)].rstrip(sign) + tail
    return numbered


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
