"""The forms of this room: a dialect, a dataset, a rule. See also forms_contract.py and forms_explore.py."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms

from doors.codes import CodeField, NewCode
from doors.days import DayField
from lake.contract import Contract
from organization.access import DEFINE, VIEW
from organization.fields import UnitField, largest_first
from organization.models import Unit, User

from .closing import LONGEST_REASON
from .describing import DESCRIBED
from .models import Dataset, QualityRule
from .refusals import Refusal
from .stretch import Stated

if TYPE_CHECKING:
    from lake.intake import Dialect


def words_of(text: str) -> tuple[str, ...]:
    """Words separated by commas; one that holds a comma itself stands in quotes."""
    row = next(csv.reader([text.replace("\n", " ")], skipinitialspace=True), [])
    return tuple(word.strip() for word in row if word.strip())


def in_line(words: Sequence[str]) -> str:
    """As `words_of` reads them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(words)
    return line.getvalue()


class NewDatasetForm(NewCode, forms.Form):
    coded = Dataset

    name = forms.CharField(max_length=200)
    code = CodeField(max_length=60, help_text="Short and lasting, as in addresses and formulas.")
    unit = UnitField(help_text="Rows that name no unit belong here.")
    source_system = forms.CharField(max_length=100, required=False)
    code_system = forms.CharField(
        max_length=60, required=False, help_text="Whose codes the unit column holds; empty: our own unit codes."
    )
    refresh_promise_hours = forms.IntegerField(
        min_value=1, required=False, label="New data every (hours)", help_text="Afterwards the dataset counts as stale."
    )
    covers = forms.ChoiceField(
        choices=Dataset.Covers.choices, initial=Dataset.Covers.DAY, label="A row stands for",
        help_text="A line of a monthly report stands for its month.",
    )  # fmt: skip

    def __init__(self, *args, access, **kwargs):
        super().__init__(*args, **kwargs)
        units = largest_first(Unit.objects.filter(pk__in=access.units(DEFINE)))
        self.fields["unit"].queryset = units
        self.initial.setdefault("unit", units.first())
        self.access = access


class DescriptionForm(forms.ModelForm):
    """What is said about a dataset that is there."""

    class Meta:
        model = Dataset
        fields = DESCRIBED
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        labels = {"refresh_promise_hours": "New data every (hours)", "covers": "A row stands for"}
        help_texts = {"covers": "Counts from the next load on."}

    def __init__(self, *args, access, **kwargs):
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, memberships__unit__in=access.units(VIEW)).distinct()
        kept = User.objects.filter(pk__in=[self.instance.owner_id, self.instance.steward_id or 0]).distinct()
        for name in ("owner", "steward"):
            self.fields[name].queryset = (people | kept).order_by("last_name", "username")
        if self.instance.current_version is not None:
            self.fields["code_system"].disabled = True


ENCODINGS = (
    ("utf-8", "UTF-8"),
    ("cp1252", "Windows-1252 (Western)"),
    ("cp1250", "Windows-1250 (Central European)"),
    ("cp1251", "Windows-1251 (Cyrillic)"),
    ("latin-1", "Latin-1"),
    ("iso-8859-2", "Latin-2"),
    ("shift-jis", "Shift JIS"),
    ("gb18030", "GB 18030"),
)


