"""Units from a CSV: every fault with its row and column before anything is written; then all or nothing."""

from datetime import date

import pytest

from organization import tree, unit_import
from organization.models import Unit, UnitAlias, UnitPlacement
from tests.factories import UnitFactory

pytestmark = pytest.mark.django_db
DAY = date(2025, 1, 1)

GOOD = """code,name,kind,parent,timezone,alias:itsm
team-a,Team A,team,north,,A|A2
north,North,division,group,Europe/Paris,
"""


def test_parents_may_stand_below_their_children_in_the_file():
    group = UnitFactory(code="group")
    seen = unit_import.preview(GOOD.encode(), DAY)
    assert (seen.added, seen.changed, seen.faults) == (2, 0, ())
    unit_import.import_units(seen, from_day=DAY, today=DAY, by=None)
    team = Unit.objects.get(code="team-a")
    assert set(Unit.objects.above(team, DAY)) == {team, Unit.objects.get(code="north"), group}
    assert sorted(UnitAlias.objects.values_list("system", "code")) == [("itsm", "A"), ("itsm", "A2")]


def test_the_same_file_again_changes_nothing_and_a_new_parent_moves():
    UnitFactory(code="group")
    for _ in range(2):
        unit_import.import_units(unit_import.preview(GOOD.encode(), DAY), from_day=DAY, today=DAY, by=None)
    later = date(2025, 6, 1)
    moved = unit_import.preview(b"code,name,parent\nteam-a,Team A,group\n", later)
    assert (moved.added, moved.changed) == (0, 1)
    unit_import.import_units(moved, from_day=later, today=later, by=None)
    team = Unit.objects.get(code="team-a")
    assert {unit.code for unit in Unit.objects.above(team, later)} == {"team-a", "group"}
    assert Unit.objects.above(team, DAY).filter(code="north").exists()


def test_without_a_day_new_units_are_there_as_long_as_their_parents_so_that_old_rows_find_them():
    group = UnitFactory(code="group")
    unit_import.import_units(unit_import.preview(GOOD.encode(), DAY), from_day=None, today=DAY, by=None)
    assert set(UnitPlacement.objects.values_list("unit__code", "valid_from")) == {
        ("group", tree.first_day(group)),
        ("north", tree.first_day(group)),
        ("team-a", tree.first_day(group)),
    }
    moved = unit_import.preview(b"code,name,parent\nteam-a,Team A,group\n", DAY)
    unit_import.import_units(moved, from_day=None, today=DAY, by=None)
    team = UnitPlacement.objects.filter(unit__code="team-a").order_by("valid_from")
    assert list(team.values_list("parent__code", "valid_to")) == [("north", DAY), ("group", None)]


def test_the_same_file_with_an_earlier_day_lets_its_units_begin_earlier():
    UnitFactory(code="group")
    late, early = date(2026, 11, 28), DAY
    for day in (late, early):
        unit_import.import_units(unit_import.preview(GOOD.encode(), day), from_day=day, today=late, by=None)
    starts = UnitPlacement.objects.exclude(unit__code="group").values_list("unit__code", "parent__code", "valid_from")
    assert set(starts) == {("north", "group", early), ("team-a", "north", early)}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (",No code,,", (2, "code")),
        ("x,,,", (2, "name")),
        ("x,X,castle,", (2, "kind")),
        ("x,X,,nowhere", (2, "parent")),
        ("x,X,,x", (2, "parent")),
        ("x,X,,y\ny,Y,,x", (2, "parent")),
        ("x,X,,\nx,Again,,", (3, "code")),
    ],
)
def test_a_fault_names_row_and_column_and_nothing_is_imported(line, fault):
    seen = unit_import.preview(f"code,name,kind,parent\n{line}\n".encode(), DAY)
    assert (seen.faults[0].row, seen.faults[0].column) == fault
    with pytest.raises(unit_import.ImportRefused):
        unit_import.import_units(seen, from_day=DAY, today=DAY, by=None)
    assert not Unit.objects.exists()


def test_an_alias_of_another_unit_is_a_fault():
    UnitAlias.objects.create(unit=UnitFactory(code="other"), system="itsm", code="A")
    UnitFactory(code="group")
    assert [(f.column, f.value) for f in unit_import.preview(GOOD.encode(), DAY).faults] == [("alias:itsm", "A")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"code,name\n", "no unit below"),
        (b"name\nX\n", "'code' is missing"),
        (b"code,name,code\n1,2,3\n", "twice"),
        (b"code,name,colour\n1,2,3\n", "'colour' is unknown"),
        (b"code,name\n1\n", "Row 2 has 1 values for 2"),
        (b"code,name\n\xe9,2\n", "not UTF-8"),
        (b"code,name\n1,a\x00b\n", "Line 2 holds a NUL"),
        (b'code,name\n"1,2\n', "not CSV"),
    ],
)
def test_a_file_that_is_no_table_of_units_is_refused(content, message):
    with pytest.raises(unit_import.ImportRefused, match=message):
        unit_import.preview(content, DAY)
