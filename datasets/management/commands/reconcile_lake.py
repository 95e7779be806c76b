"""`manage.py reconcile_lake [--repair]`: make the lake and the database agree, or say where they do not."""

from django.core.management.base import BaseCommand

from datasets import reconcile


class Command(BaseCommand):
    help = "Names what killed loads left in the lake; with --repair, loads again what the lake has lost."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--repair", action="store_true", help="Load again, from the kept files, what is missing.")

    def handle(self, *args, repair: bool, **options) -> None:
        reports = reconcile.reconcile_all(repair=repair)
        for report in reports:
            self.stdout.write(str(report))
        if any(not report.agrees and not report.reloaded for report in reports):
            raise SystemExit(1)
