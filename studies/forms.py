"""Forms of the bench. What a question asks for is said in `studies.questions`; here it becomes fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from datasets.facts import contract_of
from datasets.models import Dataset
from kpis.models import Kpi, KpiVersion
from organization.access import DEFINE, VIEW, Access
from organization.fields import UnitField
from organization.models import Unit

from .models import Study
from .questions import DATASET, KPI, Asked, Field

MOST_MEMBERS = 20
MOST_DRIVERS = 6
APART = (("group", "value"), ("drivers", "value"), ("amount", "cause"), ("weight", "amount"), ("weight", "parts"))
DAY = {"type": "date"}
NAMES = {"nelson": "Nelson", "western_electric": "Western Electric", "nhs": "NHS", "anhoej": "Anhøj"}


class Members(forms.CharField):
    """Names with commas between, or a list of them."""

    def to_python(self, value) -> list[str]:
        if value in self.empty_values:
            return []
        given = value if isinstance(value, list | tuple) else str(value).split(",")
        return [str(one).strip()[:200] for one in given if str(one).strip()][:MOST_MEMBERS]


class QuestionForm(forms.Form):
    """What `asked` asks for of a dataset or a KPI; cleaned values become the parameters of a run."""

    def __init__(self, data=None, *, asked: Asked, source: Dataset | Kpi, access: Access, **options):
        self.asked, self.kind = asked, DATASET if isinstance(source, Dataset) else KPI
        super().__init__(None if data is None else self._with_defaults(data), **options)
        columns = contract_of(source).columns if self.kind == DATASET else ()
        kpis = None if self.kind == DATASET else Kpi.objects.visible_to(access).exclude(pk=source.pk)
        for field in asked.fields_on(self.kind):
            self.fields[field.name] = _form_field(field, columns, kpis)

    def _with_defaults(self, data):
        """`data` with the default of what was left empty, so that the page shows what was used."""
        filled = data.copy()
        for field in self.asked.fields_on(self.kind):
            if field.default is not None and filled.get(field.name) in (None, ""):
                filled[field.name] = field.default
        return filled

    def parameters(self) -> dict[str, Any]:
        """Plain values of what was given; what was left empty is not there."""
        given = {name: _plain(value) for name, value in self.cleaned_data.items()}
        return {name: value for name, value in given.items() if value not in (None, "", [])}

    def clean(self):
        given = super().clean()
        if bool(given.get("where_column")) != bool(given.get("where_value")):
            missing = "where_value" if given.get("where_column") else "where_column"
            self.add_error(missing, "A filter needs a column and its value.")
        if len(given.get("drivers") or ()) > MOST_DRIVERS:
            self.add_error("drivers", f"At most {MOST_DRIVERS}.")
        self._refuse_the_same(given)
        if self.asked.key == Study.Question.CAUSES and not given.get("cause") and not given.get("parts"):
            self.add_error("cause", "Choose the column that names the cause, or several columns that are causes.")
        return given

    def _refuse_the_same(self, given: dict[str, Any]) -> None:
        """A column compared between its own values, or driven by itself, answers nothing."""
        for name, other in APART:
            both = [one for one in _several(given.get(name)) if one in _several(given.get(other))]
            if both:
                said = self.fields[other].label
                self.add_error(name, f"{both[0]} stands under “{said}” already. Choose another column.")


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value] if value not in (None, "") else []


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Kpi):
        return value.code
    return [_plain(one) for one in value] if isinstance(value, Iterable) and not isinstance(value, str) else value


def _form_field(field: Field, columns, kpis) -> forms.Field:
    words: dict[str, Any] = {"label": field.label, "required": field.required, "help_text": field.help}
    match field.kind:
        case "column":
            return forms.ChoiceField(choices=[("", "–"), *_columns(columns, field.of[0])], **words)
        case "columns":
            choices = _columns(columns, field.of[0])
            return forms.MultipleChoiceField(choices=choices, widget=forms.SelectMultiple(attrs={"size": 6}), **words)
        case "kpi":
            return forms.ModelChoiceField(kpis, to_field_name="code", empty_label="–", **words)
        case "kpis":
            return forms.ModelMultipleChoiceField(
                kpis, to_field_name="code", widget=forms.SelectMultiple(attrs={"size": 6}), **words
            )
        case "choice":
            choices = [(one, NAMES.get(one, one.replace("_", " "))) for one in field.of]
            words["required"] = False
            return forms.ChoiceField(choices=choices, initial=field.default, **words)
        case "day":
            return forms.DateField(widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), **words)
        case "share":
            lowest = 0.5 if field.name == "confidence" else 0.05
            step = forms.NumberInput(attrs={"step": "any"})
            return forms.FloatField(min_value=lowest, max_value=0.999, initial=field.default, widget=step, **words)
        case "number":
            return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any"}), **words)
        case "period":
            return forms.IntegerField(min_value=2, max_value=366, **words)
        case "members":
            return Members(**words)
    return forms.CharField(max_length=200, **words)


def _columns(columns, of: str) -> list[tuple[str, str]]:
    """Names of the columns that can be an amount, an outcome (or yes and no), a category, or anything."""
    wanted = {
        "amount": lambda c: c.type.numeric,
        "outcome": lambda c: c.type.numeric or c.type == "boolean",
        "category": lambda c: c.type in ("text", "boolean", "integer"),
        "any": lambda c: not c.type.temporal,
    }[of]
    return [(column.name, column.name) for column in columns if wanted(column)]


class SaveForm(forms.Form):
    """What a study is called, and what follows from it."""

    title = forms.CharField(max_length=200, label="Title")
    conclusion = forms.CharField(
        required=False, max_length=4000, label="Conclusion", widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What follows from it, in plain words. It is needed before a review.",
    )  # fmt: skip


class ConclusionForm(forms.Form):
    conclusion = forms.CharField(max_length=4000, label="Conclusion", widget=forms.Textarea(attrs={"rows": 3}))


class ReviewForm(forms.Form):
    note = forms.CharField(required=False, max_length=2000, label="Note", widget=forms.Textarea(attrs={"rows": 2}))


class FilterForm(forms.Form):
    """The list of studies."""

    q = forms.CharField(
        required=False,
        max_length=100,
        label="Search",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Title or conclusion"}),
    )
    question = forms.ChoiceField(required=False, choices=[("", "All questions"), *Study.Question.choices])
    state = forms.ChoiceField(required=False, choices=[("", "All states"), *Study.State.choices])
    analyst = forms.ChoiceField(required=False, choices=[("", "Everybody"), ("me", "Mine")])


class SourceForm(forms.Form):
    """Which data: a dataset, or a KPI at a unit and grain. Only what the person may see is offered."""

    def __init__(self, data=None, *, access: Access, asked: Asked, **options):
        super().__init__(data, **options)
        datasets = Dataset.objects.visible_to(access).exclude(contract={})
        self.fields["dataset"] = forms.ModelChoiceField(
            datasets, to_field_name="code", required=False, empty_label="–", label="Dataset"
        )
        if KPI in asked.on:
            self.fields["kpi"] = forms.ModelChoiceField(
                Kpi.objects.visible_to(access), to_field_name="code", required=False, empty_label="–", label="or KPI"
            )
        units = Unit.objects.filter(pk__in=access.units(VIEW))
        self.fields["unit"] = UnitField(
            queryset=units, to_field_name="code", required=False, empty_label="Its own", label="Unit"
        )
        if KPI in asked.on:
            grains = [("", "As defined"), *KpiVersion.Grain.choices]
            self.fields["grain"] = forms.ChoiceField(choices=grains, required=False, label="By")

    def clean(self):
        given = super().clean()
        if given.get("dataset") and given.get("kpi"):
            self.add_error("kpi", "Choose a dataset or a KPI, not both.")
        return given


def may_save(access: Access, unit: Unit) -> bool:
    return access.allows(DEFINE, unit)
