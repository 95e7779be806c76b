"""The form of a target: its fields follow from metric, dataset and the kind of its clock."""

from django import forms

from datasets.facts import contract_of
from datasets.models import Dataset
from doors.codes import CodeField
from kpis.measures import Fault
from organization.access import Access

from .checks import QUESTIONS, STOPS
from .durations import NotADuration, read_duration
from .forms import formula_field
from .models import ClockRule, MeasureRule, ServiceTarget
from .supports import hours

Metric = ServiceTarget.Metric
CONDITIONS = {
    "start": ("Starts when", "Empty: with the first event of the case."),
    "stop": ("Stops when", "The first event for which it holds, such as state = 'Resolved'."),
    "pause": ("Pauses while", "Such as state like 'Awaiting%'. Only working time that a pause covers is taken off."),
    "resume": ("Goes on when", "Empty: as soon as the pause condition holds no more."),
    "cancel": ("Is cancelled when", "The case then counts for nothing."),
    "reset": ("Starts again when", "Elapsed time and pauses begin anew, such as a reopened case."),
}
COLUMNS = {
    "case_column": ("Names the case", False),
    "time_column": ("When the event was", True),
    "started_column": ("Started", True),
    "due_column": ("Due", True),
    "stopped_column": ("Stopped", True),
    "holder_column": ("Held by", False),
    "priority_column": ("Priority", False),
    "reason_column": ("Why it is paused", False),
}
MEASURES = {
    "agreed": "Agreed minutes",
    "excluded": "Excluded minutes",
    "downtime": "Minutes of downtime",
    "answered": "Was answered",
    "abandoned": "Gave up",
    "waited": "Seconds waited",
    "good": "What went well",
    "total": "Of how much",
}
MEASURED = {
    Metric.AVAILABILITY: ("agreed", "excluded", "downtime"),
    Metric.CONTACT: ("contact_formula", "answered", "abandoned", "waited", "short_seconds"),
    Metric.QUALITY: ("good", "total"),
}


