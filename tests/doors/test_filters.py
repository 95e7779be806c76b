"""Lists over REST are filtered by plain names; what there is not is refused and not answered by an empty list."""

from datetime import date

import pytest
from rest_framework.test import APIClient

from organization.models import Role, UnitAlias
from tests.alerts.samples import a_follow_up
from tests.factories import KpiFactory, KpiVersionFactory, TargetFactory, UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def north():
    return UnitFactory(code="north")


@pytest.fixture
def found(north):
    """What a list answers to a manager of `north`: the field that is asked after, or what was refused."""
    client = APIClient()
    client.force_authenticate(member(Role.MANAGER, north))

    def ask(path, field, **filters):
        body = client.get(f"/api/v1/{path}/", filters).json()
        if "results" in body:
            return [one[field] for one in body["results"]]
        return [(fault["field"], fault["message"]) for fault in body["errors"]]

    return ask


def test_days_are_asked_for_from_one_on_and_before_another(north, found):
    kpi = KpiFactory(code="on_time", unit=north)
    for month in (1, 2, 3):
        TargetFactory(
            kpi=kpi, unit=north, valid_from=date(2025, month, 1), valid_to=date(2025, month + 1, 1), set_by=kpi.owner
        )
    assert found("targets", "valid_from", kpi="on_time", valid_from="2025-02-01") == ["2025-03-01", "2025-02-01"]
    assert found("targets", "valid_from", kpi="on_time", valid_before="2025-02-01") == ["2025-01-01"]
    [(field, words)] = found("targets", "valid_from", valid_from__gte="2025-02-01")
    assert (field, "valid_before, valid_from" in words) == ("valid_from__gte", True)


def test_a_day_is_written_in_one_way(found):
    """03/05/2025 is a day in March to some and in May to others."""
    assert found("annotations", "day", day_from="03/05/2025") == [("day_from", "Write a day such as 2025-05-03.")]
    words = "Write a moment, best in UTC, such as 2025-05-03T12:00:00Z."
    for moment in ("03/05/2025 10:00", "2025-05-03T12:00:00 02:00"):
        assert found("alerts", "id", opened_from=moment) == [("opened_from", words)]
    assert found("alerts", "id", opened_from="2025-05-03T12:00:00Z") == []


def test_a_thing_is_asked_for_by_its_code_and_a_unit_by_its_id_too(north, found):
    KpiFactory(code="on_time", unit=north)
    assert found("kpis", "code", unit="north") == found("kpis", "code", unit=str(north.pk)) == ["on_time"]
    assert found("members", "role", unit="north") == found("members", "role", unit=str(north.pk)) == ["manager"]


def test_a_thing_that_there_is_not_and_one_of_others_are_refused_in_the_same_words(found):
    KpiFactory(code="of_others", unit=UnitFactory(code="south"))
    lists = {"targets": "kpi", "results": "kpi", "kpis": "unit", "alerts": "unit", "runs": "dataset"}
    for path, name in lists.items():
        for code in ("of_others", "south", "nothing"):
            [(field, words)] = found(path, "id", **{name: code})
            near = " Did you mean north?" if name == "unit" and code != "of_others" else ""
            assert (field, words.partition("'")[2]) == (name, f"{code}' that you see.{near}")


def test_the_nearest_of_those_that_the_caller_sees_are_proposed(north, found):
    KpiFactory(code="on_time_pickups", unit=north)
    KpiFactory(code="on_time_picks", unit=UnitFactory(code="south"))
    words = "There is no KPI 'On_time_pickup' that you see. Did you mean on_time_pickups?"
    assert found("results", "id", kpi="On_time_pickup") == [("kpi", words)]
    assert found("units", "code", code="Nort") == [
        ("code", "There is no unit with the code 'Nort' that you see. Did you mean north?")
    ]


def test_a_code_of_the_list_itself_and_every_other_text_is_refused_where_nothing_has_it(north, found):
    """That there is none and that it is another's read the same; an empty list is for what there could be."""
    south, me = UnitFactory(code="south"), found("users", "username")[0]
    for unit, code in ((north, "N-1"), (south, "S-1")):
        UnitAlias.objects.create(unit=unit, system=f"erp-{unit.code}", code=code)
    assert found("unit-aliases", "code", system="erp-north", code="N-1") == ["N-1"]
    texts = {"unit-aliases": "system", "users": "username", "agreements": "code", "slos": "code"}
    for path, name in texts.items():
        for given in ("erp-south", "nothing"):
            [(field, words)] = found(path, "id", **{name: given})
            assert (field, f"{given}' that you see." in words) == (name, True)
    assert found("users", "username", username=me) == [me]
    assert found("inbox", "kind", kind="alert.opened") == []  # what rooms above tell is no list, and may come yet


def test_a_text_of_which_all_that_there_may_be_are_known_is_one_of_them(found):
    known = {
        "signals": ("rule", "nhs_shift"),
        "service-credits": ("currency", "EUR"),
        "jobs": ("kind", "datasets.load"),
    }
    for path, (name, value) in known.items():
        assert found(path, "id", **{name: value}) == []
        [(field, words)] = found(path, "id", **{name: f"{value}x"})
        assert (field, f"Did you mean {value}" in words) == (name, True)
    [(field, words)] = found("chart-verdicts", "variation", variation="better")
    assert (field, "Choose one of: improving, concerning, neutral" in words) == ("variation", True)


def test_the_id_of_what_others_have_reads_like_one_that_there_is_not(north, found):
    """Here a theme's, since an id of another unit says by its refusal that there is such a thing."""
    mine, foreign = a_follow_up(north).alert_id, a_follow_up(UnitFactory(code="south")).alert_id
    assert found("follow-ups", "alert", alert=mine) == [mine]
    words = "Nothing that you see has this id: write one that the list of those things shows."
    assert [found("follow-ups", "id", alert=one) for one in (foreign, foreign + 1)] == [[("alert", words)]] * 2


def test_a_person_is_asked_for_by_the_log_in_name_and_one_that_there_is_not_is_refused(north, found):
    """A person is seen by who administers, and in the rows that name them: whoever sees those may ask."""
    KpiFactory(code="on_time", unit=north, owner=UserFactory(username="ann"), state="draft")
    KpiFactory(code="of_others", unit=UnitFactory(code="south"), owner=UserFactory(username="eve"))
    assert found("kpis", "code", owner="ann") == ["on_time"]
    assert found("kpis", "code", owner="ann", state="certified") == []
    joe = a_follow_up(north).owner.username
    assert found("follow-ups", "owner", owner=joe) == [joe]
    for path in ("kpis", "follow-ups"):
        for name in ("eve", "nobody"):
            assert found(path, "id", owner=name) == [("owner", f"There is no user '{name}' that you see.")]


def test_kpis_are_asked_for_by_the_state_of_the_version_that_their_answer_shows(north, found):
    """A KPI with a certified first version and a draft second one is a draft, once."""
    kpi = KpiFactory(code="on_time", unit=north, state="certified", valid_to=date(2025, 1, 1))
    KpiVersionFactory(kpi=kpi, number=2, state="draft", valid_from=date(2025, 1, 1))
    assert found("kpis", "code", state="draft") == ["on_time"]
    assert found("kpis", "code", state="certified") == []
