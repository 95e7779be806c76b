"""Forms of targets and of numbers entered by hand."""

from decimal import Decimal

from django import forms

from kpis.manual import EVIDENCE_KINDS
from kpis.models import AnnualTarget, Kpi
from kpis.models.targets import Comparator
from kpis.typed_numbers import NotANumber, is_band, read_band, read_number
from organization.access import UPLOAD, Access
from organization.fields import UnitField
from organization.models import Unit

from .forms import DAY


class TypedNumber(forms.CharField):
    """A number as people type it; see `kpis.typed_numbers`."""

    def __init__(self, **options):
        options.setdefault("max_length", 60)
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**options)

    def clean(self, value) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_number(text)
        except NotANumber as fault:
            raise forms.ValidationError(str(fault)) from None


WHY = "Needed where periods are complete: their status is computed anew."


class AnnualForm(forms.Form):
    unit = UnitField(to_field_name="code")
    total = TypedNumber(label="Total of the year")
    phasing = forms.ChoiceField(choices=AnnualTarget.Phasing.choices, help_text="How it is spread over the months.")
    decimals = forms.IntegerField(min_value=0, max_value=6, help_text="Of each part; the parts add up exactly.")
    reason = forms.CharField(required=False, max_length=500, help_text=WHY)

    def __init__(self, data=None, *, units, dimensions=(), initial=None):
        super().__init__(data, initial=initial, prefix="annual")
        self.fields["unit"].queryset = units


class TargetForm(forms.Form):
    unit = UnitField(to_field_name="code")
    comparator = forms.ChoiceField(choices=Comparator.choices, label="What it is")
    value = forms.CharField(max_length=60, help_text="A number, or the ends of a band such as 90..95.")
    valid_from = forms.DateField(widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    valid_to = forms.DateField(
        required=False,
        label="Up to, not including",
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text="Empty: until it is replaced.",
    )
    as_total = forms.BooleanField(
        required=False,
        label="Of these days together",
        help_text="A month's or a quarter's total; else the value holds for each period in these days.",
    )
    split_standing = forms.BooleanField(
        required=False,
        label="Split a longer target around these days",
        help_text="It is kept before and after them; else a target that holds on these days is in the way.",
    )
    dimension = forms.ChoiceField(required=False, label="Only for", help_text="A segment, or all rows.")
    member = forms.CharField(required=False, max_length=200)
    basis = forms.CharField(required=False, max_length=200, help_text="Regulation, contract, benchmark, history ...")
    reason = forms.CharField(required=False, max_length=500, help_text=WHY)

    def __init__(self, data=None, *, units, dimensions=(), may_be_total=False, initial=None):
        super().__init__(data, initial=initial, prefix="single")
        if not may_be_total:
            del self.fields["as_total"]
        self.fields["unit"].queryset = units
        self.fields["dimension"].choices = [("", "all rows"), *((name, name) for name in dimensions)]

    def clean_value(self):
        text = self.cleaned_data["value"]
        try:
            return read_band(text) if is_band(text) else read_number(text)
        except NotANumber as fault:
            raise forms.ValidationError(str(fault)) from None

    def goal_words(self) -> dict:
        """What `kpis.targets.Goal` takes, but the KPI."""
        words = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        value = words.pop("value")
        ends = {"low": value[0], "high": value[1]} if isinstance(value, tuple) else {"value": value}
        return words | ends


class EntryForm(forms.Form):
    kpi = forms.ModelChoiceField(Kpi.objects.none(), to_field_name="code", label="KPI")
    unit = UnitField(to_field_name="code")
    day = forms.DateField(
        label="A day of the period",
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text="The number is that of the whole period around it.",
    )
    value = TypedNumber()
    numerator = TypedNumber(required=False)
    denominator = TypedNumber(required=False, help_text="With both, the value must be their quotient.")
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    evidence = forms.FileField(
        required=False,
        help_text=f"What it is taken from, up to 20 MB: {', '.join(sorted(kind[1:] for kind in EVIDENCE_KINDS))}.",
    )

    def __init__(self, data=None, files=None, *, access: Access, kpis, initial=None):
        super().__init__(data, files, initial=initial)
        self.fields["kpi"].queryset = kpis
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(UPLOAD))
        self.fields["evidence"].widget.attrs["accept"] = ",".join(sorted(EVIDENCE_KINDS))
