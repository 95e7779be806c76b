"""A code that a person gives to a thing in a form."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.html import format_html
from django.utils.text import capfirst


class CodeField(forms.SlugField):
    """Letters, digits, - and _, as in addresses."""

    default_error_messages = {
        "invalid": "Write letters without accents, digits, - and _ only: no blanks or other signs."
    }


def free(code: str, things, access) -> str:
    """`code`, if none of `things` has it. Otherwise a ValidationError that says whose it is, as far as one may see."""
    if things.filter(code=code).exists():
        raise taken(code, things.model, things.visible_to(access).filter(code=code).first())
    return code


def taken(code: str, model: type[Model], owner: Model | None) -> ValidationError:
    """The code belongs to `owner`, or to one of `model` that the person does not see (None)."""
    what = model._meta.verbose_name
    if owner is None:
        return ValidationError(f"{capfirst(what)} code {code} is taken outside your units. Choose another.", "taken")
    link = format_html('<a href="{}">{}</a>', owner.get_absolute_url(), owner)
    return ValidationError(
        format_html("The {} {} has the code {}. Choose another code, or open that one.", what, link, code), "taken"
    )
