"""A target within another's days: that one is kept before and after, and whole again when the new one is taken back."""

from datetime import date
from decimal import Decimal

import pytest

from kpis.models import RecomputeRequest, Result, StandingTarget, Target
from kpis.recompute import recompute
from kpis.target_book import TargetBook
from kpis.targets import (
    Goal,
    GridRefused,
    TargetError,
    TargetOverlap,
    end_target,
    remove_target,
    set_annual,
    set_many,
    set_target,
)
from organization.models import AuditEntry
from tests.factories import KpiFactory, UserFactory

JAN, FEB, MAR, APR, MAY, JUN, JUL = (date(2025, month, 1) for month in range(1, 8))


@pytest.fixture
def kpi(db):
    return KpiFactory()


@pytest.fixture
def manager(db):
    return UserFactory()


def goal(kpi, value, start, end=None, **more):
    return Goal(kpi, kpi.unit, start, end, Decimal(value), **more)


def within(kpi, value, start, end=None, **more):
    return goal(kpi, value, start, end, split_standing=True, **more)


def held(comparator="target"):
    """[(value, first day, day after the last)] of all targets of a kind, in order."""
    rows = Target.objects.filter(comparator=comparator).order_by("valid_from")
    return [(int(t.value), t.valid_from, t.valid_to) for t in rows]


def test_a_target_within_another_is_refused_until_one_says_that_it_may_be_split(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    with pytest.raises(TargetOverlap, match="end that one first, choose other days, or split it around these days"):
        set_target(goal(kpi, 90, MAR, APR), by=manager)
    with pytest.raises(GridRefused) as refused:
        set_many([goal(kpi, 90, MAR, APR)], by=manager)
    assert [error.can_split for error in refused.value.errors] == [True]
    assert held() == [(95, JAN, None)]


def test_the_standing_target_is_kept_before_and_after_exactly_as_it_was_set(kpi, manager):
    author = UserFactory()
    standing = set_target(goal(kpi, 95, JAN, basis="Contract 7"), by=author)
    set_target(within(kpi, 90, MAR, APR, basis="Strike"), by=manager)
    assert held() == [(95, JAN, MAR), (90, MAR, APR), (95, APR, None)]
    before, override, after = Target.objects.order_by("valid_from")
    assert before.pk == standing.pk
    for part in (before, after):
        assert (part.basis, part.set_by, part.set_at) == ("Contract 7", author, standing.set_at)
    assert (override.basis, override.set_by) == ("Strike", manager)
    book = TargetBook([kpi.pk])
    found = [book.goals(kpi.pk, kpi.unit_id, day).target for day in (JAN, FEB, MAR, APR, date(2030, 1, 1))]
    assert found == [95, 95, 90, 95, 95]


def test_the_ends_of_a_band_and_the_segment_are_kept_too(manager):
    kpi = KpiFactory(direction="band")
    words = {"dimension": "priority", "member": "high"}
    band = {"low": Decimal("4.5"), "high": Decimal("5.5")}
    set_target(Goal(kpi, kpi.unit, JAN, **band, **words), by=manager)
    narrow = {"low": Decimal("4.9"), "high": Decimal("5.1")}
    set_target(Goal(kpi, kpi.unit, MAR, APR, **narrow, **words, split_standing=True), by=manager)
    ends = Target.objects.filter(**words).order_by("valid_from").values_list("low", "high", "valid_from")
    wide, tight = (Decimal("4.5"), Decimal("5.5")), (Decimal("4.9"), Decimal("5.1"))
    assert list(ends) == [(*wide, JAN), (*tight, MAR), (*wide, APR)]


def test_limit_stretch_floor_and_budget_beside_it_stay_whole_and_judge_the_new_one(kpi, manager):
    beside = {"red_limit": 80, "stretch": 99, "floor": 70, "budget": 92}
    set_target(goal(kpi, 95, JAN), by=manager)
    for comparator, value in beside.items():
        set_target(goal(kpi, value, JAN, comparator=comparator), by=manager)
    with pytest.raises(TargetError, match="The red limit 80 is not worse than the target 75"):
        set_target(within(kpi, 75, MAR, APR), by=manager)
    set_target(within(kpi, 90, MAR, APR), by=manager)
    assert {name: held(name) for name in beside} == {name: [(value, JAN, None)] for name, value in beside.items()}


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        (JAN, FEB, [(90, JAN, FEB), (95, FEB, JUL)]),
        (MAR, APR, [(95, JAN, MAR), (90, MAR, APR), (95, APR, JUL)]),
        (JUN, JUL, [(95, JAN, JUN), (90, JUN, JUL)]),
    ],
)
def test_at_an_end_of_its_days_it_is_kept_on_the_one_side_and_comes_back_whole(kpi, manager, start, end, kept):
    set_target(goal(kpi, 95, JAN, JUL), by=manager)
    override = set_target(within(kpi, 90, start, end), by=manager)
    assert held() == kept
    again = remove_target(override, by=manager)
    assert held() == [(95, JAN, JUL)] and again.valid_from == JAN
    assert not StandingTarget.objects.exists()


