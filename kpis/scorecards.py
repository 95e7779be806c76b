"""Building a scorecard: add, move and remove rows, set weights from a day on. The scores are `rollup`'s."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Q

from organization import audit
from organization.changes import set_fields
from organization.models import Unit, User

from .models import Kpi, NodeWeight, Scorecard, ScorecardNode

NODE_FIELDS = frozenset(
    {"name", "roll_up", "missing", "carry_periods", "minimum_coverage_pct", "gate_cap", "unit", "objective"}
)


class ScorecardError(Exception):
    """A change that a scorecard cannot take; `field` names what to change."""

    def __init__(self, message: str, field: str = ""):
        self.field = field
        super().__init__(message)


class ScorecardCycle(ScorecardError):
    """A row would stand below itself."""

    def __init__(self, path: list[ScorecardNode]):
        self.path = [str(node) for node in path]
        super().__init__(f"A scorecard cycle: {' > '.join(self.path)}. Choose another place.", "parent")


@transaction.atomic
def create_scorecard(*, code: str, name: str, unit: Unit, owner: User, by, **values) -> Scorecard:
    """An empty scorecard. Raises ValidationError."""
    scorecard = Scorecard(code=code, name=name, unit=unit, owner=owner, **values)
    scorecard.full_clean()
    scorecard.save()
    audit.record(by, "scorecard created", scorecard, unit=unit)
    return scorecard


@transaction.atomic
def change_scorecard(scorecard: Scorecard, *, by, **values) -> Scorecard:
    """Change name, description, unit, owner, cascades, grain or is_executive. Raises ValidationError."""
    change = set_fields(scorecard, values)
    if change:
        scorecard.full_clean()
        scorecard.save()
        audit.record(by, "scorecard changed", scorecard, **change)
    return scorecard


@transaction.atomic
def remove_scorecard(scorecard: Scorecard, *, by) -> None:
    """Take a scorecard away; its KPIs and their results stay."""
    audit.record(by, "scorecard removed", scorecard, unit=scorecard.unit)
    scorecard.delete()


@transaction.atomic
def add_node(
    scorecard: Scorecard,
    *,
    by,
    kind: str,
    parent: ScorecardNode | None = None,
    kpi: Kpi | None = None,
    weight: Decimal | int = 1,
    **values,
) -> ScorecardNode:
    """A row under `parent` (none: at the top), the last of its siblings. Raises ScorecardError, ValidationError."""
    scorecard = _locked(scorecard)
    _check_place(scorecard, parent, kpi)
    last = scorecard.nodes.filter(parent=parent).aggregate(Max("position"))["position__max"]
    node = ScorecardNode(
        scorecard=scorecard, parent=parent, kind=kind, kpi=kpi, position=0 if last is None else last + 1, **values
    )
    _save(node)
    NodeWeight.objects.create(node=node, weight=_weight(weight))
    audit.record(by, "scorecard row added", scorecard, row=str(node), parent=parent and str(parent), weight=weight)
    return node


@transaction.atomic
def change_node(node: ScorecardNode, *, by, **values) -> ScorecardNode:
    """Change how a row is named, read and rolled up. Raises ScorecardError, ValidationError."""
    if unknown := set(values) - NODE_FIELDS:
        raise ScorecardError(f"A row has no {min(unknown)} to change.", min(unknown))
    change = set_fields(node, values)
    if change:
        _save(node)
        audit.record(by, "scorecard row changed", node.scorecard, row=str(node), **change)
    return node


@transaction.atomic
def move_node(node: ScorecardNode, parent: ScorecardNode | None, *, by, position: int | None = None) -> ScorecardNode:
    """Put a row under `parent`, at `position` among its siblings (none: last). Raises ScorecardError."""
    scorecard = _locked(node.scorecard)
    above, chain = parent, [node]
    while above is not None:
        chain.insert(1, above)
        if above.pk == node.pk:
            raise ScorecardCycle([*chain[1:], node])
        above = above.parent
    if parent != node.parent:
        _check_place(scorecard, parent, node.kpi)
    siblings = [n for n in scorecard.nodes.filter(parent=parent).order_by("position", "pk") if n.pk != node.pk]
    place = len(siblings) if position is None else max(0, min(position, len(siblings)))
    siblings.insert(place, node)
    was, node.parent = node.parent, parent
    for number, sibling in enumerate(siblings):
        sibling.position = number
        sibling.save(update_fields=["position", "parent"])
    names = {"before": was and str(was), "after": parent and str(parent)}
    audit.record(by, "scorecard row moved", scorecard, row=str(node), position=place, **names)
    return node


@transaction.atomic
def remove_node(node: ScorecardNode, *, by) -> None:
    """Take a row, and all below it, out of the scorecard; KPIs and results stay."""
    scorecard = _locked(node.scorecard)
    audit.record(by, "scorecard row removed", scorecard, row=str(node))
    node.delete()


@transaction.atomic
def set_weight(node: ScorecardNode, weight: Decimal | int, *, from_day: date, by) -> NodeWeight:
    """Let the row weigh `weight` from `from_day` on; before that nothing changes. Its siblings' shares follow."""
    _locked(node.scorecard)
    weight = _weight(weight)
    before = node.weights.in_force(from_day).first()
    node.weights.filter(valid_from__gte=from_day).delete()
    node.weights.filter(Q(valid_to=None) | Q(valid_to__gt=from_day)).update(valid_to=from_day)
    made = NodeWeight.objects.create(node=node, weight=weight, valid_from=from_day)
    was = before and before.weight
    audit.record(by, "weight set", node.scorecard, row=str(node), before=was, after=weight, from_day=from_day)
    return made


def shares(scorecard: Scorecard, parent: ScorecardNode | None, day: date) -> dict[int, float]:
    """node id -> its part among its siblings on `day`, in per cent; they add up to 100."""
    nodes = scorecard.nodes.filter(parent=parent).values_list("pk", flat=True)
    found = dict(NodeWeight.objects.in_force(day).filter(node__in=nodes).values_list("node_id", "weight"))
    weights = {node: float(found.get(node, 1)) for node in nodes}
    whole = sum(weights.values())
    return {node: 100 * weight / whole for node, weight in weights.items()} if whole else {}


def _locked(scorecard: Scorecard) -> Scorecard:
    return Scorecard.objects.select_for_update(no_key=True).get(pk=scorecard.pk)


def _check_place(scorecard: Scorecard, parent: ScorecardNode | None, kpi: Kpi | None) -> None:
    if parent is not None and parent.scorecard_id != scorecard.pk:
        raise ScorecardError(f"{parent} is a row of another scorecard.", "parent")
    if parent is not None and parent.kpi_id:
        raise ScorecardError(f"{parent} is a KPI: nothing stands below it.", "parent")
    if kpi and scorecard.nodes.filter(parent=parent, kpi=kpi).exists():
        raise ScorecardError(f"{kpi} stands there already.", "kpi")


def _save(node: ScorecardNode) -> None:
    if not (node.name or node.kpi_id or node.objective_id):
        raise ScorecardError("Give the row a name.", "name")
    if node.gate_cap is not None and not node.kpi_id:
        raise ScorecardError("Only a KPI can be a gate.", "gate_cap")
    node.full_clean()
    node.save()


def _weight(weight: Decimal | int) -> Decimal:
    weight = Decimal(weight)
    if not weight.is_finite() or not 0 <= weight < 100_000:
        raise ScorecardError("A weight is a number from 0 to 99,999.", "weight")
    return weight
