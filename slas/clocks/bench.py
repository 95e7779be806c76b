"""Trying a version on history before it is signed: attainment, credits, and the cases that would flip."""

from __future__ import annotations

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

from . import rows
from .compute import count, table_of
from .run import only_vendor

MOST = 100


@dataclass(frozen=True)
class Month:
    """A period of history: the figures of each target, and what it would have owed (None without tiers or charge)."""

    start: date
    figures: dict[str, Figure]
    credit: Decimal | None


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
    """Replay the whole log by `version`, whatever its dates. Rows are those that the person may see.

    day: whose fiscal calendar cuts the periods. Raises datasets.scan.ScanFailed.
    """
    import duckdb

    counted = count([version], by_validity=False, apart=True)
    table = table_of(counted, vendor=only_vendor(version.agreement))
    named = {part.timed.target.code: part.timed.target for part in counted.parts}
    trial = Trial(version, {code: _figure(target) for code, target in named.items()}, [], version.currency)
    if not table.num_rows:
        return trial
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
        flips, listed, compared = _flips(connection, then, now)
    months = _months(version, days, named, day)
    for code, figure in trial.totals.items():
        for month in months:
            _sum(figure, month.figures.get(code))
    for _, code, verdict, n in days:
        _count_open(trial.totals[code], verdict, n)
    return Trial(version, trial.totals, months, version.currency, sum(n for *_, n in days), compared, flips, listed)


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


def _months(version: AgreementVersion, days: Sequence[tuple], named: Mapping, day: date) -> list[Month]:
    """The periods of history with figures and credit, oldest first; a repeated miss counts as it would have."""
    calendar = calendars_of([version.agreement.unit_id], day)[version.agreement.unit_id]
    found: dict[date, dict[str, Figure]] = {}
    for at, code, verdict, n in days:
        if at is None or verdict not in (rows.MET, rows.MISSED):
            continue
        start = calendar.period_of(at, version.period).start
        figures = found.setdefault(start, {known: _figure(target) for known, target in named.items()})
        figure = figures[code]
        figure.total = figure.all_total = str(int(figure.total) + n)
        if verdict == rows.MET:
            figure.good = figure.all_good = str(int(figure.good) + n)
    charge = None if version.monthly_charge is None else f"{version.monthly_charge * MONTHS[version.period]:f}"
    months: list[Month] = []
    earlier: list[Mapping] = []
    for start in sorted(found):
        plain = {"targets": {code: asdict(figure) for code, figure in found[start].items()}, "charge": charge}
        credit = preview(version, plain, earlier).credit
        months.append(Month(start, found[start], None if credit is None else credit.amount))
        earlier.insert(0, plain)
    return months


def _figure(target) -> Figure:
    return Figure(
        target.code, target.name, target.metric, f"{target.required_pct:f}", threshold=target.threshold_seconds
    )


def _sum(total: Figure, part: Figure | None) -> None:
    if part is not None:
        total.good = total.all_good = str(int(total.good) + int(part.good))
        total.total = total.all_total = str(int(total.total) + int(part.total))


def _count_open(figure: Figure, verdict: str, n: int) -> None:
    figure.in_flight += n if verdict == rows.IN_FLIGHT else 0
    figure.cancelled += n if verdict == rows.CANCELLED else 0
