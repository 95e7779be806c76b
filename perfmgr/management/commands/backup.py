from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from perfmgr import backup
from perfmgr.launch.at_rest import embedded_database


class Command(BaseCommand):
    help = "Write database, lake, uploads and evidence to one file. While perfmgr runs or not."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="Such as backup-2025-04-01.tar.gz")

    def handle(self, *args, file: Path, **options):
        try:
            with embedded_database(settings.VAR):
                manifest = backup.backup(file, timezone.now())
        except backup.BackupFault as fault:
            raise CommandError(str(fault)) from fault
        size = sum(entry["size"] for entry in manifest["files"].values())
        self.stdout.write(f"{file}: {len(manifest['files'])} files, {size / 2**20:.1f} MB before compression.")
        self.stdout.write(
            "Keep SECRET_KEY (embedded: secret_key in PERFMGR_VAR) apart from it: it proves the audit trail."
        )
        self.stdout.write("A backup counts once it has been restored: try `manage.py restore` on another PERFMGR_VAR.")
