"""Contracts of a dataset over time: what changes, what that affects, and putting a new one in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from organization import audit

from .models import ContractVersion, Dataset
from .readers import by_column, readers_of
from .refusals import ColumnsRead, InvalidRequest
from .signals import contract_changed

if TYPE_CHECKING:
    from lake.contract import Column, Contract

    from .readers import Reader


@dataclass(frozen=True)
class Difference:
    """One entry that two contracts have different. `column` is empty for settings of the contract as a whole."""

    column: str
    entry: str
    before: Any
    after: Any
    effect: str = ""


_EFFECTS = {
    "type": "Stored rows keep their type: give the column another name if its type must change.",
    "roles": "Rows loaded from now on; who sees stored rows changes at once if it is the unit column.",
    "formula": "Computed for rows loaded from now on; stored rows keep what they have.",
    "format": "How later files are read.",
    "timezone": "How later files are read; stored moments stay as they are.",
    "reporting_timezone": "Local days of rows loaded from now on; stored rows keep theirs.",
    "reject_limit_pct": "Later loads.",
    "on_duplicate": "Later loads.",
}


def difference(before: Contract | None, after: Contract) -> list[Difference]:
    """What would change, column by column; a new or dropped column is one difference."""
    old = {column.name: column for column in before.columns} if before else {}
    new = {column.name: column for column in after.columns}
    found = [
        Difference(name, "column", "present", "dropped", "Stored rows keep it, out of sight.")
        for name in old
        if name not in new
    ]
    for name, column in new.items():
        if name not in old:
            found.append(Difference(name, "column", "absent", "added", "Stored rows have no value in it."))
        else:
            found += _entries(old[name], column)
    if before:
        plain_before, plain_after = before.to_dict(), after.to_dict()
        found += [
            Difference("", entry, plain_before[entry], plain_after[entry], _EFFECTS.get(entry, "Later loads."))
            for entry in plain_after
            if entry != "columns" and plain_before[entry] != plain_after[entry]
        ]
    return found


def _entries(before: Column, after: Column) -> list[Difference]:
    return [
        Difference(
            after.name, entry, getattr(before, entry), getattr(after, entry), _EFFECTS.get(entry, "Later loads.")
        )
        for entry in ("header", "type", "roles", "required", "allowed", "minimum", "maximum", "unit", "format")
        + ("missing", "true_words", "false_words", "number_forms", "trim", "formula", "description")
        if getattr(before, entry) != getattr(after, entry)
    ]


@transaction.atomic
def put_in_force(
    dataset: Dataset, contract: Contract, *, by, drop_read: Collection[str] = ()
) -> ContractVersion | None:
    """Make `contract` the one for later uploads; None when it says what is in force already.

    Stored rows are not read again. drop_read: columns that it drops although KPIs, rules or service levels read them.
    Raises ContractError, InvalidRequest (a stored column would change its type or key), ColumnsRead.
    """
    from lake.contract import Contract

    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    contract.check()
    plain = contract.to_dict()
    if dataset.contract == plain:
        return None
    before = Contract.from_dict(dataset.contract) if dataset.contract else None
    changes = difference(before, contract)
    if before and dataset.current_version is not None:
        _check_stored(before, contract)
    if before and dataset.closed_through is not None:
        _check_closed(dataset, before, contract)
    if before:
        _check_read(dataset, before, contract, drop_read)
    number = dataset.contract_number + 1
    version = ContractVersion.objects.create(dataset=dataset, number=number, contract=plain, created_by=by)
    Dataset.objects.filter(pk=dataset.pk).update(contract=plain, contract_number=number)
    audit.record(by, "contract changed", dataset, number=number, changes=[_plain(change) for change in changes])
    dataset.refresh_from_db()
    contract_changed.send(sender=Dataset, dataset=dataset, by=by)
    return version


def _check_stored(before: Contract, after: Contract) -> None:
    """With rows in the lake, neither a stored column's type nor the key may change."""
    types = {column.name: column.type for column in before.columns}
    for column in after.columns:
        if types.get(column.name, column.type) != column.type:
            raise InvalidRequest(
                f"Column {column.name} is stored as {types[column.name]} and cannot become {column.type}.",
                next_step="Give the new column another name, or make a new dataset.",
                column=column.name,
                field="contract",
            )
    keys = [tuple(column.name for column in contract.key) for contract in (before, after)]
    if keys[0] != keys[1]:
        raise InvalidRequest(
            f"The key is {', '.join(keys[0]) or 'the row'} and cannot become {', '.join(keys[1]) or 'the row'}: "
            "stored records would no longer be replaced.",
            next_step="Make a new dataset with that key.",
            field="contract",
        )


def _check_closed(dataset: Dataset, before: Contract, after: Contract) -> None:
    """What lies in the closed periods is told by the event time and its local day: both stay as they are."""
    told_by = [(c.event_time and c.event_time.name, c.reporting_timezone) for c in (before, after)]
    if told_by[0] != told_by[1]:
        raise InvalidRequest(
            f"{dataset.name} is closed through {dataset.closed_through:%-d %b %Y}: its event time and the time zone of "
            "its days stay as they are.",
            next_step="Have its periods re-opened first, or make a new dataset.",
            field="contract",
        )


def _check_read(dataset: Dataset, before: Contract, after: Contract, drop_read: Collection[str]) -> None:
    """No column goes by which something is computed, unless it was named. Who reads it stands where one may see it."""
    kept = {column.name for column in after.columns} | set(drop_read)
    dropped = [column.name for column in before.columns if column.name not in kept]
    read = by_column(readers_of(dataset)) if dropped else {}
    told = {name: _count(read[name.lower()]) for name in dropped if name.lower() in read}
    if not told:
        return
    listed = "; ".join(f"{name} by {readers}" for name, readers in told.items())
    raise ColumnsRead(
        f"What is dropped is still read: {listed}. They could not be computed any more.",
        next_step="Change them first, or drop the columns on the page of the contract, where it is confirmed.",
        columns=list(told),
    )


def _count(readers: list[Reader]) -> str:
    """2 KPIs, 1 quality rule."""
    kinds = Counter(reader.kind for reader in readers)
    return ", ".join(f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in kinds.items())


def _plain(change: Difference) -> dict[str, Any]:
    return {"column": change.column, "entry": change.entry, "before": str(change.before), "after": str(change.after)}
