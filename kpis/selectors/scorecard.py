"""A scorecard at a unit and a period: the tree with readings, and the scores that follow from them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce, NullIf

from kpis import rollup, scoring
from kpis.calendars import period_of
from kpis.models import Kpi, NodeWeight, Scorecard, ScorecardNode
from organization.access import VIEW, Access
from organization.models import Unit, UnitPath

from .readings import OPEN, Book
from .results import Row, last_rows
from .units import neighbours, require_visible, unit_ref, units_by_id
from .words import SPARKLINE_PERIODS, NodeView, NotYours, PeriodRef, ScorecardView, UnitRef

COUNTS_AS_ZERO = "No score: it counts as 0 here."
NOT_RATED = {scoring.INFO, scoring.NO_TARGET}
ONE_DAY = timedelta(days=1)
NAME = Coalesce(NullIf("name", Value("")), "kpi__name", "objective__name")  # as ScorecardNode.__str__
SPARE_PERIODS = 2  # open periods that may stand after the last complete one


@dataclass(frozen=True)
class _Tree:
    """What all nodes of one view share."""

    book: Book
    rows: dict[tuple[int, int], list[Row]]
    units: dict[int, UnitRef]
    unit: UnitRef
    children: dict[int | None, list[ScorecardNode]]
    weights: dict[int, float]
    grain: str
    period: PeriodRef | None
    include_open: bool


def scorecard_view(
    scorecard: Scorecard,
    unit: Unit,
    day: date,
    access: Access,
    *,
    period=None,
    grain: str | None = None,
    include_open: bool = False,
    as_known_at: datetime | None = None,
) -> ScorecardView:
    """The scorecard read at `unit`, at `period` or (None) at each KPI's last complete period of `grain` on `day`.

    Weights are those in force on the period's last day (or on `day`). `as_known_at` leaves out what was recorded
    later, and what control charts say, which they say of now. Ten queries, however many KPIs it holds, and one more
    where rows of it read other units.
    Raises NotYours for a unit that the person may not see, or to which the scorecard does not reach.
    """
    require_visible(unit, access)
    _require_reach(scorecard, unit, day)
    asked = PeriodRef(period.grain, period.start, period.end, period.label) if period else None
    tree = _tree(scorecard, unit, day, access, asked, grain, include_open, as_known_at)
    views, rolled = _siblings(tree, None, 0, rollup.WEIGHTED_MEAN, 60)
    path, below, _ = neighbours(unit, day, access)
    own = {node.kpi_id for nodes in tree.children.values() for node in nodes}
    through = [tree.book.complete_through(kpi) for kpi in own & tree.book.refs.keys()]
    return ScorecardView(
        id=scorecard.pk,
        code=scorecard.code,
        name=scorecard.name,
        unit=tree.unit,
        grain=tree.grain,
        period=asked,
        day=day,
        nodes=views,
        score=rolled.score,
        status=rolled.status,
        coverage_pct=rolled.coverage_pct,
        counts=rolled.counts,
        note=rolled.note,
        complete_through=min((t for t in through if t), default=None),
        units_below=below if scorecard.cascades else (),
        path=_within(scorecard, path),
    )


def _tree(
    scorecard: Scorecard,
    unit: Unit,
    day: date,
    access: Access,
    asked: PeriodRef | None,
    grain: str | None,
    include_open: bool,
    as_known_at: datetime | None,
) -> _Tree:
    """Everything that the nodes read, at once."""
    counter = When(kpi__counter_kpi__in=Kpi.objects.visible_to(access).values("pk"), then=F("kpi__counter_kpi"))
    nodes = list(scorecard.nodes.annotate(shown_name=NAME, counter=Case(counter)).order_by("position", "pk"))
    leaves = [node for node in nodes if node.kpi_id]
    grain = asked.grain if asked else grain or scorecard.grain
    units = {unit.pk: unit_ref(unit)} | units_by_id((n.unit_id for n in leaves if n.unit_id), access)
    book = Book({kpi for node in leaves for kpi in (node.kpi_id, node.counter) if kpi}, day)
    limit = SPARKLINE_PERIODS + 1 + SPARE_PERIODS + max((n.carry_periods for n in leaves), default=0)
    pairs = [
        (kpi, n.unit_id or unit.pk, book.grain(kpi, grain))
        for n in leaves
        for kpi in (n.kpi_id, n.counter)
        if kpi in book.refs and (n.unit_id or unit.pk) in units
    ]
    book.known_at = as_known_at
    if not as_known_at:
        book.load_verdicts(pairs)
    children = defaultdict(list)
    for node in nodes:
        children[node.parent_id].append(node)
    return _Tree(
        book=book,
        rows=last_rows(pairs, asked.start if asked else day, limit, known_at=as_known_at),
        units=units,
        unit=unit_ref(unit),
        children=children,
        weights=_weights(scorecard, min(day, asked.end - ONE_DAY) if asked else day),
        grain=grain,
        period=asked,
        include_open=include_open,
    )


def first_unit_of(scorecard: Scorecard, access: Access, day: date) -> Unit | None:
    """Where the scorecard opens for a person: the highest unit that it reaches on `day` and they may see. One query."""
    if access.allows(VIEW, scorecard.unit_id):
        return scorecard.unit
    if not scorecard.cascades:
        return None
    paths = UnitPath.objects.in_force(day).filter(ancestor=scorecard.unit_id, descendant__in=access.units(VIEW))
    first = paths.select_related("descendant").order_by("depth", "descendant__name").first()
    return first.descendant if first else None


def _require_reach(scorecard: Scorecard, unit: Unit, day: date) -> None:
    if unit.pk == scorecard.unit_id:
        return
    paths = UnitPath.objects.in_force(day).filter(ancestor=scorecard.unit_id, descendant=unit)
    if not scorecard.cascades or not paths.exists():
        raise NotYours(f"The scorecard {scorecard.name} does not reach to this unit.")


def _within(scorecard: Scorecard, path: tuple[UnitRef, ...]) -> tuple[UnitRef, ...]:
    """`path` from the scorecard's own unit down: it cannot be opened at the units above."""
    ids = [unit.id for unit in path]
    return path[ids.index(scorecard.unit_id) :] if scorecard.unit_id in ids else path


