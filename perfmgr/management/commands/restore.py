from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from perfmgr import backup


class Command(BaseCommand):
    help = "Put a backup's database, lake, uploads and evidence in place. Stop web and workers first."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="Overwrite the data that this installation holds.")

    def handle(self, *args, file: Path, replace: bool, **options):
        try:
            manifest = backup.restore(file, replace=replace)
        except (backup.BackupFault, OSError) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(
            f"Restored the backup made at {manifest['made_at']}: {len(manifest['files'])} files verified."
        )
        self.stdout.write("Run `manage.py reconcile_lake` and `manage.py verify_audit` to see both sides agree.")
