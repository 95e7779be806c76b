"""Instants as people read and type them: by the clock of a zone. Facts hold them in UTC, without a zone.

The rule for the hours that a clock change touches is that of `lake.intake.localtime`: a typed time that occurs twice is
the first of the two, one that is skipped is taken with the offset before the change. Written, an offset stands behind a
time that the clock shows twice, and only there; what is written is read back as the same instant.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def by_clock(instant: datetime, zone: str) -> datetime:
    """A stored instant by the clock of the IANA zone; in UTC where that clock would leave the years 1 to 9999."""
    moment = instant.replace(tzinfo=UTC)
    try:
        return moment.astimezone(ZoneInfo(zone))
    except OverflowError:
        return moment


def instant_of(text: str, zone: str) -> datetime:
    """The stored instant that an ISO date or time means: by its offset, or without one by the clock of the IANA zone.

    Raises ValueError for what is no such text.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as fault:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999") from fault


def written(moment: datetime) -> str:
    """`2016-10-30 09:30`, with seconds where there are any, and ` +01:00` where its clock shows that time twice."""
    text = f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
    occurs_twice = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()
    return f"{text} {moment.isoformat(timespec='minutes')[16:]}" if occurs_twice else text
