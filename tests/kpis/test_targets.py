"""Targets: never two at once, the most specific first, a year's total in exact parts."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.db.models import Model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.models import SavedView
from kpis.models import AnnualTarget, ManualEntry, RecomputeRequest, Target
from kpis.phase_weights import working_days
from kpis.phasing import PhasingError, phase
from kpis.target_book import TargetBook
from kpis.targets import (
    Goal,
    GridRefused,
    TargetError,
    TargetOverlap,
    end_target,
    remove_annual,
    set_annual,
    set_many,
    set_target,
)
from lake.periods import Calendar
from organization.models import AuditEntry
from tests.factories import KpiFactory, ResultFactory, TargetFactory, UnitFactory, UserFactory

JAN, FEB, MAR, APR = (date(2025, month, 1) for month in (1, 2, 3, 4))


@pytest.fixture
def kpi(db):
    return KpiFactory()


@pytest.fixture
def manager(db):
    return UserFactory()


def goal(kpi, value=95, start=JAN, end=None, **more):
    return Goal(kpi, more.pop("unit", kpi.unit), start, end, Decimal(value), **more)


def test_a_target_is_set_audited_and_asks_for_new_scores(kpi, manager):
    target = set_target(goal(kpi), by=manager)
    assert Target.objects.get() == target
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_name) == ("target set", f"{kpi.name}, target from 2025-01-01")
    assert RecomputeRequest.objects.get().scope == "score"


def test_an_overlap_is_refused_and_names_the_other_target(kpi, manager):
    set_target(goal(kpi, 90, JAN, MAR), by=manager)
    with pytest.raises(TargetOverlap) as refused:
        set_target(goal(kpi, 95, FEB), by=manager)
    named = f"Target 90 of {kpi.name} for {kpi.unit} holds from 1 Jan 2025 to 28 Feb 2025: end that one first"
    assert str(refused.value).startswith(named)
    assert set_target(goal(kpi, 95, MAR), by=manager).valid_from == MAR


@pytest.mark.parametrize("model", [AnnualTarget, ManualEntry, SavedView, Target])
def test_what_the_audit_trail_tells_has_a_name(model):
    assert model.__str__ is not Model.__str__


def test_an_overlap_in_a_segment_names_the_segment(kpi, manager):
    set_target(goal(kpi, 90, JAN, dimension="site", member="north"), by=manager)
    with pytest.raises(TargetOverlap, match=f"for {kpi.unit}, site north holds from 1 Jan 2025 without an end: end"):
        set_target(goal(kpi, 95, FEB, dimension="site", member="north"), by=manager)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_the_same_moment_set_one_target():
    """Both find no other target when they look; only one may write."""
    kpi, manager = KpiFactory(), UserFactory()
    barrier, answers = Barrier(2), []

    def attempt(start):
        try:
            barrier.wait(5)
            set_target(goal(kpi, 95, start), by=manager)
            answers.append("set")
        except TargetOverlap:
            answers.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=attempt, args=(start,)) for start in (JAN, FEB)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == ["refused", "set"]
    assert Target.objects.count() == 1


def test_targets_of_another_unit_segment_or_comparator_may_hold_on_the_same_days(kpi, manager):
    set_target(goal(kpi), by=manager)
    set_target(goal(kpi, unit=UnitFactory()), by=manager)
    set_target(goal(kpi, dimension="priority", member="high"), by=manager)
    set_target(goal(kpi, 99, comparator="stretch"), by=manager)
    assert Target.objects.count() == 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"value": None}, "one value"),
        ({"value": None, "low": Decimal(2), "high": Decimal(1)}, "low end is above"),
        ({"value": Decimal("NaN")}, "finite"),
        ({"valid_to": JAN}, "end after it starts"),
        ({"dimension": "priority"}, "give both or neither"),
        ({"comparator": "wish"}, "A comparator is one of"),
        ({"value": None, "low": Decimal(1), "high": Decimal(2)}, "give one value"),
    ],
)
def test_a_target_that_cannot_be_says_why(kpi, manager, values, message):
    with pytest.raises(TargetError, match=message):
        set_target(Goal(kpi, kpi.unit, JAN, **{"value": Decimal(1), **values}), by=manager)


def test_a_red_limit_on_the_good_side_is_refused(kpi, manager):
    set_target(goal(kpi, 95), by=manager)
    with pytest.raises(TargetError, match="not worse than the target 95"):
        set_target(goal(kpi, 96, comparator="red_limit"), by=manager)


def test_a_target_of_zero_needs_a_red_limit_in_the_same_grid(manager):
    kpi = KpiFactory(direction="lower")
    with pytest.raises(TargetError, match="Set a red limit"):
        set_target(goal(kpi, 0), by=manager)
    set_many([goal(kpi, 0), goal(kpi, 5, comparator="red_limit")], by=manager)
    assert Target.objects.count() == 2


def test_a_target_ends_on_a_day(kpi, manager):
    target = set_target(goal(kpi), by=manager)
    assert end_target(target, date(2025, 1, 31), by=manager).valid_to == FEB
    with pytest.raises(TargetError, match="Choose a day"):
        end_target(target, date(2024, 1, 1), by=manager)


def test_a_grid_is_set_whole_or_not_at_all_and_names_each_faulty_cell(kpi, manager):
    with pytest.raises(GridRefused) as refused:
        set_many([goal(kpi, 90, JAN, FEB), goal(kpi, 91, JAN, MAR), goal(kpi, "NaN", APR)], by=manager)
    assert [(error.row, error.column) for error in refused.value.errors] == [(1, "valid_from"), (2, "value")]
    assert not Target.objects.exists()


def test_a_grid_changes_the_cells_that_stand_already(kpi, manager):
    set_many([goal(kpi, 90, JAN, FEB)], by=manager)
    set_many([goal(kpi, 92, JAN, FEB), goal(kpi, 93, FEB, MAR)], by=manager)
    assert [t.value for t in Target.objects.order_by("valid_from")] == [92, 93]
    change = AuditEntry.objects.get(action="target changed")
    assert (change.details["before"]["value"], change.details["after"]["value"]) == ("90.000000", "92")


# --- looking up ----------------------------------------------------------------------------------------------------


def test_the_most_specific_target_wins_and_says_where_it_comes_from(db):
    group = UnitFactory()
    site = UnitFactory(parent=group)
    team = UnitFactory(parent=site)
    kpi = KpiFactory(unit=group)
    TargetFactory(kpi=kpi, unit=group, value=90)

    def found(unit, *segment):
        target = TargetBook([kpi.pk]).find(kpi.pk, unit.pk, JAN, None, *segment)
        return (target.value, target.source, target.from_unit) if target else None

    assert found(team) == (90, "inherited", group.pk)
    TargetFactory(kpi=kpi, unit=site, value=92)
    assert found(team) == (92, "inherited", site.pk)
    TargetFactory(kpi=kpi, unit=team, value=94)
    assert found(team) == (94, "unit", team.pk)
    TargetFactory(kpi=kpi, unit=group, value=80, dimension="priority", member="high")
    assert found(team, "priority", "high") == (80, "segment", group.pk)
    assert found(team, "priority", "low") == (94, "unit", team.pk)
    assert found(UnitFactory()) is None


@pytest.mark.parametrize(
    ("words", "inherited"),
    [
        ({"kind": "simple", "formula": "count(*)"}, False),
        ({"kind": "distinct", "formula": "caller"}, False),
        ({"kind": "semi_additive", "formula": "sum(open)", "time_rule": "last"}, False),
        ({"kind": "cumulative", "formula": "sum(cost)", "window": "ytd"}, False),
        ({"kind": "simple", "formula": "avg(hours)"}, True),
        ({"kind": "simple", "formula": "sum(met) / count(*)"}, True),
        ({"kind": "cumulative", "base_kind": "ratio", "formula": "sum(met)", "denominator": "count(*)"}, True),
    ],
)
def test_a_target_of_a_total_is_none_for_its_parts(db, words, inherited):
    """At most 500 incidents for the whole say nothing of a unit below, nor of one priority."""
    group = UnitFactory()
    team, kpi = UnitFactory(parent=group), KpiFactory(unit=group, **words)
    TargetFactory(kpi=kpi, unit=group, value=500)
    book = TargetBook([kpi.pk])
    assert book.goals(kpi.pk, group.pk, JAN).target == 500
    assert book.goals(kpi.pk, team.pk, JAN).target == (500 if inherited else None)
    assert book.goals(kpi.pk, group.pk, JAN, None, "priority", "1").target == (500 if inherited else None)
    TargetFactory(kpi=kpi, unit=team, value=20)
    assert TargetBook([kpi.pk]).goals(kpi.pk, team.pk, JAN).target == 20


def test_inheritance_follows_the_tree_of_the_day(db, manager):
    from organization.tree import move_unit

    north, south, team = UnitFactory(), UnitFactory(), UnitFactory()
    move_unit(team, north, from_day=JAN, by=manager)
    move_unit(team, south, from_day=MAR, by=manager)
    kpi = KpiFactory(unit=north)
    TargetFactory(kpi=kpi, unit=north, value=1)
    TargetFactory(kpi=kpi, unit=south, value=2)
    book = TargetBook([kpi.pk])
    assert [book.find(kpi.pk, team.pk, day).value for day in (JAN, FEB, MAR)] == [1, 1, 2]


def test_a_book_asks_three_queries_whatever_is_looked_up(db, django_assert_num_queries):
    kpis = [KpiFactory() for _ in range(5)]
    for kpi in kpis:
        TargetFactory(kpi=kpi)
    with django_assert_num_queries(3):
        book = TargetBook(kpi.pk for kpi in kpis)
        assert all(book.goals(kpi.pk, kpi.unit_id, JAN).target == 95 for kpi in kpis)


# --- a year's total ------------------------------------------------------------------------------------------------


def test_a_years_total_in_twelve_parts_adds_up_exactly(kpi, manager):
    """1000 in 12 parts of 2 places: 83.33 is left 0.04 short, so the first four months get 83.34."""
    annual = set_annual(kpi, kpi.unit, Decimal(1000), year_of=date(2025, 6, 1), phasing="even", by=manager)
    values = [phase.value for phase in annual.phases.order_by("valid_from")]
    assert values == [Decimal("83.34")] * 4 + [Decimal("83.33")] * 8
    assert sum(values) == 1000


def test_phases_follow_working_days(kpi, manager):
    """January 2025 has 23 weekdays, February 20, the year 261: 261 parts of one."""
    months = Calendar().periods("month", JAN, date(2026, 1, 1))
    assert working_days(kpi.unit, months)[:2] == [23, 20]
    annual = set_annual(kpi, kpi.unit, Decimal(261), year_of=JAN, phasing="working_days", by=manager)
    assert [p.value for p in annual.phases.order_by("valid_from")[:2]] == [23, 20]


def test_phases_follow_the_year_before_and_say_which_month_is_missing(kpi, manager):
    for month in range(1, 13):
        if month == 6:
            with pytest.raises(TargetError, match="no result a year before Jun 2025"):
                set_annual(kpi, kpi.unit, Decimal(100), year_of=JAN, phasing="seasonal", by=manager)
        ResultFactory(kpi=kpi, month=date(2024, month, 1), value=float(month))
    annual = set_annual(kpi, kpi.unit, Decimal(780), year_of=JAN, phasing="seasonal", by=manager)
    assert [p.value for p in annual.phases.order_by("valid_from")] == [10 * month for month in range(1, 13)]


def test_an_annual_target_is_replaced_by_the_next_one_and_can_be_taken_back(kpi, manager):
    set_annual(kpi, kpi.unit, Decimal(120), year_of=JAN, phasing="even", by=manager)
    annual = set_annual(kpi, kpi.unit, Decimal(240), year_of=JAN, phasing="even", by=manager)
    assert {target.value for target in Target.objects.all()} == {20}
    remove_annual(annual, by=manager)
    assert not Target.objects.exists()
    assert not AnnualTarget.objects.exists()


def test_phases_are_added_up_for_the_periods_that_they_fill(kpi, manager):
    set_annual(kpi, kpi.unit, Decimal(120), year_of=JAN, phasing="even", by=manager)
    book = TargetBook([kpi.pk])

    def value(start, end):
        target = book.find(kpi.pk, kpi.unit_id, start, end)
        return target and target.value

    assert (value(JAN, FEB), value(JAN, APR), value(JAN, date(2026, 1, 1))) == (10, 30, 120)
    assert value(JAN, date(2025, 1, 8)) is None
    assert value(JAN, date(2026, 2, 1)) is None


# --- totals of months ----------------------------------------------------------------------------------------------


@pytest.fixture
def daily(db):
    """A count by days."""
    return KpiFactory(kind="simple", formula="count(*)", grain="day")


def total(kpi, value, start, end, **more):
    return goal(kpi, value, start, end, as_total=True, **more)


def test_months_totals_add_up_exactly_to_the_quarter(daily, manager):
    """0.1 + 0.2 + 0.3 is 0.6, not 0.6000000000000001; the days of a month have no target of their own."""
    cells = [
        total(daily, f"0.{n}", start, end) for n, (start, end) in enumerate([(JAN, FEB), (FEB, MAR), (MAR, APR)], 1)
    ]
    set_many(cells, by=manager)
    book = TargetBook([daily.pk])
    assert book.goals(daily.pk, daily.unit_id, JAN, APR, only_totals=True).target == 0.6
    assert book.goals(daily.pk, daily.unit_id, FEB, MAR, only_totals=True).target == 0.2
    assert book.goals(daily.pk, daily.unit_id, JAN, date(2025, 1, 2)).target is None
    assert book.goals(daily.pk, daily.unit_id, JAN, date(2026, 1, 1), only_totals=True).target is None


def test_the_ends_of_a_band_are_added_up_each(manager):
    kpi = KpiFactory(kind="simple", formula="count(*)", grain="day", direction="band")
    for start, end, low, high in ((JAN, FEB, 28, 31), (FEB, MAR, 26, 30)):
        words = {"low": Decimal(low), "high": Decimal(high), "as_total": True}
        set_target(Goal(kpi, kpi.unit, start, end, **words), by=manager)
    goals = TargetBook([kpi.pk]).goals(kpi.pk, kpi.unit_id, JAN, MAR, only_totals=True)
    assert (goals.target, goals.low, goals.high) == (None, 54, 61)


def test_months_of_a_distinct_count_are_not_added_up(manager):
    """500 callers in January and 500 in February may be 500 in both."""
    kpi = KpiFactory(kind="distinct", formula="caller", grain="day")
    set_many([total(kpi, 500, JAN, FEB), total(kpi, 500, FEB, MAR)], by=manager)
    book = TargetBook([kpi.pk])
    assert book.goals(kpi.pk, kpi.unit_id, JAN, FEB, only_totals=True).target == 500
    assert book.goals(kpi.pk, kpi.unit_id, JAN, MAR, only_totals=True).target is None


def test_a_total_is_refused_where_it_means_nothing(kpi, daily, manager):
    rate = KpiFactory(kind="ratio", formula="sum(met)", denominator="count(*)", grain="day")
    with pytest.raises(TargetError, match="does not add up over time"):
        set_target(total(rate, 95, JAN, FEB), by=manager)
    with pytest.raises(TargetError, match="say up to which day"):
        set_target(total(daily, 30000, JAN, None), by=manager)


def test_a_total_is_not_cut_short(daily, manager):
    target = set_target(total(daily, 31, JAN, FEB), by=manager)
    with pytest.raises(TargetError, match="remove it, and set another"):
        end_target(target, date(2025, 1, 15), by=manager)


def test_a_months_total_is_not_measured_against_a_limit_of_days(daily, manager):
    """900 a day is no limit of a month's 800, however odd that would be; 31,000 a month is one of its 30,000."""
    set_target(goal(daily, 900, JAN, FEB, comparator="red_limit"), by=manager)
    set_target(total(daily, 800, JAN, FEB), by=manager)
    limit = total(daily, 31000, MAR, APR, comparator="red_limit")
    with pytest.raises(GridRefused, match="The red limit 31000 is not worse than the target 30000"):
        set_many([total(daily, 30000, MAR, APR), limit], by=manager)


weights = st.lists(st.integers(0, 1000), min_size=1, max_size=14).filter(lambda w: sum(w) > 0)


@given(total=st.integers(-(10**9), 10**9), weights=weights, decimals=st.integers(0, 4))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_phases_always_add_up_and_none_is_a_unit_off(total, weights, decimals):
    unit = Decimal(1).scaleb(-decimals)
    total = Decimal(total) * unit
    parts = phase(total, weights, decimals)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / sum(weights)) < unit


def test_nothing_to_phase_by_is_refused():
    with pytest.raises(PhasingError):
        phase(Decimal(1), [0, 0], 2)
    with pytest.raises(PhasingError, match="more than 1 decimal"):
        phase(Decimal("1.25"), [1, 1], 1)
