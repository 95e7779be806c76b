"""Telling whoever started us, where that can be told."""

import os
import sys
from contextlib import suppress


def say(text: str) -> None:
    """Write a line to our output at once. A full disk behind it (F17), or a terminal that is gone, stops nothing.

    Past Python's buffer: what it could not write would be tried again at exit, and spoil the exit code.
    """
    with suppress(OSError):
        os.write(sys.stdout.fileno(), f"{text}\n".encode(errors="replace"))
