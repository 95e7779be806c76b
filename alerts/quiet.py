"""Quiet hours: from which moment something may be delivered. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

A_DAY = timedelta(days=1)


def released_at(moment: datetime, start: time | None, end: time | None, zone: ZoneInfo) -> datetime:
    """`moment` itself outside the quiet hours from `start` up to `end`; inside, the instant at which they end. UTC.

    The hours are those of the clock in `zone` and may run over midnight (22:00 to 07:00). An hour that the change to
    summer time leaves out ends when the clock has passed it; one that comes twice is quiet twice.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a moment has a time zone, got {moment}")
    moment = moment.astimezone(UTC)
    if start is None or end is None or start == end:
        return moment
    local = moment.astimezone(zone)
    clock = local.time()
    is_quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not is_quiet:
        return moment
    day = local.date() if clock < end else local.date() + A_DAY
    ends = (datetime.combine(day, end.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1))
    return max(moment, min((instant for instant in ends if instant > moment), default=moment))