def _weights(scorecard: Scorecard, day: date) -> dict[int, float]:
    found = NodeWeight.objects.in_force(day).filter(node__scorecard=scorecard)
    return {node: float(weight) for node, weight in found.values_list("node_id", "weight")}


def _siblings(
    tree: _Tree, parent: int | None, depth: int, method: str, minimum_pct: float
) -> tuple[tuple[NodeView, ...], rollup.Rolled]:
    """The views of a node's children and what they give together."""
    made = [_node(tree, node, depth) for node in tree.children.get(parent, [])]
    rolled = rollup.roll_up([child for _, child in made], method, minimum_pct)
    views = tuple(
        view(share_pct=rolled.shares.get(child.key), share_used_pct=rolled.shares_used.get(child.key))
        for view, child in made
    )
    return views, rolled


def _node(tree: _Tree, node: ScorecardNode, depth: int) -> tuple[partial[NodeView], rollup.Child]:
    """A node's view that lacks its share, which is known when its siblings are; and the node as its parent sees it."""
    return _leaf(tree, node, depth) if node.kpi_id else _group(tree, node, depth)


def _group(tree: _Tree, node: ScorecardNode, depth: int) -> tuple[partial[NodeView], rollup.Child]:
    children, rolled = _siblings(tree, node.pk, depth + 1, node.roll_up, node.minimum_coverage_pct)
    weight = tree.weights.get(node.pk, 1.0)
    applies = rolled.coverage_pct is not None and node.roll_up != rollup.COUNTS
    view = partial(
        NodeView,
        id=node.pk,
        kind=node.kind,
        name=node.shown_name,
        depth=depth,
        weight=weight,
        score=rolled.score,
        status=rolled.status,
        coverage_pct=rolled.coverage_pct,
        counts=rolled.counts,
        roll_up=node.roll_up,
        note=rolled.note,
        gate_cap=node.gate_cap,
        objective_id=node.objective_id,
        children=children,
    )
    child = rollup.Child(
        node.pk, weight, rolled.score, rolled.status, applies, node.missing, node.gate_cap, rolled.counts
    )
    return view, child


