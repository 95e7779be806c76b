"""The control chart of one series as a page or the API shows it, computed by the same function as the batch."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import numpy as np

from organization.access import Access
from organization.models import Unit

from . import control, layouts
from .chart_words import ChartPoint, ChartView, FiredRule, Movement, Verdict
from .models import ChartPhase, ChartSetting, ChartVerdict, Kpi
from .selectors.readings import Book, book_of
from .selectors.results import Row, last_rows
from .selectors.units import require_visible, unit_ref
from .selectors.words import PeriodRef

HISTORY = 1000  # results of a series that are read; of days, almost three years
SHOWN = {"day": 120, "week": 104, "month": 60, "quarter": 40, "year": 30}
KINDS = {"improving": "good", "concerning": "bad", "neutral": "neutral"}


def chart_of(
    kpi: Kpi,
    unit: Unit,
    grain: str,
    day: date,
    access: Access,
    *,
    as_known_at: datetime | None = None,
    all_points: bool = False,
    book: Book | None = None,
) -> ChartView:
    """The chart of `kpi` at `unit` by `grain`, open periods outside of it. Seven queries. Raises NotYours.

    as_known_at: with the results as they were known then. all_points: not only the newest. book: if open already.
    """
    require_visible(unit, access)
    book = book or book_of(kpi, day)
    grain = book.grain(kpi.pk, grain)
    rows = last_rows([(kpi.pk, unit.pk, grain)], day, HISTORY, known_at=as_known_at).get((kpi.pk, unit.pk), [])
    key = (kpi.pk, unit.pk, grain)
    plan = layouts.plans_of([kpi.pk]).get(key, layouts.DEFAULT)
    version = book.versions[kpi.pk]
    common = {"kpi": book.refs[kpi.pk], "unit": unit_ref(unit), "grain": grain, "setting": plan.setting}
    complete = [row for row in rows if not row.open_on(day) and row.value is not None]
    if why := layouts.refusal_of(version) or _too_few(complete, grain):
        return ChartView(**common, why_not=why)
    made = control.chart_all([layouts.series_of(key, version, complete, plan)])[0]
    return ChartView(**common, **_facts(key, book, rows, complete, plan, made, None if all_points else SHOWN[grain]))


def _too_few(complete: Sequence[Row], grain: str) -> str:
    if len(complete) >= control.FEWEST:
        return ""
    count = f"is {len(complete)}" if len(complete) == 1 else f"are {len(complete)}"
    return f"A control chart needs {control.FEWEST} complete periods; by {grain} there {count}."


def _facts(key, book: Book, rows, complete, plan: layouts.Plan, made: control.Charted, shown: int | None) -> dict:
    kpi, unit, grain = key
    stored = ChartVerdict.objects.filter(kpi=kpi, unit=unit, grain=grain).first()
    others = list(
        ChartPhase.objects.filter(kpi=kpi, unit=unit, grain=grain).select_related("proposed_by", "decided_by")
    )
    periods = {row.period_start: book.period(row) for row in rows}
    fired = _fired(made, complete, periods)
    since = made.rebase_at
    refused = {phase.starts_on for phase in others if phase.state == ChartPhase.State.REJECTED}
    suggested = complete[since].period_start if since is not None else None
    waiting = any(phase.state == ChartPhase.State.PROPOSED for phase in others)
    return {
        "chart": made.chart,
        "rule_set": plan.rule_set,
        "estimator": made.estimator,
        "sigma_z": made.sigma_z[-1] if made.sigma_z else None,
        "offers_laney": _offers_laney(made),
        "points": _points(rows, complete, periods, plan, made, fired)[-(shown or len(rows)) :],
        "fired": fired,
        "definitions": made.definitions,
        "verdict": verdict_of(made, complete[-1].period_start),
        "phases": tuple(phase for phase in others if phase.state == ChartPhase.State.APPROVED),
        "proposals": tuple(phase for phase in others if phase.state == ChartPhase.State.PROPOSED),
        "rejected": tuple(phase for phase in others if phase.state == ChartPhase.State.REJECTED),
        "excluded": tuple((plan.excluded or {}).values()),
        "suggested_from": None if suggested is None or suggested in refused or waiting else periods[suggested],
        "moved": _movement(stored),
        "notes": tuple(_notes(made, complete, periods)),
    }


def verdict_of(made: control.Charted, start: date) -> Verdict:
    deciding = made.deciding if made.variation in KINDS else None
    side, rule = (deciding.side, deciding.rule) if deciding else ("none", "")
    return Verdict(made.variation, made.assurance, side, rule, start)


def _points(rows, complete, periods, plan, made: control.Charted, fired) -> tuple[ChartPoint, ...]:
    places = {row.period_start: place for place, row in enumerate(complete)}
    marks: dict[date, list[FiredRule]] = {}
    for one in fired:
        marks.setdefault(one.period.start, []).append(one)
    return tuple(
        _point(row, periods[row.period_start], places.get(row.period_start), plan, made, marks) for row in rows
    )


def _point(row: Row, period: PeriodRef, place: int | None, plan, made: control.Charted, marks) -> ChartPoint:
    common = {
        "period": period,
        "value": row.value,
        "is_open": place is None and row.value is not None,
        "target": row.target,
        "red_limit": row.red_limit,
        "status": row.status,
    }
    if place is None:
        return ChartPoint(**common)
    here = marks.get(row.period_start, [])
    return ChartPoint(
        **common,
        centre=_number(made.centre[place]),
        lower=_number(made.lower[place]),
        upper=_number(made.upper[place]),
        phase=int(made.phase[place]) + 1,
        in_limits=bool(made.in_limits[place]),
        excluded=(plan.excluded or {}).get(row.period_start),
        rules=tuple(one.words for one in here),
        kind=here[0].kind if here else "",
    )


def _fired(made: control.Charted, complete, periods) -> tuple[FiredRule, ...]:
    from analytics.spc.icons import variation_kind

    last = len(complete) - 1
    found = [
        FiredRule(
            rule=one.rule,
            words=one.words,
            side=one.side,
            kind=KINDS[variation_kind(one.side, made.series.better)],
            period=periods[complete[one.position].period_start],
            first=periods[complete[one.pattern[0]].period_start],
            points=len(one.pattern),
            is_new=one.position == last,
        )
        for one in made.found
    ]
    return tuple(sorted(found, key=lambda one: one.period.start, reverse=True))


def runs_of(fired: Iterable[FiredRule]) -> list[FiredRule]:
    """The same rule at neighbouring points as one: from the first of its pattern to the last. The newest first."""
    from dataclasses import replace

    joined: list[FiredRule] = []
    for one in sorted(fired, key=lambda one: (one.rule, one.side, one.period.start)):
        before = joined[-1] if joined else None
        same = before is not None and (before.rule, before.side) == (one.rule, one.side)
        if same and one.first.start <= before.period.end:
            joined[-1] = replace(before, period=one.period, points=before.points + 1, is_new=one.is_new)
        else:
            joined.append(one)
    return sorted(joined, key=lambda one: one.period.start, reverse=True)


def _offers_laney(made: control.Charted) -> bool:
    """A plain p or u chart whose sigma_z is far from 1."""
    low, high = control.FAR_FROM_ONE
    far = any(z is not None and not low <= z <= high for z in made.sigma_z)
    return far and not made.chart.startswith("laney")


def _movement(stored: ChartVerdict | None) -> Movement | None:
    if stored is None or stored.moved_at is None:
        return None
    return Movement(stored.moved_at, stored.moved_because, **stored.moved_from)


def _notes(made: control.Charted, complete, periods) -> Iterable[str]:
    settled = made.series.layout.baseline != ChartSetting.Baseline.ALL
    last = made.phase == made.phase[-1]
    used = int((made.in_limits & last).sum())
    first = periods[complete[int(np.flatnonzero(last)[0])].period_start].label
    if not made.has_limits:
        yield f"The phase from {first} has too few points for limits yet."
    elif used < control.FEWEST:
        yield f"Limits are provisional: made of {used} points since {first}."
    if made.has_limits and made.series.layout.baseline == ChartSetting.Baseline.FIRST and used < control.SETTLED:
        yield f"Limits move with each new point until there are {control.SETTLED}, and then stand; there are {used}."
    if not settled:
        yield "Limits are made of all points, as it was chosen, and so move with every new one."
    if made.has_limits and not made.sigma[last].any():
        yield "The points in the limits do not vary, so limits and centre are one line."
    if len({row.version_id for row in complete}) > 1:
        yield "The definition changed in this time: consider a re-base at the change."


def _number(value) -> float | None:
    return float(value) if np.isfinite(value) else None
