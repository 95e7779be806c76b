"""Forms of control charts. Days are those of any day of the period that is meant."""

from django import forms

from kpis.models import ChartSetting

from .forms import DAY

WHY = "Kept with the change, and shown beside the chart."


def day_field(label: str, **more) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), **more)


class ChartForm(forms.Form):
    rule_set = forms.ChoiceField(label="Rules", choices=ChartSetting.RuleSet.choices)
    chart = forms.ChoiceField(
        label="Chart",
        choices=ChartSetting.Chart.choices,
        help_text="Shares and rates need numerator and denominator to be counts; else it is an individuals chart.",
    )
    baseline = forms.ChoiceField(label="Limits are made of", choices=ChartSetting.Baseline.choices)
    baseline_from = day_field("Lock from the period of", required=False)
    baseline_to = day_field("to the period of", required=False)
    reason = forms.CharField(max_length=500, help_text=WHY)


class PhaseForm(forms.Form):
    starts_on = day_field("New limits from the period of")
    reason = forms.CharField(max_length=500, label="What changed in the process", help_text=WHY)

    def __init__(self, *given, **named):
        """A page has all three forms, and an id only once."""
        super().__init__(*given, auto_id="phase_%s", **named)


class ExclusionForm(forms.Form):
    day = day_field("Leave out the period of")
    reason = forms.CharField(max_length=500, label="Known cause", help_text=WHY)

    def __init__(self, *given, **named):
        super().__init__(*given, auto_id="exclusion_%s", **named)
