"""Targets that a room above keeps by rules of its own: what people set in their place would be undone without a word.

A room registers who tells whose target it is: (KPI id, unit id) -> a sentence that says where to change it, or nothing.
"""

from collections.abc import Callable

from .goals import TargetError
from .models import Kpi
from .models.targets import Comparator

Keeper = Callable[[int, int], str]
_keepers: list[Keeper] = []


def register(keeper: Keeper) -> None:
    """Ask `keeper` too before a target is set, ended or removed by hand."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def refuse_kept(kpi: Kpi, unit_id: int, comparator: str, dimension: str = "") -> None:
    """Raises TargetError where a room above keeps this target. Limits beside it and segments are anybody's."""
    if comparator != Comparator.TARGET or dimension:
        return
    for keeper in _keepers:
        if said := keeper(kpi.pk, unit_id):
            raise TargetError(said)
