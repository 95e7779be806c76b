"""Forms of the pages of KPIs. What they offer is what the person may see; verbs decide what holds."""

from django import forms

from datasets.models import Dataset
from datasets.times import times_in_formulas
from doors.codes import CodeField, NewCode
from kpis.band_text import NotBands, read_bands_text
from kpis.models import Kpi, KpiVersion
from organization.access import DEFINE, VIEW, Access
from organization.fields import UnitField
from organization.models import Unit, User

Kind = KpiVersion.Kind
DAY = {"type": "date"}
AGGREGATE = {"spellcheck": "false", "autocomplete": "off", "rows": 2, "class": "formula"}
UNITS_OF_MEASURE = (
    "number",
    "count",
    "percent",
    "share",
    "hours",
    "minutes",
    "days",
    "duration",
    "score",
    "EUR",
    "GBP",
)

# which fields a kind has, beside those that all have
PARTS = {
    Kind.SIMPLE: ("formula", "zero_when_empty"),
    Kind.RATIO: ("formula", "denominator"),
    Kind.WEIGHTED_MEAN: ("formula", "weight"),
    Kind.PERCENTILE: ("formula", "percentile"),
    Kind.DISTINCT: ("formula", "zero_when_empty"),
    Kind.SEMI_ADDITIVE: ("formula", "time_rule"),
    Kind.CUMULATIVE: ("base_kind", "formula", "denominator", "weight", "percentile", "window", "window_periods"),
    Kind.DERIVED: ("formula",),
    Kind.MANUAL: (),
}
OVER_ROWS = ("dataset", "condition", "time_column", "dimensions")
ALL_PARTS = tuple(dict.fromkeys(name for parts in PARTS.values() for name in parts)) + OVER_ROWS
WORDS = {
    Kind.SIMPLE: ("Formula", "An aggregate over rows, such as count(*) or sum(cost) / count(*)."),
    Kind.RATIO: ("Numerator", "An aggregate, such as sum(met) or count(*) filter (where met)."),
    Kind.WEIGHTED_MEAN: ("Value of a row", "A column or expression of one row, such as hours."),
    Kind.PERCENTILE: ("Value of a row", "A column or expression of one row, such as hours."),
    Kind.DISTINCT: ("What is counted", "A column or expression of one row, such as customer."),
    Kind.SEMI_ADDITIVE: ("Formula", "An aggregate over one day's rows, such as sum(open_cases)."),
    Kind.DERIVED: ("Formula", "An expression over the codes of other KPIs, such as revenue - cost."),
}


class DatasetChoice(forms.ModelChoiceField):
    def label_from_instance(self, dataset):
        return f"{dataset.name} ({dataset.code})"


class AnnotationForm(forms.Form):
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    text = forms.CharField(label="What happened", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class CatalogueForm(forms.Form):
    q = forms.CharField(
        required=False,
        label="Search",
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name or code"}),
    )
    status = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Any status"),
            ("red", "Off target"),
            ("amber", "At risk"),
            ("green", "On target"),
            ("no_target", "No target"),
            ("no_data", "No data"),
        ],
    )
    state = forms.ChoiceField(required=False, label="Definition", choices=[("", "Any"), *KpiVersion.State.choices])
    dataset = forms.ChoiceField(required=False)
    owner = forms.ChoiceField(required=False, choices=[("", "Anyone"), ("me", "Me")])

    def __init__(self, data, access: Access):
        super().__init__(data)
        datasets = Dataset.objects.visible_to(access).order_by("name").values_list("code", "name")
        self.fields["dataset"].choices = [("", "Any"), *datasets]


