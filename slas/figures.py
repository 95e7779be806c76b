"""The figures of periods: how each promise went, with and without exclusions, and what the period's charge was.

Percentages are decimals, cut after four places, so that 94.99999 never reads as a promise of 95 that was kept; whether
it was kept is told from the counts. A percentile is R-7, linear between ranks (`analytics.percentiles`).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal

from datasets.facts import contract_of, facts_of
from datasets.models import Dataset
from datasets.scan import fetch_here

from . import attainment
from .credits import rounded
from .measures import parts_of
from .models import AgreementVersion, ServiceTarget
from .sums import Span, by_period, sql_of, text_of

MONTHS = {"month": 1, "quarter": 3, "year": 12}
PLACES = Decimal("0.0001")
NOTHING = {"good": None, "total": None, "n": 0}


@dataclass(frozen=True)
class Stretch:
    """A period from `start` up to, not including, `end`, and the version that governs it."""

    start: date
    end: date
    version: AgreementVersion


@dataclass
class Figure:
    """How one promise went. good, total: without what was excluded; of a clock: met, and met + missed.

    all_good, all_total: exclusions counted as well. Numbers are decimal text, so that they can be frozen bit for bit.
    """

    code: str
    name: str
    metric: str
    required: str
    good: str = "0"
    total: str = "0"
    all_good: str = "0"
    all_total: str = "0"
    in_flight: int = 0
    cancelled: int = 0
    excluded: int = 0
    value: str | None = None  # the percentile, in seconds
    threshold: int | None = None

    @property
    def attainment(self) -> Decimal | None:
        return percent(self.good, self.total)

    @property
    def attainment_with_all(self) -> Decimal | None:
        return percent(self.all_good, self.all_total)

    @property
    def is_met(self) -> bool | None:
        """None without a case. Of a percentile target: the percentile lies within the time."""
        if not Decimal(self.total):
            return None
        if self.metric == ServiceTarget.Metric.PERCENTILE and self.value is not None:
            return Decimal(self.value) <= Decimal(self.threshold or 0)
        return Decimal(self.good) * 100 >= Decimal(self.required) * Decimal(self.total)


@dataclass
class Figures:
    """A period's figures; `plain` is what is kept of them."""

    targets: dict[str, Figure] = field(default_factory=dict)
    charge: str | None = None
    currency: str = ""
    cases_hash: str = ""
    sources: dict = field(default_factory=dict)

    @property
    def plain(self) -> dict:
        return {
            "targets": {code: asdict(figure) for code, figure in self.targets.items()},
            "charge": self.charge,
            "currency": self.currency,
        }

    @property
    def hash(self) -> str:
        return hash_of(self.plain)


def read_figures(plain: dict) -> dict[str, Figure]:
    """The figures of a kept period."""
    return {code: Figure(**words) for code, words in plain.get("targets", {}).items()}


