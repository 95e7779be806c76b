"""Fiscal calendars become the arithmetic of the lake; a unit without one of its own takes that above it."""

from datetime import date

import pytest

from organization import fiscal
from organization.models import FiscalCalendar
from tests.factories import UnitFactory

DAY = date(2025, 5, 15)


def test_a_year_from_april_has_may_in_its_first_quarter():
    quarter = fiscal.calendar_of(FiscalCalendar(kind="months", start_month=4)).period_of(DAY, "quarter")
    assert (quarter.start, quarter.end, quarter.index) == (date(2025, 4, 1), date(2025, 7, 1), 1)


def test_iso_weeks_start_on_monday_whatever_the_calendar_says():
    week = fiscal.calendar_of(FiscalCalendar(kind="iso_weeks", week_starts_on=6)).period_of(DAY, "week")
    assert (week.start, week.index) == (date(2025, 5, 12), 20)


def test_the_retail_year_ends_on_the_saturday_nearest_to_the_end_of_january():
    """NRF: fiscal 2023 has 53 weeks, from Sunday 29 January 2023 up to Sunday 4 February 2024."""
    retail = FiscalCalendar(kind="454", start_month=2, week_starts_on=6, anchor="nearest")
    year = fiscal.calendar_of(retail).period_of(date(2023, 6, 1), "year")
    assert (year.start, year.end) == (date(2023, 1, 29), date(2024, 2, 4))


@pytest.mark.parametrize(
    ("settings", "day", "said"),
    [
        (
            {"kind": "months", "start_month": 4},
            DAY,
            "FY2026 starts on Tue 1 Apr 2025, FY2027 starts on Wed 1 Apr 2026.",
        ),
        ({"kind": "iso_weeks"}, DAY, "2025 starts on Wed 1 Jan 2025, 2026 starts on Thu 1 Jan 2026."),
        (
            {"kind": "454", "start_month": 2, "week_starts_on": 6, "anchor": "nearest"},
            date(2023, 6, 1),
            "FY2024 starts on Sun 29 Jan 2023 and has 53 weeks, FY2025 starts on Sun 4 Feb 2024 and has 52 weeks.",
        ),
    ],
)
def test_the_first_days_of_this_and_the_next_year_are_said(settings, day, said):
    assert fiscal.years_said(FiscalCalendar(**settings), day) == said


@pytest.mark.django_db
def test_calendar_and_time_zone_are_inherited_down_the_tree():
    april = FiscalCalendar.objects.create(code="april", name="From April", start_month=4)
    group = UnitFactory(fiscal_calendar=april, timezone="Europe/Paris")
    team = UnitFactory(parent=UnitFactory(parent=group, timezone="Asia/Kolkata"))
    assert fiscal.fiscal_calendar_of(team, DAY) == april
    assert fiscal.timezone_of(team, DAY).key == "Asia/Kolkata"
    assert fiscal.timezone_of(UnitFactory(), DAY).key == "UTC"
