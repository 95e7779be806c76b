"""Explore as a form: every choice stands in the address, so that an answer can be sent to somebody."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from lake.contract import ColumnType, Contract
from lake.instants import Clock

from . import headings
from .explore import MOST_ROWS
from .facts import readable_versions
from .models import Dataset
from .times import CLOCK

PERIODS = [
    ("", "each value"), *((unit, unit) for unit in ("day", "week", "month", "quarter", "year")),
    ("weekday", "weekday"), ("hour", "hour of the day"),
]  # fmt: skip
TOTALS = [("", "the rows"), *headings.TOTALS.items()]
OPERATORS = [
    ("eq", "="), ("ne", "≠"), ("gt", ">"), ("gte", "≥"), ("lt", "<"), ("lte", "≤"), ("in", "is one of"),
    ("not_in", "is none of"), ("contains", "contains"), ("starts_with", "begins with"), ("is_null", "is empty"),
    ("not_null", "has a value"),
]  # fmt: skip
CHARTS = [("table", "table"), ("bar", "bars"), ("line", "line")]
SEVERAL = ("in", "not_in")
WITHOUT_VALUE = ("is_null", "not_null")
MOST_FILTERS = 4
MOST_VERSIONS = 200


class VersionForm(forms.Form):
    """Which version of the data is looked at: the current one, or as it was."""

    version = forms.TypedChoiceField(required=False, label="Data", coerce=int, empty_value=None)

    def __init__(self, *args, dataset: Dataset, clock: Clock, **kwargs):
        """clock: of who asks. Its zone stands behind each time, since the rows have the clock of their dataset."""
        super().__init__(*args, **kwargs)
        found, named = readable_versions(dataset, MOST_VERSIONS), Clock(clock.zone, is_named=True)
        older = {str(number): f"as of version {number}, {named.shown(at)}" for number, at in found}
        asked = str((self.data or self.initial).get("version") or "")
        if asked not in older and asked.isdigit() and dataset.versions.filter(version=asked[:18]).exists():
            older[asked] = f"as of version {asked}"  # no longer kept: the answer says so
        self.fields["version"].choices = [("", "as it is now"), *older.items()]


class ShownForm(VersionForm):
    """And how the answer is shown: as a table, or with a chart above it."""

    chart = forms.ChoiceField(required=False, choices=CHARTS)


class QuestionForm(VersionForm):
    """Without a group, the total over everything; without a group and a total, the rows for which the filters hold."""

    group = forms.ChoiceField(required=False, label="Group by")
    period = forms.ChoiceField(required=False, choices=PERIODS, label="Of a date, its")
    group2 = forms.ChoiceField(required=False, label="Then by")
    pivot = forms.ChoiceField(required=False, label="Columns for each")
    pivot_period = forms.ChoiceField(required=False, choices=PERIODS, label="Of a date, its")
    total = forms.ChoiceField(required=False, label="Show", choices=TOTALS)
    of = forms.ChoiceField(required=False)
    chart = forms.ChoiceField(required=False, choices=CHARTS)

    def __init__(self, *args, dataset: Dataset, contract: Contract, **kwargs):
        super().__init__(*args, dataset=dataset, **kwargs)
        self.contract = contract
        columns = [("", "–"), *((column.name, column.name) for column in contract.columns)]
        for name in ("group", "group2", "pivot", "of"):
            self.fields[name].choices = columns
        for end in filter_ends():
            self.fields[f"where{end}"] = forms.ChoiceField(required=False, label="Only where", choices=columns)
            self.fields[f"operator{end}"] = forms.ChoiceField(required=False, label="Is", choices=OPERATORS)
            self.fields[f"value{end}"] = forms.CharField(required=False, max_length=500, label="Value")

    @property
    def asks(self) -> list[forms.BoundField]:
        """The fields besides the filters."""
        return [field for field in self if not field.name.startswith(("where", "operator", "value"))]

    @property
    def filters(self) -> list[tuple[forms.BoundField, ...]]:
        """The filters in use, and one more to fill."""
        rows = [tuple(self[f"{name}{end}"] for name in ("where", "operator", "value")) for end in filter_ends()]
        used = [row for row in rows if row[0].value()]
        return [*used, *[row for row in rows if not row[0].value()][:1]]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if (total := given.get("total") or "count") != "count" and "of" in given:
            self._check_total(total, given["of"])
        for period, names in (("period", ("group", "group2")), ("pivot_period", ("pivot",))):
            self._check_hour(period, [given[name] for name in names if given.get(name)])
        for end in filter_ends():
            if given.get(f"where{end}"):
                self._check_filter(given, end)
        return given

    def _check_hour(self, period: str, names: list[str]) -> None:
        of_dates = [name for name in names if self.contract.column(name).type == ColumnType.DATE]
        if of_dates and self.cleaned_data.get(period) == "hour":
            said = (
                f"{of_dates[0]} holds dates without a time, which have no hour. Choose its weekday, or a time column."
            )
            self.add_error(period, said)

    def _check_total(self, total: str, name: str) -> None:
        said = dict(TOTALS)[total]
        if not name:
            self.add_error("of", f"Choose the column whose {said} is shown.")
            return
        kind = self.contract.column(name).type
        if total in ("sum", "avg", "median") and not (kind.numeric or (kind.temporal and total != "sum")):
            holds = "dates" if kind.temporal else "texts" if kind == ColumnType.TEXT else "yes and no"
            self.add_error("of", f"{name} holds {holds}, which have no {said}. Choose another column, or show another.")

    def _check_filter(self, given: dict[str, Any], end: str) -> None:
        kind = self.contract.column(given[f"where{end}"]).type
        by_text = given.get(f"operator{end}") in (*WITHOUT_VALUE, "contains", "starts_with")
        if by_text or not (kind.numeric or kind.temporal):
            return
        reads, wanted = float, "number. Write it as in 12.5"
        if kind.temporal:
            reads, wanted = datetime.fromisoformat, "date. Write it as in 2025-01-31"
            wanted += " or 2025-01-31 10:30" * (kind == ColumnType.TIMESTAMP)
        found = self._filter(given, end)
        for value in found["values"] if found else ():
            try:
                reads(value)
            except ValueError:
                self.add_error(f"value{end}", f"{str(value)[:40]!r} is no {wanted}.")

    def question(self) -> dict[str, Any]:
        """The question in the words of `datasets.explore`."""
        given = {"total": "count", "chart": "table", **{k: v for k, v in self.cleaned_data.items() if v}}
        groups = [given[name] for name in ("group", "group2") if given.get(name)]
        asked: dict[str, Any] = {
            "chart": given["chart"],
            "groups": [self._group(name, given.get("period")) for name in dict.fromkeys(groups)],
            "totals": [
                {"function": given["total"], "column": given.get("of", "") if given["total"] != "count" else ""}
            ],
            "filters": self.asked_filters(),
            "limit": MOST_ROWS,
            "clock": CLOCK,
        }
        if given.get("pivot") and groups:
            unit = self._group(given["pivot"], given.get("pivot_period"))["unit"]
            asked["pivot"] = {"column": given["pivot"], **({"unit": unit} if unit else {})}
        return asked

    def asked_filters(self) -> list[dict[str, Any]]:
        return [found for end in filter_ends() if (found := self._filter(self.cleaned_data, end))]

    def _group(self, name: str, period: str | None) -> dict[str, str | None]:
        return {"column": name, "unit": period if self.contract.column(name).type.temporal else None}

    def _filter(self, given: dict[str, Any], end: str) -> dict[str, Any] | None:
        name = given.get(f"where{end}")
        if not name:
            return None
        operator, text = given.get(f"operator{end}") or "eq", given.get(f"value{end}", "")
        texts = next(csv.reader([text], skipinitialspace=True), []) if operator in SEVERAL else [text]
        values = [] if operator in WITHOUT_VALUE else [self._typed(name, one, operator) for one in texts]
        return {"column": name, "operator": operator, "values": values}

    def _typed(self, name: str, text: str, operator: str) -> str | float | bool:
        kind = self.contract.column(name).type
        if kind == ColumnType.BOOLEAN:
            return text.strip().lower() in ("true", "yes", "1")
        if kind.numeric and operator not in ("contains", "starts_with"):
            try:
                return float(text)
            except ValueError:
                return text
        return text


def address_of(question: Mapping[str, Any], contract: Contract) -> dict[str, str] | None:
    """The fields that ask `question` again, to be changed; None where it says more than the form can (over REST)."""
    groups, filters = question.get("groups") or [], question.get("filters") or []
    totals = question.get("totals") or [{}]
    units = {group.get("unit") for group in groups} - {None}
    if max(len(groups) - 1, len(totals), len(units)) > 1 or len(filters) > MOST_FILTERS:
        return None
    times = {column.name for column in contract.instants if contract.reporting_timezone != "UTC"}
    if question.get("clock") != CLOCK and times.intersection(one["column"] for one in filters):
        return None
    more = question.keys() - {"chart", "groups", "totals", "filters", "pivot", "limit", "clock"}
    if more or question.get("limit", MOST_ROWS) != MOST_ROWS:
        return None
    asked = {"total": totals[0].get("function", ""), "of": totals[0].get("column", ""), "period": "".join(units)}
    asked |= dict(zip(("group", "group2"), (group["column"] for group in groups), strict=False))
    pivot = question.get("pivot") or {}
    asked |= {"pivot": pivot.get("column", ""), "pivot_period": pivot.get("unit"), "chart": question.get("chart", "")}
    for end, one in zip(filter_ends(), filters, strict=False):
        asked |= {f"where{end}": one["column"], f"operator{end}": one.get("operator", "eq")}
        asked[f"value{end}"] = _as_written(one)
    return {name: value for name, value in asked.items() if value}


def _as_written(wanted: Mapping[str, Any]) -> str:
    """The values of a filter as its field takes them: several as a line of CSV."""
    values = [as_typed(value) for value in wanted.get("values") or ()]
    if wanted.get("operator") not in SEVERAL:
        return "".join(values)
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()


def as_typed(value: object) -> str:
    """A filter's value as a person types it: 4 instead of 4.0, true instead of True."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def filter_ends() -> list[str]:
    """What the names of each filter's fields end in: where, where2 and so on."""
    return ["", *(str(number) for number in range(2, MOST_FILTERS + 1))]
