"""Statistics run in a child process with hard limits of memory and time, so that no request can hold the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lake import sandbox

from . import functions

MB = 1024 * 1024
LIMITS = sandbox.Limits(memory_bytes=1536 * MB, cpu_seconds=20, wall_seconds=30)
WARM = ("numpy", "scipy.stats", "analytics.inputs")


class TooMuch(Exception):
    """The calculation needs more time or memory than a request may have, or ended abruptly."""


def run(work: Callable[..., Any], *values: Any) -> Any:
    """`work(*values)` in a child. Raises TooMuch, and what the work raises."""
    try:
        return sandbox.run(work, *values, limits=LIMITS, warm=WARM, without=())
    except (sandbox.SandboxKilled, sandbox.SandboxError) as fault:
        raise TooMuch(str(fault)) from fault
    except MemoryError as fault:
        raise TooMuch("The calculation needs more memory than a request may have; ask about less at once.") from fault


def answer(family: str, name: str, parameters: Mapping[str, Any]) -> Any:
    """The plain result of a function. Raises TooMuch, functions.Unreadable, analytics.inputs.BadInput."""
    return run(functions.call, family, name, dict(parameters))
