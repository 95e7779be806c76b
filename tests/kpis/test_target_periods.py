"""Of which periods a target speaks: of those that begin on its days and are no longer than they."""

from datetime import date
from decimal import Decimal

import pytest

from kpis.target_book import TargetBook
from kpis.targets import Goal, set_target
from tests.factories import KpiFactory, UnitFactory, UserFactory

JAN, FEB, MAR, APR, MAY = (date(2025, month, 1) for month in (1, 2, 3, 4, 5))
JUL, NEXT = date(2025, 7, 1), date(2026, 1, 1)


@pytest.fixture
def kpi(db):
    return KpiFactory()


@pytest.fixture
def manager(db):
    return UserFactory()


def goal(kpi, value=95, start=JAN, end=None, **more):
    return Goal(kpi, more.pop("unit", kpi.unit), start, end, Decimal(value), **more)


@pytest.mark.parametrize(
    ("said", "quarter", "year"),
    [
        ([(80, JAN, FEB), (82, FEB, MAR), (84, MAR, APR)], None, None),  # January's is not the quarter's
        ([(95, JAN, FEB), (95, FEB, MAR), (95, MAR, APR)], 95, None),  # all of its months say 95; of April nobody did
        ([(80, JAN, JUL), (85, JUL, None)], 80, None),
        ([(80, date(2024, 1, 1), MAR), (85, MAR, None)], 80, 80),  # changed in a period that began with it
        ([(80, JAN, None)], 80, 80),
    ],
)
def test_a_target_counts_for_no_period_longer_than_its_own_days(kpi, manager, said, quarter, year):
    for value, start, end in said:
        set_target(goal(kpi, value, start, end), by=manager)
    book = TargetBook([kpi.pk])
    found = [book.goals(kpi.pk, kpi.unit_id, JAN, end).target for end in (FEB, APR, NEXT)]
    assert found == [said[0][0], quarter, year]


def test_where_the_units_months_differ_the_target_above_counts_for_the_quarter(kpi, manager):
    team = UnitFactory(parent=kpi.unit)
    set_target(goal(kpi, 90), by=manager)
    for value, start, end in [(80, JAN, FEB), (82, FEB, MAR)]:
        set_target(goal(kpi, value, start, end, unit=team), by=manager)
    book = TargetBook([kpi.pk])
    assert [book.goals(kpi.pk, team.pk, JAN, end).target for end in (FEB, APR)] == [80, 90]
    assert book.find(kpi.pk, team.pk, JAN, APR).source == "inherited"


def test_a_split_target_counts_for_no_period_longer_than_all_of_its_parts(kpi, manager):
    """80 up to June with 70 in January, then 85: the quarter's is 80, the year's is neither."""
    set_target(goal(kpi, 80, JAN, JUL), by=manager)
    set_target(goal(kpi, 70, JAN, FEB, split_standing=True), by=manager)
    set_target(goal(kpi, 85, JUL), by=manager)
    book = TargetBook([kpi.pk])
    assert [book.goals(kpi.pk, kpi.unit_id, JAN, end).target for end in (FEB, APR, NEXT)] == [70, 80, None]


@pytest.mark.parametrize("start", [JAN, FEB, MAR])
def test_a_years_target_counts_for_its_quarter_whichever_month_has_one_of_its_own(kpi, manager, start):
    """What is left of January to December around a month speaks of the quarter and the year as it did before."""
    end = {JAN: FEB, FEB: MAR, MAR: APR}[start]
    set_target(goal(kpi, 80, JAN, NEXT), by=manager)
    set_target(goal(kpi, 70, start, end, split_standing=True), by=manager)
    book = TargetBook([kpi.pk])
    months = [book.goals(kpi.pk, kpi.unit_id, *month).target for month in ((JAN, FEB), (FEB, MAR), (MAR, APR))]
    assert months == [70 if month == start else 80 for month in (JAN, FEB, MAR)]
    assert [book.goals(kpi.pk, kpi.unit_id, JAN, end).target for end in (APR, NEXT)] == [80, 80]


def test_one_set_within_another_that_was_set_within_a_third_leaves_each_its_own_periods(kpi, manager):
    """80 for the year, 70 for its first quarter, 60 for February: January says 70, and so does the quarter."""
    set_target(goal(kpi, 80, JAN, NEXT), by=manager)
    set_target(goal(kpi, 70, JAN, APR, split_standing=True), by=manager)
    set_target(goal(kpi, 60, FEB, MAR, split_standing=True), by=manager)
    book = TargetBook([kpi.pk])
    found = [book.goals(kpi.pk, kpi.unit_id, JAN, end).target for end in (FEB, APR, JUL, NEXT)]
    assert found == [70, 70, 80, 80]


def test_a_quarter_all_of_whose_months_say_another_number_has_that_one(kpi, manager):
    """80 for the year, 70 in each month of its first quarter, 75 in April: nobody is asked for 80 before May."""
    set_target(goal(kpi, 80, JAN, NEXT), by=manager)
    for value, start, end in [(70, JAN, FEB), (70, FEB, MAR), (70, MAR, APR), (75, APR, MAY)]:
        set_target(goal(kpi, value, start, end, split_standing=True), by=manager)
    book = TargetBook([kpi.pk])
    found = [
        book.goals(kpi.pk, kpi.unit_id, *days).target for days in ((JAN, FEB), (JAN, APR), (APR, JUL), (JAN, NEXT))
    ]
    assert found == [70, 70, 80, 80]


def test_two_months_of_another_number_are_not_the_quarters(kpi, manager):
    set_target(goal(kpi, 80, JAN, NEXT), by=manager)
    for start, end in [(JAN, FEB), (FEB, MAR)]:
        set_target(goal(kpi, 70, start, end, split_standing=True), by=manager)
    book = TargetBook([kpi.pk])
    assert [book.goals(kpi.pk, kpi.unit_id, *days).target for days in ((JAN, APR), (FEB, MAR))] == [80, 70]
