"""The icons of all KPIs on one page, and what is special at the last complete period: what needs a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kpis.models import ChartPhase, Kpi
from organization.access import CERTIFY, Access

from .catalogue import entries
from .readings import Book
from .results import last_rows
from .units import units_by_id
from .verdicts import Verdict
from .words import SPARKLINE_PERIODS, Reading

VARIATION_ORDER = ("concerning", "common_cause", "improving", "neutral", "too_few_points")
ASSURANCE_ORDER = ("fails", "hit_and_miss", "passes", "no_target", "no_direction", "too_few_points")
LONGEST = 20


@dataclass(frozen=True, slots=True)
class IconTable:
    """Readings with a verdict, the worst first, and how they fall into the cells of variation by assurance."""

    readings: tuple[Reading, ...]
    cells: dict[tuple[str, str], tuple[Reading, ...]]
    without: int = 0

    @property
    def variations(self) -> tuple[str, ...]:
        return tuple(v for v in VARIATION_ORDER if any(key[0] == v for key in self.cells))

    @property
    def assurances(self) -> tuple[str, ...]:
        return tuple(a for a in ASSURANCE_ORDER if any(key[1] == a for key in self.cells))


def icon_table(kpis: Iterable[Kpi], day: date, access: Access, *, unit: int | None = None) -> IconTable:
    """Each KPI at `unit`, or (None) where it is answered for. A constant number of queries."""
    readings = _at(kpis, unit, day, access) if unit else [entry.reading for entry in entries(kpis, day, access)]
    charted = sorted((r for r in readings if r.verdict), key=worst_first)
    cells: dict[tuple[str, str], list[Reading]] = {}
    for reading in charted:
        cells.setdefault((reading.verdict.variation, reading.verdict.assurance), []).append(reading)
    found = {key: tuple(value) for key, value in cells.items()}
    return IconTable(tuple(charted), found, len(readings) - len(charted))


def worst_first(reading: Reading):
    verdict: Verdict = reading.verdict
    variation, assurance = VARIATION_ORDER.index(verdict.variation), ASSURANCE_ORDER.index(verdict.assurance)
    return variation, assurance, reading.kpi.name


def _at(kpis: Iterable[Kpi], unit: int, day: date, access: Access) -> list[Reading]:
    place = units_by_id([unit], access).get(unit)
    book = Book([kpi.pk for kpi in kpis], day)
    if place is None:
        return []
    rows = last_rows([(kpi, unit, ref.grain) for kpi, ref in book.refs.items()], day, SPARKLINE_PERIODS + 2)
    book.load_verdicts((kpi, unit, book.refs[kpi].grain) for kpi, _ in rows)
    return [book.reading(kpi, place, found, period=None) for (kpi, _), found in rows.items()]


def proposals(access: Access, user) -> list[ChartPhase]:
    """Re-bases that others proposed and this person may decide. One query."""
    found = ChartPhase.objects.filter(state=ChartPhase.State.PROPOSED, unit__in=access.units(CERTIFY))
    return list(found.exclude(proposed_by=user).select_related("kpi", "unit", "proposed_by")[:LONGEST])


def special(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """Of some readings those whose last complete period is special, the worse ones first."""
    found = [r for r in readings if r.verdict and r.verdict.variation in ("concerning", "improving", "neutral")]
    return tuple(sorted(found, key=worst_first))
