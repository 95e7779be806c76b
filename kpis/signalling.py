"""Signals of all series in one batch, after each recompute: stored, each once, and marked as gone when they are.

A job of kind `kpis.signals` is asked for in the transaction that writes results (or changes how a series is charted).
It reads, charts and writes in one transaction under a lock, so that the last batch always knows the last results.
"""

from collections import namedtuple
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db import connection, transaction

from jobs.models import Job
from jobs.work import Claim, submit

from . import control, events, layouts
from .models import ChartVerdict, Signal
from .selectors.readings import versions_on

KIND = "kpis.signals"
LOCK = 0x73706373  # "spcs": one batch at a time
KPIS_AT_ONCE = 20  # bounds the memory of a batch; thousands of series all the same
KINDS = {"improving": Signal.Kind.GOOD, "concerning": Signal.Kind.BAD, "neutral": Signal.Kind.NEUTRAL}
Point = namedtuple("Point", "kpi_id unit_id grain period_start value numerator denominator target")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did: series charted, signals standing, those new and those gone."""

    series: int = 0
    signals: int = 0
    new: int = 0
    gone: int = 0

    def __add__(self, other: "Batch") -> "Batch":
        return Batch(
            self.series + other.series, self.signals + other.signals, self.new + other.new, self.gone + other.gone
        )


def request(kpis: Iterable[int], *, run: int | None = None, by=None) -> Job:
    """Ask for the charts of some KPIs; `run`: the recompute that wrote their results."""
    kpis = sorted(kpis)
    key = f"signals:run-{run}" if run else f"signals:{','.join(map(str, kpis))}"[:200]
    return submit(KIND, key, by=by, kpis=kpis, run=run)


@transaction.atomic
def find_signals(
    kpis: Sequence[int], *, day: date, now: datetime, run: int | None = None, claim: Claim | None = None
) -> Batch:
    """Chart every series of some KPIs as of `day`, and store verdicts and signals; then tell `signals_found`.

    Raises LeaseLost.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    total = Batch()
    for start in range(0, len(kpis), KPIS_AT_ONCE):
        total += _find(list(kpis[start : start + KPIS_AT_ONCE]), day, now, run)
    if claim:
        claim.still_mine()
    events.signals_found.send(Signal, kpis=frozenset(kpis), run=run)
    return total


def _find(kpis: list[int], day: date, now: datetime, run: int | None) -> Batch:
    versions = {kpi: v for kpi, v in versions_on(kpis, day).items() if not layouts.refusal_of(v)}
    plans = layouts.plans_of(kpis)
    rows, series = {}, []
    for key, points in groupby(_points(list(versions), day), key=lambda point: point[:3]):
        rows[key] = list(points)
        series.append(layouts.series_of(key, versions[key[0]], rows[key], plans.get(key, layouts.DEFAULT)))
    charted = [made for made in control.chart_all(series) if made.has_limits]
    _store_verdicts(kpis, charted, rows, plans, now)
    return _store_signals(kpis, charted, rows, now, run)


def _points(kpis: list[int], day: date) -> list[Point]:
    """Complete results with a value of all series that have enough of them, in the order of series and time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT kpi_id, unit_id, grain, period_start, value, numerator, denominator, target FROM (
                SELECT *, count(*) OVER (PARTITION BY kpi_id, unit_id, grain) AS points FROM kpis_result
                WHERE superseded_at IS NULL AND dimension = '' AND kpi_id = ANY(%s)
                  AND NOT is_open AND period_end <= %s AND value IS NOT NULL) AS complete
            WHERE points >= %s ORDER BY kpi_id, unit_id, grain, period_start""",
            [kpis, day, control.FEWEST],
        )
        return [Point(*record) for record in cursor.fetchall()]


# --- verdicts -------------------------------------------------------------------------------------------------------


def _store_verdicts(kpis: list[int], charted, rows, plans, now: datetime) -> None:
    before = {verdict.series: verdict for verdict in ChartVerdict.objects.filter(kpi__in=kpis)}
    made = [_verdict(one, rows[one.series.key], plans.get(one.series.key, layouts.DEFAULT), now) for one in charted]
    for verdict in made:
        _note_movement(before.pop(verdict.series, None), verdict, now)
    ChartVerdict.objects.filter(pk__in=[gone.pk for gone in before.values()]).delete()
    key = {"kpi", "unit", "grain"}
    names = [f.name for f in ChartVerdict._meta.fields if f.name not in {"id", *key}]
    ChartVerdict.objects.bulk_create(
        made, batch_size=1000, update_conflicts=True, unique_fields=sorted(key), update_fields=names
    )


