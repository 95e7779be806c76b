from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from perfmgr import backup


class Command(BaseCommand):
    help = "Write database, lake, uploads and evidence to one file. Safe while perfmgr runs."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="Such as backup-2025-04-01.tar.gz")

    def handle(self, *args, file: Path, **options):
        try:
            manifest = backup.backup(file, timezone.now())
        except backup.BackupFault as fault:
            raise CommandError(str(fault)) from fault
        size = sum(entry["size"] for entry in manifest["files"].values())
        self.stdout.write(f"{file}: {len(manifest['files'])} files, {size / 2**20:.1f} MB before compression.")
        self.stdout.write("A backup counts once it has been restored: try `manage.py restore` on another PERFMGR_VAR.")
