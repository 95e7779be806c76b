"""Service level objectives: keeping them, and their budgets by the data as they are now.

The arithmetic is `analytics.budgets`; one scan of the dataset gives it good and all per slice of time.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from datasets.facts import contract_of, facts_of
from datasets.scan import fetch
from jobs.work import submit
from kpis.measures import Fault
from organization import audit

from .drafting import AgreementRefused
from .models import Slo

if TYPE_CHECKING:
    from analytics.budgets.budget import Budget, Objective
    from analytics.budgets.burn import Alert
    from analytics.budgets.slices import Slices
    from analytics.budgets.windows import Window

JOB = "slas.budget"
LONGEST_ALERT = timedelta(days=3)
MOST_SLICES = 600_000
POINTS = 60


@dataclass(frozen=True)
class Standing:
    """An SLO at a moment. trend: (moment, remaining share) through the window; worst: slices with most bad.

    burns_at: the moment of burn rate and alerts: `at`, or the newest moment of the data in the day before.
    """

    slo: Slo
    at: datetime
    burns_at: datetime
    budget: "Budget"
    rate: float | None
    alerts: "tuple[Alert, ...]"
    lasts: timedelta | None
    trend: tuple[tuple[datetime, float | None], ...]
    worst: tuple[tuple[datetime, float, float], ...]

    @property
    def status(self) -> str:
        if self.budget.remaining is None:
            return "no_data"
        if self.budget.remaining <= 0:
            return "red"
        return "amber" if any(alert.is_firing for alert in self.alerts) else "green"


@transaction.atomic
def create(*, by, **words) -> Slo:
    """Raises AgreementRefused, ValidationError."""
    slo = Slo(**words)
    _save(slo)
    audit.record(by, "SLO created", slo, unit=slo.unit, objective=slo.objective_pct)
    ask(slo, by=by)
    return slo


@transaction.atomic
def change(slo: Slo, *, by, **words) -> Slo:
    """Raises AgreementRefused, ValidationError."""
    slo = Slo.objects.select_for_update().get(pk=slo.pk)
    changed = {name: value for name, value in words.items() if getattr(slo, name) != value}
    if not changed:
        return slo
    before = {name: str(getattr(slo, name)) for name in changed}
    for name, value in changed.items():
        setattr(slo, name, value)
    _save(slo)
    after = {name: str(value) for name, value in changed.items()}
    audit.record(by, "SLO changed", slo, unit=slo.unit, before=before, after=after)
    ask(slo, by=by)
    return slo


@transaction.atomic
def remove(slo: Slo, *, by) -> None:
    audit.record(by, "SLO removed", slo, unit=slo.unit, code=slo.code)
    slo.delete()


def ask(slo: Slo, *, by=None) -> None:
    """Let its budget be measured, once this transaction commits."""
    submit(JOB, f"budget:{slo.pk}", by=by, slo=slo.pk)


def measure(slo: Slo, now: datetime) -> Standing:
    """Measure the budget and keep what lists show of it. Raises datasets.scan.ScanFailed."""
    found = standing(slo, now)
    slo.state, slo.left, slo.burn_rate, slo.measured_to = found.status, found.budget.remaining, found.rate, found.at
    slo.save(update_fields=["state", "left", "burn_rate", "measured_to"])
    return found


def standing(slo: Slo, now: datetime) -> Standing:
    """The budget, burn rates and alerts at the end of the data, or at `now`. Raises datasets.scan.ScanFailed."""
    from analytics.budgets.budget import budget_of
    from analytics.budgets.burn import alerts, burn_rate, exhausted_in

    at = moment_of(slo, now)
    objective, window = objective_of(slo), window_of(slo)
    start, end = window.bounds(at)
    parts = slices_of(slo, min(start, at - LONGEST_ALERT), at)
    budget = budget_of(parts, objective, window, at=at)
    period = end - start
    burns_at = _newest(parts, at)
    rate = burn_rate(parts, objective, at=burns_at, over=min(period, LONGEST_ALERT))
    return Standing(
        slo=slo,
        at=at,
        burns_at=burns_at,
        budget=budget,
        rate=rate,
        alerts=alerts(parts, objective, at=burns_at, period=period),
        lasts=exhausted_in(budget, rate, period=period),
        trend=_trend(parts, objective, window, start, at),
        worst=_worst(parts.between(start.timestamp(), at.timestamp())),
    )


def end_of(day: date, now: datetime) -> datetime:
    """The end of the day that somebody looks from; of today: `now`."""
    return min(now, datetime.combine(day + timedelta(days=1), time.min, UTC))


def moment_of(slo: Slo, now: datetime) -> datetime:
    """`now`, or the end of the last day through which the data are complete."""
    through = slo.dataset.complete_through
    return min(now, datetime.combine(through + timedelta(days=1), time.min, UTC)) if through else now


def objective_of(slo: Slo) -> "Objective":
    from analytics.budgets.budget import Objective

    slice_target = None if slo.slice_pct is None else float(slo.slice_pct / 100)
    return Objective(float(slo.objective_pct / 100), slo.method, slice_target)


def window_of(slo: Slo) -> "Window":
    from analytics.budgets.windows import Window

    return Window(slo.window_count, slo.window_unit, slo.is_rolling, slo.timezone)


def slices_of(slo: Slo, start: datetime, end: datetime) -> "Slices":
    """Good and all per slice that begins in [start, end)."""
    from analytics.budgets.slices import slices
    from lake.formula import parse

    if slo.dataset.current_version is None:
        return slices([], [], [], seconds=slo.slice_seconds)
    contract, facts = contract_of(slo.dataset), facts_of(slo.dataset)
    column = f'cast("{time_column_of(slo)}" as timestamp)'
    condition = parse(slo.condition, contract, aggregate=False, wanted="boolean").sql if slo.condition else "true"
    sql = f"""select cast(floor(epoch({column}) / {slo.slice_seconds}) * {slo.slice_seconds} as bigint) as start,
        cast({parse(slo.good, contract).sql} as double) as good,
        cast({parse(slo.total, contract).sql} as double) as total
        from ({facts.relation}) where {column} >= {_instant(start)} and {column} < {_instant(end)} and ({condition})
        group by 1 order by 1 limit {MOST_SLICES}"""
    rows = fetch(sql, facts.files)
    good = [min(row["good"] or 0.0, row["total"] or 0.0) for row in rows]
    return slices([r["start"] for r in rows], good, [r["total"] or 0.0 for r in rows], seconds=slo.slice_seconds)


def time_column_of(slo: Slo) -> str:
    event_time = contract_of(slo.dataset).event_time
    return slo.time_column or (event_time.name if event_time else "")


def faults_of(slo: Slo) -> list[Fault]:
    """What keeps its budget from being computed; formulas name the word and the nearest column."""
    from lake.formula import FormulaError, parse

    if not slo.dataset.contract:
        return [Fault("dataset", f"{slo.dataset} has no contract yet: load an extract first.")]
    contract = contract_of(slo.dataset)
    columns = {column.name: column for column in contract.columns}
    faults = []
    time_column = columns.get(time_column_of(slo))
    if time_column is None or not time_column.type.temporal:
        faults.append(Fault("time_column", "Choose the column that dates a row."))
    elif time_column.type == "date" and slo.slice_seconds < 86400:
        faults.append(Fault("slice_seconds", f"`{time_column.name}` holds days: a slice is a day (86400 s) or longer."))
    for name, aggregate in (("good", True), ("total", True), ("condition", False)):
        text = getattr(slo, name)
        if not text:
            continue
        try:
            parse(text, contract, aggregate=aggregate, wanted=None if aggregate else "boolean", tried=True)
        except FormulaError as fault:
            faults.append(Fault(name, str(fault), fault.token, fault.position, fault.suggestion))
    return faults


def _save(slo: Slo) -> None:
    from zoneinfo import available_timezones

    slo.full_clean()
    faults = faults_of(slo)
    if slo.timezone not in available_timezones():
        faults.append(Fault("timezone", f"{slo.timezone!r} is no IANA name such as Europe/Paris."))
    if faults:
        raise AgreementRefused(faults)
    slo.save()


def _newest(parts, at: datetime) -> datetime:
    """The end of the newest slice with events, if that lies in the day before `at`: a day of data may be half there."""
    if parts.ends_at is None:
        return at
    newest = datetime.fromtimestamp(parts.ends_at, UTC)
    return newest if at - timedelta(days=1) < newest < at else at


def _trend(parts, objective, window, start: datetime, at: datetime) -> tuple[tuple[datetime, float | None], ...]:
    """What was left of this window's budget at each of its steps: bad so far over what is allowed of all so far."""
    from analytics.budgets.budget import good_and_total

    whole = good_and_total(parts.between(start.timestamp(), at.timestamp()), objective)[1]
    allowed = objective.budget * whole
    step = (at - start) / POINTS
    found = []
    for n in range(1, POINTS + 1):
        moment = start + n * step
        good, total = good_and_total(parts.between(start.timestamp(), moment.timestamp()), objective)
        found.append((moment, 1 - (total - good) / allowed if allowed else None))
    return tuple(found)


def _worst(parts, most: int = 8) -> tuple[tuple[datetime, float, float], ...]:
    bad = parts.total - parts.good
    order = bad.argsort()[::-1][:most]
    return tuple(
        (datetime.fromtimestamp(int(parts.starts[n]), UTC), float(bad[n]), float(parts.total[n]))
        for n in order
        if bad[n]
    )


def _instant(at: datetime) -> str:
    return f"timestamp '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"
