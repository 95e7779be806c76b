"""Any days against any other days: the last twelve months with those before, one campaign week with another.

Put together from a KPI's finest results as to-date numbers are (`stretches.py`), without a scan; or refused in words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from kpis.models import Kpi, KpiVersion
from lake.periods import Calendar, Span
from organization.access import Access
from organization.models import Unit

from .readings import Book
from .results import Row, last_rows
from .stretches import ONE_DAY, Stretch, adds_up, difference, is_good, stretch_of
from .units import require_visible

MOST_PERIODS = 4_000
HABIT = {"day": 28, "week": 13, "month": 12, "quarter": 4, "year": 1}  # periods of a window that nobody chose


class NoWindow(ValueError):
    """Why these days are not put together; in words for their reader."""


@dataclass(frozen=True, slots=True)
class Windows:
    """`now` against `before`; notes: what to mind when reading the change."""

    now: Stretch
    before: Stretch
    change: float | None
    change_is_good: bool | None
    notes: tuple[str, ...] = ()


def windows(
    kpi: Kpi,
    unit: Unit,
    now: Span,
    before: Span,
    day: date,
    access: Access,
    *,
    as_known_at: datetime | None = None,
    book: Book | None = None,
) -> Windows:
    """The KPI at `unit` over the days of `now` and of `before`, each of whole and complete periods on `day`.

    One query beside those of the book. Raises NotYours, NoWindow.
    """
    require_visible(unit, access)
    book = book or Book([kpi.pk], day)
    version, calendar = book.versions[kpi.pk], book.calendar(kpi.pk)
    if not adds_up(version):
        raise NoWindow("Its periods, added up or averaged, would not be the number of all of their rows.")
    for span in (now, before):
        _check(span, calendar, version.grain, day)
    start, end = min(now.start, before.start), max(now.end, before.end)
    reach = len(calendar.periods(version.grain, start, end))
    if reach > MOST_PERIODS:
        raise NoWindow(f"From the first day to the last are {reach:,} periods; at most {MOST_PERIODS:,} are read.")
    upto = end - ONE_DAY
    rows = last_rows([(kpi.pk, unit.pk, version.grain)], upto, reach, known_at=as_known_at).get((kpi.pk, unit.pk), [])
    _check_complete(rows, (now, before), day)
    stretches = [stretch_of(rows, span.start, span.end, version) for span in (now, before)]
    change = difference(*stretches)
    notes = _notes(now, before, version, rows, stretches)
    return Windows(*stretches, change, is_good(change, version), tuple(notes))


def by_habit(calendar: Calendar, grain: str, end: date) -> tuple[Span, Span]:
    """The last periods up to (not on) `end`, a year of months for instance, and as many before them."""
    starts = [end]
    for _ in range(2 * HABIT[grain]):
        starts.append(calendar.period_of(starts[-1] - ONE_DAY, grain).start)
    return Span(starts[HABIT[grain]], end), Span(starts[-1], starts[HABIT[grain]])


def _check(span: Span, calendar: Calendar, grain: str, day: date) -> None:
    """Whole periods that are over. Raises NoWindow with the days to choose."""
    first, last = calendar.period_of(span.start, grain), calendar.period_of(span.end - ONE_DAY, grain)
    if first.start != span.start:
        raise NoWindow(
            f"{_said(span.start)} lies within {first.label}, and the KPI is kept by {grain}: "
            f"begin on {_said(first.start)} or {_said(first.end)}."
        )
    if last.end != span.end:
        raise NoWindow(
            f"{_said(span.end - ONE_DAY)} lies within {last.label}, and the KPI is kept by {grain}: "
            f"end on {_said(last.start - ONE_DAY)} or {_said(last.end - ONE_DAY)}."
        )
    if span.end > day:
        raise NoWindow(f"{last.label} is not over on {_said(day)}.")


def _check_complete(rows: list[Row], spans: tuple[Span, ...], day: date) -> None:
    if not rows:
        raise NoWindow("There is no number of these days yet.")
    opened = next((row for row in rows if row.open_on(day) and any(row.period_start in span for span in spans)), None)
    if opened:
        raise NoWindow(f"The data are not complete from {_said(opened.period_start)} on: end before that.")


def _notes(now: Span, before: Span, version: KpiVersion, rows: list[Row], found: list[Stretch]) -> Iterator[str]:
    if version.kind == KpiVersion.Kind.SIMPLE and now.days != before.days:
        yield f"{now.days:,} days against {before.days:,}: the longer ones add up to more."
    shared = (min(now.end, before.end) - max(now.start, before.start)).days
    if shared > 0:
        yield f"{shared:,} of the days are in both."
    if any(stretch.value is None and rows[0].period_start > stretch.start for stretch in found):
        yield f"Its first number is that of {_said(rows[0].period_start)}."


def _said(day: date) -> str:
    return f"{day:%-d %b %Y}"
