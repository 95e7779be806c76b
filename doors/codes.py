"""A code that a person gives to a thing in a form."""

from django import forms


class CodeField(forms.SlugField):
    """Letters, digits, - and _, as in addresses."""

    default_error_messages = {
        "invalid": "Write letters without accents, digits, - and _ only: no blanks or other signs."
    }
