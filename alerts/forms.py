"""Forms about alerts and the inbox. What they offer is what the person may see; verbs decide what holds."""

from django import forms

from doors.days import DayField
from lake.instants import Clock
from organization.access import Access

from .models import Alert, AlertRule
from .selectors import STATES, people_who_may

SNOOZES = [(1, "1 hour"), (4, "4 hours"), (24, "1 day"), (72, "3 days"), (168, "1 week"), (720, "30 days")]
TEXT = forms.Textarea(attrs={"rows": 2})


class AlertFilter(forms.Form):
    state = forms.ChoiceField(required=False, choices=list(STATES.items()))
    unit = forms.ChoiceField(required=False)
    kpi = forms.ChoiceField(required=False, label="KPI")
    condition = forms.ChoiceField(required=False, choices=[("", "Any"), *AlertRule.Condition.choices])
    rule = forms.IntegerField(required=False, min_value=1, max_value=2**31, widget=forms.HiddenInput)

    def __init__(self, data, access: Access):
        super().__init__(data)
        seen = Alert.objects.visible_to(access).order_by()
        units = seen.values_list("unit__code", "unit__name").distinct().order_by("unit__name")
        kpis = seen.values_list("kpi__code", "kpi__name").distinct().order_by("kpi__name")
        self.fields["unit"].choices = [("", "Any"), *units]
        self.fields["kpi"].choices = [("", "Any"), *kpis]

    def filters(self) -> dict:
        """What `selectors.alerts_of` takes; a choice that cannot be read is left out."""
        self.is_valid()
        chosen = self.cleaned_data
        paths = {"unit": "unit__code", "kpi": "kpi__code", "condition": "rule__condition", "rule": "rule"}
        found = {path: chosen[name] for name, path in paths.items() if chosen.get(name)}
        return {"state": chosen.get("state") or "standing", **found}


class AcknowledgeForm(forms.Form):
    note = forms.CharField(required=False, max_length=1000, widget=TEXT, help_text="What you make of it.")


class SnoozeForm(forms.Form):
    hours = forms.TypedChoiceField(choices=SNOOZES, coerce=int, label="For")


class ResolveForm(forms.Form):
    reason = forms.CharField(max_length=1000, widget=TEXT, help_text="Why it is over, though the number is not clear.")


class FollowUpForm(forms.Form):
    note = forms.CharField(max_length=1000, widget=TEXT, label="What is to be done")
    owner = forms.ModelChoiceField(queryset=None, to_field_name="username", label="Who")
    due_date = DayField(label="Until")

    def __init__(self, *args, access: Access, **options):
        super().__init__(*args, auto_id="follow_up_%s", **options)  # the page has another form with a note
        self.fields["owner"].queryset = people_who_may(access)


class DoneForm(forms.Form):
    outcome = forms.CharField(required=False, max_length=1000, widget=TEXT, label="What came of it")


class WishesForm(forms.Form):
    email = forms.BooleanField(required=False, label="Send me e-mail besides the inbox")
    quiet_from = forms.TimeField(
        required=False,
        label="Quiet from",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        required=False, label="Quiet until", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, *args, clock: Clock, **options):
        super().__init__(*args, **options)
        self.fields[
            "quiet_from"
        ].help_text = f"E-mail waits in these hours, by your clock ({clock.zone}). The inbox has everything at once."
