"""What a rule looks at: for each unit and member its last periods, judged. Reads results only, never facts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from datasets.models import Dataset
from kpis.calendars import calendars_of
from kpis.models import ChartVerdict, Forecast, KpiVersion, Result, Signal
from kpis.selectors.readings import versions_on
from kpis.selectors.verdicts import rule_words
from organization.models import UnitPath

from . import decide
from .decide import Judgement, Point
from .models import AlertRule

Condition, Comparator = AlertRule.Condition, AlertRule.Comparator
Key = tuple[int, str]  # unit id, member
COLUMNS = ("unit_id", "member", "period_start", "period_end", "value", "target", "target_low", "target_high", "status")


@dataclass(frozen=True, slots=True)
class Seen:
    """A period as it stands, judged. `limit` (or `low` and `high`) is what its value was compared with."""

    point: Point
    period_start: date | None = None
    period_end: date | None = None
    value: float | None = None
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    status: str = ""
    note: str = ""

    @property
    def ended_at(self) -> datetime:
        """When the period ended, in UTC."""
        return datetime.combine(self.period_end, time.min, UTC)


def series_of(rule: AlertRule, *, day: date, now: datetime, depth: int = 0) -> dict[Key, list[Seen]]:
    """(unit id, member) -> its last `depth` periods (0: as many as the rule needs), the oldest first.

    Only periods complete on `day` count, and all series end with the newest period that the KPI has anywhere: one that
    stopped two years ago is not judged by its last number. A constant number of queries.
    """
    return READERS[rule.condition](rule, day, now, depth or rule.periods)


def units_of(rule: AlertRule, day: date) -> set[int]:
    """The units that the rule watches, by the tree of `day`."""
    if not rule.below:
        return {rule.unit_id}
    return set(UnitPath.objects.in_force(day).filter(ancestor=rule.unit_id).values_list("descendant_id", flat=True))


def results_of(rule: AlertRule, day: date):
    """The current results of what the rule watches, of periods that have ended."""
    found = Result.objects.current().filter(
        kpi=rule.kpi_id, unit__in=units_of(rule, day), grain=rule.grain, dimension=rule.dimension, period_end__lte=day
    )
    return found.filter(member__in=rule.members) if rule.dimension and rule.members else found


def newest_starts(rule: AlertRule, day: date, depth: int) -> list[date]:
    """First days of the last complete periods that the KPI has at any unit, the oldest first."""
    found = Result.objects.current().filter(
        kpi=rule.kpi_id, grain=rule.grain, dimension="", is_open=False, period_end__lte=day
    )
    starts = found.order_by("-period_start").values_list("period_start", flat=True).distinct()[:depth]
    return sorted(starts)


# --- readers, one a condition ----------------------------------------------------------------------------------------


def _complete(rule: AlertRule, day: date, depth: int) -> dict[Key, dict[date, object]]:
    """Per series its complete results by the first day of their period."""
    starts = newest_starts(rule, day, depth)
    rows = results_of(rule, day).filter(is_open=False, period_start__in=starts).values_list(*COLUMNS, named=True)
    found: dict[Key, dict[date, object]] = {}
    for row in rows:
        found.setdefault((row.unit_id, row.member), {})[row.period_start] = row
    return {key: {start: by_start.get(start) for start in starts} for key, by_start in found.items()}


def _by_value(rule: AlertRule, day: date, now: datetime, depth: int) -> dict[Key, list[Seen]]:
    versions = versions_on([rule.kpi_id], day)
    direction = versions[rule.kpi_id].direction if versions else ""
    return {
        key: [_valued(rule, direction, start, row) for start, row in rows.items()]
        for key, rows in _complete(rule, day, depth).items()
    }


def _valued(rule: AlertRule, direction: str, start: date, row) -> Seen:
    if row is None:
        return Seen(Point(start.isoformat(), Judgement.NEITHER), start)
    limit = float(rule.limit) if rule.limit is not None else None
    compared, low, high = limit, None, None
    margin = float(rule.margin)
    if rule.comparator != Comparator.TARGET:
        judged = decide.judge_value(row.value, limit, above=rule.comparator == Comparator.ABOVE, margin=margin)
    elif direction == KpiVersion.Direction.BAND:
        compared, low, high = None, row.target_low, row.target_high
        judged = decide.judge_band(row.value, low, high, margin=margin)
    else:
        compared, above = row.target, direction == KpiVersion.Direction.LOWER
        judged = decide.judge_value(row.value, compared, above=above, margin=margin)
    return _seen(row, judged, limit=compared, low=low, high=high)


def _seen(row, judged: Judgement, **compared) -> Seen:
    compared = compared or {"limit": row.target, "low": row.target_low, "high": row.target_high}
    point = Point(row.period_start.isoformat(), judged)
    return Seen(point, row.period_start, row.period_end, row.value, status=row.status, **compared)


def _by_status(rule: AlertRule, day: date, now: datetime, depth: int) -> dict[Key, list[Seen]]:
    def judged(start, row):
        if row is None:
            return Seen(Point(start.isoformat(), Judgement.NEITHER), start)
        return _seen(row, decide.judge_status(row.status, rule.statuses))

    return {
        key: [judged(start, row) for start, row in rows.items()] for key, rows in _complete(rule, day, depth).items()
    }


def _by_presence(rule: AlertRule, day: date, now: datetime, depth: int) -> dict[Key, list[Seen]]:
    """Periods are those of the calendar that have ended, and for which the KPI says it is final by now."""
    versions = versions_on([rule.kpi_id], day)
    lag = timedelta(days=(versions[rule.kpi_id].reporting_lag_days or 0) if versions else 0)
    calendar = calendars_of({rule.kpi.unit_id}, day)[rule.kpi.unit_id]
    period = calendar.previous(calendar.period_of(day - lag, rule.grain))
    expected = []
    for _ in range(depth):
        expected.insert(0, period)
        period = calendar.previous(period)
    known = results_of(rule, day).exclude(value=None)
    values = {
        (unit, member, start): value
        for unit, member, start, value in known.filter(period_start__gte=expected[0].start).values_list(
            "unit_id", "member", "period_start", "value"
        )
    }
    found = {}
    for unit, member in known.order_by().values_list("unit_id", "member").distinct():
        found[unit, member] = [
            Seen(
                Point(p.start.isoformat(), decide.judge_presence(values.get((unit, member, p.start)))),
                p.start,
                p.end,
                values.get((unit, member, p.start)),
            )
            for p in expected
        ]
    return found


def _by_lateness(rule: AlertRule, day: date, now: datetime, depth: int) -> dict[Key, list[Seen]]:
    """One point a dataset behind the KPI, at the rule's own unit; the evidence is the load after which none came."""
    versions = versions_on([rule.kpi_id], day)
    if not versions:
        return {}
    found = {}
    due = _due_through(rule, versions[rule.kpi_id], day)
    for dataset in datasets_of(versions.values(), day):
        hours, note = lateness(dataset, due, now)
        loaded = dataset.loaded_at or dataset.created_at
        point = Point(loaded.isoformat(timespec="seconds"), decide.judge_lateness(hours - rule.grace_hours))
        found[rule.unit_id, dataset.code] = [Seen(point, value=hours, limit=float(rule.grace_hours), note=note)]
    return found


