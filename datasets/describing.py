"""What is said about a dataset: its words, who answers for it and who looks after it, and how fresh it is promised."""

from __future__ import annotations

from django.db import transaction

from organization import audit
from organization.changes import set_fields

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
    codes = dataset.code_system
    if values.get("code_system", codes) != codes and dataset.current_version is not None:
        raise InvalidRequest(
            f"The units of the rows of {dataset.name} were found by the codes of {codes or 'perfmgr'}.",
            next_step="Make a new dataset for rows with other codes.",
            field="code_system",
        )
    change = set_fields(dataset, values)
    if not change:
        return dataset
    dataset.save(update_fields=list(change["after"]))
    audit.record(by, "dataset changed", dataset, **change)
    return dataset
