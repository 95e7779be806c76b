"""Extracts that lack columns: records that they replace keep their values there, unless an upload says to blank them.

What the extract does not bring it does not change. Which values a record holds is told by the version that the load
commits upon (`lake/store`, `kept`); a load that brought kept values is taken back after the one that kept them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import closing
from .facts import contract_of, facts_of
from .models import Dataset, Upload
from .refusals import InvalidRequest

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.intake import Loaded
    from lake.store import Kept, LaterKept


def completed(upload: Upload, contract: Contract, loaded: Loaded, into: Path) -> tuple[Loaded, Kept | None]:
    """The accepted rows with the values that the records they replace hold in the columns which the extract lacks.

    Under the dataset's writer lock. Raises IntakeError (a rule does not hold with a kept value), DamagedData.
    """
    from lake import intake, sandbox
    from lake.store import Kept
    from lake.store.rewrite import relation
    from lake.store.schema import stored_columns

    dataset = upload.dataset
    if not loaded.lacking or not contract.key:
        return loaded, None
    brings_nothing = Kept(loaded.lacking, dataset.current_version)
    if dataset.current_version is None:
        return loaded, None if upload.blank_missing else brings_nothing
    headings = ", ".join(column.heading for column in contract.supplied if column.name in loaded.lacking)
    if upload.blank_missing:
        return _noted(loaded, f"Records that the extract replaces have no value in {headings} any more."), None
    facts = facts_of(dataset)
    stored = relation(facts.files, stored_columns(contract))
    try:
        kept = sandbox.run(intake.keep, loaded.accepted_path, contract, loaded.lacking, stored, into=into)
    except sandbox.SandboxKilled as killed:
        from .intake.confirming import reader_failed

        raise reader_failed(killed, upload.file_name) from killed
    note = f"Kept: the values of {headings} in {closing.records(kept.records)} that the extract replaces."
    loaded = replace(loaded, accepted_path=kept.path)
    if not kept.records:
        return loaded, brings_nothing
    loaded = replace(loaded, counts={**loaded.counts, "kept": kept.records})
    return _noted(loaded, note), brings_nothing


def check_offered(dataset: Dataset | None, blank_missing: bool | None) -> None:
    """Raises InvalidRequest where nothing is replaced."""
    if blank_missing and not (dataset and dataset.contract and contract_of(dataset).key):
        raise InvalidRequest(
            "Only an extract of a dataset whose contract has a record key replaces records.",
            next_step="Leave `blank_missing` out.",
            field="blank_missing",
        )


def held_later(upload: Upload, fault: LaterKept) -> str:
    """Why an undo must wait: which later upload holds values that came with `upload`."""
    later = upload.dataset.uploads.filter(load_id=fault.load_id).order_by("-pk").first()
    name = f"upload #{later.pk}" if later else "a later upload"
    columns = ", ".join(fault.columns)
    return (
        f"{closing.records(fault.total)} of {name}, which lacks {columns}, {'keeps' if fault.total == 1 else 'keep'} "
        "values of this one. Take that back first."
    )


def _noted(loaded: Loaded, *notes: str) -> Loaded:
    return replace(loaded, notes=(*loaded.notes, *notes))
