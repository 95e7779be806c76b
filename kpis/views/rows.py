"""A scorecard's tree as the rows of its page, its print and its export: the same values everywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kpis import scoring
from kpis.selectors import NodeView, Reading, ScorecardView
from kpis.selectors.verdicts import Verdict

from .addresses import kpi_address


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a perspective or objective, or a KPI with its number.

    `weight_pct` is the part among its siblings, `used_pct` the part that counted, `pull_pct` the part of the whole
    scorecard. `period` is named where rows may differ (latest). `was` is the status before, where it was another.
    """

    id: int
    name: str
    level: int
    is_node: bool
    status: str
    score: float | None
    weight_pct: float | None = None
    used_pct: float | None = None
    pull_pct: float = 0.0
    coverage_pct: float | None = None
    counts: dict = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    gate_cap: int | None = None
    marks: tuple[str, ...] = ()
    url: str = ""
    format: str = ""
    period: str = ""
    place: str = ""
    code: str = ""
    owner: str = ""
    is_certified: bool = True
    actual: float | None = None
    target: float | None = None
    target_low: float | None = None
    target_high: float | None = None
    limits: tuple = ()
    variance: float | None = None
    variance_pct: float | None = None
    series: tuple = ()
    change: float | None = None
    change_is_good: bool | None = None
    was: str = ""
    verdict: Verdict | None = None

    @property
    def has_goal(self) -> bool:
        return self.actual is not None and (self.target is not None or self.target_low is not None)

    @property
    def differs(self) -> bool:
        """Whether another share counted than was set."""
        return None not in (self.weight_pct, self.used_pct) and abs(self.weight_pct - self.used_pct) >= 0.5

    @property
    def is_new_red(self) -> bool:
        return self.status == scoring.RED and bool(self.was)

    @property
    def is_quiet(self) -> bool:
        """On target now and before, without a signal for the worse, and nothing to say about it."""
        worse = self.verdict is not None and self.verdict.variation == "concerning"
        return self.status == scoring.GREEN and not (self.was or self.notes or self.marks or worse)


def rows_of(view: ScorecardView, **query: object) -> list[Row]:
    """The rows of a scorecard in the order of the page; `query` is kept in the links to KPI pages."""
    return list(_rows(view.nodes, view, 100.0, query))


def _rows(nodes: Iterable[NodeView], view: ScorecardView, pull: float, query: dict):
    for node in nodes:
        share = pull * (node.share_pct or 0) / 100
        yield _kpi(node, view, share, query) if node.kind == "kpi" else _group(node, share)
        yield from _rows(node.children, view, share, query)


def _group(node: NodeView, pull: float) -> Row:
    return Row(
        id=node.id,
        name=node.name,
        level=node.depth + 1,
        is_node=True,
        status=node.status,
        score=node.score,
        weight_pct=node.share_pct,
        used_pct=node.share_used_pct,
        pull_pct=pull,
        coverage_pct=node.coverage_pct,
        counts=node.counts,
        notes=(node.note,) if node.note else (),
    )


def _kpi(node: NodeView, view: ScorecardView, pull: float, query: dict) -> Row:
    common = {
        "id": node.id,
        "name": node.name,
        "level": node.depth + 1,
        "is_node": False,
        "status": node.status,
        "score": node.score,
        "weight_pct": node.share_pct,
        "used_pct": node.share_used_pct,
        "pull_pct": pull,
        "notes": (node.note,) if node.note else (),
        "gate_cap": node.gate_cap,
    }
    reading = node.reading
    if reading is None:
        return Row(**common)
    place = reading.unit.name if reading.unit.id != view.unit.id else ""
    return Row(**common, place=place, **_number(reading, latest=view.period is None, query=query))


def number_row(reading: Reading, **query: object) -> Row:
    """A KPI outside any scorecard, as the home page lists it."""
    return Row(
        id=reading.kpi.id,
        name=reading.kpi.name,
        level=1,
        is_node=False,
        status=reading.status,
        score=reading.score,
        place=reading.unit.name,
        notes=(reading.reason,) if reading.reason else (),
        **_number(reading, latest=True, query=query),
    )


def _number(reading: Reading, *, latest: bool, query: dict) -> dict:
    kpi, period = reading.kpi, reading.period
    start = period.start.isoformat() if period else None
    return {
        "url": kpi_address(kpi.code, unit=reading.unit.code, grain=period and period.grain, period=start, **query),
        "format": f"{kpi.unit_of_measure}:{kpi.decimals}",
        "period": period.label if latest and period else "",
        "code": kpi.code,
        "owner": kpi.owner_name,
        "is_certified": kpi.is_certified,
        "marks": marks_of(reading),
        "actual": reading.value,
        "target": reading.target,
        "target_low": reading.target_low,
        "target_high": reading.target_high,
        "limits": limits_of(reading),
        "variance": reading.variance,
        "variance_pct": reading.variance_pct,
        "series": tuple(past.value for past in reading.sparkline),
        "change": reading.change,
        "change_is_good": reading.change_is_good,
        "verdict": reading.verdict,
        "was": reading.previous_status if reading.previous_status not in ("", reading.status) else "",
    }


def marks_of(reading: Reading) -> tuple[str, ...]:
    """What stands beside the status: an open period that is rated all the same, a provisional number."""
    is_open = reading.is_open and reading.status != "open"
    return (*(("open",) if is_open else ()), *(("provisional",) if reading.is_provisional else ()))


def limits_of(reading: Reading) -> tuple[float, ...]:
    """The edges of the bullet's bands: those that were set, none by default."""
    edges = (reading.red_limit, reading.target, reading.target_low, reading.target_high)
    known = tuple(edge for edge in edges if edge is not None)
    return known if len(known) > 1 else ()


def kpi_rows(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not row.is_node]
