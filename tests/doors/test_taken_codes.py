"""A code that is taken is refused with whose it is: with the way there if one sees it, and without its name if not."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from kpis.models import Scorecard
from organization.models import Role, UnitAlias
from tests.factories import DatasetFactory, KpiFactory, MembershipFactory, UnitFactory, member

pytestmark = pytest.mark.django_db

SAFETY = "Safety &amp; &lt;b&gt;care&lt;/b&gt;"


def _kpi(unit):
    return KpiFactory(code="safe", name="Safety & <b>care</b>", unit=unit)


def _scorecard(unit):
    owner = member("manager", unit)
    return Scorecard.objects.create(code="safe", name="Safety & <b>care</b>", unit=unit, owner=owner, grain="month")


def _dataset(unit):
    return DatasetFactory(code="safe", name="Safety & <b>care</b>", unit=unit)


@pytest.fixture
def home():
    return UnitFactory(code="home")


@pytest.fixture
def manager(client, home):
    client.force_login(member(Role.MANAGER, home))
    return client


def sent(client, address: str, **values) -> str:
    answer = client.post(address, values)
    assert answer.status_code == 422
    return answer.content.decode()


def new_dataset(client) -> str:
    file = SimpleUploadedFile("x.csv", b"id,cost\n1,2\n")
    address = client.post("/uploads/new/", {"file": file})["Location"]
    return sent(client, address, code="safe", name="Safety")


FORMS = [
    (_kpi, "KPI", lambda client: sent(client, reverse("kpi_new"), code="safe", name="Safety")),
    (_scorecard, "scorecard", lambda client: sent(client, "/scorecards/new/", code="safe", name="Safety")),
    (_dataset, "dataset", new_dataset),
]


@pytest.mark.parametrize(("made", "what", "again"), FORMS)
def test_a_taken_code_names_its_owner_with_the_way_there(made, what, again, manager, home):
    page = again(manager) if made(home) else ""
    link = f'The {what} <a href="/{what.lower()}s/safe/">{SAFETY}</a> has the code safe.'
    assert f"<span>{link} Choose another code, or open that one.</span>" in page  # one line of words, not three columns


@pytest.mark.parametrize(("made", "what", "again"), FORMS)
def test_a_code_of_what_one_may_not_see_is_taken_without_a_name(made, what, again, manager):
    page = again(manager) if made(UnitFactory(code="away")) else ""
    assert f"{what[0].upper()}{what[1:]} code safe is taken outside your units. Choose another." in page
    assert SAFETY not in page


def test_a_unit_s_taken_code_and_alias_name_the_unit(client):
    top, north = UnitFactory(code="group"), UnitFactory(code="north", name="North")
    administrator = member(Role.ADMINISTRATOR, top)
    MembershipFactory(user=administrator, unit=north, role=Role.ADMINISTRATOR)
    UnitAlias.objects.create(unit=north, system="itsm", code="N")
    client.force_login(administrator)
    link = f'The unit <a href="/units/{north.pk}/">North</a> has the code'
    page = sent(client, "/units/add/", code="north", name="Another", kind="team")
    assert f"{link} north. Choose another code, or open that one." in page
    page = sent(client, f"/units/{top.pk}/codes/add/", system="itsm", code="N")
    assert f"{link} itsm: N. Choose another code, or open that one." in page
    assert "already exists" not in page


def test_an_alias_of_a_unit_that_one_may_not_see_is_taken_without_its_name(client):
    top, away = UnitFactory(code="group"), UnitFactory(code="away", name="Away")
    UnitAlias.objects.create(unit=away, system="itsm", code="A")
    client.force_login(member(Role.ADMINISTRATOR, top))
    page = sent(client, f"/units/{top.pk}/codes/add/", system="itsm", code="A")
    assert "Unit code itsm: A is taken outside your units. Choose another." in page
    assert "already exists" not in page
