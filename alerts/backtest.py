"""Back-test of a rule over stored results: on which periods it would have raised an alert, and when each was over."""

from dataclasses import dataclass
from datetime import date, datetime

from kpis.selectors.kpis import PERIODS
from kpis.selectors.readings import versions_on
from organization.models import Unit

from .decide import Episode, Judgement, replay
from .models import AlertRule
from .series import Seen, series_of
from .words import Words

MOST_SERIES = 12
WITHOUT_HISTORY = {AlertRule.Condition.LATE_DATA}


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert that would have been. `until` empty: it would stand today."""

    unit: Unit
    member: str
    period: str
    period_start: date
    found: str
    until: str


@dataclass(frozen=True, slots=True)
class Tested:
    """One series: its values, the oldest first, and how many alerts it would have had."""

    unit: Unit
    member: str
    values: tuple[float | None, ...]
    alerts: int
    breaches: int


@dataclass(frozen=True, slots=True)
class BackTest:
    """periods: how many were looked at. series: those with the most alerts first; `hidden` more are not listed."""

    words: str
    periods: int
    first: str
    last: str
    raised: tuple[Raised, ...]
    series: tuple[Tested, ...]
    hidden: int
    standing: int
    quiet: bool = False

    @property
    def count(self) -> int:
        return len(self.raised)


def backtest(rule: AlertRule, *, day: date, now: datetime) -> BackTest:
    """Replay the rule, kept or not, over the last stored periods (of days 92, weeks 104, months 36 ...)."""
    words = Words(rule, versions_on([rule.kpi_id], day).get(rule.kpi_id), day)
    depth = 1 if rule.condition in WITHOUT_HISTORY else PERIODS[rule.grain]
    found = series_of(rule, day=day, now=now, depth=depth)
    units = Unit.objects.in_bulk({unit for unit, _ in found})
    raised: list[Raised] = []
    tested: list[Tested] = []
    for (unit, member), seen in found.items():
        episodes = list(_episodes(rule, seen, now))
        raised += [_raised(rule, units[unit], member, seen, one, words) for one in episodes]
        breaches = sum(one.point.judgement is Judgement.BREACH for one in seen)
        tested.append(Tested(units[unit], member, tuple(one.value for one in seen), len(episodes), breaches))
    raised.sort(key=lambda one: (one.period_start, one.unit.name, one.member), reverse=True)
    tested.sort(key=lambda one: (-one.alerts, -one.breaches, one.unit.name, one.member))
    longest = max(found.values(), key=len, default=[])
    return BackTest(
        words=words.rule_in_words(),
        periods=len(longest),
        first=_label(longest[:1], words),
        last=_label(longest[-1:], words),
        raised=tuple(raised),
        series=tuple(tested[:MOST_SERIES]),
        hidden=max(0, len(tested) - MOST_SERIES),
        standing=sum(not one.until for one in raised),
    )


def _episodes(rule: AlertRule, seen: list[Seen], now: datetime):
    if rule.condition in WITHOUT_HISTORY:
        return [Episode(one.point.key) for one in seen if one.point.judgement is Judgement.BREACH]
    # A series that has no row for a period has no end of it either: the period's start keeps the order.
    moments = [one.ended_at if one.period_end else datetime.combine(one.period_start, now.timetz()) for one in seen]
    return replay([one.point for one in seen], rule.terms, moments)


def _raised(rule: AlertRule, unit: Unit, member: str, seen: list[Seen], episode, words: Words) -> Raised:
    places = {one.point.key: place for place, one in enumerate(seen)}
    place = places[episode.raised]
    window = seen[max(0, place + 1 - rule.periods) : place + 1]
    breaches = sum(one.point.judgement is Judgement.BREACH for one in window)
    until = _label([seen[places[episode.resolved]]], words) if episode.resolved else ""
    start = seen[place].period_start
    return Raised(
        unit, member, _label([seen[place]], words) or "now", start or date.max, words.found(window, breaches), until
    )


def _label(seen: list[Seen], words: Words) -> str:
    return words.period(seen[0].period_start) if seen and seen[0].period_start else ""
