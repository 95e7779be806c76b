"""Why there is no number, in words that name the day and the period."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from kpis import definitions, selectors, workflow
from kpis.models import Result
from kpis.recompute import recompute
from kpis.selectors.words import PeriodRef
from organization.access import access_of
from tests.factories import KpiFactory, UnitFactory
from tests.kpis.pages import opened
from tests.kpis.sample_desk import DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]
LABELS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def month(year, number):
    end = date(year + number // 12, number % 12 + 1, 1)
    return PeriodRef("month", date(year, number, 1), end, f"{LABELS[number - 1]} {year}")


def why(made, unit, period=None, kpi=None):
    access = access_of(made.analyst, DAY)
    return selectors.status_of(kpi or made.kpi, unit, DAY, access, period=period).reason


def placed(unit, first, end=None):
    """The unit exists in these days."""
    unit.placements.update(valid_from=first, valid_to=end)
    unit.paths_up.update(valid_from=first, valid_to=end)


def test_a_unit_that_begins_later_or_has_ended_says_so(made):
    east = UnitFactory(code="east", name="East", parent=made.group)
    placed(east, date(2025, 3, 12))
    assert why(made, east, month(2025, 2)) == "East exists from 12 Mar 2025 on, which is in Mar 2025"
    assert why(made, east, month(2025, 3)) == "Incidents has no row of East in Mar 2025"
    placed(east, date(2025, 5, 1))
    assert why(made, east) == "East exists from 1 May 2025 on, which is in May 2025"
    placed(east, date(1900, 1, 1), date(2025, 2, 1))
    assert why(made, east, month(2025, 2)) == "East exists up to 31 Jan 2025, which is in Jan 2025"


def test_a_definition_that_begins_later_or_is_out_of_use_says_so(made):
    kpi = definitions.create_kpi(
        code="late", name="Late", unit=made.group, owner=made.manager, by=made.analyst, dataset=made.dataset,
        kind="simple", formula="count(*)", valid_from=date(2025, 3, 10),
    ).kpi  # fmt: skip
    said = "its definition holds from 10 Mar 2025 on, and its first period is Apr 2025"
    assert why(made, made.group, month(2025, 2), kpi) == why(made, made.group, month(2025, 3), kpi) == said
    workflow.deprecate(made.kpi.versions.get(), by=made.manager, from_day=date(2025, 2, 1), reason="Another one")
    recompute(made.dataset.pk, day=DAY)
    Result.objects.filter(kpi=made.kpi, period_start__gte=date(2025, 2, 1)).delete()
    assert why(made, made.group, month(2025, 2)) == "it is out of use from 1 Feb 2025 on"


def test_data_that_do_not_reach_the_period_say_so(made):
    assert why(made, made.group, month(2025, 5)) == "May 2025 has not begun"
    assert why(made, made.group, month(2023, 12)) == "Incidents has no row of Service desk in Dec 2023"
    made.dataset.complete_through = date(2025, 2, 28)
    made.dataset.save()
    Result.objects.filter(period_start__gte=date(2025, 3, 1)).delete()
    assert why(made, made.group, month(2025, 3)) == "Incidents is complete through 28 Feb 2025, before Mar 2025"
    made.dataset.loaded_at = None
    made.dataset.save()
    assert why(made, made.group, month(2025, 3)) == "no extract of Incidents was loaded yet"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("manual", "none was entered and approved in Feb 2025"),
        ("derived", "the KPIs that it is made of have none at Service desk in Feb 2025"),
    ],
)
def test_kpis_without_rows_say_what_is_missing_instead(made, kind, said):
    kpi = KpiFactory(code="other", unit=made.group, kind=kind, formula="in_time * 2" if kind == "derived" else "")
    assert why(made, made.group, month(2025, 2), kpi) == said


def test_a_number_that_there_is_has_no_reason(made):
    assert why(made, made.group, month(2025, 3)) == "" == why(made, made.north)


def test_the_kpis_page_says_it(client, made):
    east = UnitFactory(code="east", name="East", parent=made.group)
    assert "Incidents has no row of East. Numbers come" in opened(client, made.viewer, "kpi", "in_time", unit="east")
    placed(east, date(2025, 4, 9))
    told = "East exists from 9 Apr 2025 on, which is in Apr 2025."
    assert told in opened(client, made.viewer, "kpi", "in_time", unit="east", period="2025-02-01", as_of="2025-04-10")
    before = opened(client, made.viewer, "kpi", "in_time", unit="north", period="2023-12-01")
    assert "No value: Incidents has no row of North in Dec 2023." in before


def recorded(made, at, superseded_at=None):
    Result.objects.filter(unit=made.north).update(recorded_at=at, superseded_at=superseded_at)


def known(made, on, period=None):
    access = access_of(made.analyst, DAY)
    return selectors.status_of(made.kpi, made.north, DAY, access, period=period, as_known_at=on).reason


def test_what_was_not_known_yet_says_when_its_first_number_came(made):
    recorded(made, datetime(2025, 4, 5, 22, 30, tzinfo=UTC))
    later = "its first number was recorded on 5 Apr 2025, which is later"
    assert known(made, datetime(2025, 4, 5, tzinfo=UTC)) == known(made, datetime(2025, 4, 1, tzinfo=UTC)) == later
    assert known(made, datetime(2025, 4, 1, tzinfo=UTC), month(2025, 3)) == later
    in_berlin = datetime(2025, 4, 5, tzinfo=ZoneInfo("Europe/Berlin"))
    assert known(made, in_berlin) == "its first number was recorded on 6 Apr 2025, which is later"
    assert known(made, datetime(2025, 4, 6, tzinfo=UTC)) == ""


def test_what_was_never_known_says_why_as_of_now(made):
    on = datetime(2025, 4, 1, tzinfo=UTC)
    assert known(made, on, month(2025, 5)) == "May 2025 has not begun"
    assert known(made, on, month(2023, 12)) == "Incidents has no row of North in Dec 2023"


def test_a_number_that_was_withdrawn_by_then_says_so(made):
    recorded(made, datetime(2025, 4, 5, tzinfo=UTC), superseded_at=datetime(2025, 4, 7, tzinfo=UTC))
    assert known(made, datetime(2025, 4, 8, tzinfo=UTC), month(2025, 3)) == "the number of before was withdrawn"
    assert known(made, datetime(2025, 4, 6, tzinfo=UTC), month(2025, 3)) == ""


def test_the_pages_behind_a_number_say_why_there_is_none(client, made):
    place = {"unit": "north", "period": "2023-12-01"}
    for page in ("kpi_rows", "kpi_provenance"):
        told = "Incidents has no row of North in Dec 2023. Choose another period or unit above."
        assert told in opened(client, made.viewer, page, "in_time", **place)
    recorded(made, datetime(2025, 4, 5, tzinfo=UTC))
    later = "Its first number was recorded on 5 Apr 2025, which is later. Choose"
    for page in ("kpi", "kpi_rows", "kpi_provenance"):
        assert later in opened(client, made.viewer, page, "in_time", unit="north", known="2025-04-03")