def _leaf(tree: _Tree, node: ScorecardNode, depth: int) -> tuple[partial[NodeView], rollup.Child]:
    """A KPI's row. Where it was never measured at this unit it does not apply; it then leaves both sums."""
    unit = tree.units.get(node.unit_id or tree.unit.id)
    rows = tree.rows.get((node.kpi_id, unit.id), []) if unit else []
    reading = None
    if unit and node.kpi_id in tree.book.refs:
        reading = tree.book.reading(node.kpi_id, unit, rows, period=tree.period, include_open=tree.include_open)
    status = reading.status if reading else scoring.NO_DATA
    score, carried = (reading.score if reading else None), None
    if score is None and status in {scoring.NO_DATA, OPEN} and node.missing == ScorecardNode.Missing.CARRY:
        score, carried = _carried(tree, node, rows)
    weight = tree.weights.get(node.pk, 1.0)
    applies = bool(rows) and status not in NOT_RATED
    missing = ScorecardNode.Missing.REWEIGHT if status == OPEN else node.missing  # an open period is not a missing one
    counts_as_zero = applies and score is None and missing == ScorecardNode.Missing.ZERO
    view = partial(
        NodeView,
        id=node.pk,
        kind=node.kind,
        name=node.shown_name,
        depth=depth,
        weight=weight,
        score=score,
        status=status,
        coverage_pct=None,
        counts={status: 1},
        roll_up="",
        note=COUNTS_AS_ZERO if counts_as_zero else _leaf_note(reading, carried, unit) or _bought(tree, node, reading),
        carried_from=carried,
        gate_cap=node.gate_cap,
        reading=reading,
        objective_id=node.objective_id,
    )
    child = rollup.Child(node.pk, weight, score, status, applies, missing, node.gate_cap, {status: 1})
    return view, child


def _carried(tree: _Tree, node: ScorecardNode, rows: Sequence[Row]) -> tuple[float | None, PeriodRef | None]:
    """The last score of at most `carry_periods` periods before the one asked for (or before the day)."""
    if not rows:
        return None, None
    calendar, grain = tree.book.calendar(node.kpi_id), rows[-1].grain
    start = tree.period.start if tree.period else tree.book.day
    oldest = calendar.previous(period_of(calendar, start, grain), node.carry_periods).start
    for row in reversed(rows):
        if row.period_start < oldest:
            break
        if row.score is not None and not row.open_on(tree.book.day):
            return row.score, tree.book.period(row)
    return None, None


def _leaf_note(reading, carried: PeriodRef | None, unit: UnitRef | None) -> str:
    if unit is None:
        return "This row reads another unit that you may not see."
    if carried:
        return f"Score carried from {carried.label}."
    return reading.reason if reading else ""


def _bought(tree: _Tree, node: ScorecardNode, reading) -> str:
    """A word where the KPI is on target and its counter KPI, at the same unit and period, is not.

    One of another grain is looked at in the period asked for, or its last complete one.
    """
    if not node.counter or not reading or reading.status != scoring.GREEN or node.counter not in tree.book.refs:
        return ""
    rows = tree.rows.get((node.counter, reading.unit.id), [])
    if not rows:
        return ""
    period = reading.period if tree.period or rows[-1].grain == reading.period.grain else None
    counter = tree.book.reading(node.counter, reading.unit, rows, period=period, include_open=tree.include_open)
    return f"Its counter KPI {counter.kpi.name} is off target." if counter.status == scoring.RED else ""


def visible_scorecards(access: Access) -> list[Scorecard]:
    """The scorecards that the person may open, the executive ones first. One query."""
    found = Scorecard.objects.visible_to(access).select_related("unit", "owner")
    return list(found) if access.anywhere(VIEW) else []
