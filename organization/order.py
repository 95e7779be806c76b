"""The order of names as people read it."""

import re

NUMBERS = re.compile(r"(\d+)")


def as_read(name: str) -> list[str | int]:
    """A sort key: letter case does not count, and numbers go by their size, so that Group 9 comes before Group 10."""
    return [int(piece) if at % 2 else piece.casefold() for at, piece in enumerate(NUMBERS.split(name))]
