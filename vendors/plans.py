"""Corrective plans: issued to a vendor that misses, answered with a plan, accepted, and verified by its own numbers."""

from datetime import date

from django.db import transaction

from kpis.calendars import calendars_of, period_of
from kpis.models import Kpi, KpiVersion
from kpis.selectors.readings import versions_on
from kpis.selectors.results import last_rows
from organization import audit
from organization.models import User

from . import actions
from .models import CorrectivePlan, Review, Vendor, VendorAction
from .refusals import Refusal
from .verification import Period, Verification, verify

State = CorrectivePlan.State
MOST = 60  # periods looked at


class PlanRefused(Refusal):
    """The plan is not in a state for this step, or its numbers do not allow it."""


@transaction.atomic
def issue(
    vendor: Vendor, *, kpi: Kpi, reason: str, on: date, plan_due_on: date, by, ask: User | None = None,
    review: Review | None = None, **values,
) -> CorrectivePlan:  # fmt: skip
    """Tell the vendor what it misses and ask for a plan; `ask` (a contact let in, or one of ours) gets the action.

    Raises PlanRefused, ActionRefused, ValidationError.
    """
    version = versions_on([kpi.pk], on).get(kpi.pk)
    if version is None or version.direction not in ("higher", "lower"):
        raise PlanRefused(f"{kpi} has no better direction: a plan needs a KPI that can be at target.", "kpi")
    plan = CorrectivePlan(
        vendor=vendor, kpi=kpi, reason=reason, issued_by=by, issued_on=on, plan_due_on=plan_due_on, review=review,
        **values,
    )  # fmt: skip
    plan.full_clean()
    grains = list(KpiVersion.Grain.values)
    if grains.index(plan.grain) < grains.index(version.grain):
        raise PlanRefused(f"{kpi} has no number by {plan.grain}: choose {version.grain} or longer.", "grain")
    if plan_due_on < on:
        raise PlanRefused("The plan would be due before it is asked for.", "plan_due_on")
    if ask is not None:
        title = f"Corrective plan: {kpi.name}"[:200]
        plan.asked = actions.give(
            vendor, title=title, detail=reason, owner=ask, due_on=plan_due_on, by=by, review=review
        )
    plan.save()
    audit.record(by, "corrective plan issued", plan, unit=vendor.unit, kpi=kpi.code, due_on=plan_due_on)
    return plan


@transaction.atomic
def submit(plan: CorrectivePlan, *, text: str, by, on: date) -> CorrectivePlan:
    """What the vendor will do, written down by somebody inside who was told. Raises PlanRefused."""
    plan = _locked(plan)
    _require(plan, State.ISSUED, State.SUBMITTED)
    if not text.strip():
        raise PlanRefused("Write down what the vendor will do.", "text")
    plan.plan, plan.submitted_on, plan.state = text.strip(), on, State.SUBMITTED
    plan.save()
    audit.record(by, "corrective plan submitted", plan, unit=plan.vendor.unit)
    return plan


def submitted_by_answer(action: VendorAction, *, text: str, by, day: date) -> None:
    """The answer to the action that asked for a plan is the plan."""
    for plan in action.plans.filter(state__in=[State.ISSUED, State.SUBMITTED]):
        submit(plan, text=text, by=by, on=day)


@transaction.atomic
def accept(plan: CorrectivePlan, *, verify_from: date, by, on: date) -> CorrectivePlan:
    """The plan is good; periods that start on or after `verify_from` count. Raises PlanRefused."""
    plan = _locked(plan)
    _require(plan, State.SUBMITTED)
    plan.state, plan.verify_from, plan.decided_by = State.VERIFYING, verify_from, by
    plan.save()
    _close_action(plan, "The plan is accepted.", by, on)
    audit.record(by, "corrective plan accepted", plan, unit=plan.vendor.unit, verify_from=verify_from)
    return plan


@transaction.atomic
def send_back(plan: CorrectivePlan, *, reason: str, by) -> CorrectivePlan:
    """The plan does not do: it is asked for again. Raises PlanRefused."""
    plan = _locked(plan)
    _require(plan, State.SUBMITTED)
    plan.state = State.ISSUED
    plan.save()
    if plan.asked and plan.asked.state == VendorAction.State.ANSWERED:
        actions.send_back(plan.asked, text=reason, by=by)
    audit.record(by, "corrective plan sent back", plan, unit=plan.vendor.unit, reason=reason)
    return plan