def hash_of(plain: dict) -> str:
    """SHA-256 over the canonical JSON."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def percent(part: str | Decimal, whole: str | Decimal) -> Decimal | None:
    whole = Decimal(whole)
    return (Decimal(part) * 100 / whole).quantize(PLACES, ROUND_DOWN) if whole else None


def figures_of(agreement, stretches: Sequence[Stretch], running: date | None = None) -> dict[date, Figures]:
    """period start -> figures, by the data as they are now. A scan for all cases, one a measured promise and charge.

    running: the start of the period in which cases in flight are counted; None: of none.
    """
    found = {stretch.start: Figures(currency=stretch.version.currency) for stretch in stretches}
    of_version: dict[AgreementVersion, list[Stretch]] = {}
    for stretch in stretches:
        of_version.setdefault(stretch.version, []).append(stretch)
    known = {v: list(v.targets.select_related("measure__dataset", "clock__dataset")) for v in of_version}
    targets = {stretch.start: known[stretch.version] for stretch in stretches}
    for stretch in stretches:
        found[stretch.start].targets = {t.code: _empty(t) for t in targets[stretch.start]}
    cases = attainment.derived_dataset(agreement)
    clocked = any(target.is_clocked for own in known.values() for target in own)
    if clocked and cases is not None and cases.current_version is not None:
        _count_cases(cases, stretches, targets, found, running)
    for version, own in of_version.items():
        for target in known[version]:
            if not target.is_clocked:
                _measure(agreement, target, own, found)
        _charge(version, own, found)
    exclusions = [e.pk for e in agreement.exclusions.filter(state="approved").order_by("pk")]
    for stretch in stretches:
        _note_sources(stretch, targets[stretch.start], cases if clocked else None, exclusions, found[stretch.start])
    return found


def _empty(target: ServiceTarget) -> Figure:
    return Figure(
        target.code,
        target.name,
        target.metric,
        f"{target.required_pct.normalize():f}",
        threshold=target.threshold_seconds,
    )


def _count_cases(
    dataset: Dataset, stretches: Sequence[Stretch], targets: dict, found: dict[date, Figures], running: date | None
) -> None:
    facts = facts_of(dataset)
    counts = attainment.counts(dataset)
    days = ", ".join(f"(date '{s.start}', date '{s.end}')" for s in stretches)
    day = "r.counted_at__day"
    if running:
        day = f"coalesce({day}, case when r.verdict = 'in_flight' then date '{running}' end)"
    rows = f"""(select r.*, p.s as period, ({counts}) as does_count from ({facts.relation}) r
        join (values {days}) p(s, e) on {day} >= p.s and {day} < p.e)"""
    sql = f"""select period, target, verdict, does_count, count(*) as n from {rows} group by all"""
    for row in fetch_here(sql, facts.files):
        figure = found[row["period"]].targets.get(row["target"])
        if figure is not None:
            _add(figure, row["verdict"], row["does_count"], row["n"])
    listed = "concat_ws('|', \"case\", target, cycle, verdict, elapsed_s, target_s, does_count)"
    sql = (
        f"select period, sha256(string_agg({listed}, chr(10) order by {listed})) as digest from {rows} group by period"
    )
    for row in fetch_here(sql, facts.files):
        found[row["period"]].cases_hash = row["digest"]
    _percentiles(facts, rows, targets, found)


def _percentiles(facts, rows: str, targets: dict, found: dict[date, Figures]) -> None:
    shares = {
        t.code: t.percentile for own in targets.values() for t in own if t.metric == ServiceTarget.Metric.PERCENTILE
    }
    for code, share in shares.items():
        sql = f"""select period, quantile_cont(elapsed_s, {share}) as value from {rows}
            where target = '{code}' and does_count and verdict in ('met', 'missed') group by period"""
        for row in fetch_here(sql, facts.files):
            figure = found[row["period"]].targets.get(code)
            if figure is not None and row["value"] is not None:
                figure.value = f"{Decimal(str(row['value'])).quantize(PLACES).normalize():f}"


def _add(figure: Figure, verdict: str, does_count: bool, n: int) -> None:
    if verdict == "in_flight":
        figure.in_flight += n
    elif verdict == "cancelled":
        figure.cancelled += n
    elif verdict in ("met", "missed"):
        met = n if verdict == "met" else 0
        figure.all_total, figure.all_good = str(int(figure.all_total) + n), str(int(figure.all_good) + met)
        if does_count:
            figure.total, figure.good = str(int(figure.total) + n), str(int(figure.good) + met)
        else:
            figure.excluded += n


def _measure(agreement, target: ServiceTarget, stretches: Sequence[Stretch], found: dict[date, Figures]) -> None:
    """A promise without a clock, on its source: good over total, once with and once without exclusions."""
    dataset = target.measure.dataset
    if dataset.current_version is None:
        return
    facts, contract = facts_of(dataset), contract_of(dataset)
    good, total = (sql_of(text, contract) for text in parts_of(target.measure, target.metric, target.threshold_seconds))
    columns = f"{good} as good, {total} as total, count(*) as n"
    everything = sql_of(target.condition, contract, aggregate=False)
    counted = sql_of(attainment.row_condition(agreement, target), contract, aggregate=False)
    rows, time_column = (facts.relation, facts.files), attainment.time_column_of(target)
    spans = [(stretch.start, stretch.end) for stretch in stretches]
    all_rows = by_period(fetch_here, rows, columns, time_column, everything, spans)
    kept = all_rows if counted == everything else by_period(fetch_here, rows, columns, time_column, counted, spans)
    for start, all_row in all_rows.items():
        figure, row = found[start].targets[target.code], kept.get(start, NOTHING)
        figure.good, figure.total = text_of(row["good"]), text_of(row["total"])
        figure.all_good, figure.all_total = text_of(all_row["good"]), text_of(all_row["total"])
        figure.excluded = all_row["n"] - row["n"]


def _charge(version: AgreementVersion, stretches: Sequence[Stretch], found: dict[date, Figures]) -> None:
    if version.charge_basis == AgreementVersion.ChargeBasis.FIXED:
        if version.monthly_charge is not None:
            for stretch in stretches:
                found[stretch.start].charge = f"{version.monthly_charge * MONTHS[version.period]:f}"
        return
    dataset = version.charge_dataset
    if dataset is None or dataset.current_version is None:
        return
    facts = facts_of(dataset)
    spans = [(stretch.start, stretch.end) for stretch in stretches]
    for start, charge in charges(version, fetch_here, (facts.relation, facts.files), spans).items():
        found[start].charge = charge


def charges(version: AgreementVersion, run: Callable, rows, spans: Sequence[Span]) -> dict[date, str]:
    """period start -> the measured charge of a version, as decimal text; rows: of its charge dataset."""
    contract = contract_of(version.charge_dataset)
    time_column = version.charge_time_column or (contract.event_time.name if contract.event_time else "")
    condition = sql_of(version.charge_condition, contract, aggregate=False)
    columns = f"cast({sql_of(version.charge_formula, contract)} as decimal(38, 4)) as charge"
    sums = by_period(run, rows, columns, time_column, condition, spans)
    found = {start: sums[start]["charge"] if start in sums else None for start, _ in spans}
    return {start: f"{rounded(charge or Decimal(0), version.currency):f}" for start, charge in found.items()}


def _note_sources(
    stretch: Stretch, targets: list, cases: Dataset | None, exclusions: list[int], figures: Figures
) -> None:
    """What the figures were made from; the hash of the cases is joined by what lies behind measured promises."""
    datasets = [t.measure.dataset for t in targets if not t.is_clocked] + ([cases] if cases else [])
    figures.sources = {
        "data": {dataset.code: dataset.current_version for dataset in datasets},
        "agreement_version": stretch.version.number,
        "exclusions": exclusions,
    }
    measured = [
        f"{t.code}|{figures.targets[t.code].all_good}|{figures.targets[t.code].all_total}"
        for t in targets
        if not t.is_clocked
    ]
    text = "\n".join([figures.cases_hash, *sorted(measured)])
    figures.cases_hash = hashlib.sha256(text.encode()).hexdigest()
