"""The form of an alert rule: which fields are shown, its KPI and condition decide."""

from django import forms

from kpis.measures import grains_of
from kpis.models import Kpi, KpiVersion
from kpis.selectors.readings import versions_on
from organization.access import DEFINE, Access
from organization.fields import UnitField
from organization.models import Role, Unit, User

from .models import AlertRule
from .rules import FIELDS, OWN, ROLES, WHOLE_ONLY
from .selectors import people_who_may

Condition = AlertRule.Condition
CLOCK = {"type": "time"}
PERIODS = {"day": "days", "week": "weeks", "month": "months", "quarter": "quarters", "year": "years"}
NUMBER = {"inputmode": "decimal", "autocomplete": "off"}


class RuleForm(forms.Form):
    kpi = forms.ModelChoiceField(Kpi.objects.none(), to_field_name="code", label="KPI")
    name = forms.CharField(max_length=120, help_text="As it stands in the inbox: A&E below the standard.")
    unit = UnitField(to_field_name="code")
    below = forms.BooleanField(required=False, label="Each unit below as well")
    condition = forms.ChoiceField(choices=Condition.choices, label="Alert on")

    comparator = forms.ChoiceField(choices=AlertRule.Comparator.choices, required=False, label="When")
    limit = forms.DecimalField(required=False, widget=forms.TextInput(attrs=NUMBER), help_text="Of the KPI's own unit.")
    margin = forms.DecimalField(
        required=False,
        min_value=0,
        widget=forms.TextInput(attrs=NUMBER),
        label="Clear again by",
        help_text="So much better than the limit before the alert is over. 0: as soon as the limit is met.",
    )
    statuses = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="When it becomes",
        choices=[("red", "off target"), ("amber", "at risk"), ("green", "on target"), ("no_target", "without target")],
    )
    signal_kinds = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Signals",
        choices=[("bad", "for the worse"), ("good", "for the better"), ("neutral", "of KPIs without a direction")],
    )
    chance_pct = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=99,
        label="Chance below (%)",
        help_text="Of the open period meeting its target.",
    )
    grace_hours = forms.IntegerField(
        required=False, min_value=0, max_value=10_000, label="Grace (hours)", help_text="Beyond what was promised."
    )
    grain = forms.ChoiceField(choices=list(PERIODS.items()), required=False, label="Periods")
    times = forms.IntegerField(min_value=1, max_value=36, required=False, label="How many")
    periods = forms.IntegerField(min_value=1, max_value=36, required=False, label="Of how many")
    dimension = forms.ChoiceField(required=False, label="Member by member of")
    members = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Only these members",
        help_text="One a line. Empty: every one.",
    )

    people = forms.ModelMultipleChoiceField(
        User.objects.none(),
        to_field_name="username",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
        label="People",
    )
    roles = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(role, Role(role).label) for role in ROLES],
        label="Roles at the unit",
        help_text="Where nobody holds it there, the nearest unit above counts.",
    )
    by_email = forms.BooleanField(required=False, label="By e-mail too")
    by_webhook = forms.BooleanField(required=False, label="By webhook too")
    cool_down_hours = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=100_000,
        label="Silent afterwards (hours)",
        help_text="After an alert was over.",
    )
    quiet_from = forms.TimeField(required=False, widget=forms.TimeInput(attrs=CLOCK, format="%H:%M"))
    quiet_until = forms.TimeField(
        required=False,
        widget=forms.TimeInput(attrs=CLOCK, format="%H:%M"),
        help_text="By the unit's clock; e-mail and webhook wait.",
    )

    WHAT = ("name", "kpi", "unit", "below", "condition")
    TOLD = ("people", "roles", "by_email", "by_webhook", "cool_down_hours", "quiet_from", "quiet_until")
    DEFAULTS = {
        "condition": Condition.VALUE, "comparator": "target", "margin": 0, "statuses": ["red"], "signal_kinds": ["bad"],
        "chance_pct": 50, "grace_hours": 0, "times": 1, "periods": 1, "roles": [Role.MANAGER], "by_email": True,
        "cool_down_hours": 0,
    }  # fmt: skip

    def __init__(self, data=None, *, access: Access, day, rule: AlertRule | None = None, initial=None):
        super().__init__(data, initial={**self.DEFAULTS, **(initial or {})})
        self.rule = rule
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(DEFINE))
        self.fields["kpi"].queryset = Kpi.objects.visible_to(access).order_by("name")
        if rule is not None:
            del self.fields["kpi"]
        people = people_who_may(access)
        self.fields["people"].queryset = people | rule.people.distinct() if rule else people
        self.kpi = rule.kpi if rule else self._chosen_kpi()
        self.version = versions_on([self.kpi.pk], day).get(self.kpi.pk) if self.kpi else None
        self._offer()

    def _chosen_kpi(self) -> Kpi | None:
        given = self.data.get("kpi") if self.is_bound else self.initial.get("kpi")
        if not given or "\0" in str(given):
            return None
        return self.fields["kpi"].queryset.filter(code=given).first()

    def _offer(self) -> None:
        """Grains and dimensions of the KPI."""
        dimensions = self.version.dimensions if self.version else []
        self.fields["dimension"].choices = [("", "the whole only"), *((name, name) for name in dimensions)]
        if self.version:
            self.fields["grain"].choices = [(grain, PERIODS[grain]) for grain in grains_of(self.version)]
            self.initial.setdefault("grain", self.version.grain)

    @property
    def chosen_condition(self) -> str:
        given = self.data.get("condition") if self.is_bound else self.initial["condition"]
        return given if given in Condition.values else Condition.VALUE

    @property
    def chosen_comparator(self) -> str:
        return self.data.get("comparator", "") if self.is_bound else self.initial["comparator"]

    @property
    def parts(self) -> list:
        """The fields of the condition, in the order in which they are read."""
        order = ("comparator", "limit", "margin", "statuses", "signal_kinds", "chance_pct", "grace_hours")
        names = [name for name in order if name in OWN[self.chosen_condition]]
        if self.chosen_comparator == AlertRule.Comparator.TARGET and "limit" in names:
            names.remove("limit")
        return [self[name] for name in names]

    @property
    def counts_periods(self) -> bool:
        """Whether it looks at several periods: at how many of the last it must hold."""
        return self.chosen_condition not in (Condition.LATE_DATA, Condition.FORECAST_MISS)

    @property
    def often(self) -> list:
        return [self[name] for name in ("times", "periods", "grain")]

    @property
    def members_parts(self) -> list:
        names = []
        if self.chosen_condition not in WHOLE_ONLY and self.version and self.version.dimensions:
            names = ["dimension", "members"]
        return [self[name] for name in names]

    @property
    def what(self) -> list:
        return [self[name] for name in self.WHAT if name in self.fields]

    @property
    def told(self) -> list:
        return [self[name] for name in self.TOLD]

    def clean_members(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["members"].splitlines() if line.strip()]

    def clean(self) -> dict:
        """What is not shown, or left empty, has its default."""
        chosen = super().clean()
        for name in ("times", "periods"):
            chosen[name] = chosen.get(name) or 1
        for name in ("margin", "grace_hours", "cool_down_hours"):
            chosen[name] = chosen.get(name) or 0
        if not chosen.get("grain"):
            chosen["grain"] = self.version.grain if self.version else KpiVersion.Grain.MONTH
        return chosen

    def values(self) -> dict:
        """What the verbs take, but KPI and people."""
        return {name: self.cleaned_data[name] for name in FIELDS if name in self.cleaned_data}


def initial_of(rule: AlertRule) -> dict:
    """The form's values of a rule as it stands."""
    values = {name: getattr(rule, name) for name in FIELDS if name != "owner"}
    for name in ("limit", "margin"):
        values[name] = f"{values[name].normalize():f}" if values[name] is not None else None
    people = [person.username for person in rule.people.all()]
    return {**values, "unit": rule.unit.code, "members": "\n".join(rule.members), "people": people}
