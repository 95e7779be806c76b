"""A day that a person sends: YYYY-MM-DD only, from 1900 to 2200; no guess whether 01/02 is in January or February."""

from datetime import date

from django import forms
from django.contrib import messages


def day_from(text: str) -> date | None:
    """The day that `text` names; None where it names none."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day and 1900 <= day.year <= 2200 else None


def day_asked(request, name: str, otherwise: str) -> date | None:
    """The day in the address, if any; one that cannot be read leaves a message that ends with `otherwise`."""
    text = request.GET.get(name, "").strip()
    day = day_from(text)
    if text and not day:
        messages.warning(request, f"“{text[:20]}” is not a day such as 2025-03-31, so {otherwise}.")
    return day


class DayField(forms.DateField):
    """A day in a form: chosen in the browser's calendar, or written."""

    def __init__(self, **options):
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(input_formats=["%Y-%m-%d"], **options)
        self.error_messages["invalid"] = "Write a day as YYYY-MM-DD."

    def clean(self, value) -> date | None:
        day = super().clean(value)
        if day and not day_from(day.isoformat()):
            raise forms.ValidationError("Write a day from 1900 to 2200.")
        return day
