"""Rules and findings in words, the same on pages, in e-mails and in the API."""

from kpis.calendars import calendars_of, period_of
from kpis.models import KpiVersion
from kpis.status_words import status_word
from organization.models import Role

from .models import AlertRule
from .series import Seen

Condition, Comparator = AlertRule.Condition, AlertRule.Comparator
SYMBOLS = {"percent": " %", "share": " %", "number": "", "count": "", "score": "", "ratio": ""}
SIGNAL_WORDS = {"bad": "for the worse", "good": "for the better", "neutral": "of any kind"}


class Words:
    """How one rule's numbers and periods are written. version: of its KPI in force. Two queries when made."""

    def __init__(self, rule: AlertRule, version: KpiVersion | None, day):
        self.rule, self.version = rule, version
        self.calendar = calendars_of({rule.kpi.unit_id}, day)[rule.kpi.unit_id]

    def number(self, value) -> str:
        if value is None:
            return "no value"
        version = self.version
        unit, decimals = (version.unit_of_measure, version.decimals) if version else ("number", 1)
        value = float(value) * (100 if unit == "share" else 1)
        return f"{value:,.{decimals}f}{SYMBOLS.get(unit, f' {unit}')}"

    def period(self, start) -> str:
        return period_of(self.calendar, start, self.rule.grain).label

    def found(self, window: list[Seen], breaches: int) -> str:
        """What a rule found: "92.1 % in Mar 2025, target 95.0 %; 2 of the last 3 months"."""
        newest = window[-1]
        match self.rule.condition:
            case Condition.LATE_DATA:
                return newest.note
            case Condition.NO_DATA:
                words = f"no number for {self.period(newest.period_start)}"
            case Condition.FORECAST_MISS:
                words = f"{newest.note} in {self.period(newest.period_start)}"
            case Condition.SIGNAL:
                words = f"{self.number(newest.value)} in {self.period(newest.period_start)}: {newest.note}"
            case Condition.STATUS:
                status = status_word(newest.status)
                words = f"{status} with {self.number(newest.value)} in {self.period(newest.period_start)}"
            case _:
                words = f"{self.number(newest.value)} in {self.period(newest.period_start)}{self._against(newest)}"
        return words + (f"; {breaches} of the last {plural(len(window), self.rule.grain)}" if len(window) > 1 else "")

    def _against(self, seen: Seen) -> str:
        name = "target" if self.rule.comparator == Comparator.TARGET else "limit"
        if seen.low is not None:
            return f", {name} {self.number(seen.low)} to {self.number(seen.high)}"
        return f", {name} {self.number(seen.limit)}"

    def rule_in_words(self) -> str:
        """The whole rule as one or two sentences."""
        rule = self.rule
        where = f"{rule.unit} and each unit below" if rule.below else str(rule.unit)
        if rule.dimension:
            where += f", {', '.join(rule.members)}" if rule.members else f", each {rule.dimension}"
        often = _often(rule) if rule.condition != Condition.LATE_DATA else ""
        sentence = f"{rule.kpi} at {where}: {self._what()}{often}."
        if rule.margin and rule.condition in (Condition.VALUE, Condition.FORECAST_MISS):
            sentence += f" Clear again when better by {self._margin()}."
        if rule.cool_down_hours:
            sentence += f" Silent for {plural(rule.cool_down_hours, 'hour')} after an alert."
        return sentence

    def _what(self) -> str:
        rule = self.rule
        match rule.condition:
            case Condition.VALUE if rule.comparator == Comparator.TARGET:
                return "misses its target"
            case Condition.VALUE:
                return f"{rule.comparator} {self.number(rule.limit)}"
            case Condition.STATUS:
                return f"is {' or '.join(status_word(one) for one in rule.statuses)}"
            case Condition.SIGNAL:
                kinds = {SIGNAL_WORDS.get(one, one) for one in rule.signal_kinds}
                return f"a signal {' or '.join(sorted(kinds))}"
            case Condition.FORECAST_MISS:
                return f"the chance of meeting the target is below {rule.chance_pct} %"
            case Condition.NO_DATA:
                return "has no number"
        late = f" by more than {plural(rule.grace_hours, 'hour')}" if rule.grace_hours else ""
        return f"its data are late{late}"

    def _margin(self) -> str:
        if self.rule.condition == Condition.FORECAST_MISS or (
            self.version and self.version.unit_of_measure in ("percent", "share")
        ):
            return f"{float(self.rule.margin):g} points"
        return self.number(self.rule.margin)


def _often(rule: AlertRule) -> str:
    if rule.periods == 1:
        return f" in a {rule.grain}"
    if rule.times == rule.periods:
        return f" in {plural(rule.periods, rule.grain)} in a row"
    return f" in {rule.times} of the last {plural(rule.periods, rule.grain)}"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def recipients_in_words(rule: AlertRule) -> str:
    """Who is told, and how."""
    who = [str(person) for person in rule.people.all()]
    who += [f"{Role(role).label.lower()}s of the unit" for role in rule.roles if role in Role.values]
    how = ["inbox", *(["e-mail"] if rule.by_email else []), *(["webhook"] if rule.by_webhook else [])]
    quiet = f", not between {rule.quiet_from:%H:%M} and {rule.quiet_until:%H:%M}" if rule.quiet_from else ""
    return f"{', '.join(who) or rule.owner} by {', '.join(how)}{quiet}"
