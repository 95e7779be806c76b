"""The body of a request is there as announced, or not at all (F19).

Django takes what has come when a client breaks off: a shortened file for a whole one, half a form for all of it.
"""

from __future__ import annotations

from io import IOBase


class ShortBody(OSError):
    """The client broke off. Django makes an UnreadablePostError of it, whose cause this is."""

    def __init__(self, arrived: int, announced: int):
        super().__init__(f"Only {arrived:,} of {announced:,} bytes arrived; nothing was stored.")


class WholeStream(IOBase):
    """What a request reads its body from; the end is a ShortBody where it comes too early."""

    def __init__(self, stream, announced: int):
        self.stream, self.announced, self.arrived = stream, announced, 0

    @property
    def is_short(self) -> bool:
        return self.arrived < self.announced

    def read(self, size: int | None = -1) -> bytes:
        wanted = self.announced if size is None or size < 0 else size
        pieces, got = [], 0
        while self.is_short and got < wanted:
            pieces.append(self._checked(self.stream.read(wanted - got), wanted))
            got += len(pieces[-1])
        return b"".join(pieces)

    def readline(self, size: int | None = -1) -> bytes:
        return self._checked(self.stream.readline(size), size)

    def _checked(self, data: bytes, asked: int | None) -> bytes:
        self.arrived += len(data)
        if not data and asked != 0 and self.is_short:
            raise ShortBody(self.arrived, self.announced)
        return data


def watch(request) -> None:
    """From now on, a body that breaks off is noticed where it is read."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    if hasattr(request, "_stream") and announced.isascii() and announced.isdigit():
        request._stream = WholeStream(request._stream, int(announced))


def cause_of(fault: BaseException) -> ShortBody | None:
    """Django wraps it once or twice."""
    cause = fault.__cause__
    while cause is not None and not isinstance(cause, ShortBody):
        cause = cause.__cause__
    return cause


def broke_off(request) -> bool:
    """Whether the body was read to an end that came too early."""
    stream = getattr(request, "_stream", None)
    return isinstance(stream, WholeStream) and stream.is_short and request._read_started
