"""The service desk's agreement of the demo: response and resolution by priority, on the whole incident log."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal

from django.utils import timezone

from datasets.models import Dataset
from organization import business_calendars, shared_calendars
from organization.business_calendars import Window
from organization.models import BusinessCalendar, Unit, User
from slas import drafting, lifecycle
from slas.models import Agreement

WORDS = {"1": "critical", "2": "high", "3": "moderate", "4": "low"}


def define(definition: Mapping, dataset: Dataset, users: Mapping[str, User], today: date) -> None:
    """Calendar and agreement, offered by the analyst and signed by the manager; its clocks are then asked to run."""
    words, by = definition["agreement"], users["analyst"]
    if Agreement.objects.filter(code=words["code"]).exists():
        return
    parties = {"unit": Unit.objects.get(code=words["unit"]), "customer": Unit.objects.get(code=words["customer"])}
    version = drafting.create_agreement(
        kind=Agreement.Kind.SLA,
        owner=users["manager"],
        by=by,
        calendar=_calendar(definition["calendar"], users),
        **words | parties | {name: Decimal(str(words[name])) for name in ("monthly_charge", "at_risk_pct")},
    )
    for promise in definition["targets"]:
        _targets(version, promise, definition["clock"] | {"dataset": dataset}, by)
    tiers = [
        {"target": None, "below_pct": Decimal(bound), "credit_pct": Decimal(str(credit))}
        for bound, credit in definition["tiers"]
    ]
    drafting.set_tiers(version, tiers, by=by)
    lifecycle.sign(lifecycle.offer(version, by=by), by=users["manager"], day=today, now=timezone.now())


def _targets(version, promise: Mapping, clock: Mapping, by: User) -> None:
    for position, (priority, (hours, required)) in enumerate(promise["priorities"].items()):
        drafting.set_target(
            version,
            f"{promise['metric']}-p{priority}",
            by=by,
            name=f"{promise['name']}, priority {priority} ({WORDS[priority]})",
            metric=promise["metric"],
            condition=f"priority = '{priority}'",
            threshold_seconds=int(hours * 3600),
            required_pct=Decimal(required),
            position=position + (10 if promise["metric"] == "resolution" else 0),
            clock={**clock, "stop": promise["stop"], "after_stop": promise["after_stop"]},
        )


def _calendar(words: Mapping, users: Mapping[str, User]) -> BusinessCalendar:
    found = BusinessCalendar.objects.filter(code=words["code"]).first()
    if found:
        return found
    calendar = shared_calendars.add(BusinessCalendar, by=users["admin"], code=words["code"], name=words["name"])
    business_calendars.add_version(
        calendar,
        by=users["admin"],
        timezone=words["timezone"],
        country=words["country"],
        windows=[
            Window(day, time.fromisoformat(words["opens"]), time.fromisoformat(words["closes"])) for day in range(5)
        ],
    )
    return calendar
