"""A day in a form: chosen in the browser's calendar, sent as YYYY-MM-DD."""

from datetime import date

from django import forms


class DayField(forms.DateField):
    """ISO dates only, from 1900 to 2200: no guess whether 01/02 is in January or February."""

    def __init__(self, **options):
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(input_formats=["%Y-%m-%d"], **options)
        self.error_messages["invalid"] = "Write a day as YYYY-MM-DD."

    def clean(self, value) -> date | None:
        day = super().clean(value)
        if day and not 1900 <= day.year <= 2200:
            raise forms.ValidationError("Write a day from 1900 to 2200.")
        return day
