"""Fields of a record set to other values, as the audit trail tells of it."""

from collections.abc import Mapping
from typing import Any

from django.db import models


def set_fields(thing: models.Model, values: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Set the fields that differ; nothing is saved.

    Returns {"before": {field: value}, "after": {field: value}} in values that JSON has; {} where none differs.
    """
    changed = {name: value for name, value in values.items() if getattr(thing, name) != value}
    if not changed:
        return {}
    before = {name: _plain(getattr(thing, name)) for name in changed}
    for name, value in changed.items():
        setattr(thing, name, value)
    return {"before": before, "after": {name: _plain(value) for name, value in changed.items()}}


def _plain(value: object) -> Any:
    return value if isinstance(value, str | int | None) else str(value)
