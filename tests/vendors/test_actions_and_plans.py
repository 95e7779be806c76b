"""Actions to their end, and corrective plans from the notice to the proof."""

from datetime import date

import pytest

from tests.factories import KpiFactory, UserFactory
from vendors import actions, plans

from .factories import DAY, a_contact, a_manager, a_result, a_vendor_below, two_kpis

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor(group):
    return a_vendor_below(group, manager=a_manager(group))


def give(vendor, owner, **more):
    values = {"title": "Say why lines were late", "due_on": date(2025, 12, 1), "by": vendor.manager}
    return actions.give(vendor, owner=owner, **values | more)


def test_a_contact_answers_and_somebody_inside_closes(vendor):
    contact = a_contact(vendor)
    action = give(vendor, contact)
    assert action.is_overdue(DAY)
    with pytest.raises(actions.ActionRefused, match="to answer"):
        actions.answer(action, text="Not mine", by=vendor.manager, day=DAY)
    assert actions.answer(action, text="A strike", by=contact, day=DAY).state == "answered"
    assert actions.send_back(action, text="Which one?", by=vendor.manager).state == "open"
    actions.answer(action, text="At the port", by=contact, day=DAY)
    closed = actions.close(action, text="Clear", by=vendor.manager, on=DAY)
    assert (closed.state, closed.closed_on) == ("closed", DAY)
    assert [note.kind for note in action.notes.all()] == ["answer", "return", "answer", "close"]
    with pytest.raises(actions.ActionRefused, match="finished"):
        actions.answer(action, text="One more thing", by=contact, day=DAY)


def test_an_action_is_given_to_who_may_see_it(vendor, group):
    with pytest.raises(actions.ActionRefused, match="cannot see"):
        give(vendor, UserFactory())
    with pytest.raises(actions.ActionRefused, match="cannot see"):
        give(vendor, a_contact(a_vendor_below(group, "Another")))
    assert give(vendor, a_manager(group)).state == "open"


def test_the_answer_to_a_plans_action_is_the_plan(vendor, group):
    on_time, _ = two_kpis(group)
    contact = a_contact(vendor)
    plan = plans.issue(
        vendor, kpi=on_time, reason="84 % in Q3", on=date(2025, 10, 20), plan_due_on=date(2025, 11, 3),
        by=vendor.manager, ask=contact, periods_needed=2,
    )  # fmt: skip
    assert (plan.state, plan.asked.owner, plan.asked.due_on) == ("issued", contact, date(2025, 11, 3))
    actions.answer(plan.asked, text="A second plant", by=contact, day=date(2025, 11, 1))
    plan.refresh_from_db()
    assert (plan.state, plan.plan, plan.submitted_on) == ("submitted", "A second plant", date(2025, 11, 1))
    plans.send_back(plan, reason="From when?", by=vendor.manager)
    actions.answer(plan.asked, text="A second plant from May", by=contact, day=date(2025, 11, 2))
    plan = plans.accept(plan, verify_from=date(2025, 5, 1), by=vendor.manager, on=date(2025, 11, 3))
    plan.asked.refresh_from_db()
    assert (plan.state, plan.asked.state) == ("verifying", "closed")


def in_verification(vendor, kpi, **values):
    plan = plans.issue(
        vendor, kpi=kpi, reason="Late", on=date(2025, 4, 1), plan_due_on=date(2025, 4, 10), by=vendor.manager, **values
    )
    plans.submit(plan, text="A second plant", by=vendor.manager, on=date(2025, 4, 9))
    return plans.accept(plan, verify_from=date(2025, 5, 1), by=vendor.manager, on=date(2025, 4, 10))


def test_a_plan_is_closed_by_its_numbers_only(vendor, group):
    on_time, _ = two_kpis(group)
    plan = in_verification(vendor, on_time, periods_needed=3)
    for month, value in ((4, 99.0), (5, 91.0), (6, 85.0), (7, 92.0), (8, 93.0)):  # April does not count yet
        a_result(on_time, vendor, value, date(2025, month, 1), "month", target=90.0)
    with pytest.raises(plans.PlanRefused, match="at target in 2 periods in a row, not in 3"):
        plans.close(plan, by=vendor.manager, on=DAY)
    a_result(on_time, vendor, 90.0, date(2025, 9, 1), "month", target=90.0)
    found = plans.verification(plan, DAY)
    assert [(p.label, met) for p, met in found.periods][:3] == [
        ("May 2025", True),
        ("Jun 2025", False),
        ("Jul 2025", True),
    ]
    closed = plans.close(plan, by=vendor.manager, on=DAY)
    assert (closed.state, closed.outcome) == ("closed", "At target in 3 periods in a row, Jul 2025 to Sep 2025.")


def test_a_month_without_a_result_breaks_the_row(vendor, group):
    on_time, _ = two_kpis(group)
    plan = in_verification(vendor, on_time, periods_needed=2)
    for month in (5, 7):
        a_result(on_time, vendor, 95.0, date(2025, month, 1), "month", target=90.0)
    assert plans.verification(plan, date(2025, 8, 2)).longest == 1


def test_a_target_of_the_plans_own(vendor, group):
    on_time, _ = two_kpis(group)
    plan = in_verification(vendor, on_time, periods_needed=1, target=80)
    a_result(on_time, vendor, 85.0, date(2025, 5, 1), "month", target=90.0)
    assert plans.verification(plan, DAY).is_verified


def test_escalated_withdrawn_and_what_is_not_open_any_more(vendor, group):
    on_time, _ = two_kpis(group)
    contact = a_contact(vendor)
    plan = plans.issue(vendor, kpi=on_time, reason="Late", on=DAY, plan_due_on=DAY, by=vendor.manager, ask=contact)
    plan = plans.escalate(plan, reason="No plan came", by=vendor.manager)
    with pytest.raises(plans.PlanRefused, match="not open any more"):
        plans.submit(plan, text="Now?", by=vendor.manager, on=DAY)
    with pytest.raises(plans.PlanRefused, match="in 0 periods"):
        plans.close(plan, by=vendor.manager, on=DAY)
    plan = plans.withdraw(plan, reason="The vendor leaves", by=vendor.manager, on=DAY)
    plan.asked.refresh_from_db()
    assert (plan.state, plan.asked.state, plan.ended_on) == ("withdrawn", "cancelled", DAY)


def test_a_plan_needs_a_kpi_that_can_be_at_target(vendor, group):
    neutral = KpiFactory(unit=group, direction="none")
    with pytest.raises(plans.PlanRefused, match="no better direction"):
        plans.issue(vendor, kpi=neutral, reason="x", on=DAY, plan_due_on=DAY, by=vendor.manager)
    yearly = KpiFactory(unit=group, grain="year")
    with pytest.raises(plans.PlanRefused, match="choose year or longer"):
        plans.issue(vendor, kpi=yearly, reason="x", on=DAY, plan_due_on=DAY, by=vendor.manager)
