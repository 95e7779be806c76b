"""Instants as people read and type them: by the clock of a zone. Facts hold them in UTC, without a zone.

The rule for the hours that a clock change touches is that of `lake.intake.localtime`: a typed time that occurs twice is
the first of the two, one that is skipped is taken with the offset before the change. Written, an offset stands behind a
time that the clock shows twice, and only there; what is written is read back as the same instant.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

IN_WINTER_AND_SUMMER = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Clock:
    """The clock of an IANA zone. is_named: the zone stands behind each time, where its page goes by another."""

    zone: str
    is_named: bool = False

    @property
    def said(self) -> str:
        """By which clock times are, as a sentence."""
        return clock_said(self.zone)

    def of(self, instant: datetime) -> datetime:
        """A stored instant, or an aware one, as this clock shows it."""
        return by_clock(instant.astimezone(UTC) if instant.tzinfo else instant, self.zone)

    def shown(self, instant: datetime, **form: str) -> str:
        """A stored instant, or an aware one, in words."""
        text = in_words(self.of(instant), **form)
        return f"{text} {self.zone}" if self.is_named else text

    def read(self, typed: datetime) -> datetime:
        """The instant that somebody means who types a time by this clock."""
        return instant_of(typed.replace(tzinfo=None).isoformat(), self.zone).replace(tzinfo=UTC)

    def start_of(self, day: date) -> datetime:
        """The first moment of the day."""
        return self.read(datetime.combine(day, time()))

    def end_of(self, day: date) -> datetime:
        """The first moment after the day."""
        return self.start_of(day + timedelta(days=1))


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
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00") + _offset_if_twice(moment)


def in_words(moment: datetime, form: str = "%-d %b %Y, %H:%M") -> str:
    """`30 Oct 2016, 09:30`, or as another form of strftime has it; with its offset as `written` has it."""
    return moment.strftime(form) + _offset_if_twice(moment)


def clock_said(zone: str) -> str:
    """By which clock times are shown, as a sentence."""
    return "Times are in UTC." if zone == "UTC" else f"Times are by the clock of {zone}{_called(zone)}."


def _offset_if_twice(moment: datetime) -> str:
    occurs_twice = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()
    return f" {moment.isoformat(timespec='minutes')[16:]}" if occurs_twice else ""


def _called(zone: str) -> str:
    """How people call the zone's clock, in winter and in summer: " (GMT/BST)"; empty where it has no name."""
    names = dict.fromkeys(moment.astimezone(ZoneInfo(zone)).tzname() or "" for moment in IN_WINTER_AND_SUMMER)
    return f" ({'/'.join(names)})" if all(name.isalpha() for name in names) else ""
