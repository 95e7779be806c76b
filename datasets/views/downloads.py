"""An answer of explore or of the SQL page as a file: a CSV, or a workbook whose first sheet says what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets.explore import Answer
from datasets.forms_explore import OPERATORS, as_typed
from datasets.models import Dataset
from doors.exports import Column, Cover, Sheet, csv_response, xlsx_response

KINDS = ("csv", "xlsx")


def kind_of(given: Mapping[str, str]) -> str:
    """Which of KINDS is asked for by `as`; empty for the page itself."""
    return given["as"] if given.get("as") in KINDS else ""


def download(
    dataset: Dataset,
    answer: Answer,
    kind: str,
    what: str,
    filters: Sequence[Mapping[str, Any]] = (),
    times: str = "",
):
    """The answer as a file of `kind` (see KINDS); `what` ends its name, `filters` are those of the question.

    A CSV is read on by programs and has the answer's rows alone, below the technical names of its columns. A workbook
    is read by people: it has the page's headings, with the names on its first sheet, and what the rows are together.
    times: by which clock the answer shows them, in words.
    """
    name = f"{dataset.code}-{what}"
    if kind == "csv":
        return csv_response(name, [Column(heading) for heading in answer.columns], answer.rows)
    whole = answer.whole
    sheet = Sheet("Answer", [Column(heading) for heading in whole.headings], whole.rows, whole.last)
    return xlsx_response(name, [sheet], Cover(dataset.name, _facts(dataset, answer, filters, times)))


def _facts(
    dataset: Dataset, answer: Answer, filters: Sequence[Mapping[str, Any]], times: str
) -> list[tuple[str, object]]:
    return [
        ("Dataset", f"{dataset.name} ({dataset.code})"),
        *(("Only where", in_words(one)) for one in filters),
        ("Rows", f"{len(answer.rows):,}, there are more" if answer.truncated else len(answer.rows)),
        ("Data complete through", dataset.complete_through),
        ("Data version", answer.version),
        *([("Clock", times)] if times else []),
        *([("Numbers", answer.measured)] if answer.measured else []),
        *((f"Column {said}", name) for said, name in zip(answer.headed, answer.columns, strict=True) if said != name),
        ("Statement", answer.sql),
    ]


def in_words(wanted: Mapping[str, Any]) -> str:
    """A filter as its form shows it: "priority is one of 1, 2"."""
    values = ", ".join(map(as_typed, wanted.get("values") or ()))
    return f"{wanted['column']} {dict(OPERATORS)[wanted.get('operator', 'eq')]} {values}".strip()
