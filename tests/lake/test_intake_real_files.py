"""Cuts of real extracts, in the forms in which they were published (sources in tests/data/README.md)."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from lake import intake
from lake.contract import Column, ColumnType, Contract, Role
from lake.intake import Dialect
from tests.corpus.reading import outcome

DATA = Path(__file__).parent.parent / "data"
DATE, TIMESTAMP, INTEGER, DECIMAL = ColumnType.DATE, ColumnType.TIMESTAMP, ColumnType.INTEGER, ColumnType.DECIMAL
KEY, EVENT = (Role.KEY,), (Role.EVENT_TIME,)


def load(tmp_path, file, of, dialect):
    return outcome(intake.load(DATA / file, of, dialect, into=tmp_path / file))


SCMS = Contract(
    (
        Column("id", "ID", roles=KEY),
        Column("country", "Country"),
        Column("quoted", "PQ First Sent to Client Date", DATE, format="%m/%d/%y|%m/%d/%Y",
               missing=("Pre-PQ Process", "Date Not Captured")),
        Column("scheduled", "Scheduled Delivery Date", DATE, EVENT, format="%d-%b-%y"),
        Column("delivered", "Delivered to Client Date", DATE, format="%d-%b-%y"),
        Column("mode", "Shipment Mode"),
        Column("value", "Line Item Value", DECIMAL, (Role.MEASURE,)),
    )
)  # fmt: skip


def test_scms_in_three_forms_gives_the_same_rows(tmp_path):
    forms = {
        "scms_utf8_lf.csv": Dialect(),
        "scms_utf8_cr.csv": Dialect(),
        "scms_latin1_tab.csv": Dialect(encoding="latin-1", delimiter="\t"),
    }
    first, second, third = (load(tmp_path, file, SCMS, dialect) for file, dialect in forms.items())
    assert len(first.rows) == 200 and first.rejects == []
    assert first.rows == second.rows == third.rows
    assert any(row["country"] == "Côte d'Ivoire" for row in first.rows)
    with (DATA / "scms_utf8_lf.csv").open(encoding="utf-8-sig", newline="") as file:
        values = [float(row["Line Item Value"]) for row in csv.DictReader(file)]
    assert float(sum(first.column("value"))) == pytest.approx(sum(values))


def test_tgv_has_semicolons_accents_and_line_breaks_in_cells(tmp_path):
    preview = intake.inspect(DATA / "tgv_months.csv")
    assert (preview.dialect, preview.sampled_rows) == (Dialect(delimiter=";"), 60)
    comment = next(c for c in preview.columns if c.header.startswith("Commentaire") and "arrivée" in c.header)
    of = Contract(
        (Column("month", "Date", DATE, EVENT, format="%Y-%m"), Column("departure", "Gare de départ"),
         Column("comment", comment.header)),
    )  # fmt: skip
    found = load(tmp_path, "tgv_months.csv", of, preview.dialect)
    assert found.column("_row") == list(range(2, 62)) and found.rejects == []
    with (DATA / "tgv_months.csv").open(encoding="utf-8-sig", newline="") as file:
        comments = [row[comment.header] or None for row in csv.DictReader(file, delimiter=";")]
    assert found.column("comment") == comments
    assert sum("\n" in (text or "") for text in comments) == 26


def test_itsm_dates_are_day_first_and_question_marks_are_missing(tmp_path):
    preview = intake.inspect(DATA / "itsm_events.csv")
    guessed = {column.name: column for column in preview.columns}
    assert "?" in guessed["sys_created_at"].missing
    of = Contract(
        (
            Column("number", roles=KEY),
            Column("opened_at", type=TIMESTAMP, roles=EVENT, format="%d/%m/%Y %H:%M"),
            Column("created_at", "sys_created_at", TIMESTAMP, format="%d/%m/%Y %H:%M", missing=("?",)),
            Column("made_sla", type=ColumnType.BOOLEAN),
        ),
        on_duplicate="last",
    )
    found = load(tmp_path, "itsm_events.csv", of, preview.dialect)
    with (DATA / "itsm_events.csv").open(newline="") as file:
        last = {row["number"]: row for row in csv.DictReader(file)}
    assert {row["number"]: row["made_sla"] for row in found.rows} == {
        n: r["made_sla"] == "true" for n, r in last.items()
    }
    assert [row["created_at"] is None for row in found.rows] == [
        last[row["number"]]["sys_created_at"] == "?" for row in found.rows
    ]
    assert found.loaded.superseded == 200 - len(last)


def test_baltimore_pads_with_blanks(tmp_path):
    preview = intake.inspect(DATA / "baltimore_requests.csv")
    agency = next(column for column in preview.columns if column.name == "agency")
    assert agency.padded
    columns = (Column("id", "Service Request Number", roles=KEY), Column("agency", "Agency"))
    kept = load(tmp_path, "baltimore_requests.csv", Contract(columns), Dialect()).column("agency")
    trimmed = Contract((columns[0], replace(columns[1], trim=True)))
    plain = load(tmp_path, "baltimore_requests.csv", trimmed, Dialect()).column("agency")
    assert any(text != short for text, short in zip(kept, plain, strict=True))
    assert [text and text.strip() for text in kept] == plain
