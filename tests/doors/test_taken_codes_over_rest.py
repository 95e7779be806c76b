"""Over REST, too, a taken code is refused with whose it is; so are those of calendars, agreements and surveys."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rest_framework.test import APIClient

from kpis.models import Scorecard
from organization.models import BusinessCalendar, FiscalCalendar, Role, UnitAlias
from tests.factories import DatasetFactory, KpiFactory, UnitFactory, UserFactory, member
from tests.slas.factories import AgreementFactory, SloFactory
from vendors.models import ScorecardTemplate, SelectionRound, SurveyQuestion

pytestmark = pytest.mark.django_db


def _scorecard(unit, code, name):
    return Scorecard.objects.create(code=code, name=name, unit=unit, owner=UserFactory(), grain="month")


def _question(unit, code, name):
    return SurveyQuestion.objects.create(code=code, text=name, unit=unit)


def _template(unit, code, name):
    return ScorecardTemplate.objects.create(code=code, name=name, unit=unit)


def _round(unit, code, name):
    made = {"made_by": UserFactory(), "currency": "EUR", "price_weight": 40}
    return SelectionRound.objects.create(code=code, name=name, unit=unit, **made)


def by(factory):
    return lambda unit, code, name: factory(unit=unit, code=code, name=name)


OF_UNITS = [
    (by(KpiFactory), "kpis", "KPI"),
    (by(DatasetFactory), "datasets", "dataset"),
    (_scorecard, "scorecards", "scorecard"),
    (by(AgreementFactory), "agreements", "agreement"),
    (by(SloFactory), "slos", "SLO"),
    (_question, "vendor-questions", "survey question"),
    (_template, "vendor-scorecards", "scorecard template"),
    (_round, "selection-rounds", "selection round"),
]


@pytest.fixture
def home():
    return UnitFactory(code="home")


@pytest.fixture
def administrator(home):
    return member(Role.ADMINISTRATOR, home)


@pytest.fixture
def refused(administrator):
    """What is said of the field `code` of a POST."""
    client = APIClient()
    client.force_authenticate(administrator)

    def post(path, **body):
        answer = client.post(f"/api/v1/{path}/", body, format="json")
        return [(one["code"], one["message"]) for one in answer.json()["errors"] if one["field"] == "code"]

    return post


@pytest.mark.parametrize(("made", "path", "what"), OF_UNITS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_taken_code_is_refused_with_whose_it_is_as_far_as_one_sees_it(made, path, what, refused, home):
    made(home, "safe", "Safety")
    made(UnitFactory(code="away"), "secret", "Hidden")
    assert refused(path, code="safe") == [("taken", f"The {what} Safety has the code safe. Choose another code.")]
    elsewhere = f"{what[0].upper()}{what[1:]} code secret is taken outside your units. Choose another."
    assert refused(path, code="secret") == [("taken", elsewhere)]
    assert refused(path, code="free") == []


def test_codes_of_units_and_calendars_are_said_so_too(refused, home):
    BusinessCalendar.objects.create(code="desk", name="Service desk")
    FiscalCalendar.objects.create(code="april", name="From April", kind="months")
    words = "has the code {}. Choose another code."
    assert refused("units", code="home") == [("taken", f"The unit {home} " + words.format("home"))]
    said = [("taken", "The business calendar Service desk " + words.format("desk"))]
    assert refused("business-calendars", code="desk") == said
    said = [("taken", "The fiscal calendar From April " + words.format("april"))]
    assert refused("fiscal-calendars", code="april") == said


def test_the_code_of_a_new_dataset_that_an_upload_is_confirmed_into_is_said_so_too(administrator, home):
    client, file = APIClient(), SimpleUploadedFile("cases.csv", b"id,day,cost\n1,2025-01-01,10\n")
    client.force_authenticate(administrator)
    upload = client.post("/api/v1/uploads/", {"file": file}).json()["public_id"]
    seen = client.post(f"/api/v1/uploads/{upload}/inspect/", {}, format="json").json()
    DatasetFactory(unit=home, code="safe", name="Safety")
    DatasetFactory(unit=UnitFactory(code="away"), code="secret", name="Hidden")
    for code, words in {
        "safe": "The dataset Safety has the code safe. Choose another code.",
        "secret": "Dataset code secret is taken outside your units. Choose another.",
    }.items():
        new = {"code": code, "name": "Cases", "unit": "home"}
        body = {"contract": seen["contract"], "dialect": seen["dialect"], "new_dataset": new}
        answer = client.post(f"/api/v1/uploads/{upload}/confirm/", body, format="json")
        fault = {"field": "new_dataset.code", "code": "taken", "message": words}
        assert (answer.status_code, answer.json()["errors"]) == (400, [fault])


def test_an_alias_is_said_to_be_of_the_unit_that_has_it(refused, home):
    for unit, code in ((home, "H"), (UnitFactory(code="away", name="Hidden"), "A")):
        UnitAlias.objects.create(unit=unit, system="itsm", code=code)
    said = [("taken", f"The unit {home} has the code itsm: H. Choose another code.")]
    assert refused("unit-aliases", unit="home", system="itsm", code="H") == said
    elsewhere = "Unit code itsm: A is taken outside your units. Choose another."
    assert refused("unit-aliases", unit="home", system="itsm", code="A") == [("taken", elsewhere)]


def test_a_calendar_keeps_its_own_code(administrator):
    april = FiscalCalendar.objects.create(code="april", name="From April", kind="months")
    client = APIClient()
    client.force_authenticate(administrator)
    body = {"code": "april", "name": "The year from April"}
    assert client.patch(f"/api/v1/fiscal-calendars/{april.pk}/", body, format="json").status_code == 200


def test_pages_lead_to_what_has_the_code(client, administrator, home):
    desk = BusinessCalendar.objects.create(code="desk", name="Service desk")
    agreement, slo = AgreementFactory(code="gold", name="Gold", unit=home), SloFactory(code="up", name="Up", unit=home)
    template, selection = _template(home, "parts", "Parts"), _round(home, "buy", "Buying")
    _question(home, "nice", "How nice?")
    client.force_login(administrator)
    for name, code, thing in (
        ("business_calendar_add", "desk", desk),
        ("agreement_new", "gold", agreement),
        ("slo_new", "up", slo),
        ("vendor_template_new", "parts", template),
        ("selection_round_new", "buy", selection),
    ):
        page = client.post(reverse(name), {"code": code}).content.decode()
        assert f'<a href="{thing.get_absolute_url()}">{thing}</a> has the code {code}.' in page, name
    page = client.post(reverse("vendor_question_add"), {"code": "nice"}).content.decode()
    assert "The survey question How nice? has the code nice. Choose another code." in page