class ChooseForm(forms.Form):
    """What a new target is about; the form for its details follows from it."""

    metric = forms.ChoiceField(choices=Metric.choices)
    dataset = forms.ModelChoiceField(Dataset.objects.none(), to_field_name="code")
    source = forms.ChoiceField(choices=ClockRule.Source.choices, label="The clock reads")

    def __init__(self, *args, access: Access, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["dataset"].queryset = Dataset.objects.visible_to(access).exclude(contract={})


class TargetForm(forms.Form):
    """metric, dataset and source are chosen; `target_words`, `clock_words` and `measure_words` are what verbs take."""

    name = forms.CharField(max_length=200)
    code = CodeField(max_length=40, help_text="The same code in the next version is the same promise.")
    condition = formula_field(
        label="For the cases of which", help_text="Such as priority = '1 - Critical'. Empty: all."
    )
    threshold = forms.CharField(max_length=40, label="Within", help_text="Business time: 4 h, 1 h 30 min, 2 d.")
    required_pct = forms.DecimalField(max_digits=7, decimal_places=4, max_value=100, label="Required, %")
    percentile = forms.DecimalField(max_digits=5, decimal_places=4, help_text="Such as 0.9 for P90.")
    counted_in = forms.ChoiceField(choices=ServiceTarget.CountedIn.choices, label="Counts in")
    warn_at = forms.CharField(max_length=60, required=False, label="Warn at, % of the time", initial="75, 90")
    weight = forms.DecimalField(
        max_digits=7, decimal_places=4, min_value=0, initial=1, help_text="Other than 1: credits share the charge."
    )

    def __init__(
        self, *args, metric: str, dataset: Dataset, source: str, target: ServiceTarget | None = None, **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.metric, self.dataset, self.source = metric, dataset, source
        self.is_clocked = metric not in MEASURED
        self._leave_out(target)
        columns = list(contract_of(dataset).columns)
        self._columns = columns
        if self.is_clocked:
            self._add_clock(columns)
        else:
            self._add_measure(columns)

    def _leave_out(self, target: ServiceTarget | None) -> None:
        unused = {"percentile"} if self.metric != Metric.PERCENTILE else {"required_pct"}
        if self.metric in (Metric.QUALITY, Metric.AVAILABILITY):
            unused |= {"threshold"}
        if not self.is_clocked:
            unused |= {"counted_in", "warn_at"}
        if target:
            unused |= {"code"}
        for name in unused:
            del self.fields[name]
        if self.metric == Metric.DELIVERY:
            self.fields["threshold"].required = False
            self.fields["threshold"].label = "Grace after the due date"
        if self.metric == Metric.CONTACT:
            self.fields["threshold"].label = "Answered within"
            self.fields["threshold"].help_text = "Such as 20 s."

    def _add_clock(self, columns) -> None:
        is_events = self.source == ClockRule.Source.EVENTS
        unused = {"stopped_column"} if is_events else {"time_column", "reason_column"}
        if self.metric != Metric.DELIVERY:
            unused |= {"due_column"}
        needed = {"case_column", "due_column", "stopped_column"}
        if not is_events and self.metric != Metric.DELIVERY:
            needed.add("started_column")
        for name, (label, is_time) in COLUMNS.items():
            if name not in unused:
                self.fields[name] = _column_field(label, columns, is_time, required=name in needed)
        for name in CONDITIONS if is_events else ("cancel",):
            label, help_text = CONDITIONS[name]
            self.fields[name] = formula_field(label=label, help_text=help_text, **_asked(name))
        if is_events:
            self.fields["on_priority_change"] = forms.ChoiceField(
                choices=ClockRule.OnPriorityChange.choices, label="When the priority changes"
            )
            self.fields["after_stop"] = forms.ChoiceField(
                choices=ClockRule.AfterStop.choices, label="When a stopped case is updated again"
            )

    def _add_measure(self, columns) -> None:
        self.fields["time_column"] = _column_field("Dated by", columns, True, required=False)
        for name in MEASURED[self.metric]:
            if name == "contact_formula":
                formulas = MeasureRule.ContactFormula.choices
                self.fields[name] = forms.TypedChoiceField(choices=formulas, coerce=int, initial=4, label="Formula")
            elif name == "short_seconds":
                self.fields[name] = forms.IntegerField(required=False, min_value=0, label="A short time, seconds")
            else:
                self.fields[name] = formula_field(label=MEASURES[name], **_asked(name))

    @staticmethod
    def first_words(target: ServiceTarget) -> dict:
        """What the form of an existing target starts with."""
        words = {name: getattr(target, name) for name in ("name", "condition", "required_pct", "percentile", "weight")}
        words["counted_in"] = target.counted_in
        words["warn_at"] = ", ".join(map(str, target.warn_at))
        words["threshold"] = "" if target.threshold_seconds is None else hours(target.threshold_seconds)
        rule = getattr(target, "clock" if target.is_clocked else "measure", None)
        return words | ({field.name: getattr(rule, field.name) for field in rule._meta.concrete_fields} if rule else {})

    def clean_threshold(self) -> int | None:
        text = self.cleaned_data["threshold"]
        try:
            return read_duration(text) if text else None
        except NotADuration as fault:
            raise forms.ValidationError(str(fault)) from None

    def clean_warn_at(self) -> list[int]:
        parts = self.cleaned_data["warn_at"].replace(",", " ").replace("%", " ").split()
        if not all(part.isascii() and part.isdigit() and 0 < int(part) <= 1000 for part in parts):
            raise forms.ValidationError("Write whole percentages, such as 75, 90.")
        return sorted({int(part) for part in parts})

    def target_words(self) -> dict:
        names = ("name", "condition", "required_pct", "percentile", "counted_in", "warn_at", "weight")
        words = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        if self.metric == Metric.PERCENTILE:
            words["required_pct"] = words["percentile"] * 100
        if "threshold" in self.fields:
            words["threshold_seconds"] = self.cleaned_data["threshold"]
        return words | {"metric": self.metric}

    def rule_words(self) -> dict:
        """As `clock=` or `measure=` of the verb."""
        model = ClockRule if self.is_clocked else MeasureRule
        known = {field.name for field in model._meta.concrete_fields} - {"id", "target", "dataset", "source"}
        words = {name: value for name, value in self.cleaned_data.items() if name in known}
        source = {"source": self.source} if self.is_clocked else {}
        return {"clock" if self.is_clocked else "measure": words | source | {"dataset": self.dataset}}

    def show_faults(self, faults: tuple[Fault, ...]) -> None:
        """Each beside its field; the formula's own message names the word and the nearest column."""
        for fault in faults:
            name = {"threshold_seconds": "threshold"}.get(fault.field, fault.field)
            self.add_error(name if name in self.fields else None, fault.message)

    @property
    def columns(self) -> list:
        """What formulas may name."""
        return self._columns

    def groups(self) -> list[tuple[str, list]]:
        promise = [name for name in TargetForm.base_fields if name in self.fields]
        columns = [name for name in COLUMNS if name in self.fields]
        rest = [name for name in self.fields if name not in promise and name not in columns]
        titles = (
            ("The promise", promise),
            ("Columns", columns),
            ("The clock" if self.is_clocked else "Measured as", rest),
        )
        return [(title, [self[name] for name in names]) for title, names in titles if names]


def _asked(name: str) -> dict:
    """What a clock or a measure is not without asks its own question when it is left empty."""
    question = {"stop": STOPS, **QUESTIONS}.get(name)
    return {"required": True, "error_messages": {"required": question}} if question else {}


def _column_field(label: str, columns, is_time: bool, *, required: bool) -> forms.ChoiceField:
    names = [(c.name, c.name) for c in columns if c.type.temporal or not is_time]
    return forms.ChoiceField(label=label, required=required, choices=[("", "–"), *names])
