import sys
from getpass import getpass

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from organization import founding, members
from organization.models import User


class Command(BaseCommand):
    help = "Let a user administer a unit and all below it; makes the user and the unit where they are missing."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--unit", required=True, help="Code of the unit, such as GROUP.")
        parser.add_argument("--unit-name", default="", help="What a new unit is called; it stands at the top.")
        parser.add_argument("--email", default="")

    def handle(self, username, unit, unit_name, email, **_):
        is_new = not User.objects.filter(username=username).exists()
        try:
            role = founding.name_administrator(
                username=username,
                password=_password() if is_new else "",
                unit=unit,
                unit_name=unit_name,
                email=email,
            )
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages)) from None
        except (founding.FoundingRefused, members.RoleRefused) as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(f"{role.user} administers {role.unit} and everything below it.")


def _password() -> str:
    """Asked for twice at a terminal, else the first line of what is piped in; an argument would be seen by others."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    given = getpass("Password (at least 12 characters): ")
    if getpass("Once more: ") != given:
        raise CommandError("The two passwords differ; nothing was made.")
    return given
