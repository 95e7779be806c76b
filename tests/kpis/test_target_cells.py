"""What a cell of the targets' grid shows in grey, and what its title says of it."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from kpis.selectors.target_grid import Cell

JAN, FEB, YEAR = date(2025, 1, 1), date(2025, 2, 1), date(2026, 1, 1)


def target(value: int, valid_from=JAN, valid_to=FEB, **more) -> SimpleNamespace:
    words = {
        "value": Decimal(value),
        "low": None,
        "high": None,
        "overrides": None,
        "part_of_id": None,
        "as_total": False,
    }
    return SimpleNamespace(
        **words | more, valid_from=valid_from, valid_to=valid_to, get_comparator_display=lambda: "Target"
    )


def found(value: int, source: str = "above", basis: str = "") -> SimpleNamespace:
    return SimpleNamespace(value=Decimal(value), low=None, high=None, source=source, basis=basis, parts=0, from_unit=1)


def cell(**words) -> Cell:
    nothing = {"own": None, "found": None, "from_name": "", "is_phase": False, "may_edit": True}
    return Cell(unit_id=7, start=JAN, end=FEB, **nothing | words)


@pytest.mark.parametrize(
    ("words", "hint", "said"),
    [
        ({}, "", ""),
        ({"found": found(80), "from_name": "Group"}, "80", "80 from Group"),
        ({"found": found(80, basis="Contract 7"), "from_name": "Group"}, "80", "80 from Group: Contract 7"),
        ({"found": found(80, "unit")}, "80", "80 set for this unit with other days"),
        (
            {"found": found(80, "unit"), "around": target(80, JAN, YEAR)},
            "80",
            "80 set for this unit with other days: a number typed here is set within them",
        ),
        (
            {"found": found(80, "unit"), "around": target(80, JAN, YEAR), "may_edit": False},
            "80",
            "80 set for this unit with other days",
        ),
        (
            {"found": found(90, "unit"), "own": target(90, overrides=target(95))},
            "95",
            "Set within the standing 95, which holds again once the cell is emptied",
        ),
        ({"found": found(10, "unit", "annual 120"), "is_phase": True}, "", "Part of the annual target: annual 120"),
        ({"found": found(80, "unit"), "kept": "It follows the agreement"}, "80", "It follows the agreement"),
    ],
)
def test_what_holds_stands_in_grey_and_says_where_from(words, hint, said):
    one = cell(**words)
    assert (one.hint, one.said) == (hint, said)
