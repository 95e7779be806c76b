"""The targets of one KPI as a grid: a unit and those below it, by the periods of a fiscal year."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from kpis.calendars import calendars_of
from kpis.kept_targets import kept_of
from kpis.measures import adds_up_over_time, base_of, is_total
from kpis.models import AnnualTarget, Kpi, KpiVersion, StandingTarget, Target
from kpis.models.targets import Comparator
from kpis.target_book import Found, TargetBook
from kpis.typed_numbers import written
from organization.access import TARGET, Access
from organization.models import Unit

from .units import neighbours, require_visible, unit_ref, units_by_id
from .words import UnitRef

MOST_UNITS = 200
EACH, TOTAL = "each", "total"
COLUMNS = {"day": "month", "week": "month", "month": "month", "quarter": "quarter", "year": "year"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What holds for a unit in a period. own: the target set for exactly this period, which the cell edits.

    around: the unit's own target of longer days, within which a number typed here is set. found: what holds there, and
    from where; phase: a part of an annual target, which is changed there. as_total: whether the cell's amount is that
    of the period, or of each finer one in it; None where there is no such difference. sets_total: what is typed is the
    period's total, added up for longer ones. kept: where its target is changed instead, by a room above.
    """

    unit_id: int
    start: date
    end: date
    own: Target | None
    found: Found | None
    from_name: str
    is_phase: bool
    may_edit: bool
    as_total: bool | None = None
    sets_total: bool = False
    around: Target | None = None
    kept: str = ""

    @property
    def name(self) -> str:
        return f"c_{self.unit_id}_{self.start.isoformat()}"

    @property
    def text(self) -> str:
        """What the cell holds: its own value, or a phase; nothing of the other kind of amount."""
        if self.own is not None:
            return self._own_text if self.is_shown else ""
        is_text = self.is_phase and self.as_total is not False and self.found.value is not None
        return _plain(self.found.value) if is_text else ""

    @property
    def is_shown(self) -> bool:
        """Its own target is of the kind of amount that the grid shows."""
        return self.own is not None and self.as_total in (None, self.own.as_total)

    @property
    def _own_text(self) -> str:
        return _typed(self.own)

    @property
    def beneath(self) -> str:
        """What holds again when the cell's own target, which was set within another, is taken back."""
        return _typed(self.own.overrides) if self.own is not None and self.own.overrides else ""

    @property
    def keeps(self) -> str:
        """What stays of the longer target once a number is typed here; empty where there is none."""
        if self.around is None or self.kept:
            return ""
        around, is_after = self.around, self.around.valid_to is None or self.around.valid_to > self.end
        sides = ["before"] * (around.valid_from < self.start) + ["after"] * is_after
        where = "on its other days" if around.part_of_id else " and ".join(sides)
        return f"the standing {around.get_comparator_display().lower()} {_typed(around)} is kept {where}"

    @property
    def inherited(self) -> str:
        """What holds where the cell has nothing of its own, or its own of the other kind of amount."""
        found = self.found
        if self.text or found is None:
            return ""
        held = _plain(found.value) if found.value is not None else f"{_plain(found.low)}..{_plain(found.high)}"
        return held if self.as_total is None else f"{held} in all" if found.parts else f"{held} each"

    @property
    def hint(self) -> str:
        """What stands greyed in it: what holds where it is empty, or again once it is emptied."""
        return self.inherited or self.beneath

    @property
    def said(self) -> str:
        """Of its hint: where that holds from, and what a number typed here does to it."""
        if self.kept:
            return self.kept
        if self.inherited and self.found:
            return f"{self.inherited} {self._origin}{f': {self.found.basis}' if self.found.basis else ''}"
        if self.beneath:
            return f"Set within the standing {self.beneath}, which holds again once the cell is emptied"
        return f"Part of the annual target: {self.found.basis}" if self.is_phase and self.found else ""

    @property
    def _origin(self) -> str:
        if self.own is not None:
            return "is set: a number typed here takes its place"
        if self.is_phase:
            return "is a part of the annual target"
        if self.found.source == "unit":
            within = ": a number typed here is set within them" if self.keeps and self.may_edit else ""
            return f"set for this unit with other days{within}"
        return f"from {self.from_name}"


@dataclass(frozen=True, slots=True)
class GridRow:
    """total: what its cells are together for the year, where they are totals and none is missing."""

    unit: UnitRef
    depth: int
    cells: tuple[Cell, ...]
    total: float | None = None


