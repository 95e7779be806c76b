"""A small organisation with a scorecard and two years of results, made without chance, as pages show it."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime

from kpis import scoring
from kpis.models import Kpi, KpiLink, KpiVersion, Objective, Result, Scorecard, ScorecardNode, StatusChange, Theme
from organization.models import Unit
from tests.factories import KpiFactory, ScorecardFactory, UnitFactory, UserFactory

DAY = date(2025, 12, 14)  # November 2025 is the last complete month
REGIONS = ("North East", "North West", "Midlands", "London", "South East", "South West")

# perspective, code, name, unit of measure, decimals, direction, first, drift a month, wave, target, red limit, stretch
MEASURES = (
    ("Customer", "on_time", "Deliveries on time", "percent", 1, "higher", 91.0, 0.16, 1.4, 95, 92, None),
    ("Customer", "four_hours", "A&E seen within 4 hours", "percent", 1, "higher", 84.0, -0.5, 1.2, 95, 85.5, None),
    ("Customer", "first_response", "First response within target", "percent", 1, "higher", 88, 0.4, 0.5, 95, 90, None),
    ("Customer", "complaints", "Complaints per 1,000 orders", "number", 1, "lower", 4.4, -0.08, 0.2, 3.0, 3.3, None),
    ("Internal process", "resolve", "Time to resolve, 90th percentile", "hours", 1, "lower", 63, -0.8, 2, 48, 56, 40),
    ("Internal process", "backlog", "Open backlog, end of month", "count", 0, "lower", 1060, 18, 30, 1300, 1430, None),
    ("Internal process", "reassign", "Reassignments per incident", "number", 2, "lower", 1.2, 0, 0.06, 1.2, 1.32, None),
    ("Finance", "cost", "Cost per delivery", "GBP", 2, "lower", 8.1, -0.05, 0.1, 7.25, 7.98, None),
    ("Finance", "credits", "Service credits claimed", "GBP", 0, "none", 1200, 40, 900, None, None, None),
)


@dataclass(frozen=True)
class Board:
    group: Unit
    regions: tuple[Unit, ...]
    scorecard: Scorecard
    kpis: dict[str, Kpi]


def a_board(**scorecard) -> Board:
    """Group and regions, one executive scorecard that cascades, 24 months for all of them."""
    owner = UserFactory(first_name="Amara", last_name="Okafor")
    group = UnitFactory(code="uk", name="United Kingdom", kind="group")
    regions = tuple(UnitFactory(code=name.lower().replace(" ", "-"), name=name, parent=group) for name in REGIONS)
    card = ScorecardFactory(
        **{"code": "operations", "name": "Operations", "unit": group, "owner": owner, "is_executive": True} | scorecard
    )
    perspectives, kpis = {}, {}
    for place, (perspective, code, name, unit_of_measure, decimals, direction, *numbers) in enumerate(MEASURES):
        kpi = kpis[code] = KpiFactory(
            code=code,
            name=name,
            unit=group,
            owner=owner,
            unit_of_measure=unit_of_measure,
            decimals=decimals,
            direction=direction,
        )
        if perspective not in perspectives:
            perspectives[perspective] = ScorecardNode.objects.create(
                scorecard=card, kind="perspective", name=perspective, position=place
            )
        node = ScorecardNode.objects.create(
            scorecard=card, parent=perspectives[perspective], kind="kpi", kpi=kpi, position=place
        )
        node.weights.create(weight=1 + place % 3)
        for number, unit in enumerate((group, *regions)):
            write_results(kpi, unit, direction, numbers, shift=number)
    strategy(group, owner, kpis)
    return Board(group, regions, card, kpis)


def write_results(kpi: Kpi, unit: Unit, direction: str, numbers, *, shift: int = 0, months: int = 24) -> None:
    """`months` results up to December 2025, of which the last is open, with statuses as `scoring` gives them."""
    first, drift, wave, target, red_limit, stretch = numbers
    version, goals = kpi.versions.get(), scoring.Goals(target=target, red_limit=red_limit, stretch=stretch)
    made = []
    for month in range(months):
        start, end = (date(2024 + m // 12, m % 12 + 1, 1) for m in (month + 24 - months, month + 25 - months))
        value = first * (1 + 0.012 * math.sin(shift * 1.7)) + drift * month + wave * math.sin(month * 0.9 + shift)
        rating = scoring.rate(value, direction, goals)
        made.append(
            Result(
                kpi=kpi,
                version=version,
                unit=unit,
                grain="month",
                period_start=start,
                period_end=end,
                value=value,
                rows=100,
                target=target,
                red_limit=red_limit,
                stretch=stretch,
                status=rating.status,
                score=rating.score,
                is_open=end > DAY,
                recorded_at=datetime(2025, 12, 2, tzinfo=UTC),
            )
        )
    Result.objects.bulk_create(made)
    for before, after in zip(made, made[1:-1], strict=False):
        if after.status == "red" != before.status and after.period_start >= date(2025, 9, 1):
            StatusChange.objects.create(
                kpi=kpi,
                unit=unit,
                grain="month",
                period_start=after.period_start,
                before=before.status,
                after="red",
                result=after,
                at=datetime(2025, 12, 2, tzinfo=UTC),
            )


def strategy(unit: Unit, owner, kpis: dict[str, Kpi]) -> None:
    service = Theme.objects.create(name="Service people can rely on")
    seen = Objective.objects.create(theme=service, name="Patients are seen in time", unit=unit, owner=owner)
    Objective.objects.create(theme=service, name="Staff stay", unit=unit, owner=owner)
    KpiLink.objects.create(objective=seen, kpi=kpis["four_hours"])
    KpiLink.objects.create(objective=seen, kpi=kpis["first_response"], kind="supports")
    KpiVersion.objects.filter(kpi=kpis["cost"]).update(state="draft")