def test_a_new_standing_target_ends_the_old_one_the_day_before(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    raised = set_target(within(kpi, 97, JUL), by=manager)
    assert held() == [(95, JAN, JUL), (97, JUL, None)]
    remove_target(raised, by=manager)
    assert held() == [(95, JAN, None)]


def test_only_a_target_of_all_the_days_is_split(kpi, manager):
    set_target(goal(kpi, 95, FEB, APR), by=manager)
    for start, end in [(JAN, MAR), (MAR, MAY), (JAN, MAY), (FEB, APR), (JAN, None)]:
        with pytest.raises(TargetOverlap, match="end that one first, or choose other days") as refused:
            set_target(within(kpi, 90, start, end), by=manager)
        assert not refused.value.can_split
    assert held() == [(95, FEB, APR)]


def test_a_total_and_a_phase_are_not_split(manager):
    calls = KpiFactory(kind="simple", formula="count(*)", grain="day")
    set_target(goal(calls, 90000, JAN, APR, as_total=True), by=manager)
    with pytest.raises(TargetOverlap, match="take that total back first, or choose other days"):
        set_target(within(calls, 30000, MAR, APR, as_total=True), by=manager)
    other = KpiFactory(kind="simple", formula="count(*)", grain="day")
    set_annual(other, other.unit, Decimal(1200), year_of=JAN, phasing="even", by=manager)
    with pytest.raises(TargetOverlap):
        set_target(within(other, 1, date(2025, 3, 3), date(2025, 3, 4)), by=manager)


def test_a_months_total_takes_the_days_of_a_standing_target_of_each_day(manager):
    calls = KpiFactory(kind="simple", formula="count(*)", grain="day")
    set_target(goal(calls, 900, JAN), by=manager)
    total = set_target(within(calls, 30000, MAR, APR, as_total=True), by=manager)
    book = TargetBook([calls.pk])

    def found(start, end):
        return book.goals(calls.pk, calls.unit_id, start, end).target

    assert found(MAR, APR) == 30000
    days = [found(date(2025, month, 2), date(2025, month, 3)) for month in (2, 3, 4)]
    assert days == [900, None, 900]
    remove_target(total, by=manager)
    assert held() == [(900, JAN, None)]


def test_a_pasted_row_of_months_is_set_and_taken_back_in_any_order(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    months = [(90, FEB, MAR), (91, MAR, APR), (92, APR, MAY)]
    february, march, april = set_many([within(kpi, *month) for month in months], by=manager)
    assert held() == [(95, JAN, FEB), *months, (95, MAY, None)]
    remove_target(march, by=manager)
    assert held() == [(95, JAN, FEB), (90, FEB, MAR), (95, MAR, APR), (92, APR, MAY), (95, MAY, None)]
    remove_target(february, by=manager)
    assert held() == [(95, JAN, APR), (92, APR, MAY), (95, MAY, None)]
    remove_target(april, by=manager)
    assert held() == [(95, JAN, None)] and not StandingTarget.objects.exists()


def test_a_standing_target_and_what_is_set_within_it_come_in_one_grid(kpi, manager):
    standing, march = set_many([goal(kpi, 95, JAN), within(kpi, 90, MAR, APR)], by=manager)
    assert (standing.valid_to, march.valid_to) == (MAR, APR)
    assert held() == [(95, JAN, MAR), (90, MAR, APR), (95, APR, None)]


def test_a_part_of_one_month_that_is_typed_over_is_an_override_too(kpi, manager):
    """A quarter of 95, typed over month by month: nothing of it is left, and each that is emptied says it again."""
    set_target(goal(kpi, 95, JAN, APR), by=manager)
    typed = [(90, JAN, FEB), (91, FEB, MAR), (92, MAR, APR)]
    months = [set_many([within(kpi, *month)], by=manager)[0] for month in typed]
    assert held() == typed
    for month in months:
        remove_target(month, by=manager)
    assert held() == [(95, JAN, APR)]


def test_another_number_typed_over_an_override_stays_one(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    set_target(within(kpi, 90, MAR, APR), by=manager)
    (march,) = set_many([goal(kpi, 91, MAR, APR)], by=manager)
    assert held() == [(95, JAN, MAR), (91, MAR, APR), (95, APR, None)]
    remove_target(march, by=manager)
    assert held() == [(95, JAN, None)]


def test_an_override_of_an_override_gives_its_days_back_to_that_one(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    set_target(within(kpi, 90, MAR, JUN), by=manager)
    april = set_target(within(kpi, 88, APR, MAY), by=manager)
    assert held() == [(95, JAN, MAR), (90, MAR, APR), (88, APR, MAY), (90, MAY, JUN), (95, JUN, None)]
    spring = remove_target(april, by=manager)
    assert held() == [(95, JAN, MAR), (90, MAR, JUN), (95, JUN, None)]
    remove_target(spring, by=manager)
    assert held() == [(95, JAN, None)] and not StandingTarget.objects.exists()


def test_with_the_override_around_it_gone_the_inner_one_gives_back_to_the_standing_target(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    set_target(within(kpi, 90, MAR, JUN), by=manager)
    april = set_target(within(kpi, 88, APR, MAY), by=manager)
    for part in Target.objects.filter(value=90):
        remove_target(part, by=manager)
    assert held() == [(95, JAN, APR), (88, APR, MAY), (95, MAY, None)]
    remove_target(april, by=manager)
    assert held() == [(95, JAN, None)]


def test_the_days_after_an_override_that_is_ended_go_back_too(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    spring = set_target(within(kpi, 90, MAR, JUN), by=manager)
    end_target(spring, date(2025, 3, 31), by=manager)
    assert held() == [(95, JAN, MAR), (90, MAR, APR), (95, APR, None)]


def test_once_the_standing_target_is_taken_back_nothing_of_it_returns(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    march = set_target(within(kpi, 90, MAR, APR), by=manager)
    for part in Target.objects.exclude(pk=march.pk):
        remove_target(part, by=manager)
    assert held() == [(90, MAR, APR)]
    assert remove_target(march, by=manager) is None
    assert held() == []


def test_what_somebody_took_back_meanwhile_is_said(kpi, manager):
    target = set_target(goal(kpi, 95, JAN), by=manager)
    same = Target.objects.get(pk=target.pk)
    remove_target(target, by=manager)
    with pytest.raises(TargetError, match="Somebody took this target back meanwhile"):
        remove_target(same, by=manager)


def test_a_refused_grid_splits_nothing(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    with pytest.raises(GridRefused):
        set_many([within(kpi, 90, MAR, APR), within(kpi, "NaN", APR, MAY)], by=manager)
    assert held() == [(95, JAN, None)] and not StandingTarget.objects.exists()


def test_the_trail_tells_what_was_split_and_what_holds_again(kpi, manager):
    set_target(goal(kpi, 95, JAN), by=manager)
    march = set_target(within(kpi, 90, MAR, APR), by=manager)
    remove_target(march, by=manager)
    split, removed = (AuditEntry.objects.get(action=f"target {done}").details for done in ("split", "removed"))
    assert (split["was"]["valid_from"], split["was"]["valid_to"]) == ("2025-01-01", None)
    assert split["kept"] == [
        {"valid_from": "2025-01-01", "valid_to": "2025-03-01"},
        {"valid_from": "2025-04-01", "valid_to": None},
    ]
    assert (removed["was"]["value"], removed["holds_again"]["value"]) == ("90.000000", "95.000000")


def test_a_month_within_a_longer_target_says_nothing_of_its_quarter_and_its_year(kpi, manager):
    """90 in January alone: the quarter and the year that begin with it are still wanted at 95."""
    set_target(goal(kpi, 95, JAN, basis="Contract 7"), by=manager)
    set_target(within(kpi, 90, JAN, FEB), by=manager)
    book, year = TargetBook([kpi.pk]), date(2026, 1, 1)
    found = [book.find(kpi.pk, kpi.unit_id, JAN, end) for end in (FEB, APR, year)]
    assert [(target.value, target.basis) for target in found] == [(90, ""), (95, "Contract 7"), (95, "Contract 7")]
    week = book.find(kpi.pk, kpi.unit_id, date(2025, 1, 27), date(2025, 2, 3))
    assert week.value == 90  # it begins in January


def test_what_was_split_around_a_later_month_is_still_that_of_the_quarter_and_the_year(kpi, manager):
    """95 for the year and 90 in March: January to February is a part of it, the quarter and the year want 95."""
    year = date(2026, 1, 1)
    set_target(goal(kpi, 95, JAN, year, basis="Contract 7"), by=manager)
    set_target(within(kpi, 90, MAR, APR), by=manager)
    book = TargetBook([kpi.pk])
    found = [book.find(kpi.pk, kpi.unit_id, start, end) for start, end in ((JAN, APR), (APR, JUL), (JAN, year))]
    assert [(target.value, target.basis) for target in found] == [(95, "Contract 7")] * 3
    assert [book.goals(kpi.pk, kpi.unit_id, *month).target for month in ((JAN, FEB), (MAR, APR))] == [95, 90]


def test_a_quarter_split_around_its_february_is_the_quarters_and_the_years_is_the_years(kpi, manager):
    """95 for the year, within it 90 for January to March, within that 88 in February."""
    year = date(2026, 1, 1)
    set_target(goal(kpi, 95, JAN, year), by=manager)
    set_target(within(kpi, 90, JAN, APR), by=manager)
    set_target(within(kpi, 88, FEB, MAR), by=manager)
    book = TargetBook([kpi.pk])
    assert [book.goals(kpi.pk, kpi.unit_id, JAN, end).target for end in (FEB, APR, year)] == [90, 90, 95]
    assert book.goals(kpi.pk, kpi.unit_id, FEB, MAR).target == 88


def test_a_quarters_target_within_a_years_is_that_of_the_quarter(kpi, manager):
    """95 for the year, 90 for January to March, 88 in January: a period takes the nearest that holds on all of it."""
    year = date(2026, 1, 1)
    set_target(goal(kpi, 95, JAN, year), by=manager)
    set_target(within(kpi, 90, JAN, APR), by=manager)
    set_target(within(kpi, 88, JAN, FEB), by=manager)
    book = TargetBook([kpi.pk])
    assert [book.goals(kpi.pk, kpi.unit_id, JAN, end).target for end in (FEB, APR, year)] == [88, 90, 95]


@pytest.mark.parametrize("end", [date(2026, 1, 1), None])
def test_a_quarter_of_which_every_month_is_an_override_of_70_is_wanted_at_70(kpi, manager, end):
    """80 for the year. It holds on no day of the quarter; one override of the whole quarter would say the same."""
    set_target(goal(kpi, 80, JAN, end), by=manager)
    months = [(70, JAN, FEB), (70, FEB, MAR), (70, MAR, APR)]
    set_many([within(kpi, *month, basis="Strike") for month in months[:2]], by=manager)

    def found(end):
        book = TargetBook([kpi.pk])
        target = book.find(kpi.pk, kpi.unit_id, JAN, end)
        return target.value, target.basis

    assert found(APR) == (80, "")  # in March 80 is wanted still
    (march,) = set_many([within(kpi, *months[2], basis="Strike")], by=manager)
    assert [found(end) for end in (FEB, APR, date(2026, 1, 1))] == [(70, "Strike"), (70, "Strike"), (80, "")]
    set_many([goal(kpi, 71, MAR, APR)], by=manager)
    assert found(APR) == (80, "")  # the months differ
    remove_target(march, by=manager)
    assert found(APR) == (80, "")


def test_what_was_set_for_the_quarter_itself_stays_its_own_whatever_its_months_say(kpi, manager):
    """Each month at least 70, the quarter at least 80: it was set for just these days."""
    set_target(goal(kpi, 85, JAN), by=manager)
    set_target(within(kpi, 80, JAN, APR), by=manager)
    for month in [(70, JAN, FEB), (70, FEB, MAR), (70, MAR, APR)]:
        set_many([within(kpi, *month)], by=manager)
    book = TargetBook([kpi.pk])
    found = [book.goals(kpi.pk, kpi.unit_id, JAN, end).target for end in (FEB, APR, date(2026, 1, 1))]
    assert found == [70, 80, 85]


@pytest.mark.django_db
@pytest.mark.usefixtures("in_this_process", "on_the_day")
def test_only_what_the_new_target_touches_is_recorded_anew_and_the_old_can_be_asked(made):
    """95 is wanted from January on, and 80 in March alone."""
    set_target(Goal(made.kpi, made.group, JAN, value=Decimal(95)), by=made.manager, reason="Agreed late")
    recompute(made.dataset.pk)
    shown = Result.objects.filter(kpi=made.kpi, unit=made.group, grain="month", dimension="", period_start__gte=JAN)
    known, moment = set(shown.current().values_list("pk", flat=True)), shown.latest("recorded_at").recorded_at
    override = Goal(made.kpi, made.group, MAR, APR, value=Decimal(80), split_standing=True)
    march = set_target(override, by=made.manager, reason="Strike")
    assert [request.scope for request in RecomputeRequest.objects.all()] == ["score"]
    run = recompute(made.dataset.pk)
    assert run.rows_scanned == 0
    fresh = shown.current().exclude(pk__in=known)
    assert [(row.period_start, row.target) for row in fresh] == [(MAR, 80)]
    assert {row.target for row in shown.as_known_at(moment)} == {95}
    remove_target(march, by=made.manager, reason="No strike")
    recompute(made.dataset.pk)
    assert {row.target for row in shown.current()} == {95}
