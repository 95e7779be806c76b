from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from organization import tokens
from organization.models import ApiToken, Unit, User


class Command(BaseCommand):
    help = "Make an API token for a user and print its secret, once."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--scope", action="append", required=True, choices=ApiToken.Scope.values)
        parser.add_argument("--unit", help="Code of a unit: the token works only there and below.")
        parser.add_argument("--days", type=int, default=tokens.DEFAULT_DAYS)
        parser.add_argument("--name", default="made on the command line")

    def handle(self, username, scope, unit, days, name, **_):
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}. Give the name that they log in with.")
        place = Unit.objects.filter(code=unit).first() if unit else None
        if unit and place is None:
            raise CommandError(f"There is no unit with the code {unit!r}.")
        try:
            made = tokens.create(user=user, name=name, scopes=scope, now=timezone.now(), by=None, days=days, unit=place)
        except tokens.TokenRefused as refusal:
            raise CommandError(str(refusal)) from None
        self.stderr.write(f"It works until {made.token.expires_at:%Y-%m-%d} and is shown only now:")
        self.stdout.write(made.secret)
