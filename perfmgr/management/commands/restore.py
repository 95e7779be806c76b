from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from organization import audit
from perfmgr import backup
from perfmgr.launch.at_rest import Running, embedded_database

OTHER_KEY = (
    "Was it written under another SECRET_KEY? Put that key into SECRET_KEY_FALLBACKS, or the old installation's file "
    "secret_key into PERFMGR_VAR, and run `manage.py verify_audit`."
)


class Command(BaseCommand):
    help = "Put a backup's database, lake, uploads and evidence in place. Stop web and workers first."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="Overwrite the data that this installation holds.")

    def handle(self, *args, file: Path, replace: bool, **options):
        try:
            with embedded_database(settings.VAR, alone=True):
                self.restore(file, replace)
                connection.close()
        except (backup.BackupFault, Running, OSError) as fault:
            raise CommandError(str(fault)) from fault

    def restore(self, file: Path, replace: bool) -> None:
        manifest = backup.restore(file, replace=replace)
        self.stdout.write(
            f"Restored the backup made at {manifest['made_at']}: {len(manifest['files'])} files verified."
        )
        call_command("reconcile_lake", stdout=self.stdout)
        verdict = audit.verify()
        held = f"The audit trail holds: {verdict.entries} entries."
        self.stdout.write(f"{verdict.fault} {OTHER_KEY}" if verdict.fault else held)