class DialectForm(forms.Form):
    """How the file is written; changing it reads the file again."""

    header_row = forms.IntegerField(min_value=0, required=False, label="Header in row")
    delimiter = forms.ChoiceField(
        choices=[(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar"), (" ", "blank"), ("", "one column")],
        required=False,
    )
    encoding = forms.CharField(max_length=40, required=False)
    sheet = forms.CharField(max_length=100, required=False)
    decimal_comma = forms.ChoiceField(
        choices=[("", "as found"), ("no", "1,234.5"), ("yes", "1.234,5")], required=False, label="Numbers"
    )
    thousands = forms.ChoiceField(
        choices=[
            ("", "as found"),
            ("none", "none"),
            (",", "comma"),
            (".", "point"),
            (" ", "blank"),
            ("'", "apostrophe"),
        ],
        required=False,
    )
    total_words = forms.CharField(max_length=1000, required=False, label="Leave out rows beginning with")
    header_of = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)  # sheet of the header's row

    NOT_OF = {
        "csv": ("sheet",),
        "xlsx": ("delimiter", "encoding"),
        "parquet": ("header_row", "delimiter", "encoding", "sheet"),
        "jsonl": ("header_row", "delimiter", "encoding", "sheet"),
    }

    def __init__(self, *args, kind: str, sheets: tuple[str, ...] = (), **kwargs):
        """kind: of the file; what such a file does not have is not asked. sheets: of a workbook."""
        super().__init__(*args, **kwargs)
        if sheets:
            self.fields["sheet"].widget = forms.Select(choices=[(name, name) for name in sheets])
        for name in self.NOT_OF[kind]:
            self.fields[name].widget = forms.HiddenInput()

    @staticmethod
    def initial_of(dialect: Dialect) -> dict[str, Any]:
        comma = {True: "yes", False: "no", None: ""}[dialect.decimal_comma]
        names = ("header_row", "delimiter", "encoding", "sheet")
        numbers = {"decimal_comma": comma, "thousands": "none" if dialect.thousands == "" else dialect.thousands}
        return {
            **{name: getattr(dialect, name) for name in names},
            **numbers,
            "total_words": in_line(dialect.total_words),
            "header_of": dialect.sheet,
        }

    def applied_to(self, dialect: Dialect) -> Dialect:
        given = self.cleaned_data
        comma = {"yes": True, "no": False}.get(given["decimal_comma"], dialect.decimal_comma)
        thousands = dialect.thousands
        if comma is not None and comma != dialect.decimal_comma:
            thousands = "." if comma else ","
        if given["thousands"]:
            thousands = given["thousands"].replace("none", "")
        header = dialect.header_row if given["header_row"] is None else given["header_row"]
        if given["header_of"] and given["sheet"] != given["header_of"]:
            header = 0  # the row was of another sheet: look for it
        return replace(
            dialect,
            header_row=header,
            delimiter=given["delimiter"] if dialect.kind == "csv" else dialect.delimiter,
            encoding=given["encoding"] or dialect.encoding,
            sheet=given["sheet"] or dialect.sheet,
            decimal_comma=comma,
            thousands=thousands,
            total_words=words_of(given["total_words"]),
        )


class ClosingForm(forms.Form):
    """Through which day a dataset is closed from now on; an earlier day than now re-opens."""

    through = DayField(required=False, label="Closed through")
    open_all = forms.BooleanField(required=False, label="Re-open all periods")
    reason = forms.CharField(max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, dataset: Dataset, **kwargs):
        super().__init__(*args, **kwargs)
        contract = Contract.from_dict(dataset.contract) if dataset.contract else None
        self.is_offered = dataset.source == Dataset.Source.EXTRACT and bool(contract and contract.event_time)
        self.fields["through"].help_text = "The last day of what was reported, such as the end of a month."
        if dataset.closed_through:
            self.fields[
                "through"
            ].help_text = "Later than now: more is closed. Earlier: the days after it are re-opened."
        else:
            del self.fields["open_all"]
            self.fields["through"].required = True

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if "through" in given and bool(given["through"]) == bool(given.get("open_all")):
            self.add_error("through", "Say through which day, or that all periods are re-opened.")
        return given


class StretchForm(forms.Form):
    """The days of which a complete extract holds all records; one that is left empty is that of an event."""

    complete_from = DayField(required=False, label="First day")
    complete_through = DayField(required=False, label="Last day")

    def __init__(self, *args, form: str = "", **kwargs):
        """form: the id of the form that the fields are sent with, if they stand outside of it."""
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"form": form} if form else {}

    @property
    def stated(self) -> Stated:
        given = self.cleaned_data if self.is_bound else {}
        return Stated(given.get("complete_from"), given.get("complete_through"))

    def takes(self, refusal: Exception) -> bool:
        """Whether the refusal speaks of one of the days; then it stands beside it."""
        field = getattr(refusal, "extra", {}).get("field", "")
        if field not in self.fields:
            return False
        self.add_error(field, f"{refusal} {refusal.next_step}".strip())
        return True


class RuleForm(forms.ModelForm):
    """A quality rule; `parameters` in words instead of JSON."""

    low = forms.CharField(required=False, label="At least")
    high = forms.CharField(required=False, label="At most")
    values = forms.CharField(required=False, label="Allowed values", help_text="Separated by commas.")
    expression = forms.CharField(required=False, help_text="Must hold for each row, such as closed_at >= opened_at.")
    deviation_pct = forms.FloatField(
        required=False, min_value=0, label="Off the mean by at most (%)", help_text="The mean of the uploads before."
    )
    hours = forms.FloatField(required=False, min_value=0, label="Stale after hours")
    reference = forms.ModelChoiceField(
        Dataset.objects.none(), required=False, to_field_name="code", help_text="None: the codes of our units."
    )
    reference_column = forms.CharField(required=False)

    class Meta:
        model = QualityRule
        fields = ("name", "kind", "column", "severity", "tolerance_pct")
        labels = {"tolerance_pct": "Failing rows allowed (%)"}
        help_texts = {"tolerance_pct": ""}

    def __init__(self, *args, dataset: Dataset, access, **kwargs):
        super().__init__(*args, **kwargs)
        names = [column.name for column in Contract.from_dict(dataset.contract).columns]
        self.fields["column"] = forms.ChoiceField(
            choices=[("", "–"), *((name, name) for name in names)], required=False
        )
        self.fields["reference"].queryset = Dataset.objects.visible_to(access)

    FIELDS = {
        "parameters": "low", "parameters.min": "low", "parameters.max": "high", "parameters.dataset": "reference",
        "parameters.column": "reference_column",
    }  # fmt: skip

    @staticmethod
    def initial_of(rule: QualityRule) -> dict[str, Any]:
        """The parameters of a rule that is there, as the form asks for them."""
        given = rule.parameters
        found = {name: given.get(name) for name in ("expression", "hours", "deviation_pct")}
        found |= {"low": given.get("min"), "high": given.get("max"), "reference": given.get("dataset")}
        found["reference_column"] = given.get("column")
        found["tolerance_pct"] = f"{float(rule.tolerance_pct):g}"
        found["values"] = ", ".join(str(value) for value in given.get("values", ()))
        return found

    def refuse(self, refusal: Refusal) -> None:
        """What the rule's check says, beside the field that it speaks of."""
        named = str(refusal.extra.get("field", ""))
        field = self.FIELDS.get(named, named.removeprefix("parameters."))
        self.add_error(field if field in self.fields else None, str(refusal))

    def parameters(self) -> dict[str, Any]:
        given = self.cleaned_data
        found: dict[str, Any] = {"min": given["low"] or None, "max": given["high"] or None}
        found["values"] = [value.strip() for value in given["values"].split(",") if value.strip()]
        found |= {name: given[name] for name in ("expression", "hours", "deviation_pct")}
        if given["reference"]:
            found |= {"dataset": given["reference"].code, "column": given["reference_column"]}
        elif given["kind"] == "reference":
            found["units"] = True
        return {name: value for name, value in found.items() if value not in (None, "", [])}