@transaction.atomic
def close(plan: CorrectivePlan, *, by, on: date) -> CorrectivePlan:
    """It has worked: refused until the numbers show it. Raises PlanRefused."""
    plan = _locked(plan)
    _require(plan, State.VERIFYING, State.ESCALATED)
    found = verification(plan, on) if plan.verify_from else None
    if found is None or not found.is_verified:
        seen = found.longest if found else 0
        raise PlanRefused(
            f"{plan.kpi} was at target in {seen} periods in a row, not in {plan.periods_needed}: wait, or escalate."
        )
    first, last = _the_row(found)
    outcome = f"At target in {plan.periods_needed} periods in a row, {first.label} to {last.label}."
    return _ended(plan, State.CLOSED, outcome, by, on)


@transaction.atomic
def escalate(plan: CorrectivePlan, *, reason: str, by) -> CorrectivePlan:
    """No plan came, or it does not work: somebody above has to decide. Raises PlanRefused."""
    plan = _locked(plan)
    _require(plan, State.ISSUED, State.SUBMITTED, State.VERIFYING)
    plan.state, plan.outcome, plan.decided_by = State.ESCALATED, reason, by
    plan.save()
    audit.record(by, "corrective plan escalated", plan, unit=plan.vendor.unit, reason=reason)
    return plan


@transaction.atomic
def withdraw(plan: CorrectivePlan, *, reason: str, by, on: date) -> CorrectivePlan:
    """It was issued in error, or the vendor leaves. Raises PlanRefused."""
    plan = _locked(plan)
    _require(plan, *(set(State) - {State.CLOSED, State.WITHDRAWN}))
    if plan.asked and not plan.asked.is_finished:
        actions.cancel(plan.asked, text=reason, by=by, on=on)
    return _ended(plan, State.WITHDRAWN, reason, by, on)


def verification(plan: CorrectivePlan, day: date) -> Verification:
    """The plan's KPI at the vendor in each period complete by `day` that starts on or after `verify_from`.

    A period without a result stands as one that is not met. Four queries.
    """
    version = versions_on([plan.kpi_id], day)[plan.kpi_id]
    calendar = calendars_of([plan.kpi.unit_id], day)[plan.kpi.unit_id]
    pair = (plan.kpi_id, plan.vendor.unit_id, plan.grain)
    rows = last_rows([pair], day, MOST, complete_by=day).get(pair[:2], [])
    by_start = {row.period_start: row for row in rows if row.period_start >= plan.verify_from}
    through = version.dataset.complete_through if version.dataset else None
    return verify(list(_periods(plan, calendar, by_start, through, day)), version.direction, plan.periods_needed)


def _periods(plan: CorrectivePlan, calendar, by_start: dict, through: date | None, day: date):
    """From the first that counts to the newest that is complete in the data."""
    period = period_of(calendar, plan.verify_from, plan.grain)
    if period.start < plan.verify_from:
        period = calendar.next(period)
    newest = max(by_start, default=None)
    for _ in range(MOST):
        is_complete = period.end <= day and (through is None or (period.end - through).days <= 1)
        if not (is_complete or (newest and period.start <= newest)):
            return
        row = by_start.get(period.start)
        target = plan.target if plan.target is not None else row and row.target
        yield Period(period.start, period.label, row and row.value, None if target is None else float(target))
        period = calendar.next(period)


def _the_row(found: Verification) -> tuple[Period, Period]:
    """The first row of consecutive periods at target that is long enough."""
    run: list[Period] = []
    for period, met in found.periods:
        run = [*run, period] if met else []
        if len(run) == found.needed:
            break
    return run[0], run[-1]


def _ended(plan: CorrectivePlan, state: str, outcome: str, by, on: date) -> CorrectivePlan:
    plan.state, plan.outcome, plan.ended_on, plan.decided_by = state, outcome, on, by
    plan.save()
    audit.record(by, f"corrective plan {state}", plan, unit=plan.vendor.unit, outcome=outcome)
    return plan


def _close_action(plan: CorrectivePlan, text: str, by, on: date) -> None:
    if plan.asked and not plan.asked.is_finished:
        actions.close(plan.asked, text=text, by=by, on=on)


def _locked(plan: CorrectivePlan) -> CorrectivePlan:
    plans = CorrectivePlan.objects.select_for_update(of=("self",))
    return plans.select_related("vendor__unit", "kpi", "asked").get(pk=plan.pk)


def _require(plan: CorrectivePlan, *states: str) -> None:
    if plan.state not in states:
        raise PlanRefused(f"The plan is {plan.get_state_display().lower()}: this step is not open any more.")
