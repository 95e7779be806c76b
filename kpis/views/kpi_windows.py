"""Any days against any others, below what moved the number: the form, its answer or why there is none."""

from datetime import date

from doors.days import day_asked
from kpis.selectors.stretches import ONE_DAY
from kpis.selectors.windows import NoWindow, by_habit, windows
from lake.periods import Span

from .place import Place

ASKED = ("first", "last", "against_first", "against_last")


def windows_of(request, place: Place, last: date | None) -> dict:
    """last: the end of the last complete period, for days that nobody chose. `found` or `refusal` if some were."""
    calendar, grain = place.book.calendar(place.kpi.pk), place.version.grain
    asked = [day_asked(request, name, "the days are proposed") for name in ASKED]
    habit = by_habit(calendar, grain, last) if last else ()
    proposed = [day for span in habit for day in (span.start, span.end - ONE_DAY)] or [None] * len(ASKED)
    days = [one or other for one, other in zip(asked, proposed, strict=True)]
    shown = {"fields": dict(zip(ASKED, days, strict=True)), "found": None, "refusal": ""}
    if not any(asked) or None in days:
        return shown
    try:
        shown["found"] = _answer(request, place, days)
    except NoWindow as fault:
        shown["refusal"] = str(fault)
    return shown


def _answer(request, place: Place, days: list[date]):
    first, last, against_first, against_last = days
    for start, end in ((first, last), (against_first, against_last)):
        if end < start:
            raise NoWindow(f"{end:%-d %b %Y} is before {start:%-d %b %Y}: choose the first day, then the last.")
    now, before = Span(first, last + ONE_DAY), Span(against_first, against_last + ONE_DAY)
    return windows(place.kpi, place.unit, now, before, place.day, request.access, book=place.book)
