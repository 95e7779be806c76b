"""The first administrator of an installation, and the top unit: made on the server, for nobody can sign in yet.

Also the way back in where every administrator has left.
"""

from django.db import transaction

from . import members, tree
from .models import Membership, Role, Unit, User


class FoundingRefused(Exception):
    """The user or the unit cannot be made from what was given; the message says what is missing."""


@transaction.atomic
def name_administrator(*, username: str, password: str, unit: str, unit_name: str = "", email: str = "") -> Membership:
    """`username` administers the unit with the code `unit` and all below it, since always. Returns the role.

    A user or unit that does not exist yet is made: the user with `password`, the unit as a top of the tree, named
    `unit_name`. Raises FoundingRefused, members.RoleRefused, ValidationError for a weak password or an odd code.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        if not password:
            raise FoundingRefused(
                f"There is no user {username!r} yet: a new one needs a password, at the prompt or piped in."
            )
        user = members.add_user(username=username, password=password, email=email, by=None)
    place = Unit.objects.filter(code=unit).first()
    if place is None:
        if not unit_name:
            raise FoundingRefused(f"There is no unit with the code {unit!r}: say what a new one is called.")
        place = tree.add_unit(code=unit, name=unit_name, kind=Unit.Kind.GROUP, by=None)
    return members.grant(user=user, unit=place, role=Role.ADMINISTRATOR, from_day=tree.ALWAYS, by=None)
