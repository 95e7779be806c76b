"""The forms of a contract: a table with a row per column, and what holds for the whole of it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django import forms

from lake.contract import Column, ColumnType, Contract, Role, RowRule
from lake.contract.dates import as_format, as_written, not_understood
from lake.contract.words import NUMBER_FORMATS, SPECIAL_FORMATS, ZEROS, format_in_words
from organization.forms import ZoneField

from .forms import in_line, words_of

if TYPE_CHECKING:
    from lake.intake import Preview

PERCENT_CELLS = "percent_cells"  # the number form by which a workbook's cells are read as they are shown
NUMERIC = ("integer", "number", "decimal")
CHOSEN = ("day_first", "decimal_comma", "decimal_point")  # questions that are answered column by column
DECIMALS = {"thousands": "1,234.56", "decimal": "1234,56"}  # what the answers about a comma mean for its column
LISTS = ("allowed", "missing", "number_forms", "true_words", "false_words")  # several words, separated by commas
MORE = (
    "unit",
    "minimum",
    "maximum",
    "allowed",
    "missing",
    "number_forms",
    "formula",
    "true_words",
    "false_words",
    "trim",
    "description",
    "drop",
)  # shown on request
NEW = ("name", "type", "formula", "unit", "minimum", "maximum", "description")  # asked of a column to be calculated


class ColumnForm(forms.Form):
    """One column of a contract, as a row of a table. The last row is empty: a calculated column may be added there."""

    name = forms.CharField(max_length=63)
    header = forms.CharField(max_length=500, required=False, strip=False, widget=forms.HiddenInput)
    type = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in ColumnType], initial=ColumnType.NUMBER.value)
    roles = forms.MultipleChoiceField(
        choices=[(role.value, role.value.replace("_", " ")) for role in Role], required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    required = forms.BooleanField(required=False, label="Must be filled")
    format = forms.CharField(
        max_length=100, required=False, label="Written as",
        widget=forms.TextInput(attrs={"list": "ways-of-writing", "autocomplete": "off"}),
    )  # fmt: skip
    allowed = forms.CharField(
        required=False, label="Allowed values", widget=forms.TextInput(attrs={"placeholder": "a,b,c"})
    )
    minimum = forms.CharField(max_length=40, required=False, label="Least")
    maximum = forms.CharField(max_length=40, required=False, label="Most")
    unit = forms.CharField(max_length=40, required=False)
    formula = forms.CharField(
        max_length=2_000,
        required=False,
        help_text=(
            "About one row: (epoch(closed_at) - epoch(opened_at)) / 3600. "
            "Times are in UTC, local(opened_at) is by the clock of the days: hour(local(opened_at))."
        ),
    )
    missing = forms.CharField(
        max_length=500, required=False, label="Means no value", widget=forms.TextInput(attrs={"placeholder": "n/a,-"})
    )
    number_forms = forms.CharField(
        max_length=100, required=False, label="Numbers may have",
        widget=forms.TextInput(attrs={"placeholder": "percent,parentheses,trailing_minus,€"}),
        help_text="percent_cells: a workbook's cell that holds 0.88 and shows 88 % is read as the text 88 % is.",
    )  # fmt: skip
    true_words = forms.CharField(max_length=200, required=False, label="Means true")
    false_words = forms.CharField(max_length=200, required=False, label="Means false")
    trim = forms.BooleanField(required=False, label="Blanks around a text are padding")
    description = forms.CharField(max_length=500, required=False, label="What it says")
    drop = forms.BooleanField(required=False, label="Leave this column out")
    must_choose = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.initial.get("type") in ("date", "timestamp"):
            self.fields["format"].widget.attrs["placeholder"] = "YYYY-MM-DD"
        elif self.initial.get("type") in NUMERIC:
            self.fields["format"].widget.attrs["placeholder"] = "as the file"

    def clean_format(self):
        written = self.cleaned_data["format"]
        if self.cleaned_data.get("type") in NUMERIC:
            return _number_format(written)
        if self.cleaned_data.get("type") == ColumnType.TEXT and re.fullmatch(ZEROS, written):
            return written
        text = as_format(written)
        if word := not_understood(written):
            said = "Write YYYY or YY, MM, DD, HH, MM, SS, and AM for AM or PM."
            if set(word.upper()) <= set("SFZ"):
                said = "Seconds are SS; with their fraction write the whole as in %Y-%m-%d %H:%M:%S.%f."
            raise forms.ValidationError(f"{word} is not understood. {said}")
        if any(one and "%" not in one and one not in SPECIAL_FORMATS for one in text.split("|")):
            raise forms.ValidationError("Write it as in DD/MM/YYYY or YYYY-MM-DD HH:MM.")
        return text

    def clean(self):
        given = super().clean()
        if given.get("must_choose") and not given.get("format") and "format" not in self.errors:
            if given.get("type") in ("date", "timestamp"):
                self.add_error("format", "Say which comes first, the day or the month.")
            elif given.get("type") in NUMERIC:
                self.add_error("format", "Say whether its points or commas part thousands or decimals.")
        if self.is_new and self.has_changed() and not given.get("formula"):
            self.add_error("formula", "Write how the new column is calculated, such as cost / pieces.")
        return given

    @property
    def is_new(self) -> bool:
        """Whether this is the empty row at the end."""
        return self.empty_permitted

    @property
    def main_fields(self):
        return [field for field in self.visible_fields() if field.name not in MORE]

    @property
    def more_fields(self):
        return [self[name] for name in MORE]

    @property
    def new_fields(self):
        return [self[name] for name in NEW]

    @property
    def told(self) -> list[str]:
        """What is declared among the fields that are shown on request, in words."""
        given = {name: self[name].value() for name in MORE}
        forms = words_of(given["number_forms"] or "")
        given["number_forms"] = in_line(tuple(one for one in forms if one != PERCENT_CELLS))
        low, high = given["minimum"], given["maximum"]
        bounds = [f"at least {low}"] if low not in (None, "") else []
        bounds += [f"at most {high}"] if high not in (None, "") else []
        words = (
            ("formula", "= {}"), ("unit", "in {}"), ("allowed", "one of {}"), ("missing", "{} means no value"),
            ("number_forms", "numbers may have {}"),
        )  # fmt: skip
        cells = [_said_of_cells(given["unit"])] if PERCENT_CELLS in forms else []
        return [said.format(given[name]) for name, said in words if given[name]] + cells + bounds

    @property
    def is_kept(self) -> bool:
        """Whether a valid row is a column of the contract."""
        return bool(self.cleaned_data) and not self.cleaned_data["drop"]

    @staticmethod
    def initial_of(column: Column) -> dict[str, Any]:
        same = ("name", "header", "required", "unit", "formula", "trim", "description")
        bounds = {
            name: "" if getattr(column, name) is None else getattr(column, name) for name in ("minimum", "maximum")
        }
        lists = {name: in_line(getattr(column, name)) for name in LISTS}
        roles = [role.value for role in column.roles]
        plain = {name: getattr(column, name) for name in same}
        written = as_written(column.format)
        return {**plain, **bounds, **lists, "type": column.type.value, "roles": roles, "format": written}

    def column(self) -> Column:
        """The column as the form says. ValueError for a bound that is no number."""
        given = self.cleaned_data
        kind = ColumnType(given["type"])
        lists = {name: words_of(given[name]) for name in LISTS}
        return Column(
            **{name: given[name] for name in ("name", "header", "required", "unit", "formula", "trim", "description")},
            type=kind,
            roles=tuple(Role(role) for role in given["roles"]),
            format=given["format"] if _has_format(kind, given["format"]) else "",
            minimum=_bound(given["minimum"], kind),
            maximum=_bound(given["maximum"], kind),
            allowed=lists["allowed"],
            missing=lists["missing"],
            number_forms=lists["number_forms"] if kind.numeric else (),
            true_words=lists["true_words"] or ("true",),
            false_words=lists["false_words"] or ("false",),
        )


ColumnFormSet = forms.formset_factory(ColumnForm, extra=1, max_num=1_001, absolute_max=1_001)


class ContractForm(forms.Form):
    """What a contract says besides its columns."""

    timezone = ZoneField(empty="As the unit", label="Times without zone are of")
    reporting_timezone = ZoneField(empty="As the unit", label="Days are counted in")
    reject_limit_pct = forms.FloatField(min_value=0, max_value=100, label="Bad rows at most (%)", initial=5)
    on_duplicate = forms.ChoiceField(
        choices=[("refuse", "refuse the file"), ("last", "the last row counts")], label="A key twice in one file"
    )
    rules = forms.CharField(
        required=False, max_length=5_000, label="Each row must fulfil", strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "closed_at >= opened_at"}),
        help_text="A condition a line; a row that breaks one is set aside.",
    )  # fmt: skip

    ZONES = ("timezone", "reporting_timezone")
    PLAIN = (*ZONES, "reject_limit_pct", "on_duplicate")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.ZONES:
            self.fields[name].keep(self.initial.get(name, ""))

    @classmethod
    def initial_of(cls, contract: Contract) -> dict[str, Any]:
        rules = "\n".join(rule.formula for rule in contract.rules)
        return {**{name: getattr(contract, name) for name in cls.PLAIN}, "rules": rules}

    def row_rules(self, before: Contract | None) -> tuple[RowRule, ...]:
        """A rule a line; one that was there keeps its name and message."""
        known = {rule.formula: rule for rule in before.rules} if before else {}
        lines = dict.fromkeys(line.strip() for line in self.cleaned_data["rules"].splitlines() if line.strip())
        return tuple(known.get(line) or RowRule(name=line[:100], formula=line) for line in lines)


def contract_from(form: ContractForm, columns, before: Contract | None, *, zone: str) -> Contract:
    """The contract that two valid forms say, based on the one before. ValueError for a bound that is no number.

    zone: the time zone of the dataset's unit, which holds where the form names none.
    """
    made = tuple(entry.column() for entry in columns if entry.is_kept)
    plain = {name: form.cleaned_data[name] for name in ContractForm.PLAIN}
    plain |= {name: plain[name] or zone for name in ContractForm.ZONES}
    return replace(before or Contract(columns=made), columns=made, rules=form.row_rules(before), **plain)


def column_initials(contract: Contract, preview: Preview | None = None) -> list[dict[str, Any]]:
    asked = {question.column for question in preview.questions if question.code in CHOSEN} if preview else set()
    return [{**ColumnForm.initial_of(column), "must_choose": column.name in asked} for column in contract.columns]


def offer_formats(columns, preview) -> None:
    """Where the file does not say whether the day or the month comes first, or whether a sign parts thousands or
    decimals, let the person choose between the two."""
    asked = {question.column: question for question in preview.questions if question.code in CHOSEN}
    for row in columns:
        if question := asked.get(row.initial.get("name", "")):
            formats = [DECIMALS.get(text, text) for text in question.options]
            said = [(text, _said_of_format(text, place)) for place, text in enumerate(formats)]
            choices = [("", "choose"), *((as_written(text), words) for text, words in said)]
            row.fields["format"].widget = forms.Select(choices=choices)


def _said_of_format(text: str, place: int) -> str:
    """place: of a number's formats the first is of a sign between thousands, the second of one before decimals."""
    return f"{text} ({('thousands', 'decimals')[place]})" if text in NUMBER_FORMATS else format_in_words(text)


