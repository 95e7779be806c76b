"""Targets that a room above keeps by rules of its own: what people set in their place would be undone without a word.

A room registers who tells whose targets they are: KPI id -> {unit id: a sentence that says where to change it}.
"""

from collections.abc import Callable

from .goals import TargetError
from .models import Kpi
from .models.targets import Comparator

Keeper = Callable[[int], dict[int, str]]
_keepers: list[Keeper] = []


def register(keeper: Keeper) -> None:
    """Ask `keeper` too before a target is set, ended or removed by hand."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def kept_of(kpi_id: int, comparator: str) -> dict[int, str]:
    """{unit id: where to change it} of the targets for all rows that a room above keeps. Limits are anybody's."""
    kept: dict[int, str] = {}
    for keeper in _keepers if comparator == Comparator.TARGET else ():
        kept |= keeper(kpi_id)
    return kept


def refuse_kept(kpi: Kpi, unit_id: int, comparator: str, dimension: str = "") -> None:
    """Raises TargetError where a room above keeps this target. Segments are anybody's."""
    if not dimension and (said := kept_of(kpi.pk, comparator).get(unit_id)):
        raise TargetError(said)
