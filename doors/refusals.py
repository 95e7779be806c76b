"""An expected no: what is wrong with which thing, and what to do next. Each room derives its own from this one.

A door that knows the room shows it where it belongs, beside a field or in the page. One that was not expected there
still becomes a page or a problem of its own in `middleware.py`, and never an error 500.
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """`status` is the HTTP status that suits; `extra` holds row, column, value and whatever else names the place."""

    status = 400
    code = "refused"

    def __init__(self, message: str, *, next_step: str = "", **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.extra = extra

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "next_step": self.next_step, **self.extra}
