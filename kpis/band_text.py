"""Bands as people type them, a line each, the best first:

green 95           from 95 on (where lower is better: up to 95)
amber 90 %         from 90 per cent of the target on
amber -2 points    from two points below the target on
red                otherwise
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from .scoring import ABSOLUTE, AMBER, GREEN, PERCENT, POINTS, RED
from .typed_numbers import NotANumber, read_number, written

BASIS_WORDS = {"": ABSOLUTE, "%": PERCENT, "points": POINTS}
WORDS = {basis: word for word, basis in BASIS_WORDS.items()}


class NotBands(ValueError):
    """A line that is no band; the message names it."""


def read_bands_text(text: str) -> list[dict]:
    """The bands as `Kpi.bands` keeps them; whether they make sense together, `scoring.read_bands` says."""
    return [_read(line.strip()) for line in text.splitlines() if line.strip()]


def write_bands_text(bands: Sequence[Mapping]) -> str:
    """As `read_bands_text` reads them."""
    return "\n".join(_written(band) for band in bands)


def _read(line: str) -> dict:
    status, _, rest = line.partition(" ")
    if status.casefold() not in (GREEN, AMBER, RED):
        raise NotBands(f"{line!r} begins with neither green, amber nor red.")
    if not rest.strip():
        return {"status": status.casefold()}
    number, basis = rest.strip(), ""
    for word in ("%", "points"):
        if number.endswith(word):
            number, basis = number.removesuffix(word).strip(), word
    try:
        at = float(read_number(number))
    except NotANumber as fault:
        raise NotBands(f"{line!r}: {fault}") from None
    return {"status": status.casefold(), "at": at, "basis": BASIS_WORDS[basis]}


def _written(band: Mapping) -> str:
    at = band.get("at")
    parts = (
        [band["status"]]
        if at is None
        else [band["status"], written(Decimal(str(at))), WORDS[band.get("basis", ABSOLUTE)]]
    )
    return " ".join(part for part in parts if part)
