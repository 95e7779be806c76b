"""Cuts of real extracts go through the whole path; pandas reads the same files and gets the same numbers."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from datasets import explore, intake
from lake.contract import Contract, Role
from organization.access import access_of
from organization.models import Role as Member
from tests.factories import UnitFactory, member, perform

pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parents[1] / "data"


def loaded(path: Path, code: str, key: tuple[str, ...], event: str):
    """A dataset made from the file alone, as the wizard would: inspected, its questions answered, confirmed, loaded."""
    unit = UnitFactory()
    analyst = member(Member.ANALYST, unit)
    with path.open("rb") as file:
        upload = intake.receive(None, file, name=path.name, by=analyst, length=path.stat().st_size)
    preview = intake.examine(upload)
    answers = {q.column: q.options[0] for q in preview.questions if q.code in ("day_first", "two_digit_year")}
    contract = _with_roles(intake.proposed_contract(preview), key, event, answers)
    new = intake.NewDataset(code=code, name=code, unit=unit)
    dataset = intake.confirm(upload, contract, preview.dialect, by=analyst, into=new)
    upload.refresh_from_db()
    perform(intake.request_load(upload, by=analyst).upload.job)
    upload.refresh_from_db()
    assert upload.state == "loaded", upload.fault
    dataset.refresh_from_db()
    return dataset, upload, access_of(analyst, upload.uploaded_at.date())


def _with_roles(contract: Contract, key: tuple[str, ...], event: str, formats: dict[str, str]) -> Contract:
    columns = []
    for column in contract.columns:
        roles = [role for role in column.roles if role not in (Role.KEY, Role.EVENT_TIME, Role.UNIT, Role.VENDOR)]
        if column.name in key:
            roles = [role for role in roles if role not in (Role.MEASURE, Role.ATTRIBUTE)] + [Role.KEY]
        if column.name == event:
            roles = [Role.EVENT_TIME, *([Role.KEY] if event in key else [])]
        columns.append(replace(column, roles=tuple(roles), format=formats.get(column.name, column.format)))
    return replace(contract, columns=tuple(columns))


def totals(dataset, access, column: str, by: str) -> dict[str, float]:
    question = {"groups": [{"column": by}], "totals": [{"function": "sum", "column": column}]}
    return {key: float(value) for key, value in explore.ask(dataset, question, access).rows}


def test_the_attendances_of_each_trust_equal_those_of_pandas():
    path = DATA / "nhs_ae" / "attendances_sample.csv"
    dataset, upload, access = loaded(path, "attendances", ("period", "org_code", "type"), "period")
    frame = pd.read_csv(path)
    assert (upload.accepted, upload.rejected) == (len(frame), 0)
    assert totals(dataset, access, "attendances", "org_code") == frame.groupby("org_code").attendances.sum().to_dict()
    assert str(dataset.complete_through) == frame.period.max()
    assert sorted(dataset.versions.get().touched["period"]) == sorted(
        {int(text[:4]) * 100 + int(text[5:7]) for text in frame.period}
    )


@pytest.mark.parametrize(
    ("form", "reading"),
    [
        ("scms_utf8_lf.csv", {"encoding": "utf-8-sig"}),
        ("scms_utf8_cr.csv", {"encoding": "utf-8-sig", "lineterminator": "\r"}),
        ("scms_latin1_tab.csv", {"encoding": "latin-1", "sep": "\t"}),
    ],
)
def test_deliveries_in_three_forms_of_writing_give_the_same_value_per_country(form, reading):
    dataset, upload, access = loaded(
        DATA / form, form.split(".")[0].replace("_", "-"), ("id",), "scheduled_delivery_date"
    )
    frame = pd.read_csv(DATA / form, **reading)
    assert (upload.accepted, dataset.rows) == (len(frame), len(frame))
    found = totals(dataset, access, "line_item_value", "country")
    assert found == pytest.approx(frame.groupby("Country")["Line Item Value"].sum().to_dict())
    assert "Côte d'Ivoire" in found
