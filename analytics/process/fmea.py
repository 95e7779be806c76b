"""Failure mode and effects analysis: risk priority number and action priority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analytics.inputs import OutOfRange

Priority = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class FailureMode:
    """Ratings 1 to 10 and what follows from them."""

    severity: int
    occurrence: int
    detection: int
    rpn: int
    action_priority: Priority


# Rows: (lowest severity, lowest occurrence); columns: detection 7-10, 5-6, 2-4, 1. Severity 1 or occurrence 1 is low.
_TABLE: tuple[tuple[int, int, str], ...] = (
    (9, 6, "HHHH"),
    (9, 4, "HHHM"),
    (9, 2, "HMLL"),
    (7, 8, "HHHH"),
    (7, 6, "HHHM"),
    (7, 4, "HMMM"),
    (7, 2, "MMLL"),
    (4, 8, "HHMM"),
    (4, 6, "MMML"),
    (4, 4, "MLLL"),
    (4, 2, "LLLL"),
    (2, 8, "MMLL"),
    (2, 2, "LLLL"),
)
_WORDS: dict[str, Priority] = {"H": "high", "M": "medium", "L": "low"}


def failure_mode(severity: int, occurrence: int, detection: int) -> FailureMode:
    """RPN = S x O x D (1 to 1,000) and the action priority, which puts severity first where RPN does not.

    Ratings: whole numbers 1 to 10, 10 worst (detection 10: cannot be detected). Raises OutOfRange.
    Source: AIAG and VDA FMEA Handbook, 1st ed. (2019), action priority for DFMEA and PFMEA.
    """
    for name, rating in (("severity", severity), ("occurrence", occurrence), ("detection", detection)):
        if rating != int(rating) or not 1 <= rating <= 10:
            raise OutOfRange(f"{name} is {rating}; ratings are whole numbers from 1 to 10.")
    return FailureMode(
        severity,
        occurrence,
        detection,
        severity * occurrence * detection,
        _action_priority(severity, occurrence, detection),
    )


def _action_priority(severity: int, occurrence: int, detection: int) -> Priority:
    column = 0 if detection >= 7 else 1 if detection >= 5 else 2 if detection >= 2 else 3
    for lowest_severity, lowest_occurrence, row in _TABLE:
        if severity >= lowest_severity and occurrence >= lowest_occurrence:
            return _WORDS[row[column]]
        if severity >= lowest_severity and occurrence == 1:
            return "low"
    return "low"
