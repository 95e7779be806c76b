"""Trying a version on history before it is signed: attainment, credits, and the cases that would flip."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from datasets.scope import authorised_rows, row_scope
from kpis.calendars import calendars_of
from organization.access import Access
from slas.claims import preview
from slas.figures import MONTHS, Figure
from slas.models import AgreementVersion
from slas.models.periods import label_of
from slas.sums import Span

from . import rows
from .compute import clocked_targets, count, table_of
from .measured import charges_of, days_of, measured_targets, sums_of
from .run import only_vendor

MOST = 100
LONGEST = 240  # periods


@dataclass(frozen=True)
class Month:
    """A period of history: the figures of each target, and what it would have owed (None without tiers or charge)."""

    start: date
    end: date
    figures: dict[str, Figure]
    credit: Decimal | None

    @property
    def label(self) -> str:
        return label_of(self.start, self.end)


@dataclass(frozen=True)
class Trial:
    """What the version would have given. totals: target code -> its figure over all periods.

    flips: (verdict now, verdict then) -> cases; rows: the first of them; compared: cases judged both ways.
    """

    version: AgreementVersion
    totals: dict[str, Figure]
    months: list[Month]
    currency: str
    cases: int = 0
    compared: int = 0
    flips: dict[tuple[str, str], int] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def credit(self) -> Decimal | None:
        known = [month.credit for month in self.months if month.credit is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def flipped(self) -> int:
        return sum(self.flips.values())


def try_on_history(version: AgreementVersion, access: Access, *, day: date) -> Trial:
    """Judge all of history by `version`, whatever its dates: replay its log, count its measured promises.

    Rows are those that the person may see. day: whose fiscal calendar cuts the periods. Raises scan.ScanFailed.
    """
    days, named, flips, listed, compared = _replayed(version, access)
    measured = {target.code: target for target in measured_targets(version)}
    everything = dict(sorted((named | measured).items(), key=lambda item: (item[1].position, item[1].pk)))
    trial = Trial(version, {code: _figure(target) for code, target in everything.items()}, [], version.currency)
    calendar = calendars_of([version.agreement.unit_id], day)[version.agreement.unit_id]
    stretches = _stretches(version, calendar, [at for at, *_ in days if at], measured.values(), access)
    months = _months(version, days, everything, stretches, access)
    for code, figure in trial.totals.items():
        for month in months:
            _sum(figure, month.figures.get(code))
    for _, code, verdict, n in days:
        _count_open(trial.totals[code], verdict, n)
    return Trial(version, trial.totals, months, version.currency, sum(n for *_, n in days), compared, flips, listed)


def _replayed(version: AgreementVersion, access: Access):
    """Of the clocks: (day, target, verdict, cases), target code -> target, flips, the first that flip, compared."""
    import duckdb

    counted = count([version], by_validity=False, apart=True)
    table = table_of(counted, vendor=only_vendor(version.agreement))
    named = {target.code: target for target in clocked_targets(version)}
    if not table.num_rows:
        return [], named, {}, [], 0
    dataset = version.agreement.dataset
    scope = row_scope(dataset, access).condition if dataset is not None else "true"
    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "768MB"}) as connection:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        connection.register("tried", table)
        now = _standing(connection, version, access)
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        then = f"select * from tried where {scope}"
        days = connection.execute(
            f"select counted_at::date as day, target, verdict, count(*) as n from ({then}) group by all"
        ).fetchall()
        return days, named, *_flips(connection, then, now)


def _stretches(version: AgreementVersion, calendar, days: Sequence[date], measured, access: Access) -> list[Span]:
    """The periods in which something was counted, oldest first: those of cases, and all that rows reach over."""
    found = {(period.start, period.end) for at in set(days) if (period := calendar.period_of(at, version.period))}
    for target in measured:
        first, last = days_of(target, access) or (date.max, date.min)
        while first <= last and len(found) < LONGEST:
            period = calendar.period_of(first, version.period)
            found.add((period.start, period.end))
            first = period.end
    return sorted(found)


def _standing(connection, version: AgreementVersion, access: Access) -> str | None:
    """SQL of the rows as the signed versions give them; None before the first run."""
    dataset = version.agreement.dataset
    if dataset is None or dataset.current_version is None:
        return None
    standing = authorised_rows(dataset, access)
    connection.execute(f"create table standing as select * from ({standing.relation})")
    return "standing"


def _flips(connection, then: str, now: str | None):
    """(verdict now, then) -> cases, the first of them, and how many could be compared."""
    if now is None:
        return {}, [], 0
    joined = (
        f'select t."case", t.target, t.priority, t.holder, s.verdict as was, t.verdict as becomes, '
        f's.used_pct as used_now, t.used_pct as used_then from ({then}) t join {now} s on s."case" = t."case" '
        "and s.target = t.target and s.cycle = t.cycle"
    )
    compared = connection.execute(f"select count(*) from ({joined})").fetchall()[0][0]
    differ = f"select * from ({joined}) where was <> becomes"
    counts = connection.execute(
        f"select was, becomes, count(*) from ({differ}) group by all order by 3 desc"
    ).fetchall()
    listed = connection.sql(f'{differ} order by "case", target limit {MOST}').to_arrow_table().to_pylist()
    return {(was, becomes): n for was, becomes, n in counts}, listed, compared


def _months(
    version: AgreementVersion, days: Sequence[tuple], named: Mapping, stretches: Sequence[Span], access: Access
) -> list[Month]:
    """The periods of history with figures and credit, oldest first; a repeated miss counts as it would have."""
    figures = {start: {code: _figure(target) for code, target in named.items()} for start, _ in stretches}
    starts = [start for start, _ in stretches]
    for at, code, verdict, n in days:
        if at is not None and verdict in (rows.MET, rows.MISSED):
            figure = figures[starts[bisect_right(starts, at) - 1]][code]
            _add(figure, n if verdict == rows.MET else 0, n)
    for code, target in named.items():
        if not target.is_clocked:
            for start, (good, total) in sums_of(target, stretches, access).items():
                _add(figures[start][code], Decimal(good), Decimal(total))
    charges = _charges(version, stretches, access)
    months: list[Month] = []
    earlier: list[Mapping] = []
    for start, end in stretches:
        plain = {
            "targets": {code: asdict(figure) for code, figure in figures[start].items()},
            "charge": charges.get(start),
        }
        credit = preview(version, plain, earlier).credit
        months.append(Month(start, end, figures[start], None if credit is None else credit.amount))
        earlier.insert(0, plain)
    return months


def _charges(version: AgreementVersion, stretches: Sequence[Span], access: Access) -> Mapping[date, str]:
    if version.charge_basis == AgreementVersion.ChargeBasis.MEASURED:
        return charges_of(version, stretches, access)
    if version.monthly_charge is None:
        return {}
    return {start: f"{version.monthly_charge * MONTHS[version.period]:f}" for start, _ in stretches}


def _figure(target) -> Figure:
    return Figure(
        target.code, target.name, target.metric, f"{target.required_pct:f}", threshold=target.threshold_seconds
    )


def _add(figure: Figure, good: int | Decimal, total: int | Decimal) -> None:
    figure.good = figure.all_good = f"{Decimal(figure.good) + good:f}"
    figure.total = figure.all_total = f"{Decimal(figure.total) + total:f}"


def _sum(total: Figure, part: Figure | None) -> None:
    if part is not None:
        _add(total, Decimal(part.good), Decimal(part.total))


def _count_open(figure: Figure, verdict: str, n: int) -> None:
    figure.in_flight += n if verdict == rows.IN_FLIGHT else 0
    figure.cancelled += n if verdict == rows.CANCELLED else 0
