"""Forms of the strategy page."""

from django import forms

from kpis.models import Kpi, KpiLink, Objective, Theme
from organization.access import DEFINE
from organization.fields import UnitField
from organization.models import Unit, User

from .scorecard_forms import people_of


class ThemeForm(forms.Form):
    name = forms.CharField(max_length=200)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="theme_%s", **kwargs)  # the page has another form with a name


class ObjectiveForm(forms.Form):
    """An objective under a theme; whoever adds it owns it until it is given to another."""

    theme = forms.ModelChoiceField(Theme.objects.all(), empty_label=None)
    name = forms.CharField(max_length=200, help_text="What shall be true: Patients are seen in time.")
    unit = UnitField(label="Unit that answers for it")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, access, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(DEFINE))


class ObjectiveChangeForm(ObjectiveForm):
    """An objective that is there, which may be given to another owner."""

    owner = forms.ModelChoiceField(User.objects.none(), empty_label=None)
    field_order = ("theme", "name", "unit", "owner", "description")

    def __init__(self, *args, access, objective: Objective, **kwargs):
        first = {name: getattr(objective, name) for name in self.base_fields}
        super().__init__(*args, access=access, initial=first, **kwargs)
        self.fields["owner"].queryset = people_of(access) | User.objects.filter(pk=objective.owner_id).distinct()


class LinkForm(forms.Form):
    """A KPI that contributes to an objective (its result counts) or supports it (it helps)."""

    kpi = forms.ModelChoiceField(Kpi.objects.none(), label="KPI")
    objective = forms.ModelChoiceField(Objective.objects.none())
    kind = forms.ChoiceField(choices=KpiLink.Kind.choices, label="How")

    def __init__(self, *args, access, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kpi"].queryset = Kpi.objects.visible_to(access)
        self.fields["objective"].queryset = Objective.objects.filter(unit__in=access.units(DEFINE))
