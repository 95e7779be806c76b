"""Forms of the scorecard builder."""

from datetime import date
from decimal import Decimal

from django import forms

from doors.codes import NewCode
from kpis.models import Kpi, Objective, Scorecard, ScorecardNode
from organization.access import DEFINE, VIEW
from organization.fields import UnitField, largest_first
from organization.models import Unit, User

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
ALWAYS = date(1900, 1, 1)


class ScorecardForm(NewCode, forms.ModelForm):
    """A scorecard's own words; its code is given once."""

    coded = Scorecard

    class Meta:
        model = Scorecard
        fields = ["code", "name", "description", "unit", "owner", "grain", "cascades", "is_executive"]
        field_classes = {"unit": UnitField}
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}
        labels = {
            "unit": "Starts at",
            "cascades": "Units below see it with their own results",
            "is_executive": "The monthly review starts from it",
        }
        help_texts = {
            "code": "Part of its address: letters, digits and dashes.",
            "unit": "",
            "cascades": "",
            "is_executive": "",
        }

    grain = forms.ChoiceField(choices=[("month", "Month"), ("quarter", "Quarter"), ("year", "Year"), ("week", "Week")])

    def __init__(self, *args, access, **kwargs):
        super().__init__(*args, **kwargs)
        units = Unit.objects.filter(pk__in=access.units(DEFINE))
        self.fields["unit"].queryset = units
        self.fields["owner"].queryset = people_of(access)
        self.access = access
        if self.instance.pk:
            del self.fields["code"]
        elif not self.initial.get("unit"):
            self.initial["unit"] = largest_first(units).first()

    def values(self) -> dict:
        return dict(self.cleaned_data)

    def _post_clean(self):
        """The verb validates the model; the form only its fields, so that nothing is set before the verb sets it."""


class RowForm(forms.Form):
    """How a row is named, placed, read and rolled up. What does not concern its kind is left out."""

    name = forms.CharField(max_length=200, required=False, help_text="Empty: the KPI's or objective's own name.")
    parent = forms.ModelChoiceField(ScorecardNode.objects.none(), required=False, label="Under", empty_label="The top")
    roll_up = forms.ChoiceField(choices=ScorecardNode.RollUp.choices, label="Its score is")
    minimum_coverage_pct = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Least coverage, %",
        help_text="With less of the weight scored: no score. What was never measured there, or has no target, "
        "is left out.",
    )
    missing = forms.ChoiceField(choices=ScorecardNode.Missing.choices, label="When it has no score")
    carry_periods = forms.IntegerField(min_value=0, max_value=60, label="Carry for at most, periods")
    gate_cap = forms.IntegerField(
        min_value=0,
        max_value=100,
        required=False,
        label="Gate: cap at",
        help_text="While this KPI is red, the score above it is at most this.",
    )
    unit = UnitField(required=False, label="Read at", empty_label="The unit of the scorecard")
    objective = forms.ModelChoiceField(Objective.objects.none(), required=False)

    LEFT_OUT = {
        "kpi": ("roll_up", "minimum_coverage_pct", "objective"),
        "perspective": ("gate_cap", "unit", "objective", "carry_periods"),
        "objective": ("gate_cap", "unit", "carry_periods"),
    }

    def __init__(self, *args, node: ScorecardNode, access, **kwargs):
        names = set(self.base_fields) - {"parent"}
        first = {name: getattr(node, name) for name in names} | {"parent": node.parent_id}
        super().__init__(*args, initial=first, auto_id="row_%s", **kwargs)
        for name in self.LEFT_OUT[node.kind]:
            del self.fields[name]
        self.fields["parent"].queryset = _groups(node.scorecard).exclude(pk=node.pk)
        if "unit" in self.fields:
            self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(VIEW))
        if "objective" in self.fields:
            self.fields["objective"].queryset = Objective.objects.filter(unit__in=access.units(VIEW))
        if node.kind == "perspective":
            self.fields["name"].required, self.fields["name"].help_text = True, ""


