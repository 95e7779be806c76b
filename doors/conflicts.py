"""Two requests that lock the same rows in opposite order: PostgreSQL ends one of them, and it is done again (F16).

A view makes one call, and that call is one transaction, so what was ended has left nothing behind.
"""

import random
import time

from django.db import OperationalError

TRIES = 3
LOST = {"40001", "40P01"}  # SQLSTATE: serialization_failure, deadlock_detected
DISK_FULL = "53100"


class Conflict(Exception):
    """Others changed the same things at the same moment, again and again. Nothing was changed."""


def has_lost(fault: BaseException) -> bool:
    """Whether the database ended this transaction in favour of another one."""
    return getattr(fault.__cause__, "pgcode", None) in LOST


def is_full(fault: BaseException) -> bool:
    """Whether the database's disk is."""
    return getattr(fault.__cause__, "pgcode", None) == DISK_FULL


def again(request, fault: OperationalError):
    """The answer of the request's view, called once or twice more. Raises Conflict when each attempt lost."""
    match = request.resolver_match
    for attempt in range(2, TRIES + 1):
        _rewind(request)
        time.sleep(random.uniform(0.02, 0.1) * attempt)
        try:
            return match.func(request, *match.args, **match.kwargs)
        except OperationalError as another:
            if not has_lost(another):
                raise
    raise Conflict from fault


def _rewind(request) -> None:
    """Uploaded files are read from their beginning again."""
    for file in getattr(request, "_files", {}).values():
        file.seek(0)
