"""Hostile formulas sent to the API: refused by their word and its place, nothing is run and nothing kept (B1 to B8)."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from kpis import definitions, workflow
from kpis.models import Kpi, KpiVersion
from lake import sandbox
from tests.factories import ApiTokenFactory, UnitFactory, loaded_dataset, member
from tests.kpis.sample_desk import CONTRACT, PASSPORT

pytestmark = pytest.mark.django_db
API = "/api/v1/kpis"
ROWS = "id,opened_at,unit,priority,met,hours\n1,2025-01-01,home,high,1,0\n2,2025-01-02,home,low,0,1e308\n"
HOSTILE = [
    pytest.param("sum((select 1))", "select", id="B1-sub-query"),
    pytest.param("sum(met) union select 1", "union", id="B1-union"),
    pytest.param("sum(met) from facts", "from", id="B1-from"),
    pytest.param("pivot x", "pivot", id="B1-pivot"),
    pytest.param("values (1)", "values", id="B1-values"),
    pytest.param("sum(met) over ()", "over", id="B1-window"),
    pytest.param("READ_TEXT('x')", "READ_TEXT", id="B2-file"),
    pytest.param("system.main.getenv('x')", "getenv", id="B2-qualified"),
    pytest.param("\"read_csv\"('x')", "read_csv", id="B2-quoted"),
    pytest.param("query('select 1')", "query", id="B2-query"),
    pytest.param("(SHOW TABLES)", "SHOW", id="B3-show-tables"),
    pytest.param("sum(met); drop table facts", ";", id="B3-two-statements"),
    pytest.param("PRAGMA version", "PRAGMA", id="B3-pragma"),
    pytest.param("any_value(facts)", "any_value", id="B4-table-as-column"),
    pytest.param("#1", "#", id="B4-by-position"),
    pytest.param("COLUMNS('.*')", "COLUMNS", id="B4-columns"),
    pytest.param("sum(met\u200b)", "\u200b", id="B6-zero-width"),
    pytest.param("sum(mеt)", "е", id="B6-cyrillic"),
    pytest.param("sum(met\u00a0)", "\u00a0", id="B6-no-break-blank"),
]
HUGE = [
    pytest.param("sum(repeat('x', 2000000000))", id="B5-repeat"),
    pytest.param("sum(range(1000000000))", id="B5-range"),
    pytest.param("+".join(["met"] * 20_000), id="B5-terms"),
    pytest.param("(" * 3_000 + "met" + ")" * 3_000, id="B5-parentheses"),
    pytest.param("m" * 1_000_000, id="B5-megabyte"),
]


@pytest.fixture
def home():
    return UnitFactory(code="home")


@pytest.fixture
def analyst(home):
    return member("analyst", home, username="analyst")


@pytest.fixture
def dataset(home, analyst, in_this_process):
    return loaded_dataset(ROWS, CONTRACT, unit=home, owner=analyst, code="cases")


def api_of(user) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiTokenFactory(user=user, scopes=['read', 'define']).secret}")
    return client


def doors(api, formula: str):
    """The answers of both doors that take a formula: looking first, and keeping it."""
    version = {"kind": "simple", "dataset": "cases", "formula": formula}
    yield api.post(f"{API}/preview/", {"version": version}, format="json")
    body = {"code": "x", "name": "X", "unit": "home", "owner": "analyst", "version": version}
    yield api.post(f"{API}/", body, format="json")


@pytest.fixture
def nothing_runs(monkeypatch, dataset):
    monkeypatch.setattr(sandbox, "run", lambda *_, **__: pytest.fail("it ran"))


@pytest.mark.parametrize(("formula", "word"), HOSTILE)
def test_a_hostile_formula_is_400_with_its_word_and_place(analyst, nothing_runs, formula, word):
    for answer in doors(api_of(analyst), formula):
        (fault,) = answer.json()["errors"]
        assert (answer.status_code, fault["field"]) == (400, "formula"), answer.content
        assert fault["token"].strip('"') == word
        assert formula[fault["position"] - 1 :].startswith(fault["token"])
    assert not Kpi.objects.exists()


def of_a_kpi(field: str):
    def send(api, formula):
        version = {"kind": "ratio", "dataset": "cases", "formula": "sum(met)", "denominator": "count(*)"}
        return api.post(f"{API}/preview/", {"version": version | {field: formula}}, format="json")

    return send


def of_a_contract(change):
    def send(api, formula):
        contract = CONTRACT.to_dict()
        change(contract, formula)
        return api.put("/api/v1/datasets/cases/contract/", {"contract": contract}, format="json")

    return send


def of_a_rule(api, formula):
    rule = {"dataset": "cases", "name": "x", "kind": "expression", "severity": "info"}
    return api.post("/api/v1/quality-rules/", {**rule, "parameters": {"expression": formula}}, format="json")


def calculated(contract, formula):
    column = {**contract["columns"][-1], "name": "x", "header": "x", "type": "boolean", "formula": formula}
    contract["columns"] = [*contract["columns"], column]


def row_rule(contract, formula):
    contract["rules"] = [{"name": "x", "formula": formula, "message": ""}]


OTHER_DOORS = [
    pytest.param(of_a_kpi("condition"), "condition", id="condition"),
    pytest.param(of_a_kpi("denominator"), "denominator", id="denominator"),
    pytest.param(of_a_contract(calculated), "contract.columns.x", id="calculated-column"),
    pytest.param(of_a_contract(row_rule), "contract", id="row-rule"),
    pytest.param(of_a_rule, "parameters.expression", id="quality-rule"),
]


@pytest.mark.parametrize(("send", "field"), OTHER_DOORS)
@pytest.mark.parametrize(
    ("formula", "word"),
    [
        pytest.param("met in (select 1)", "select", id="B1"),
        pytest.param("getenv('HOME') = 'x'", "getenv", id="B2"),
        pytest.param("(SHOW TABLES)", "SHOW", id="B3"),
        pytest.param("met = 1; drop table facts", ";", id="B3-two"),
        pytest.param("COLUMNS('.*') = 1", "COLUMNS", id="B4"),
        pytest.param("met\u00a0= 1", "\u00a0", id="B6"),
    ],
)
def test_every_other_door_that_takes_a_formula_refuses_it_by_field_and_word(
    analyst, nothing_runs, dataset, send, field, formula, word
):
    answer = send(api_of(analyst), formula)
    (fault,) = answer.json()["errors"] if "errors" in answer.json() else [answer.json()]
    assert (answer.status_code, fault["field"]) == (400, field), answer.content
    assert word in (fault.get("message") or fault["detail"]) or f"U+{ord(word[0]):04X}" in str(fault)
    dataset.refresh_from_db()
    assert dataset.contract_number == 1 and not dataset.quality_rules.exists()


@pytest.mark.parametrize("formula", HUGE)
def test_a_formula_beyond_the_limits_is_400(analyst, nothing_runs, formula):
    for answer in doors(api_of(analyst), formula):
        assert answer.status_code == 400, answer.content
        assert "formula" in answer.json()["errors"][0]["field"]
    assert not Kpi.objects.exists()


@pytest.mark.parametrize(
    "version",
    [
        pytest.param({"kind": "simple", "formula": "sum(met) / (sum(met) - 1)"}, id="B7-by-zero"),
        pytest.param(
            {"kind": "ratio", "formula": "sum(met)", "denominator": "sum(met) - 1"}, id="B7-empty-denominator"
        ),
        pytest.param({"kind": "simple", "formula": "sum(hours) * 1e10"}, id="B7-overflow"),
    ],
)
def test_what_cannot_be_computed_is_no_value_with_a_reason(analyst, dataset, version):
    answer = api_of(analyst).post(f"{API}/preview/", {"version": {"dataset": "cases", **version}}, format="json")
    assert answer.status_code == 200, answer.content
    (result,) = [row for row in answer.json()["results"] if row["rows"]]
    assert result["value"] is None and result["reason"]
    assert b"NaN" not in answer.content and b"Infinity" not in answer.content


def certified(home, analyst, dataset) -> KpiVersion:
    version = definitions.create_kpi(
        code="met", name="Met", unit=home, owner=analyst, steward=analyst, by=analyst, dataset=dataset,
        kind="simple", formula="sum(met)", **PASSPORT,
    )  # fmt: skip
    return workflow.certify(workflow.submit(version, by=analyst), by=member("manager", home), now=timezone.now())


def test_B8_an_edit_after_approval_is_a_new_version_without_it(home, analyst, dataset):
    certified(home, analyst, dataset)
    edited = api_of(analyst).post(f"{API}/met/versions/", {"formula": "count(*)"}, format="json")
    assert (edited.status_code, edited.json()["number"], edited.json()["state"]) == (201, 2, "draft")
    first, second = KpiVersion.objects.order_by("number")
    assert (first.formula, first.state, second.certified_by) == ("sum(met)", "certified", None)


@pytest.mark.parametrize("method", ["post", "put", "patch"])
@pytest.mark.parametrize("path", ["met/", "met/versions/", "met/versions/1/", "met/versions/1/submit/"])
def test_B8_a_kpi_of_others_is_not_there_to_be_edited(home, analyst, dataset, method, path):
    certified(home, analyst, dataset)
    stranger = api_of(member("manager", UnitFactory(code="elsewhere")))
    answers = [
        getattr(stranger, method)(f"{API}/{path.replace('met', code, 1)}", {"formula": "count(*)"}, format="json")
        for code in ("met", "no_such")
    ]
    assert answers[0].status_code in (404, 405)
    assert (answers[0].status_code, answers[0].content) == (answers[1].status_code, answers[1].content)
    assert KpiVersion.objects.get().formula == "sum(met)"
