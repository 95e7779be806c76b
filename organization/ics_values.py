"""What an iCalendar event says of itself, or why that cannot be read."""

YEARS = range(1990, 2100)


class IcsRefused(Exception):
    """The file is no calendar, or holds what cannot be taken over exactly; the message names the event."""


def value_of(event, part: str):
    """What the event says there, None where it says nothing. Raises IcsRefused for what cannot be read."""
    found = event.get(part)
    if isinstance(found, list):
        raise IcsRefused(f"The event {name_of(event)!r} has several {part}: only one can be followed.")
    try:
        return None if found is None else found.dt
    except Exception:  # icalendar raises what it likes for what it could not read
        raise IcsRefused(f"The {part} of the event {name_of(event)!r} is no date that can be read.") from None


def name_of(event) -> str:
    """Its summary, as people know it."""
    return str(event.get("SUMMARY", "") or "closed").replace("\0", "")[:200]
