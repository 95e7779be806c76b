"""Messages between child and parent: one byte says what it is, eight how long, then the bytes."""

import os
import struct

HEADER = struct.Struct("<cQ")  # kind of message, length of what follows
PROGRESS, RESULT, RAISED, SHORT_OF_MEMORY = b"P", b"R", b"E", b"M"


def take(buffer: bytearray) -> tuple[bytes, bytes] | None:
    """The first complete message of the buffer, removed from it."""
    if len(buffer) < HEADER.size:
        return None
    kind, length = HEADER.unpack_from(buffer)
    end = HEADER.size + length
    if len(buffer) < end:
        return None
    payload = bytes(memoryview(buffer)[HEADER.size : end])
    del buffer[:end]
    return kind, payload


def send(descriptor: int, kind: bytes, payload: bytes) -> None:
    view = memoryview(HEADER.pack(kind, len(payload)) + payload)
    while view:
        view = view[os.write(descriptor, view) :]
