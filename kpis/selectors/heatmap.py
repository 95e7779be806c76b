"""Units by KPIs: where it is red."""

from collections.abc import Iterable
from datetime import date

from kpis import scoring
from organization.access import Access

from .readings import OPEN, Book
from .results import Row, last_rows
from .units import units_by_id
from .words import HeatCell, HeatMap


def heatmap(
    kpis: Iterable[int],
    units: Iterable[int],
    grain: str,
    day: date,
    access: Access,
    *,
    period=None,
    include_open: bool = False,
) -> HeatMap:
    """Cells for KPI ids by unit ids, of `period` or of the last complete one each. Five queries, whatever the size.

    Units that the person may not see are left out; a cell without a result is missing from `cells`.
    """
    shown = units_by_id(units, access)
    kpis = list(dict.fromkeys(kpis))
    book = Book(kpis, day)
    refs = tuple(book.refs[kpi] for kpi in kpis if kpi in book.refs)
    grains = {ref.id: book.grain(ref.id, grain) for ref in refs}
    pairs = [(kpi, unit, read) for kpi, read in grains.items() for unit in shown]
    complete_by = None if period or include_open else day
    rows = last_rows(pairs, period.start if period else day, 1, complete_by=complete_by)
    book.load_verdicts(pairs)
    cells = {}
    for (kpi, unit), found in rows.items():
        if period is None or found[-1].period_start == period.start:
            cells[(unit, kpi)] = _cell(book, found[-1], include_open)
    return HeatMap(tuple(shown.values()), refs, cells)


def _cell(book: Book, row: Row, include_open: bool) -> HeatCell:
    hidden = row.open_on(book.day) and not include_open
    return HeatCell(
        unit_id=row.unit_id,
        kpi_id=row.kpi_id,
        value=row.value,
        status=OPEN if hidden else row.status if row.value is not None else scoring.NO_DATA,
        score=None if hidden else row.score,
        period=book.period(row),
        is_provisional=row.is_provisional,
        verdict=book.verdict(row),
    )
