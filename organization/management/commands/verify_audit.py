from django.core.management.base import BaseCommand, CommandError

from organization import audit


class Command(BaseCommand):
    help = "Walk the audit trail; fail with the first entry that is not as it was written."

    def handle(self, **_):
        verdict = audit.verify()
        if verdict.fault:
            raise CommandError(verdict.fault, returncode=1)
        self.stdout.write(f"The audit trail holds: {verdict.entries} entries.")
