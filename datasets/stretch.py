"""Of which days a complete extract holds all records: as its sender states them, else from its first to its last event.

Days are whole and inclusive, by the reporting clock of the contract. A statement holds every accepted row, or the
upload asks before anything is loaded: it is the statement that the file contradicts, and no row is at fault.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from . import scan
from .models import Dataset, Upload
from .refusals import InvalidRequest, OutsideStretch
from .watermark import complete_through, first_of

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.intake import Loaded

SHOWN_ROWS = 20


class Stated(NamedTuple):
    """The first and the last day that the sender states; None: that of the first (last) event."""

    first: date | None = None
    last: date | None = None


def stated_of(upload: Upload) -> Stated:
    return Stated(upload.stated_from, upload.stated_through)


def check(stated: Stated, dataset: Dataset | None, *, complete: bool) -> None:
    """Raises InvalidRequest: the days of no complete extract, in the wrong order, or cutting what a row stands for."""
    first, last = stated
    if any(stated) and not complete:
        raise InvalidRequest(
            "Days are stated of which the extract holds all records, but it is not said to be complete.",
            next_step="Say that it is complete, or leave the days out.",
            field="complete_from" if first else "complete_through",
        )
    if first and last and first > last:
        raise InvalidRequest(
            f"The last day, {last:%-d %b %Y}, is before the first, {first:%-d %b %Y}.",
            next_step="State the first and the last day of which it holds all records, both included.",
            field="complete_through",
        )
    if dataset is None:
        return
    for field, day, whole, end in (
        ("complete_from", first, first and first_of(first, dataset.covers), "first"),
        ("complete_through", last, complete_through(last, dataset.covers), "last"),
    ):
        if day != whole:
            raise InvalidRequest(
                f"A row of {dataset.name} stands for {dataset.get_covers_display().lower()}: state its {end} day, such "
                f"as {whole}.",
                field=field,
            )


def spoken_for(upload: Upload, loaded: Loaded) -> Stated:
    """The first and last day of which the upload holds all records; both None if no row has an event time.

    What is not stated goes by the events, and is widened to what a row stands for: its day, month, quarter or year.
    """
    if not loaded.first_event:
        return Stated()
    stated, events = stated_of(upload), _widened(upload.dataset, _events_of(loaded))
    return Stated(stated.first or events.first, stated.last or events.last)


def refuse_outside(upload: Upload, contract: Contract, loaded: Loaded) -> None:
    """Raises OutsideStretch if an accepted row lies outside the days that are stated."""
    event, (first, last) = contract.event_time, stated_of(upload)
    if not upload.complete or event is None or not loaded.first_event:
        return
    events = _events_of(loaded)
    early, late = bool(first and events.first < first), bool(last and events.last > last)
    if not (early or late):
        return
    day = f'"{event.name}__day"'
    beyond = [f"{day} < date '{first}'" if early else "", f"{day} > date '{last}'" if late else ""]
    found = scan.fetch_here(
        f"select _row as row, {day} as day, count(*) over () as total from {scan.rows_in(loaded.accepted_path)} "
        f"where {' or '.join(filter(None, beyond))} order by _row limit {SHOWN_ROWS}",
        [loaded.accepted_path],
    )
    raise _outside(upload, events, found, loaded.accepted)


def _outside(upload: Upload, events: Stated, found: list[dict[str, Any]], rows: int) -> OutsideStretch:
    stated, total = stated_of(upload), found[0]["total"]
    held = _widened(upload.dataset, events)
    early, late = bool(stated.first and held.first < stated.first), bool(stated.last and held.last > stated.last)
    wider = [f"`complete_from` {held.first}"] if early else []
    wider += [f"`complete_through` {held.last}"] if late else []
    return OutsideStretch(
        f"{total:,} of its {rows:,} rows {'lies' if total == 1 else 'lie'} outside the days of which it was stated to "
        f"hold all records, {_days_in_words(stated)}: its events are of {days(*events)}.",
        next_step=f"Nothing was loaded. If it holds all records of these days too, load it again with "
        f"{' and '.join(wider)}; otherwise with `complete` false. If the rows are wrong, correct the file and send it "
        "again.",
        field="complete_from" if early else "complete_through",
        outside=total,
        rows=rows,
        first_event=str(events.first),
        last_event=str(events.last),
        stated_from=stated.first and str(stated.first),
        stated_through=stated.last and str(stated.last),
        details=[{"row": row["row"], "day": str(row["day"])} for row in found],
    )


def _events_of(loaded: Loaded) -> Stated:
    return Stated(date.fromisoformat(loaded.first_event), date.fromisoformat(loaded.last_event))


def _widened(dataset: Dataset, events: Stated) -> Stated:
    """To what a row stands for: its day, month, quarter or year."""
    return Stated(
        events.first and first_of(events.first, dataset.covers), complete_through(events.last, dataset.covers)
    )


def _days_in_words(known: Stated) -> str:
    first, last = known
    if first and last:
        return days(first, last)
    return f"from {said(first)} on" if first else f"up to {said(last)}"


def words(upload: Upload, first: date, last: date) -> str:
    """The stretch in words, with what of it was stated: "1 Jan 2025 (as stated) to 28 Jan 2025 (by its last event)"."""
    stated = stated_of(upload)
    if not any(stated):
        return days(first, last)
    if all(stated):
        return f"{days(first, last)} (as stated)"
    by = ("as stated", "by its last event") if stated.first else ("by its first event", "as stated")
    return f"{said(first)} ({by[0]}) to {said(last)} ({by[1]})"


def in_words(upload: Upload) -> tuple[str, str]:
    """The days of which the upload holds all records, as far as they are known, and what of them was stated."""
    stated = stated_of(upload)
    known = Stated(upload.complete_from or stated.first, upload.complete_through or stated.last)
    if not any(known):
        return "", ""
    by = {(True, True): "as stated", (True, False): "first day as stated", (False, True): "last day as stated"}
    return _days_in_words(known), by.get((bool(stated.first), bool(stated.last)), "by its events")


def wider(upload: Upload) -> Stated:
    """The days that were stated, widened to those of the events that were found outside of them."""
    fault, stated = upload.fault or {}, stated_of(upload)
    held = _widened(
        upload.dataset, Stated(*(date.fromisoformat(fault[name]) for name in ("first_event", "last_event")))
    )
    assert held.first is not None and held.last is not None
    return Stated(stated.first and min(stated.first, held.first), stated.last and max(stated.last, held.last))


def days(first: date, last: date) -> str:
    return said(first) if first == last else f"{said(first)} to {said(last)}"


def said(day: date) -> str:
    return f"{day:%-d %b %Y}"