@dataclass(frozen=True, slots=True)
class TargetGrid:
    """standing: targets that hold for other days than one period, and for segments; annual: of this year.

    amounts: EACH or TOTAL, what its cells show and set; empty where there is no such difference. kept: {unit id: where
    its target is changed instead}.
    """

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
    amounts: str = ""
    kept: dict[int, str] = field(default_factory=dict)

    @property
    def listed(self) -> list[tuple[Target, list[Target], str]]:
        """The standing ones, each with its parts: of one that others were set within, those that are left, by day; and
        where it is changed instead.
        """
        groups: dict[tuple, list[Target]] = {}
        for target in self.standing:
            key = ("part", target.part_of_id) if target.part_of_id else ("whole", target.pk)
            groups.setdefault(key, []).append(target)
        return [(parts[0], parts, self._kept_where(parts[0])) for parts in groups.values()]

    def _kept_where(self, target: Target) -> str:
        is_kept = target.comparator == Comparator.TARGET and not target.dimension and not target.overrides_id
        return self.kept.get(target.unit_id, "") if is_kept else ""

    @property
    def is_total(self) -> bool:
        """Its targets are not inherited."""
        return self.version is not None and is_total(self.version)

    @property
    def each(self) -> str:
        """The finer period for which a cell's number may hold: a day's total is none of its month. Empty: its own."""
        return _finer(self.version)

    @property
    def whole(self) -> str:
        """The grain of its columns."""
        return COLUMNS[self.version.grain if self.version else "month"]

    @property
    def has_sums(self) -> bool:
        """Its numbers are totals that are added up for longer periods: a distinct count's are not."""
        adds_up = self.may_be_total and base_of(self.version) != KpiVersion.Kind.DISTINCT
        return adds_up and self.amounts != EACH and len(self.periods) > 1

    @property
    def may_be_total(self) -> bool:
        """Its KPI adds up over time, so that a target may be that of some days together."""
        return self.version is not None and adds_up_over_time(self.version)

    @property
    def tells_days(self) -> bool:
        """Its columns are called after a fiscal year, which does not say on which days they begin and end."""
        return any(period.label.startswith("FY") for period in self.periods)

    def cells(self):
        return (cell for row in self.rows for cell in row.cells)


def target_grid(
    kpi: Kpi, unit: Unit, comparator: str, year_of: date, day: date, access: Access, amounts: str = ""
) -> TargetGrid:
    """The grid of the fiscal year that holds `year_of`, by the tree of `day`. Raises NotYours. Ten queries, and one
    a room that keeps targets.

    `amounts` is that which is asked for; else the kind of what is set already, else totals of the grid's periods.
    """
    require_visible(unit, access)
    version = kpi.versions.select_related("dataset").in_force(day).order_by("-number").first()
    version = version or kpi.versions.newest()
    year, periods = _columns(kpi, version, year_of, day)
    _, below, _ = neighbours(unit, day, access)
    units = [unit_ref(unit), *below[:MOST_UNITS]]
    own, standing, phases = _sorted_targets(kpi, [u.id for u in units], comparator, periods)
    amounts = _amounts(version, amounts, own.values(), standing, phases, comparator)
    book = TargetBook([kpi.pk])
    longer = _longer(standing, comparator, periods)
    cells = {u.id: _cells(kpi, u, comparator, periods, own, longer, book, access) for u in units}
    kept = {unit: said for unit, said in kept_of(kpi.pk, Comparator.TARGET).items() if unit in cells}
    if comparator == Comparator.TARGET:
        cells |= {unit: [_kept(cell, said) for cell in cells[unit]] for unit, said in kept.items()}
    adds_up = version is not None and adds_up_over_time(version)
    cells = _marked(cells, phases, {EACH: False, TOTAL: True}.get(amounts), adds_up and amounts != EACH)
    sums = {u.id: _total(kpi, u, comparator, year, book) for u in units} if adds_up else {}
    rows = _rows(units, cells, sums, access)
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
        amounts=amounts,
        kept=kept,
    )


def _columns(kpi: Kpi, version: KpiVersion | None, year_of: date, day: date) -> tuple:
    """(the fiscal year that holds `year_of`, its periods by which targets are set)."""
    calendar = calendars_of([kpi.unit_id], day)[kpi.unit_id]
    year = calendar.period_of(year_of, "year")
    grain = COLUMNS[version.grain if version else "month"]
    return year, tuple(calendar.periods(grain, year.start, year.end)) if grain != "year" else (year,)


def _finer(version: KpiVersion | None) -> str:
    """The grain of which a column is the sum; empty where it is none."""
    if version is None or COLUMNS[version.grain] == version.grain or not adds_up_over_time(version):
        return ""
    return version.grain


