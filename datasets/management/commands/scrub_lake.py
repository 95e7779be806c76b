"""`manage.py scrub_lake`: hash every file of every current version again."""

from django.core.management.base import BaseCommand

from datasets import verify


class Command(BaseCommand):
    help = "Names each damaged or missing file of the lake, with its uploads and units."

    def handle(self, *args, **options) -> None:
        found = verify.scrub()
        for damage in found:
            self.stdout.write(f"{damage.dataset}: {damage.message} Uploads: {', '.join(damage.uploads) or 'unknown'}.")
        if found:
            raise SystemExit(1)
        self.stdout.write("All files are as they were committed.")
