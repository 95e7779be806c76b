"""C61, by REST: a code that is not known is refused by its own code, with the nearest that the caller sees.

In a form: a code that is left empty is made from the name.
"""

from datetime import date
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from rest_framework.test import APIClient

from datasets.forms import NewDatasetForm
from datasets.models import Dataset
from doors.codes import proposed
from kpis.forms import DesignForm
from kpis.models import Scorecard
from kpis.views.scorecard_forms import ScorecardForm
from organization.access import access_of
from organization.forms import NewUnitForm
from organization.models import Unit
from tests.factories import ApiTokenFactory, KpiFactory, UnitFactory, member

pytestmark = pytest.mark.django_db
DAY = date(2025, 4, 10)


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"kpi": "in_tmie"}, "unknown_kpi", "no KPI with the code 'in_tmie' that you see. Did you mean in_time?"),
        ({"unit": "nroth"}, "unknown_unit", "no unit with the code 'nroth' that you see. Did you mean north?"),
        ({"unit": "away"}, "unknown_unit", "no unit with the code 'away' that you see."),  # it is there, for others
        ({"unit": "awya"}, "unknown_unit", "no unit with the code 'awya' that you see."),
    ],
)  # fmt: skip
def test_c61_an_unknown_code_is_refused_with_the_nearest_that_one_sees(wrong, code, words):
    unit, _ = UnitFactory(code="north"), UnitFactory(code="away")
    KpiFactory(code="in_time", unit=unit)
    token = ApiTokenFactory(user=member("manager", unit), scopes=["read", "define"])
    goal = {"kpi": "in_time", "unit": "north", "value": "95", "valid_from": "2025-01-01"} | wrong
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    answer = api.post("/api/v1/targets/", goal, format="json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["errors"] == [{"field": min(wrong), "code": code, "message": f"There is {words}"}]


@pytest.mark.parametrize("by", ["code", "id"])
def test_a_unit_is_named_by_its_code_or_its_id(by):
    unit = UnitFactory(code="north")
    api = _caller(member("manager", unit))
    body = {"code": "costs", "name": "Costs", "unit": "north" if by == "code" else unit.pk}
    answer = api.post("/api/v1/datasets/", body, format="json")
    assert (answer.status_code, answer.json()["unit"]) == (201, "north")
    assert Dataset.objects.get().unit == unit


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("nroth", "There is no unit with the code 'nroth' that you see. Did you mean north?"),
        ("foreign", "There is no unit with the id {} that you see."),
        (-1, "There is no unit with the id -1 that you see."),
        (True, "Write the code in quotes, or the id without."),
        (["north"], "Write the code in quotes, or the id without."),
    ],
)  # fmt: skip
def test_what_is_neither_the_code_nor_the_id_of_a_unit_that_one_sees_is_refused(wrong, words):
    unit, away = UnitFactory(code="north"), UnitFactory(code="away")
    given = away.pk if wrong == "foreign" else wrong
    api = _caller(member("manager", unit))
    answer = api.post("/api/v1/datasets/", {"code": "costs", "name": "Costs", "unit": given}, format="json")
    fault = answer.json()["errors"][0]
    assert (answer.status_code, fault["field"], fault["message"]) == (400, "unit", words.format(away.pk))
    assert not Dataset.objects.exists()


def _caller(user):
    api = APIClient()
    token = ApiTokenFactory(user=user, scopes=["read", "define"])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    return api


@pytest.mark.parametrize(
    ("name", "sign", "code"),
    [
        ("Incidents solved in time", "_", "incidents_solved_in_time"),
        ("  Cost / case (EUR) ", "-", "cost-case-eur"),
        ("Überfällige Aufträge, Straße", "_", "uberfallige_auftrage_strasse"),
        ("Łódź: fødte æbler", "-", "lodz-fodte-aebler"),
        ("90th percentile", "_", "_90th_percentile"),  # a formula would read 90 and a name
        ("90th percentile", "-", "90th-percentile"),
        ("顧客", "_", ""),
        ("A name that has more than thirty letters", "_", "a_name_that_has_more_than_thir"),
        ("A name cut in between its last words", "_", "a_name_cut_in_between_its_last"),
    ],
)
def test_a_code_reads_as_its_name(name, sign, code):
    assert proposed(name, longest=30, sign=sign) == code


def test_a_code_that_is_left_empty_is_made_from_the_name_and_numbered_where_it_is_taken():
    unit = UnitFactory(code="north")
    analyst = member("analyst", unit)
    for code in ("cases", "cases_2"):
        KpiFactory(code=code, unit=unit)
    words = {"name": "Cases!", "unit": "north", "owner": analyst.username, "kind": "manual", "grain": "month"}
    words |= {"direction": "higher", "unit_of_measure": "count", "decimals": "0"}
    form = DesignForm(QueryDict(urlencode(words)), access=access_of(analyst, DAY))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["code"] == "cases_3"


def test_a_name_without_a_letter_that_a_code_may_have_asks_for_the_code():
    form = NewDatasetForm({"name": "顧客", "code": ""}, access=access_of(member("analyst", UnitFactory()), DAY))
    assert form.errors["code"] == ["Write a code of letters without accents and digits: the name has none."]


@pytest.mark.parametrize("typed", ["", "board-2"])
def test_units_and_scorecards_are_given_codes_in_the_same_way(typed):
    unit = UnitFactory(code="board")
    admin = member("administrator", unit)
    access = access_of(admin, DAY)
    Scorecard.objects.create(code="board", name="Board", unit=unit, owner=admin)
    same = {"name": "Board", "code": typed}
    new_unit = NewUnitForm(same | {"kind": "department", "parent": unit.pk}, access=access)
    card = ScorecardForm(same | {"unit": unit.pk, "owner": admin.pk, "grain": "month"}, access=access)
    assert (new_unit.errors, card.errors) == ({}, {})
    assert (new_unit.cleaned_data["code"], card.cleaned_data["code"]) == ("board-2", "board-2")
    assert not Unit.objects.filter(code="board-2").exists()
