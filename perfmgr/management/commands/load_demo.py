from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from demo import extracts, loader


class Command(BaseCommand):
    help = "Load the demo's people, units, extracts, KPIs and scorecards; what is there already stays."

    def add_arguments(self, parser):
        parser.add_argument("--with", dest="also", action="append", default=[], choices=loader.ON_REQUEST)
        parser.add_argument("--once", action="store_true", help="Do nothing if the demo was loaded before.")

    def handle(self, *args, also, once, **options):
        if not settings.DEMO:
            raise CommandError("The demo's passwords are public: it loads only where PERFMGR_DEMO is true.")
        if once and loader.is_loaded():
            return
        self.stdout.write("Loading the demo (once; a minute or two) ...")
        try:
            loader.load(timezone.now().date(), also=also, say=self.stdout.write)
        except extracts.DemoFailed as fault:
            raise CommandError(str(fault)) from fault