def refuse_unread(columns, unread: dict[str, str]) -> None:
    """Beside each column of which nothing in the file would be read: why not (by the column's name)."""
    for row in columns:
        if row.is_kept and (why := unread.get(row.cleaned_data["name"])):
            field = "format" if row.cleaned_data["format"] else "type"
            row.add_error(field, f"Every row would be set aside: no value looked at is read. {why}")


_DECIMALS_STEP = (
    "Choose under “Written as” below; or, for all such columns, say it with “Numbers” and “Thousands” under “How the "
    "file is written”, and read again."
)
_AS_IT_IS = "Or confirm it as it is: this file is then read so."
STEPS = {
    "percent_cells": _AS_IT_IS,
    "percent_shown": _AS_IT_IS,
    "zeros_shown": _AS_IT_IS,
    "plain_cells": _AS_IT_IS,
    "lost_digits": "Export the column as text and upload that file; or tick key below at what tells records apart.",
    "header_row": "If not, correct “Header in row” under “How the file is written”, and read again.",
    "day_first": "Choose under “Written as” below.",
    "two_digit_year": "If not, correct “Written as” below, or the export.",
    "decimal_comma": _DECIMALS_STEP,
    "decimal_point": _DECIMALS_STEP,
    "last_row": "If so, dismiss it among the rejected rows; if it is a record, save it there as it is.",
    "total_row": "If so, read again: “Leave out rows beginning with” says it already. If not, go on below.",
}


