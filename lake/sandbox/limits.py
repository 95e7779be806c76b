"""What a child may use, and why one did not live to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["memory", "time", "crash"]
MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Hard limits of one child: address space in bytes, seconds of processor and of wall clock, open files."""

    memory_bytes: int = 2048 * MB
    cpu_seconds: float = 300
    wall_seconds: float = 600
    open_files: int = 4096  # a dataset has a file or more a month, and DuckDB keeps those that it scans open

    @classmethod
    def parse(cls) -> Limits:
        """For reading an upload."""
        return cls(open_files=64)

    @classmethod
    def interactive(cls) -> Limits:
        """For a query that a person waits for."""
        return cls(memory_bytes=1536 * MB, cpu_seconds=20, wall_seconds=10)


USUAL = Limits()


class SandboxKilled(Exception):
    """The child did not live to answer. `reason` is "memory", "time" or "crash"; the text says it plainly."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.reason: Reason = reason
        self.message = message

    def __str__(self) -> str:
        return self.message
