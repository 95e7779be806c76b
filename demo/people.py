"""The demo's log-ins, one a role, all with the same public password; and what the two examples of a part see."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings

from organization import members
from organization.models import Role, Unit, User

FIRST_DAY = date(2000, 1, 1)


@dataclass(frozen=True)
class Person:
    username: str
    first_name: str
    last_name: str
    role: str
    unit: str = "GROUP"


PEOPLE = (
    Person("admin", "Ada", "Admin", Role.ADMINISTRATOR),
    Person("manager", "Mona", "Manager", Role.MANAGER),
    Person("analyst", "Anton", "Analyst", Role.ANALYST),
    Person("executive", "Eve", "Executive", Role.EXECUTIVE),
    Person("finance", "Finn", "Finance", Role.FINANCE),
    Person("viewer", "Vera", "Viewer", Role.VIEWER, "EMERGENCY"),
    Person("vendor", "Vic", "Vendor", Role.VENDOR_CONTACT, "V-ORGENICS-LTD"),
)


def make_users() -> dict[str, User]:
    """The users, by name; made where they are missing."""
    users = {}
    for person in PEOPLE:
        user, is_new = User.objects.get_or_create(
            username=person.username,
            defaults={"first_name": person.first_name, "last_name": person.last_name},
        )
        if is_new:
            user.set_password(settings.DEMO_PASSWORD)
            user.is_staff = person.role == Role.ADMINISTRATOR
            user.save()
        users[person.username] = user
    return users


def grant_roles(users: dict[str, User]) -> None:
    """Each person's role at their unit, from long ago on."""
    for person in PEOPLE:
        user, unit = users[person.username], Unit.objects.get(code=person.unit)
        if not user.memberships.filter(unit=unit, role=person.role).exists():
            members.grant(user=user, unit=unit, role=person.role, from_day=FIRST_DAY, by=users["admin"])
