"""Who is told of an alert."""

from datetime import date

from organization.models import Membership, Unit, UnitPath, User

from .models import AlertRule


def recipients_of(rule: AlertRule, unit: Unit, day: date) -> list[User]:
    """The rule's people, and who holds its roles at `unit` or at the nearest unit above that has somebody in the role.

    Where nobody is left of them, the owners of the rule and of the KPI. Whether each may see the unit, `tell` decides.
    """
    found = {person.pk: person for person in rule.people.all() if person.is_active}
    for role in rule.roles:
        found |= {person.pk: person for person in _nearest(role, unit, day)}
    return list(found.values()) or [rule.owner, rule.kpi.owner]


def _nearest(role: str, unit: Unit, day: date) -> list[User]:
    above = dict(UnitPath.objects.in_force(day).filter(descendant=unit).values_list("ancestor_id", "depth"))
    above[unit.pk] = 0
    held = Membership.objects.in_force(day).filter(role=role, unit__in=above, user__is_active=True)
    by_depth: dict[int, list[User]] = {}
    for membership in held.select_related("user"):
        by_depth.setdefault(above[membership.unit_id], []).append(membership.user)
    return by_depth[min(by_depth)] if by_depth else []
