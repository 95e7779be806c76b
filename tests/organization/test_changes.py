"""What differs is set and told, in values that JSON has; what is so already is no change."""

from datetime import date

from organization.changes import set_fields
from organization.models import Membership, Unit


def test_only_what_differs_is_set_and_told():
    unit = Unit(code="north", name="North", is_active=True)
    change = set_fields(unit, {"code": "north", "name": "The north", "is_active": False})
    assert change["before"] == {"name": "North", "is_active": True}
    assert change["after"] == {"name": "The north", "is_active": False}
    assert (unit.name, unit.is_active) == ("The north", False)
    assert set_fields(unit, {"name": "The north"}) == {}


def test_days_and_other_records_are_told_in_words_and_nothing_as_none():
    role = Membership(unit=Unit(name="South"), valid_from=date(2025, 1, 1))
    change = set_fields(role, {"unit": Unit(name="North"), "valid_to": date(2026, 1, 1)})
    assert change == {
        "before": {"unit": "South", "valid_to": None},
        "after": {"unit": "North", "valid_to": "2026-01-01"},
    }
