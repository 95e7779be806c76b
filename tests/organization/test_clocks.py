"""By whose clock a person reads: that of the profile, else that of the unit where they work."""

from datetime import UTC, date, datetime

import pytest

from organization import audit, members
from organization.clocks import clock_of, clocks_of
from tests.factories import UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db
DAY = date(2025, 4, 10)


@pytest.fixture
def group():
    return UnitFactory(code="group", timezone="Europe/Paris")


def zone_of(user) -> str:
    return clock_of(user, DAY).zone


def test_ones_own_zone_counts_before_that_of_the_unit_and_the_nearest_unit_above_before_the_next(group):
    site = UnitFactory(code="site", parent=group)
    desk = UnitFactory(code="desk", parent=site, timezone="Asia/Kolkata")
    assert zone_of(member("viewer", desk, timezone="America/New_York")) == "America/New_York"
    assert zone_of(member("viewer", desk)) == "Asia/Kolkata"
    assert zone_of(member("viewer", site)) == "Europe/Paris"


def test_of_several_roles_the_first_that_is_held_on_the_day_counts(group):
    person, london = UserFactory(), UnitFactory(code="london", timezone="Europe/London")
    first = members.grant(user=person, unit=london, role="viewer", from_day=date(2024, 1, 1), by=None)
    members.grant(user=person, unit=group, role="viewer", from_day=date(2025, 1, 1), by=None)
    assert zone_of(person) == "Europe/London"
    members.end(first, on=date(2025, 3, 1), by=None)
    assert zone_of(person) == "Europe/Paris"


def test_who_has_no_role_or_a_zone_that_is_gone_reads_in_utc(group):
    assert zone_of(UserFactory()) == "UTC"
    assert zone_of(UserFactory(timezone="Mars/Olympus")) == "UTC"
    assert zone_of(member("viewer", group, timezone="Mars/Olympus")) == "Europe/Paris"
    assert zone_of(member("viewer", UnitFactory(code="anywhere"))) == "UTC"


def test_many_people_cost_one_query(group, django_assert_num_queries):
    people = [member("viewer", group), member("manager", group, timezone="UTC"), UserFactory()]
    with django_assert_num_queries(1):
        assert [clock.zone for clock in clocks_of(people, DAY).values()] == ["UTC", "Europe/Paris", "UTC"]
    with django_assert_num_queries(0):
        clock_of(people[1], DAY)


def test_the_profile_offers_the_zones_of_the_world_and_says_what_holds_without_one(client, group):
    person = member("viewer", group, timezone="Asia/Calcutta")
    client.force_login(person)
    page = client.get("/profile/").content.decode()
    assert "As my unit: Europe/Paris" in page and '<option value="Asia/Calcutta" selected>' in page
    client.post("/profile/", {"timezone": "Australia/Adelaide", "theme": "auto"})
    page = client.get("/profile/").content.decode()
    assert 'Times are in <a href="/profile/">Australia/Adelaide</a> unless another clock is named' in page


def test_days_of_the_audit_filter_are_days_of_the_clock_that_the_page_shows(client, group, monkeypatch):
    """23:30 in UTC on 9 April is 01:30 in Paris on the 10th."""
    client.force_login(member("administrator", group))
    monkeypatch.setattr("organization.audit.timezone.now", lambda: datetime(2025, 4, 9, 23, 30, tzinfo=UTC))
    audit.record(None, "made a sandcastle", group)

    def shows(**days) -> bool:
        page = client.get("/audit/", {"action": "castle", **days})
        return "made a sandcastle" in page.content.decode()

    assert [shows(since="2025-04-10"), shows(since="2025-04-11")] == [True, False]
    assert [shows(until="2025-04-09"), shows(until="2025-04-10")] == [False, True]
    assert (
        '<time datetime="2025-04-09T23:30:00Z" title="10 Apr 2025, 01:30:00 Europe/Paris, 9 Apr 2025, 23:30:00 UTC">'
        "10 Apr 2025, 01:30:00</time>"
    ) in client.get("/audit/").content.decode()