class DesignForm(NewCode, forms.Form):
    """All fields of a definition; which of them are shown, its kind decides."""

    coded, code_sign = Kpi, "_"  # it stands in formulas

    name = forms.CharField(max_length=200, help_text="As people say it in a meeting.")
    code = CodeField(
        max_length=80, help_text="Short and lasting: it stands in addresses, formulas and files. Letters, digits, _."
    )
    unit = UnitField(label="Answers for it", to_field_name="code")
    owner = forms.ModelChoiceField(User.objects.none(), to_field_name="username")
    steward = forms.ModelChoiceField(
        User.objects.none(),
        to_field_name="username",
        required=False,
        help_text="Looks after the data behind it. No certificate without one.",
    )
    counter_kpi = forms.ModelChoiceField(
        Kpi.objects.none(),
        to_field_name="code",
        required=False,
        label="Counter KPI",
        help_text="Watched with it, so that one is not bought with the other: quality beside speed.",
    )
    kind = forms.ChoiceField(choices=Kind.choices, label="Kind", help_text="The kind alone decides how it adds up.")
    dataset = DatasetChoice(
        Dataset.objects.none(),
        to_field_name="code",
        required=False,
        error_messages={"required": "Choose the dataset whose rows are counted."},
    )
    base_kind = forms.ChoiceField(
        required=False,
        label="Aggregates like",
        choices=[
            (k.value, k.label) for k in (Kind.SIMPLE, Kind.RATIO, Kind.WEIGHTED_MEAN, Kind.PERCENTILE, Kind.DISTINCT)
        ],
    )
    formula = forms.CharField(required=False, max_length=5000, widget=forms.Textarea(attrs=AGGREGATE))
    denominator = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs=AGGREGATE),
        help_text="An aggregate, such as count(*). Totals divide sum by sum.",
    )
    weight = forms.CharField(required=False, max_length=5000, widget=forms.Textarea(attrs=AGGREGATE))
    percentile = forms.DecimalField(
        required=False, min_value=0, max_value=1, max_digits=5, decimal_places=4,
        help_text="0.5 is the median, 0.9 the 90th percentile.",
        error_messages={"max_value": "Write it from 0 to 1: 0.9 is the 90th percentile."},
    )  # fmt: skip
    condition = forms.CharField(
        required=False,
        max_length=5000,
        label="Only rows for which",
        widget=forms.Textarea(attrs={**AGGREGATE, "rows": 1}),
        help_text="A condition on one row, such as priority <> 'test'. Empty: all rows.",
    )
    time_column = forms.ChoiceField(required=False, label="Counts in the period of")
    time_rule = forms.ChoiceField(
        required=False,
        choices=[("", "Choose"), *KpiVersion.TimeRule.choices],
        label="Over time",
        help_text="Of the days on which the dataset has rows; a unit without rows on one counts 0, and units add up.",
    )
    window = forms.ChoiceField(required=False, choices=[("", "Choose"), *KpiVersion.Window.choices])
    window_periods = forms.IntegerField(
        required=False, min_value=1, max_value=400, label="N", help_text="Complete periods."
    )
    zero_when_empty = forms.BooleanField(required=False, label="A period without rows counts as 0")
    grain = forms.ChoiceField(choices=KpiVersion.Grain.choices, initial="month", label="Finest period")
    dimensions = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Also by", help_text="Parts that pages can show."
    )
    direction = forms.ChoiceField(choices=KpiVersion.Direction.choices)
    unit_of_measure = forms.CharField(
        max_length=20,
        initial="number",
        widget=forms.TextInput(attrs={"list": "units-of-measure"}),
        help_text="percent shows 97.3 as 97.3 %, and takes a ratio times 100 for it; share shows 0.973 as 97.3 %.",
    )
    decimals = forms.IntegerField(min_value=0, max_value=6, initial=1)
    valid_from = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text="From which day on this definition holds. Empty: for all days.",
    )

    purpose = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}), label="What it is for"
    )
    decision = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}), label="The decision it informs"
    )
    description = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}), label="The formula in words"
    )
    target_basis = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 1}))
    financial_link = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 1}), help_text="Or: none."
    )
    gaming_risk = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 1}), label="How it could be gamed"
    )
    reporting_lag_days = forms.IntegerField(
        required=False, min_value=0, max_value=3650, label="Final after (days)", help_text="0: at once."
    )
    review_date = forms.DateField(
        required=False, label="Look at it again on", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d")
    )

    bands = forms.CharField(
        required=False, max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": "green 95\namber 90 %\nred"}),
        help_text="A line each, the best first: a limit, a per cent of the target, or points from it; the last for "
        "everything else. Empty: green from the target on, red from the red limit.",
    )  # fmt: skip
    webhook_status = forms.BooleanField(required=False, initial=True, label="Tell webhooks of a change of status")

    PASSPORT = (
        "purpose",
        "decision",
        "description",
        "target_basis",
        "financial_link",
        "gaming_risk",
        "reporting_lag_days",
        "review_date",
    )
    OWN = ("name", "unit", "owner", "steward", "counter_kpi", "bands", "webhook_status")  # of the KPI, not its version
    READING = ("grain", "direction", "unit_of_measure", "decimals", "valid_from")

    def __init__(self, data=None, *, access: Access, kpi: Kpi | None = None, initial=None):
        super().__init__(data, initial=initial)
        self.kpi, self.access, self.faults = kpi, access, ()
        people = User.objects.filter(is_active=True, memberships__unit__in=access.units(VIEW)).distinct()
        if kpi is not None:
            people = people | User.objects.filter(pk__in=[kpi.owner_id, kpi.steward_id or 0]).distinct()
            del self.fields["code"]
        self.fields["owner"].queryset = self.fields["steward"].queryset = people.order_by("last_name", "username")
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(DEFINE))
        others = Kpi.objects.visible_to(access).exclude(pk=kpi.pk if kpi else None)
        self.fields["counter_kpi"].queryset = others
        self.fields["dataset"].queryset = Dataset.objects.visible_to(access)
        self._offer_columns()

    def _offer_columns(self) -> None:
        """The columns of the chosen dataset, for dimensions and the time column."""
        dataset = self.chosen_dataset
        self.columns, self.clock = columns_of(dataset), clock_of(dataset)
        kept = {column.name for column in self.columns if column.is_dimension}
        kept |= set(self._given("dimensions", many=True) or ()) & {column.name for column in self.columns}
        self.fields["dimensions"].choices = [(c.name, c.name) for c in self.columns if c.name in kept]
        times = [(c.name, c.name) for c in self.columns if c.is_time]
        self.fields["time_column"].choices = [("", "the dataset's event time"), *times]
        label, help_text = WORDS.get(self.chosen_base, ("Formula", ""))
        self.fields["formula"].label, self.fields["formula"].help_text = label, help_text
        if not self.fields["dimensions"].choices:
            self.fields["dimensions"].help_text = (
                "The dataset has no dimensions." if self.columns else "Choose the dataset first."
            )
        for name in set(self.parts) & set(NEEDED):
            self.fields[name].required = True

    @property
    def chosen_kind(self) -> str:
        kind = self._given("kind")
        return kind if kind in PARTS else Kind.SIMPLE

    @property
    def chosen_dataset(self) -> Dataset | None:
        given = self._given("dataset")
        code = getattr(given, "code", given)
        if not code or "\0" in str(code):
            return None
        return self.fields["dataset"].queryset.filter(code=code).first()

    @property
    def parts(self) -> tuple[str, ...]:
        """The fields of its kind, in the order in which they are filled in."""
        own = PARTS[self.chosen_kind]
        if self.chosen_kind == Kind.CUMULATIVE:
            own = tuple(name for name in own if name not in self._of_other_bases)
        return own if self.chosen_kind in (Kind.DERIVED, Kind.MANUAL) else ("dataset", *own, *OVER_ROWS[1:])

    @property
    def chosen_base(self) -> str:
        """The kind whose formulas are written: what a cumulative KPI aggregates like, else its own."""
        base = self._given("base_kind") if self.chosen_kind == Kind.CUMULATIVE else self.chosen_kind
        return base if base in PARTS else Kind.SIMPLE

    @property
    def _of_other_bases(self) -> set[str]:
        return {"denominator", "weight", "percentile"} - set(PARTS[self.chosen_base])

    def bound(self, names):
        return [self[name] for name in names]

    def _given(self, name: str, many: bool = False):
        if not self.is_bound:
            return self.initial.get(name, self.fields[name].initial)
        return self.data.getlist(name) if many else self.data.get(name)

    def version_words(self) -> dict:
        """The cleaned words of the version: fields that its kind does not have are empty."""
        words = {name: self.cleaned_data[name] for name in (*self.READING, *self.PASSPORT) if name != "valid_from"}
        words["kind"] = self.chosen_kind
        for name in ALL_PARTS:
            empty = (
                [] if name == "dimensions" else None if name in NOTHING else False if name == "zero_when_empty" else ""
            )
            words[name] = self.cleaned_data[name] if name in self.parts else empty
            if words[name] is None and name not in NOTHING:
                words[name] = ""
        return words

    def kpi_words(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.OWN}

    def clean_bands(self):
        try:
            return read_bands_text(self.cleaned_data["bands"])
        except NotBands as fault:
            raise forms.ValidationError(str(fault)) from None

    def show_faults(self, faults) -> None:
        """Faults of the definition, each beside its field."""
        self.faults = tuple(faults)
        for fault in faults:
            shown = (
                fault.field
                if fault.field in self.fields and fault.field in (*self.parts, *self.READING, *self.OWN)
                else None
            )
            self.add_error(shown, fault.message)


NEEDED = ("dataset", "formula", "denominator", "weight", "percentile", "time_rule", "window")
NOTHING = {"dataset", "percentile", "window_periods"}


class Offered:
    """A column as the designer lists it."""

    def __init__(self, column):
        from lake.contract import Role

        self.name, self.type = column.name, str(column.type.value)
        self.description = column.description or ""
        self.is_time = column.type.temporal
        self.is_dimension = bool({Role.DIMENSION, Role.VENDOR} & set(column.roles))
        self.roles = ", ".join(role.value.replace("_", " ") for role in column.roles)


def columns_of(dataset: Dataset | None) -> list[Offered]:
    from datasets.facts import contract_of

    return [Offered(column) for column in contract_of(dataset).columns] if dataset and dataset.contract else []


def clock_of(dataset: Dataset | None) -> str:
    """By which clock its formulas read times, where that is not the one by which days are counted."""
    from datasets.facts import contract_of

    return times_in_formulas(contract_of(dataset)) if dataset and dataset.contract else ""
