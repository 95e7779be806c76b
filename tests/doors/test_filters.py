"""Lists over REST are filtered by plain names; what there is not is refused and not answered by an empty list."""

from datetime import date

import pytest
from rest_framework.test import APIClient

from organization.models import Role
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
            assert (field, words.partition("'")[2]) == (name, f"{code}' that you see.")


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