def _verdict(made: control.Charted, points: Sequence[Point], plan: layouts.Plan, now: datetime) -> ChartVerdict:
    kpi, unit, grain = made.series.key
    deciding = made.deciding if made.variation in KINDS else None
    last_phase = made.phase == made.phase[-1]
    return ChartVerdict(
        kpi_id=kpi,
        unit_id=unit,
        grain=grain,
        period_start=points[-1].period_start,
        chart=made.chart,
        rule_set=plan.rule_set,
        variation=made.variation,
        assurance=made.assurance,
        side=deciding.side if deciding else "none",
        rule=deciding.rule if deciding else "",
        centre=float(made.centre[-1]),
        lower=float(made.lower[-1]),
        upper=float(made.upper[-1]),
        sigma=float(made.sigma[-1]),
        sigma_z=made.sigma_z[-1] if made.sigma_z else None,
        target=made.series.target,
        points=made.points,
        in_limits=int((made.in_limits & last_phase).sum()),
        layout=plan.fingerprint(),
        rebase_from=points[made.rebase_at].period_start if made.rebase_at is not None else None,
        at=now,
    )


def _note_movement(before: ChartVerdict | None, now_: ChartVerdict, now: datetime) -> None:
    """Limits never move silently: what they were, when they moved and why stays with the verdict."""
    if before is None:
        return
    if _nearly(before.centre, now_.centre) and _width_stays(before, now_):
        now_.moved_at, now_.moved_from, now_.moved_because = before.moved_at, before.moved_from, before.moved_because
        return
    now_.moved_at = now
    now_.moved_from = {"centre": before.centre, "lower": before.lower, "upper": before.upper}
    if before.layout != now_.layout:
        now_.moved_because = "a person changed the chart: its kind, phases, baseline or excluded points"
    elif before.chart != now_.chart:
        now_.moved_because = f"the counts ask for another chart: {now_.chart} in place of {before.chart}"
    elif before.in_limits != now_.in_limits:
        now_.moved_because = f"the baseline grew from {before.in_limits} to {now_.in_limits} points"
    else:
        now_.moved_because = "results within the baseline were restated"


def _width_stays(before: ChartVerdict, after: ChartVerdict) -> bool:
    """The width of an individuals chart is that of sigma; on charts of counts it follows each period's size, so there
    only Laney's factor can move.
    """
    if after.chart == control.INDIVIDUALS or before.chart != after.chart:
        return before.chart == after.chart and _nearly(before.sigma, after.sigma)
    return not after.chart.startswith("laney") or _nearly(before.sigma_z or 0.0, after.sigma_z or 0.0)


def _nearly(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other))


# --- signals --------------------------------------------------------------------------------------------------------


def _store_signals(kpis: list[int], charted, rows, now: datetime, run: int | None) -> Batch:
    standing = {
        (signal.series, signal.period_start, signal.rule): signal
        for signal in Signal.objects.current().filter(kpi__in=kpis)
    }
    found = {
        (signal.series, signal.period_start, signal.rule): signal
        for made in charted
        for signal in _signals(made, rows[made.series.key], now, run)
    }
    new = [signal for key, signal in found.items() if key not in standing or _differs(signal, standing[key])]
    gone = [old.pk for key, old in standing.items() if key not in found or _differs(found[key], old)]
    Signal.objects.filter(pk__in=gone).update(gone_at=now)
    Signal.objects.bulk_create(new, batch_size=2000)
    return Batch(len(charted), len(found), len(new), len(gone))


def _differs(one: Signal, other: Signal) -> bool:
    """The same rule at the same period, but on the other side, or of other worth."""
    return (one.side, one.kind) != (other.side, other.kind)


def _signals(made: control.Charted, points: Sequence[Point], now: datetime, run: int | None):
    from analytics.spc.icons import variation_kind

    kpi, unit, grain = made.series.key
    for found in made.found:
        yield Signal(
            kpi_id=kpi,
            unit_id=unit,
            grain=grain,
            period_start=points[found.position].period_start,
            pattern_start=points[found.pattern[0]].period_start,
            rule=found.rule,
            side=found.side,
            kind=KINDS[variation_kind(found.side, made.series.better)],
            found_at=now,
            run_id=run,
        )