class AddForm(forms.Form):
    """A new row: a KPI, or a perspective or objective that holds some."""

    kind = forms.ChoiceField(choices=ScorecardNode.Kind.choices, initial=ScorecardNode.Kind.KPI, label="What")
    kpi = forms.ModelChoiceField(Kpi.objects.none(), required=False, label="KPI", help_text="For a KPI.")
    objective = forms.ModelChoiceField(Objective.objects.none(), required=False, help_text="For an objective.")
    name = forms.CharField(max_length=200, required=False, help_text="For a perspective, or another name for the row.")
    parent = forms.ModelChoiceField(ScorecardNode.objects.none(), required=False, label="Under", empty_label="The top")
    weight = forms.DecimalField(min_value=0, max_value=Decimal("99999"), decimal_places=4, initial=1)

    def __init__(self, *args, scorecard: Scorecard, access, **kwargs):
        super().__init__(*args, auto_id="new_%s", **kwargs)  # the page has other forms with a name
        self.fields["kpi"].queryset = Kpi.objects.visible_to(access)
        self.fields["objective"].queryset = Objective.objects.filter(unit__in=access.units(VIEW))
        self.fields["parent"].queryset = _groups(scorecard)
        self.fields["parent"].widget.attrs["data-pm-empty-for"] = "kind=perspective"  # what was proposed is for KPIs

    def clean(self):
        given = super().clean()
        if given.get("kind") == "kpi" and not given.get("kpi") and "kpi" not in self.errors:
            self.add_error("kpi", "Choose the KPI to add.")
        if given.get("kind") == "objective" and not (given.get("objective") or given.get("name")):
            self.add_error("objective", "Choose the objective, or give the row a name.")
        if given.get("kind") == "perspective" and not given.get("name"):
            self.add_error("name", "Name the perspective, for instance Customer.")
        if given.get("kind") != "kpi":
            given["kpi"] = None
        if given.get("kind") != "objective":
            given["objective"] = None
        return given


class WeightsForm(forms.Form):
    """A weight for each row, from a day on or for all time. Only those that were changed are set."""

    from_day = forms.DateField(widget=DATE, required=False, label="From")
    all_time = forms.BooleanField(required=False, label="For the past as well")

    def __init__(self, *args, nodes, weights: dict[int, Decimal], day: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.nodes = {node.pk: node for node in nodes}
        self.fields["from_day"].initial = day
        for node in nodes:
            self.fields[f"weight-{node.pk}"] = forms.DecimalField(
                label=f"Weight of {node}",
                min_value=0,
                max_value=Decimal("99999"),
                decimal_places=4,
                required=False,
                localize=False,
                widget=forms.TextInput(
                    attrs={"inputmode": "decimal", "aria-label": f"Weight of {node}", "autocomplete": "off"}
                ),
            )
            self.fields[f"weight-{node.pk}"].initial = plain(weights.get(node.pk, Decimal(1)))
        for field in self.fields.values():  # they stand in a table whose rows have forms of their own
            field.widget.attrs["form"] = "weights"

    def clean(self):
        given = super().clean()
        if not given.get("all_time") and not given.get("from_day") and "from_day" not in self.errors:
            self.add_error("from_day", "From which day on? Or tick “For the past as well”.")
        return given

    def changed(self) -> dict[ScorecardNode, Decimal]:
        """row -> its new weight, where it is another than before."""
        wanted = {pk: self.cleaned_data.get(f"weight-{pk}") for pk in self.nodes}
        return {
            self.nodes[pk]: weight
            for pk, weight in wanted.items()
            if weight is not None and weight != Decimal(self.fields[f"weight-{pk}"].initial)
        }

    def from_which(self) -> date:
        return ALWAYS if self.cleaned_data["all_time"] else self.cleaned_data["from_day"]


def plain(weight: Decimal) -> str:
    """2.5000 as 2.5."""
    text = f"{weight:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _groups(scorecard: Scorecard):
    return scorecard.nodes.filter(kpi=None).select_related("objective").order_by("position", "pk")


def people_of(access):
    """People with a role at the units where one may define."""
    inside = User.objects.filter(memberships__unit__in=access.units(VIEW)) | User.objects.filter(pk=access.user_id)
    return inside.filter(is_active=True).distinct().order_by("username")
