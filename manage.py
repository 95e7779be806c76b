#!/usr/bin/env python3
"""perfmgr's one command. `manage.py up` runs the product, `manage.py test` its tests; both set up what they need."""

import os
import sys

from perfmgr import bootstrap


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    bootstrap.ensure_environment("requirements-dev.txt" if command == "test" else "requirements.txt")
    if command == "up":
        from perfmgr.launch import up

        sys.exit(up.main(sys.argv[2:]))
    if command == "test":
        from perfmgr.launch import check

        sys.exit(check.main(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "perfmgr.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as fault:
        sys.exit(
            f"The database does not answer: {fault}\nStart perfmgr with `python3 manage.py up`, or set DATABASE_URL."
        )


if __name__ == "__main__":
    main()
