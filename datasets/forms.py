"""The forms of this room: a contract as a table of columns, a file's dialect, a new dataset, a rule, a question."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms

from lake.contract import Column, ColumnType, Contract, Role
from organization.access import DEFINE
from organization.models import Unit

from .models import Dataset, QualityRule

if TYPE_CHECKING:
    from lake.intake import Dialect, Preview, Question

DATE_WORDS = {
    "%d": "day",
    "%m": "month",
    "%Y": "year",
    "%y": "year",
    "%H": "hour",
    "%I": "hour",
    "%M": "minute",
    "%S": "second",
}
KEPT = ("missing", "true_words", "false_words", "number_forms", "trim", "description")  # entries without a field here


class NewDatasetForm(forms.Form):
    name = forms.CharField(max_length=200)
    code = forms.SlugField(max_length=60, help_text="Short and lasting, as in addresses and formulas.")
    unit = forms.ModelChoiceField(Unit.objects.none(), help_text="Rows that name no unit belong here.")
    source_system = forms.CharField(max_length=100, required=False)
    code_system = forms.CharField(
        max_length=60, required=False, help_text="Whose codes the unit column holds; empty: our own unit codes."
    )
    refresh_promise_hours = forms.IntegerField(
        min_value=1, required=False, label="New data every (hours)", help_text="Afterwards the dataset counts as stale."
    )

    def __init__(self, *args, access, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(DEFINE))


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
    total_words = forms.CharField(max_length=200, required=False, label="Leave out rows beginning with")

    @staticmethod
    def initial_of(dialect: Dialect) -> dict[str, Any]:
        comma = {True: "yes", False: "no", None: ""}[dialect.decimal_comma]
        words = ", ".join(dialect.total_words)
        names = ("header_row", "delimiter", "encoding", "sheet")
        return {**{name: getattr(dialect, name) for name in names}, "decimal_comma": comma, "total_words": words}

    def applied_to(self, dialect: Dialect) -> Dialect:
        given = self.cleaned_data
        comma = {"yes": True, "no": False}.get(given["decimal_comma"], dialect.decimal_comma)
        thousands = dialect.thousands
        if comma is not None and comma != dialect.decimal_comma:
            thousands = "." if comma else ","
        header = given["header_row"]
        return replace(
            dialect,
            header_row=dialect.header_row if header is None else header,
            delimiter=given["delimiter"] if dialect.kind == "csv" else dialect.delimiter,
            encoding=given["encoding"] or dialect.encoding,
            sheet=given["sheet"] or dialect.sheet,
            decimal_comma=comma,
            thousands=thousands,
            total_words=tuple(word.strip() for word in given["total_words"].split(",") if word.strip()),
        )


class ColumnForm(forms.Form):
    """One column of a contract, as a row of a table."""

    name = forms.CharField(max_length=63)
    header = forms.CharField(max_length=500, required=False, strip=False, widget=forms.HiddenInput)
    type = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in ColumnType])
    roles = forms.MultipleChoiceField(
        choices=[(role.value, role.value.replace("_", " ")) for role in Role], required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    required = forms.BooleanField(required=False)
    format = forms.CharField(max_length=100, required=False, widget=forms.TextInput(attrs={"placeholder": "iso"}))
    allowed = forms.CharField(required=False, widget=forms.TextInput(attrs={"placeholder": "a, b, c"}))
    minimum = forms.CharField(max_length=40, required=False)
    maximum = forms.CharField(max_length=40, required=False)
    unit = forms.CharField(max_length=40, required=False)
    formula = forms.CharField(max_length=2_000, required=False)
    must_choose = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean(self):
        given = super().clean()
        if given.get("must_choose") and given.get("type") in ("date", "timestamp") and not given.get("format"):
            self.add_error("format", "Say which comes first, the day or the month.")
        return given

    @staticmethod
    def initial_of(column: Column) -> dict[str, Any]:
        same = {name: getattr(column, name) for name in ("name", "header", "required", "format", "unit", "formula")}
        bounds = {
            name: "" if getattr(column, name) is None else getattr(column, name) for name in ("minimum", "maximum")
        }
        roles = [role.value for role in column.roles]
        return {**same, **bounds, "type": column.type.value, "roles": roles, "allowed": ", ".join(column.allowed)}

    def column(self, before: Column | None) -> Column:
        """The column as it was, with what the form says. ValueError for a bound that is no number."""
        given = self.cleaned_data
        kept = {name: getattr(before, name) for name in KEPT} if before else {}
        kind = ColumnType(given["type"])
        return Column(
            name=given["name"],
            header=given["header"],
            type=kind,
            roles=tuple(Role(role) for role in given["roles"]),
            required=given["required"],
            format=given["format"] if kind.temporal else "",
            allowed=tuple(word.strip() for word in given["allowed"].split(",") if word.strip()),
            minimum=_bound(given["minimum"], kind),
            maximum=_bound(given["maximum"], kind),
            unit=given["unit"],
            formula=given["formula"],
            **{**kept, **({} if kind.numeric else {"number_forms": ()})},
        )


ColumnFormSet = forms.formset_factory(ColumnForm, extra=0, max_num=1_000, absolute_max=1_000)


class ContractForm(forms.Form):
    """What a contract says besides its columns."""

    timezone = forms.CharField(max_length=60, label="Times without zone are of", initial="UTC")
    reporting_timezone = forms.CharField(max_length=60, label="Days are counted in", initial="UTC")
    reject_limit_pct = forms.FloatField(
        min_value=0, max_value=100, label="Refuse with more bad rows than (%)", initial=5
    )
    on_duplicate = forms.ChoiceField(
        choices=[("refuse", "refuse the file"), ("last", "the last row counts")], label="A key twice in one file"
    )

    @staticmethod
    def initial_of(contract: Contract) -> dict[str, Any]:
        return {name: getattr(contract, name) for name in ContractForm.base_fields}


def contract_from(form: ContractForm, columns, before: Contract | None) -> Contract:
    """The contract that two valid forms say, based on the one before. ValueError for a bound that is no number."""
    known = {column.header or column.name: column for column in before.columns} if before else {}
    made = [entry.column(known.get(entry.cleaned_data["header"] or entry.cleaned_data["name"])) for entry in columns]
    base = before or Contract(columns=tuple(made))
    return replace(base, columns=tuple(made), **form.cleaned_data)


def column_initials(contract: Contract, preview: Preview | None = None) -> list[dict[str, Any]]:
    asked = {question.column for question in preview.questions if question.code == "day_first"} if preview else set()
    return [{**ColumnForm.initial_of(column), "must_choose": column.name in asked} for column in contract.columns]


class RuleForm(forms.ModelForm):
    """A quality rule; `parameters` in words instead of JSON."""

    low = forms.CharField(required=False, label="At least")
    high = forms.CharField(required=False, label="At most")
    values = forms.CharField(required=False, label="Allowed values", help_text="Separated by commas.")
    expression = forms.CharField(required=False, help_text="Must hold for each row, such as closed_at >= opened_at.")
    hours = forms.FloatField(required=False, min_value=0, label="Stale after hours")
    reference = forms.ModelChoiceField(Dataset.objects.none(), required=False, to_field_name="code")
    reference_column = forms.CharField(required=False)

    class Meta:
        model = QualityRule
        fields = ("name", "kind", "column", "severity", "tolerance_pct")
        labels = {"tolerance_pct": "Failing rows allowed (%)"}

    def __init__(self, *args, dataset: Dataset, access, **kwargs):
        super().__init__(*args, **kwargs)
        names = [column.name for column in Contract.from_dict(dataset.contract).columns]
        self.fields["column"] = forms.ChoiceField(
            choices=[("", "–"), *((name, name) for name in names)], required=False
        )
        self.fields["reference"].queryset = Dataset.objects.visible_to(access)

    def parameters(self) -> dict[str, Any]:
        given = self.cleaned_data
        found: dict[str, Any] = {"min": given["low"] or None, "max": given["high"] or None}
        found["values"] = [value.strip() for value in given["values"].split(",") if value.strip()]
        found |= {"expression": given["expression"], "hours": given["hours"]}
        if given["reference"]:
            found |= {"dataset": given["reference"].code, "column": given["reference_column"]}
        elif given["kind"] == "reference":
            found["units"] = True
        return {name: value for name, value in found.items() if value not in (None, "", [])}


class QuestionForm(forms.Form):
    """Explore: every choice stands in the address."""

    group = forms.ChoiceField(required=False, label="Group by")
    period = forms.ChoiceField(
        required=False,
        choices=[("", "each value"), *((unit, unit) for unit in ("day", "week", "month", "quarter", "year"))],
    )
    pivot = forms.ChoiceField(required=False, label="Columns for each")
    total = forms.ChoiceField(
        required=False, label="Show",
        choices=[("count", "number of rows"), ("sum", "sum"), ("avg", "mean"), ("median", "median"),
                 ("min", "least"), ("max", "most"), ("count_distinct", "different values")],
    )  # fmt: skip
    of = forms.ChoiceField(required=False)
    where = forms.ChoiceField(required=False, label="Only where")
    operator = forms.ChoiceField(
        required=False, label="is",
        choices=[("eq", "="), ("ne", "≠"), ("gte", "≥"), ("lte", "≤"), ("contains", "contains"),
                 ("is_null", "is empty"), ("not_null", "has a value")],
    )  # fmt: skip
    value = forms.CharField(required=False)
    chart = forms.ChoiceField(required=False, choices=[("table", "table"), ("bar", "bars"), ("line", "line")])

    def __init__(self, *args, contract: Contract, **kwargs):
        super().__init__(*args, **kwargs)
        self.contract = contract
        names = [("", "–"), *((column.name, column.name) for column in contract.columns)]
        for name in ("group", "pivot", "of", "where"):
            self.fields[name].choices = names

    def question(self) -> dict[str, Any]:
        """The question in the words of `datasets.explore`; without a group, the total over everything."""
        given = {"total": "count", "chart": "table", **{k: v for k, v in self.cleaned_data.items() if v}}
        asked: dict[str, Any] = {"chart": given["chart"], "groups": [], "totals": [], "filters": []}
        if given.get("group"):
            temporal = self.contract.column(given["group"]).type.temporal
            asked["groups"] = [{"column": given["group"], "unit": given.get("period") if temporal else None}]
        if given.get("pivot") and given.get("group"):
            asked["pivot"] = {"column": given["pivot"]}
        asked["totals"] = [
            {"function": given["total"], "column": given.get("of", "") if given["total"] != "count" else ""}
        ]
        if given.get("where"):
            operator = given.get("operator", "eq")
            empty = operator in ("is_null", "not_null")
            values = [] if empty else [self._typed(given["where"], given.get("value", ""), operator)]
            asked["filters"] = [{"column": given["where"], "operator": operator, "values": values}]
        return asked

    def _typed(self, name: str, text: str, operator: str) -> str | float | bool:
        kind = self.contract.column(name).type
        if kind == ColumnType.BOOLEAN:
            return text.strip().lower() in ("true", "yes", "1")
        if kind.numeric and operator != "contains":
            try:
                return float(text)
            except ValueError:
                return text
        return text


def offer_formats(columns, preview) -> None:
    """Where the file does not say whether the day or the month comes first, let the person choose between the two."""
    asked = {question.column: question.options for question in preview.questions if question.code == "day_first"}
    for row in columns:
        formats = asked.get(row.initial.get("name", ""))
        if formats:
            choices = [("", "choose"), *((text, in_words(text)) for text in formats)]
            row.fields["format"].widget = forms.Select(choices=choices)


def in_words(format_text: str) -> str:
    """A strptime format as people say it: %d/%m/%Y is day/month/year."""
    for sign, word in DATE_WORDS.items():
        format_text = format_text.replace(sign, word)
    return format_text


def questions_for(preview: Preview) -> list[Question]:
    """Those that a person must see; the ones that a field of the form asks stand beside it too."""
    return [question for question in preview.questions if question.code != "replace_with_nothing"]


def _bound(text: str, kind: ColumnType) -> float | str | None:
    if not text:
        return None
    return float(text) if kind.numeric else text