def _amounts(version, asked: str, own, standing, phases, comparator: str) -> str:
    """The kind of amount that is asked for, else that of what is set already; of both kinds, and of nothing, totals."""
    if not _finer(version):
        return ""
    if asked in (EACH, TOTAL):
        return asked
    kinds = {target.as_total for target in (*own, *(t for t in standing if t.comparator == comparator))}
    return EACH if kinds == {False} and not phases else TOTAL


def _total(kpi: Kpi, unit: UnitRef, comparator: str, year, book: TargetBook) -> float | None:
    found = book.find(kpi.pk, unit.id, year.start, year.end, comparator=comparator, only_totals=True)
    return found.value if found else None


def _sorted_targets(kpi: Kpi, units: list[int], comparator: str, periods) -> tuple[dict, tuple[Target, ...], set]:
    """{(unit, start): target} of single periods, all others, and (unit, start) of phases of a year. One query."""
    ends = {period.start: period.end for period in periods}
    own, standing, phases = {}, [], set()
    targets = Target.objects.filter(kpi=kpi, unit__in=units).select_related("unit", "set_by", "overrides")
    for target in targets.order_by("unit__name", "comparator", "valid_from"):
        if target.annual_id:
            is_here = target.comparator == comparator and periods[0].start <= target.valid_from < periods[-1].end
            phases |= {(target.unit_id, target.valid_from)} if is_here else set()
            continue
        of_the_grid = target.comparator == comparator and not target.dimension and target.valid_to is not None
        if of_the_grid and not target.part_of_id and ends.get(target.valid_from) == target.valid_to:
            own[(target.unit_id, target.valid_from)] = target
        elif target.valid_to is None or (target.valid_to > periods[0].start and target.valid_from < periods[-1].end):
            standing.append(target)
    return own, tuple(target for target in standing if target.valid_from < periods[-1].end), phases


def _longer(standing, comparator: str, periods) -> dict[tuple[int, date], Target]:
    """{(unit, start): the target of longer days that may be split around the period}, and parts of such ones."""
    plain = [t for t in standing if t.comparator == comparator and not t.dimension and not t.as_total]
    return {
        (target.unit_id, period.start): target
        for target in plain
        for period in periods
        if target.valid_from <= period.start and (target.valid_to is None or period.end <= target.valid_to)
    }


def _cells(
    kpi, unit: UnitRef, comparator: str, periods, own: dict, longer: dict, book: TargetBook, access: Access
) -> list[Cell]:
    may_edit = access.allows(TARGET, unit.id)
    cells = []
    for period in periods:
        found = book.find(kpi.pk, unit.id, period.start, period.end, comparator=comparator)
        place = (unit.id, period.start)
        cell = Cell(unit.id, period.start, period.end, own.get(place), found, "", False, may_edit)
        cells.append(replace(cell, around=longer.get(place)))
    return cells


def _kept(cell: Cell, said: str) -> Cell:
    """What was set within a kept one may still be taken back."""
    return cell if cell.beneath else replace(cell, kept=said)


def _marked(
    cells: dict[int, list[Cell]], phases: set, as_total: bool | None, sets_total: bool
) -> dict[int, list[Cell]]:
    """The cells with the kind of their amount; one that phases of a year fill is a phase."""

    def marked(cell: Cell) -> Cell:
        of_a_year = any(unit == cell.unit_id and cell.start <= start < cell.end for unit, start in phases)
        filled = cell.own is None and cell.found is not None and cell.found.parts and cell.found.source == "unit"
        return replace(cell, is_phase=bool(filled and of_a_year), as_total=as_total, sets_total=sets_total)

    return {unit: [marked(cell) for cell in row] for unit, row in cells.items()}


def _rows(units: list[UnitRef], cells: dict[int, list[Cell]], sums: dict, access: Access) -> tuple[GridRow, ...]:
    """The lines of the units, the first one's own above those below it. One query for the names of sources."""
    sources = {cell.found.from_unit for row in cells.values() for cell in row if cell.found}
    names = {unit.id: unit.name for unit in units_by_id(sources, access).values()}
    return tuple(
        GridRow(unit, int(place > 0), tuple(_named(cell, names) for cell in cells[unit.id]), sums.get(unit.id))
        for place, unit in enumerate(units)
    )


def _named(cell: Cell, names: dict[int, str]) -> Cell:
    return replace(cell, from_name=names.get(cell.found.from_unit, "a unit above")) if cell.found else cell


def _typed(target: Target | StandingTarget) -> str:
    return written(target.value) if target.value is not None else f"{written(target.low)}..{written(target.high)}"


def _plain(value: float) -> str:
    return written(Decimal(str(value)))