def lateness(dataset: Dataset, due: date | None, now: datetime) -> tuple[float, str]:
    """By how many hours the dataset breaks a promise (0: none), and which, in words.

    due: the day through which its data should be complete by now, or None where nothing says so.
    """
    late, note = 0.0, ""
    if dataset.refresh_promise_hours is not None:
        age = (now - (dataset.loaded_at or dataset.created_at)).total_seconds() / 3600
        if age > dataset.refresh_promise_hours:
            late = age - dataset.refresh_promise_hours
            note = f"New data were promised every {dataset.refresh_promise_hours} hours; the last came {_ago(age)} ago."
    through = dataset.complete_through
    if due is not None and through is not None and through < due:
        since = (now - datetime.combine(due, time.min, UTC)).total_seconds() / 3600
        if since > late:
            late, note = since, f"Data should be complete through {due}; they are through {through}."
    return late, note


def _ago(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 96 else f"{hours / 24:,.0f} days"


def _due_through(rule: AlertRule, version: KpiVersion, day: date) -> date | None:
    """The last day of the newest period that the KPI calls final by `day`; None without a reporting lag."""
    if version.reporting_lag_days is None:
        return None
    calendar = calendars_of({rule.kpi.unit_id}, day)[rule.kpi.unit_id]
    current = calendar.period_of(day - timedelta(days=version.reporting_lag_days), rule.grain)
    return current.start - timedelta(days=1)


def datasets_of(versions: Iterable[KpiVersion], day: date) -> list[Dataset]:
    """The datasets that these definitions read, directly or through the KPIs they are made of."""
    found: dict[int, Dataset] = {}
    seen: set[int] = set()
    waiting = list(versions)
    while waiting:
        seen |= {version.kpi_id for version in waiting}
        found |= {version.dataset_id: version.dataset for version in waiting if version.dataset_id}
        derived = [version.pk for version in waiting if version.kind == KpiVersion.Kind.DERIVED]
        links = KpiVersion.inputs.through.objects.filter(kpiversion__in=derived) if derived else []
        inputs = set(links.values_list("kpi_id", flat=True)) - seen if derived else set()
        waiting = list(versions_on(inputs, day).values()) if inputs else []
    return sorted(found.values(), key=lambda dataset: dataset.code)


def _by_signal(rule: AlertRule, day: date, now: datetime, depth: int) -> dict[Key, list[Seen]]:
    """A period that the control chart has not been drawn through yet says nothing, rather than "no signal"."""
    series = {"kpi": rule.kpi_id, "grain": rule.grain}
    drawn = dict(ChartVerdict.objects.filter(**series).values_list("unit_id", "period_start"))
    signals: dict[tuple[int, date], list[Signal]] = {}
    for signal in Signal.objects.current().filter(**series, unit__in=units_of(rule, day)):
        signals.setdefault((signal.unit_id, signal.period_start), []).append(signal)

    def judged(unit: int, start: date, row) -> Seen:
        if row is None or unit not in drawn or start > drawn[unit]:
            return Seen(Point(start.isoformat(), Judgement.NEITHER), start, value=row.value if row else None)
        wanted = [one for one in signals.get((unit, start), []) if one.kind in rule.signal_kinds]
        seen = _seen(row, decide.judge_signals([one.kind for one in wanted], rule.signal_kinds))
        return replace(seen, note="; ".join(rule_words(one.rule) for one in wanted))

    return {
        (unit, member): [judged(unit, start, row) for start, row in rows.items()]
        for (unit, member), rows in _complete(rule, day, depth).items()
    }


def _by_forecast(rule: AlertRule, day: date, now: datetime, depth: int) -> dict[Key, list[Seen]]:
    """The forecasts that are kept, one a period; the newest is that of the period after the last complete one."""
    kept = Forecast.objects.filter(kpi=rule.kpi_id, grain=rule.grain, unit__in=units_of(rule, day))
    found: dict[Key, list[Seen]] = {}
    for forecast in kept.order_by("period_start"):
        chance = None if forecast.chance is None else 100 * forecast.chance
        judged = decide.judge_value(chance, rule.chance_pct, above=False, margin=float(rule.margin))
        seen = Seen(
            Point(forecast.period_start.isoformat(), judged),
            forecast.period_start,
            forecast.period_end,
            value=forecast.mean,
            limit=forecast.target,
            low=forecast.target_low,
            high=forecast.target_high,
            note="no target" if chance is None else f"a chance of {chance:.0f} % to meet the target",
        )
        found.setdefault((forecast.unit_id, ""), []).append(seen)
    return {key: seen[-depth:] for key, seen in found.items()}


READERS = {
    Condition.VALUE: _by_value,
    Condition.STATUS: _by_status,
    Condition.NO_DATA: _by_presence,
    Condition.LATE_DATA: _by_lateness,
    Condition.SIGNAL: _by_signal,
    Condition.FORECAST_MISS: _by_forecast,
}
