"""The days of a contract: when its term ends, until when notice can be given, what is near. Pure.

A contract that renews goes on by `renew_months` at the end of each term, from the day after its last, until notice is
given in time. Months are added by the calendar: a term that ends on 31 January, renewed by a month, ends on the last
of February, and the one after that on 31 March, since every term is counted from the first.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

UPCOMING, ACTIVE, UNDER_NOTICE, EXPIRED, ENDED = "upcoming", "active", "under_notice", "expired", "ended"


@dataclass(frozen=True, slots=True)
class Terms:
    """`ends_on` is the last day (None: until notice); `ended_on` the first day on which it no longer holds."""

    starts_on: date
    ends_on: date | None
    notice_days: int = 0
    renew_months: int = 0
    notice_given_on: date | None = None
    ended_on: date | None = None

    @classmethod
    def of(cls, contract) -> "Terms":
        return cls(**{name: getattr(contract, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Dates:
    """On one day: the state, the last day of the running term, and the last day for notice that still counts."""

    state: str
    term_end: date | None
    notice_by: date | None
    renews: bool

    @property
    def next(self) -> date | None:
        """The next day on which something has to be decided or happens."""
        return self.notice_by or self.term_end


def dates_on(terms: Terms, day: date) -> Dates:
    """The contract as it stands on `day`."""
    if terms.ended_on and terms.ended_on <= day:
        return Dates(ENDED, terms.ended_on - timedelta(days=1), None, False)
    if terms.notice_given_on and terms.notice_given_on <= day:
        end = end_after_notice(terms, terms.notice_given_on)
        return Dates(UNDER_NOTICE if end >= day else EXPIRED, end, None, False)
    state = UPCOMING if day < terms.starts_on else ACTIVE
    if terms.ends_on is None:
        return Dates(state, None, None, False)
    end = term_end(terms, day)
    if end < day:
        return Dates(EXPIRED, end, None, False)
    notice_by = end - timedelta(days=terms.notice_days) if terms.renew_months else None
    in_time = notice_by is not None and notice_by >= day
    return Dates(state, end, notice_by if in_time else None, bool(terms.renew_months))


def term_end(terms: Terms, day: date) -> date:
    """The last day of the term that runs on `day`; of the last term, where it does not renew."""
    end, times = terms.ends_on, 0
    while terms.renew_months and end < day:
        times += 1
        end = add_months(terms.ends_on, terms.renew_months * times)
    return end


def end_after_notice(terms: Terms, on: date) -> date:
    """The last day after notice given `on`: the notice period, and for a fixed term at the least up to its end.

    Notice that comes too late for the running term counts for the one after it.
    """
    last = on + timedelta(days=terms.notice_days)
    if terms.ends_on is None:
        return last
    end = term_end(terms, on)
    return end if last <= end or not terms.renew_months else term_end(terms, last)


def near(dates: Dates, day: date, within_days: int) -> list[tuple[str, date]]:
    """What of the contract comes within `within_days`: ("notice" | "end", its day), the sooner first."""
    found = [("notice", dates.notice_by)] if dates.notice_by else []
    if dates.term_end and not dates.renews and dates.state in (ACTIVE, UNDER_NOTICE):
        found.append(("end", dates.term_end))
    limit = day + timedelta(days=within_days)
    return sorted(((kind, on) for kind, on in found if day <= on <= limit), key=lambda pair: pair[1])


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
