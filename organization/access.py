"""Who may do what, where: the one place that decides. Pages, API, exports and drill-through all ask here.

A role is held at a unit and counts for everything below it. A token narrows its user: to its scopes, and to its unit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef

from .models import ApiToken, Membership, Role, Unit, UnitPath, UnitPlacement, User

VIEW, UPLOAD, DEFINE, CERTIFY, TARGET = "view", "upload", "define", "certify", "target"
ADMINISTER, AUDIT, QUERY, MONEY = "administer", "audit", "query", "money"
# What a dataset's closed periods are; loading rows of closed periods all the same.
CLOSE, RESTATE = "close", "restate"
# Vendors: look behind the scorecard, keep contracts and reviews, answer an action.
OVERSEE, PROCURE, ANSWER = "oversee", "procure", "answer"

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.VIEWER: frozenset({VIEW}),
    Role.ANALYST: frozenset({VIEW, UPLOAD, DEFINE, QUERY, OVERSEE, ANSWER}),
    Role.MANAGER: frozenset({VIEW, UPLOAD, DEFINE, CERTIFY, TARGET, QUERY, CLOSE, RESTATE, OVERSEE, PROCURE, ANSWER}),
    Role.EXECUTIVE: frozenset({VIEW, MONEY, OVERSEE, ANSWER}),
    Role.FINANCE: frozenset({VIEW, MONEY, AUDIT, QUERY, CLOSE, OVERSEE, ANSWER}),
    Role.ADMINISTRATOR: frozenset({VIEW, UPLOAD, DEFINE, CERTIFY, TARGET, ADMINISTER, AUDIT, QUERY, MONEY})
    | frozenset({CLOSE, RESTATE, OVERSEE, PROCURE, ANSWER}),
    Role.VENDOR_CONTACT: frozenset({VIEW, ANSWER}),
    Role.INTEGRATION: frozenset({VIEW, UPLOAD, DEFINE, TARGET}),
}

SCOPES: dict[str, frozenset[str]] = {
    ApiToken.Scope.READ: frozenset({VIEW, AUDIT, QUERY, MONEY, OVERSEE}),
    ApiToken.Scope.UPLOAD: frozenset({UPLOAD}),
    ApiToken.Scope.DEFINE: frozenset({DEFINE, CERTIFY, TARGET, CLOSE, RESTATE, PROCURE, ANSWER}),
    ApiToken.Scope.ADMINISTER: frozenset({ADMINISTER}),
}


@dataclass(frozen=True)
class Access:
    """What one person (through one token, perhaps) may do on one day: permission -> ids of units.

    to_look: permissions that a token's scope `read` gives, and so not for changing anything; a page's person has none.
    """

    user_id: int | None
    grants: dict[str, frozenset[int]] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    is_vendor_only: bool = False
    to_look: frozenset[str] = frozenset()

    def units(self, permission: str) -> frozenset[int]:
        """Ids of the units where the person holds `permission`."""
        return self.grants.get(permission, frozenset())

    def allows(self, permission: str, unit) -> bool:
        """Whether the person holds `permission` at `unit` (a Unit, its id, or None: never)."""
        return getattr(unit, "pk", unit) in self.units(permission)

    def anywhere(self, permission: str) -> bool:
        return bool(self.units(permission))

    def everywhere(self, permission: str) -> bool:
        """Whether the person holds `permission` at every top of the tree, and so in the whole organisation. A query."""
        tops = UnitPlacement.objects.filter(parent=None, valid_to=None)
        return self.anywhere(permission) and not tops.exclude(unit__in=self.units(permission)).exists()

    @property
    def scope_key(self) -> str:
        """Part of every cache key: equal for two people only if they may see the same units."""
        import hashlib

        return hashlib.sha256(",".join(map(str, sorted(self.units(VIEW)))).encode()).hexdigest()[:16]


NOBODY = Access(user_id=None)


def access_of(user: User | None, day: date, token: ApiToken | None = None) -> Access:
    """The access of `user` on `day`, by roles in force then; narrowed by `token` when the call came with one.

    Roles count along the tree of `day`, so a unit that moves takes its viewers along. A unit that does not stand in the
    tree that day (closed, or planned) counts where it stood last, or will stand first: its past stays visible.
    """
    if user is None or not user.is_authenticated or not user.is_active:
        return NOBODY
    held = list(Membership.objects.in_force(day).filter(user=user).values_list("unit_id", "role"))
    below = _descendants({unit for unit, _ in held}, day)
    grants: dict[str, set[int]] = {}
    for unit, role in held:
        for permission in PERMISSIONS[role]:
            grants.setdefault(permission, set()).update(below[unit])
    if token is not None:
        grants = _narrowed(grants, token, day)
    roles = frozenset(role for _, role in held)
    return Access(
        user_id=user.pk,
        grants={permission: frozenset(units) for permission, units in grants.items()},
        roles=roles,
        is_vendor_only=roles == {Role.VENDOR_CONTACT},
        to_look=_only_looks(token),
    )


def _only_looks(token: ApiToken | None) -> frozenset[str]:
    """Who sees money may claim it, and who oversees a vendor rates it: by token, with the scope that changes things."""
    changes = token is None or ApiToken.Scope.DEFINE in token.scopes
    return frozenset() if changes else SCOPES[ApiToken.Scope.READ]


def holders(permission: str, unit: Unit, day: date) -> frozenset[int]:
    """Ids of the active people who hold `permission` at `unit` on `day`: the same question, asked of all of them."""
    roles = [role for role, granted in PERMISSIONS.items() if permission in granted]
    held = Membership.objects.in_force(day).filter(role__in=roles, user__is_active=True)
    by_unit: dict[int, set[int]] = {}
    for place, user in held.values_list("unit_id", "user_id"):
        by_unit.setdefault(place, set()).add(user)
    below = _descendants(by_unit, day)
    return frozenset(user for place, users in by_unit.items() if unit.pk in below[place] for user in users)


def _descendants(units: Iterable[int], day: date) -> dict[int, set[int]]:
    below: dict[int, set[int]] = {unit: {unit} for unit in units}
    if not below:
        return below
    paths = UnitPath.objects.in_force(day).filter(ancestor__in=list(below))
    for ancestor, descendant in paths.values_list("ancestor_id", "descendant_id"):
        below[ancestor].add(descendant)
    stands = UnitPath.objects.in_force(day).filter(descendant=OuterRef("descendant"), depth=0)
    outside = UnitPath.objects.filter(~Exists(stands)).values_list(
        "ancestor_id", "descendant_id", "depth", "valid_from", "valid_to"
    )
    for ancestor, descendant in _nearest(list(outside), day):
        if ancestor in below:
            below[ancestor].add(descendant)
    return below


def _nearest(paths: list[tuple], day: date) -> Iterable[tuple[int, int]]:
    """(ancestor, descendant) on the day nearest to `day` on which the descendant stands, the past before the future."""
    days: dict[int, list[tuple[date, date | None]]] = {}
    for _, descendant, depth, start, end in paths:
        if depth == 0:
            days.setdefault(descendant, []).append((start, end))
    for ancestor, descendant, _, start, end in paths:
        past = [until for _, until in days[descendant] if until and until <= day]
        first = min(begin for begin, _ in days[descendant])
        if (end == max(past)) if past else (start == first):
            yield ancestor, descendant


def _narrowed(grants: dict[str, set[int]], token: ApiToken, day: date) -> dict[str, set[int]]:
    scoped = frozenset().union(*(SCOPES[scope] for scope in token.scopes if scope in SCOPES))
    inside = _descendants({token.unit_id}, day)[token.unit_id] if token.unit_id else None
    return {
        permission: units & inside if inside is not None else units
        for permission, units in grants.items()
        if permission in scoped
    }
