"""The targets of one KPI as a grid: a unit and those below it, by the periods of a fiscal year."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kpis.calendars import calendars_of
from kpis.measures import adds_up_over_time, is_total
from kpis.models import AnnualTarget, Kpi, KpiVersion, Target
from kpis.target_book import Found, TargetBook
from organization.access import TARGET, Access
from organization.models import Unit

from .units import neighbours, require_visible, unit_ref, units_by_id
from .words import UnitRef

MOST_UNITS = 200
COLUMNS = {"day": "month", "week": "month", "month": "month", "quarter": "quarter", "year": "year"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What holds for a unit in a period. own: the target set for exactly this period, which the cell edits.

    found: what holds there, and from where; phase: a part of an annual target, which is changed there.
    """

    unit_id: int
    start: date
    end: date
    own: Target | None
    found: Found | None
    from_name: str
    is_phase: bool
    may_edit: bool

    @property
    def name(self) -> str:
        return f"c_{self.unit_id}_{self.start.isoformat()}"

    @property
    def text(self) -> str:
        """What the cell holds: its own value, or a phase."""
        from kpis.typed_numbers import written

        if self.own is not None:
            own = self.own
            return written(own.value) if own.value is not None else f"{written(own.low)}..{written(own.high)}"
        return written(Decimal(str(self.found.value))) if self.is_phase and self.found.value is not None else ""

    @property
    def inherited(self) -> str:
        """What holds where the cell has nothing of its own."""
        if self.own is not None or self.is_phase or self.found is None:
            return ""
        found = self.found
        return f"{found.value:.10g}" if found.value is not None else f"{found.low:.10g}..{found.high:.10g}"


@dataclass(frozen=True, slots=True)
class GridRow:
    unit: UnitRef
    depth: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class TargetGrid:
    """standing: targets that hold for other days than one period, and for segments; annual: of this year."""

    kpi: Kpi
    version: KpiVersion | None
    unit: UnitRef
    comparator: str
    year: object
    periods: tuple
    rows: tuple[GridRow, ...]
    standing: tuple[Target, ...]
    annual: tuple[AnnualTarget, ...]
    cut: int

    @property
    def is_total(self) -> bool:
        """Its targets are not inherited."""
        return self.version is not None and is_total(self.version)

    @property
    def each(self) -> str:
        """The finer period for which a cell's number holds: a day's total is none of its month. Empty: its own."""
        if self.version is None or COLUMNS[self.version.grain] == self.version.grain:
            return ""
        return self.version.grain if adds_up_over_time(self.version) else ""

    def cells(self):
        return (cell for row in self.rows for cell in row.cells)


def target_grid(kpi: Kpi, unit: Unit, comparator: str, year_of: date, day: date, access: Access) -> TargetGrid:
    """The grid of the fiscal year that holds `year_of`, by the tree of `day`. Ten queries. Raises NotYours."""
    require_visible(unit, access)
    version = kpi.versions.select_related("dataset").in_force(day).order_by("-number").first()
    version = version or kpi.versions.newest()
    calendar = calendars_of([kpi.unit_id], day)[kpi.unit_id]
    year = calendar.period_of(year_of, "year")
    grain = COLUMNS[version.grain if version else "month"]
    periods = tuple(calendar.periods(grain, year.start, year.end)) if grain != "year" else (year,)
    _, below, _ = neighbours(unit, day, access)
    units = [unit_ref(unit), *below[:MOST_UNITS]]
    own, standing = _sorted_targets(kpi, [u.id for u in units], comparator, periods)
    book = TargetBook([kpi.pk])
    cells = {u.id: _cells(kpi, u, comparator, periods, own, book, access) for u in units}
    sources = {cell.found.from_unit for row in cells.values() for cell in row if cell.found}
    names = {u.id: u.name for u in units_by_id(sources, access).values()}
    rows = tuple(GridRow(u, int(u.id != unit.pk), tuple(_named(cell, names) for cell in cells[u.id])) for u in units)
    annual = AnnualTarget.objects.filter(kpi=kpi, unit__in=[u.id for u in units], year_start=year.start)
    return TargetGrid(
        kpi=kpi,
        version=version,
        unit=unit_ref(unit),
        comparator=comparator,
        year=year,
        periods=periods,
        rows=rows,
        standing=standing,
        annual=tuple(annual.select_related("unit", "set_by")),
        cut=len(below[MOST_UNITS:]),
    )


def _sorted_targets(kpi: Kpi, units: list[int], comparator: str, periods) -> tuple[dict, tuple[Target, ...]]:
    """{(unit, start): target} of single periods, and all the others that are no phases. One query."""
    ends = {period.start: period.end for period in periods}
    own, standing = {}, []
    targets = Target.objects.filter(kpi=kpi, unit__in=units, annual=None).select_related("unit", "set_by")
    for target in targets.order_by("unit__name", "comparator", "valid_from"):
        of_the_grid = target.comparator == comparator and not target.dimension and target.valid_to is not None
        if of_the_grid and ends.get(target.valid_from) == target.valid_to:
            own[(target.unit_id, target.valid_from)] = target
        elif target.valid_to is None or (target.valid_to > periods[0].start and target.valid_from < periods[-1].end):
            standing.append(target)
    return own, tuple(target for target in standing if target.valid_from < periods[-1].end)


def _cells(kpi, unit: UnitRef, comparator: str, periods, own: dict, book: TargetBook, access: Access) -> list[Cell]:
    may_edit = access.allows(TARGET, unit.id)
    cells = []
    for period in periods:
        found = book.find(kpi.pk, unit.id, period.start, period.end, comparator=comparator)
        is_phase = bool(found and found.phases and found.source == "unit")
        mine = own.get((unit.id, period.start))
        cells.append(Cell(unit.id, period.start, period.end, mine, found, "", is_phase and mine is None, may_edit))
    return cells


def _named(cell: Cell, names: dict[int, str]) -> Cell:
    from dataclasses import replace

    return replace(cell, from_name=names.get(cell.found.from_unit, "a unit above")) if cell.found else cell
