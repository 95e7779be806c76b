"""Statuses as pages and exports say them; REST answers with the keys."""

from .models.results import Status
from .rollup import INSUFFICIENT

STATUS_WORDS = {
    **{str(status): str(status.label).lower() for status in Status},
    "open": "open",
    "not_applicable": "not applicable",
    INSUFFICIENT: "too little data",
}


def status_word(status: str | None) -> str | None:
    """None and an empty text stay what they are."""
    return STATUS_WORDS.get(status, status.replace("_", " ")) if status else status
