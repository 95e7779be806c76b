"""Vendors of the demo: scorecards over the deliveries, a generated review, and corrective plans where dates are missed.

All numbers are the data's own; by the verbs that the pages use.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from kpis.models import Kpi, Result
from organization.models import Unit, User
from vendors import actions, contacts, plans, register, reviews, templates
from vendors.models import ScorecardTemplate, Vendor

NUMBERS = ("weight", "floor", "target", "gate_at")
LABELS = {1: Vendor.Cadence.QUARTER, 2: Vendor.Cadence.YEAR}


def define(definition: Mapping, users: Mapping[str, User], today: date, say: Callable[[str], None]) -> None:
    """Scorecard, register, review, actions and plans; a second run changes nothing."""
    if ScorecardTemplate.objects.filter(code=definition["scorecard"]["code"]).exists():
        return
    template = _template(definition, users["manager"])
    _register(definition, template, users["manager"])
    _focus(definition["focus"], users, today)
    say(f"{Vendor.objects.count()} vendors with a scorecard")


def _template(definition: Mapping, by: User) -> ScorecardTemplate:
    words = definition["scorecard"]
    made = templates.create_template(
        code=words["code"], name=words["name"], description=words["description"], by=by,
        unit=Unit.objects.get(code=definition["unit"]),
    )  # fmt: skip
    version = templates.draft(made, by=by)
    templates.change_version(version, by=by, note=words["note"])
    for criterion in words["criteria"]:
        values = dict(criterion) | {name: Decimal(str(criterion[name])) for name in NUMBERS if name in criterion}
        values["kpi"] = Kpi.objects.get(code=criterion["kpi"])
        templates.set_criterion(version, by=by, **values)
    templates.publish(version, from_day=words["from"], now=timezone.now(), by=by)
    return made


def _register(definition: Mapping, template: ScorecardTemplate, by: User) -> None:
    """Every direct vendor that delivered; its tier by the value of all years."""
    spend, days = Kpi.objects.get(code=definition["spend_kpi"]), definition["cadence"]
    delivered = Result.objects.current().filter(
        kpi=spend, grain="year", dimension="", unit__kind=Unit.Kind.VENDOR,
        unit__placements__parent__code=definition["vendors_below"],
    )  # fmt: skip
    sums = delivered.values("unit").annotate(total=Sum("value")).order_by("-total", "unit__code")
    units = Unit.objects.in_bulk([row["unit"] for row in sums])
    first, second = definition["tiers"]
    for place, row in enumerate(sums):
        tier = 1 if place < first else 2 if place < first + second else 3
        cadence = LABELS.get(tier, "")
        reviewed = {"cadence": cadence, "cadence_from": days["from"], "cadence_to": days["to"]} if cadence else {}
        register.register(
            units[row["unit"]], manager=by, by=by, tier=tier, template=template, spend_kpi=spend, **reviewed
        )


def _focus(words: Mapping, users: Mapping[str, User], today: date) -> None:
    """The vendor who misses: its contact, the review of its last quarter, an action, and two corrective plans."""
    by, vendor = users["manager"], Vendor.objects.get(unit__code=words["unit"])
    person = words["contact"]
    contact = contacts.add_contact(vendor, name=person["name"], function=person["function"], by=by)
    contacts.let_in(contact, username=person["user"], on=today, by=by)
    kpi = Kpi.objects.get(code=words["kpi"])
    _earlier(vendor, kpi, words, by)
    review = reviews.generate(vendor, at=words["review"], day=today, now=timezone.now(), by=by)
    due_on = today + timedelta(days=words["days_to_answer"])
    said = _said_of(vendor, kpi, words["review"])
    actions.give(
        vendor, review=review, owner=users[person["user"]], due_on=due_on, by=by,
        title=words["explain"].format(**said), detail=words["explained"].format(**said),
    )  # fmt: skip
    plans.issue(
        vendor, kpi=kpi, grain="quarter", reason=words["missed"].format(**said), on=today, plan_due_on=due_on, by=by,
        review=review, ask=users[person["user"]], periods_needed=words["periods_needed"],
    )  # fmt: skip
    reviews.generate(vendor, at=words["review"], day=today, now=timezone.now(), by=by)  # with the action and the plan


def _earlier(vendor: Vendor, kpi: Kpi, words: Mapping, by: User) -> None:
    past = words["earlier"]
    plan = plans.issue(
        vendor, kpi=kpi, grain="quarter", on=past["issued"], plan_due_on=past["accepted"], by=by,
        reason=words["missed"].format(**_said_of(vendor, kpi, past["period"])), periods_needed=words["periods_needed"],
    )  # fmt: skip
    plans.submit(plan, text=past["plan"], by=by, on=past["accepted"])
    plans.accept(plan, verify_from=past["issued"].replace(day=1), by=by, on=past["accepted"])
    plans.close(plan, by=by, on=past["closed"])


def _said_of(vendor: Vendor, kpi: Kpi, start: date) -> dict:
    """The quarter's numbers, for sentences."""
    result = Result.objects.current().get(kpi=kpi, unit=vendor.unit, grain="quarter", period_start=start, dimension="")
    return {
        "period": f"{start.year} Q{(start.month + 2) // 3}",
        "value": result.value,
        "lines": result.rows,
        "late": round(result.denominator - result.numerator),
        "target": result.target,
    }
