"""Which KPI versions must be computed over which periods. Periods use the version in force on their first day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from datasets.models import Dataset, DatasetVersion
from kpis.calendars import calendars_of
from kpis.measures import COMPUTED, GRAINS, Fault, faults_of, grains_of, measure_of, time_column_of
from kpis.models import KpiVersion, RecomputeRequest

Scope = RecomputeRequest.Scope
ONE_DAY = timedelta(days=1)
NAMED = 3  # so many triggers of a run are named, the others counted


@dataclass(frozen=True)
class Work:
    """What the pending requests of one dataset ask for.

    full: KPIs whose every result is computed again. rescored: KPIs that need new scores only. touched: per time column
    the months (yyyymm) in which rows changed. requests: their ids, removed when the run commits.
    """

    requests: tuple[int, ...]
    full: frozenset[int]
    rescored: frozenset[int]
    touched: dict[str, frozenset[int]]
    trigger: str


@dataclass(frozen=True)
class Batch:
    """Versions that one call of the engine computes over the same periods."""

    calendar: object
    periods: tuple
    versions: tuple[KpiVersion, ...]

    def measures(self) -> list:
        return [measure_of(version) for version in self.versions]


@dataclass
class Plan:
    """Batches to scan, and which current results they replace.

    whole: versions whose every current result is replaced. replaced: (kpi, grain, period start) of the others. faults:
    KPIs that cannot be computed; their results stay as they are.
    """

    batches: list[Batch] = field(default_factory=list)
    whole: set[int] = field(default_factory=set)
    replaced: set[tuple[int, str, date]] = field(default_factory=set)
    faults: list[dict] = field(default_factory=list)
    kpis: set[int] = field(default_factory=set)
    periods: int = 0


def work_of(dataset: Dataset | None) -> Work:
    """The pending requests of a dataset (None: of KPIs without one), taken together."""
    pending = list(RecomputeRequest.objects.filter(dataset=dataset))
    ids = KpiVersion.objects.filter(dataset=dataset).values_list("kpi_id", flat=True)
    everything = any(request.scope == Scope.EVERYTHING for request in pending)
    full = {r.kpi_id for r in pending if r.scope == Scope.DEFINITION} | (set(ids) if everything else set())
    touched: dict[str, set[int]] = defaultdict(set)
    for request in pending:
        for column, months in request.touched.items():
            touched[column].update(months)
    triggers = list(dict.fromkeys(request.trigger for request in pending))
    return Work(
        requests=tuple(request.pk for request in pending),
        full=frozenset(full),
        rescored=frozenset(r.kpi_id for r in pending if r.scope == Scope.SCORE) - full,
        touched={column: frozenset(months) for column, months in touched.items()},
        trigger=_in_short(triggers)[:200] or "nothing new",
    )


def _in_short(triggers: list[str]) -> str:
    more = len(triggers) - NAMED
    return ", ".join(triggers[:NAMED]) + (f" and {more} more" if more > 0 else "")


def plan_of(dataset: Dataset, work: Work, day: date) -> Plan:
    """The batches for `work`: versions that share calendar and periods are scanned together."""
    plan = Plan()
    versions = list(
        KpiVersion.objects.filter(dataset=dataset, kind__in=COMPUTED).select_related("kpi", "dataset").order_by("pk")
    )
    calendars = calendars_of({version.kpi.unit_id for version in versions}, day)
    ever = _ever_touched(dataset)
    groups: dict[tuple, list[KpiVersion]] = defaultdict(list)
    for version in versions:
        if version.kpi_id not in work.full and not work.touched:
            continue
        if faults := faults_of(version):
            _note(plan, version, faults)
            continue
        calendar = calendars[version.kpi.unit_id]
        column = time_column_of(version)
        months = ever.get(column, frozenset())
        changed = months if version.kpi_id in work.full else work.touched.get(column, frozenset())
        periods = periods_of(version, calendar, changed, months)
        plan.kpis.add(version.kpi_id)
        if version.kpi_id in work.full:
            plan.whole.add(version.pk)
        if periods:
            groups[(calendar, periods)].append(version)
        if version.kpi_id not in work.full:
            plan.replaced.update((version.kpi_id, p.grain, p.start) for p in periods if holds_on(version, p.start))
    plan.batches = [Batch(calendar, periods, tuple(same)) for (calendar, periods), same in groups.items()]
    plan.periods = len({period for batch in plan.batches for period in batch.periods})
    return plan


def _note(plan: Plan, version: KpiVersion, faults: list[Fault]) -> None:
    if version.valid_to is None or version.valid_to > version.valid_from:
        message = " ".join(fault.message for fault in faults)
        plan.faults.append({"kpi": version.kpi.code, "version": version.number, "message": message})


def holds_on(version: KpiVersion, day: date) -> bool:
    return version.valid_from <= day and (version.valid_to is None or day < version.valid_to)


def periods_of(version: KpiVersion, calendar, changed: Iterable[int], ever: Iterable[int]) -> tuple:
    """The periods of the version's grains whose number may differ because rows of `changed` months did.

    A window reaches from a changed month into later periods, as far as the dataset has rows (`ever`).
    """
    spans = [_span(month) for month in sorted(changed)]
    last = max((_span(month)[1] for month in ever), default=None)
    periods: dict = {}
    for start, end in spans:
        for grain in grains_of(version):
            reach = max(end, min(_reach(version, calendar, grain, start, end), last or end))
            for period in calendar.periods(grain, start, reach):
                periods[period] = None
    return tuple(sorted(periods, key=lambda p: (GRAINS.index(p.grain), p.start)))


def _reach(version: KpiVersion, calendar, grain: str, start: date, end: date) -> date:
    """The end of the last period that rows between `start` and `end` count towards."""
    if not version.window:
        return end
    from kpis.measures import TO_DATE

    if version.window in TO_DATE:
        return calendar.period_of(end - ONE_DAY, TO_DATE[version.window]).end
    period = calendar.period_of(end - ONE_DAY, grain)
    for _ in range((version.window_periods or 1) - 1):
        period = calendar.next(period)
    return period.end


def _span(month: int) -> tuple[date, date]:
    """First day of the month yyyymm, and of the one after it."""
    start = date(month // 100, month % 100, 1)
    return start, (start + timedelta(days=31)).replace(day=1)


def _ever_touched(dataset: Dataset) -> dict[str, frozenset[int]]:
    """Per time column, every month in which the dataset ever had rows."""
    months: dict[str, set[int]] = defaultdict(set)
    for touched in DatasetVersion.objects.filter(dataset=dataset).values_list("touched", flat=True):
        for column, changed in touched.items():
            months[column].update(changed)
    return {column: frozenset(found) for column, found in months.items()}
