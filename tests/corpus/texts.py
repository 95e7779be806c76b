"""Delimited texts and other byte streams."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

GOOD = "id,day,amount,note\na1,2025-02-01,1.5,one\na2,2025-02-02,2,two\n"
Builder = Callable[[Path], Path]


def written(content: bytes | str) -> Builder:
    data = content.encode() if isinstance(content, str) else content

    def build(path: Path) -> Path:
        path.write_bytes(data)
        return path

    return build


def rows(*lines: str) -> Builder:
    """Lines below the usual header."""
    return written("\n".join(["id,day,amount,note", *lines]) + "\n")


def long_line(path: Path, size: int = 100_000_000) -> Path:
    with path.open("wb") as file:
        file.write(b"id,day,amount,note\n")
        for _ in range(size // 1_000_000):
            file.write(b"x" * 1_000_000)
    return path


def wide(path: Path, columns: int = 10_000) -> Path:
    path.write_text(",".join(f"c{i}" for i in range(columns)) + "\n")
    return path


def gzipped(content: bytes | str = GOOD) -> Builder:
    data = content.encode() if isinstance(content, str) else content
    return written(gzip.compress(data, mtime=0))


def truncated_gzip(path: Path) -> Path:
    lines = "".join(f"k{i},2025-02-01,{i * 7919 % 1000},note {i * 104729}\n" for i in range(5_000))
    data = gzip.compress((GOOD.split("\n")[0] + "\n" + lines).encode(), mtime=0)
    path.write_bytes(data[: len(data) // 2])
    return path


def gzip_bomb(path: Path, size: int = 300_000_000) -> Path:
    with gzip.open(path, "wb") as file:
        file.write(GOOD.encode())
        for i in range(size // 1_000_000):
            file.write(b"a%d,2025-02-01,1.5,%s\n" % (i, b" " * 999_000))
    return path


def gzipped_tar(path: Path) -> Path:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a.csv")
        entry.size = len(GOOD)
        archive.addfile(entry, io.BytesIO(GOOD.encode()))
    path.write_bytes(buffer.getvalue())
    return path
