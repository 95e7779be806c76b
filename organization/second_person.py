"""Whom something waits for that a second person decides: the people who may, by name, or that nobody else may yet."""

from collections.abc import Iterable
from datetime import date

from .access import PERMISSIONS, holders
from .models import Role, Unit, User

MOST_NAMED = 3


def who_may(permission: str, unit: Unit, day: date, *, but: Iterable[int]) -> str:
    """Who holds `permission` at the unit, without those who asked, in a sentence. Two queries and those of the tree."""
    found = holders(permission, unit, day) - frozenset(but)
    if not found:
        roles = [Role(role).label.lower() for role, granted in PERMISSIONS.items() if permission in granted]
        return f"Nobody else may decide yet: a second person needs the role {_either(roles)} at {unit.name}."
    named = list(map(str, User.objects.filter(pk__in=found).order_by("username")[:MOST_NAMED]))
    more = len(found) - len(named)
    return f"{_either([*named, f'{more:,} more'] if more else named)} may decide."


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
