"""What a number is held against without being rated by it: its floor and its budget, as they are set today."""

from kpis.measures import adds_up_over_time
from kpis.models import KpiVersion
from kpis.models.targets import Comparator
from kpis.target_book import Found, TargetBook
from organization.models import Unit

from .words import PeriodRef

UNRATED = (Comparator.FLOOR, Comparator.BUDGET)


def unrated_targets(version: KpiVersion, unit: Unit, period: PeriodRef) -> list[tuple[str, Found]]:
    """(name, target) of the floor and the budget that hold for the period. Four queries."""
    book = TargetBook([version.kpi_id])
    only_totals = adds_up_over_time(version) and period.grain != version.grain
    found = book.comparators(version.kpi_id, unit.pk, period.start, period.end, UNRATED, only_totals=only_totals)
    return [(comparator.label, target) for comparator, target in found.items()]