def questions_for(preview: Preview) -> list[dict]:
    """Those that a person must see, each with what to do, which alike ones say once; what a field asks stands there
    too."""
    asked = [
        {
            "code": question.code,
            "said": question.text,
            "step": STEPS.get(question.code) or _step(question.options),
        }
        for question in preview.questions
        if question.code != "replace_with_nothing"
    ]
    for one, following in pairwise(asked):
        one["step"] = "" if one["step"] == following["step"] else one["step"]
    return asked


def _step(options: tuple[str, ...]) -> str:
    named = " or ".join({"\t": "tab"}.get(option, option) for option in options)
    return f"{named}: set it under “How the file is written”, and read again." if options else ""


def _said_of_cells(unit: str) -> str:
    return f"a cell that shows 88 % is read as {'0.88' if unit == 'ratio' else '88'}"


def _has_format(kind: ColumnType, text: str) -> bool:
    """Whether it counts for the type; one left over from another type chosen before does not."""
    return kind.temporal or kind.numeric or (kind is ColumnType.TEXT and bool(re.fullmatch(ZEROS, text)))


def _number_format(written: str) -> str:
    if written and written not in NUMBER_FORMATS:
        raise forms.ValidationError(f"Write it as one of {'; '.join(NUMBER_FORMATS)}; or empty: as the file.")
    return written


def _bound(text: str, kind: ColumnType) -> float | str | None:
    if not text:
        return None
    return float(text) if kind.numeric else text
