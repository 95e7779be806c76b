"""What is said about a dataset: its words, who answers for it and who looks after it, and how fresh it is promised."""

from __future__ import annotations

from django.db import transaction

from organization import audit

from .models import Dataset
from .refusals import InvalidRequest

DESCRIBED = (
    "name", "description", "owner", "steward", "source_system", "licence", "code_system", "refresh_promise_hours",
    "covers",
)  # fmt: skip


@transaction.atomic
def describe(dataset: Dataset, *, by, **values) -> Dataset:
    """Change what is said about a dataset; `values` are some of DESCRIBED. Raises InvalidRequest.

    Whose codes its unit column holds stays as it is once there are rows: they were matched by it.
    """
    changed = {name: value for name, value in values.items() if getattr(dataset, name) != value}
    if "code_system" in changed and dataset.current_version is not None:
        raise InvalidRequest(
            f"The units of the rows of {dataset.name} were found by the codes of {dataset.code_system or 'perfmgr'}.",
            next_step="Make a new dataset for rows with other codes.",
            field="code_system",
        )
    if not changed:
        return dataset
    before = {name: _plain(getattr(dataset, name)) for name in changed}
    for name, value in changed.items():
        setattr(dataset, name, value)
    dataset.save(update_fields=list(changed))
    after = {name: _plain(value) for name, value in changed.items()}
    audit.record(by, "dataset changed", dataset, before=before, after=after)
    return dataset


def _plain(value):
    return value if isinstance(value, str | int | None) else str(value)
