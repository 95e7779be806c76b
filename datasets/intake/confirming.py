"""What a file seems to be, and what a person says it is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from organization import audit
from organization.models import Unit

from ..contracts import put_in_force
from ..facts import contract_of
from ..models import ContractVersion, Dataset, Upload
from ..refusals import CodeTaken, InvalidRequest, WrongState
from . import otherwise
from .receiving import check_takes_uploads, discard, original_of
from .unit_columns import with_known_units

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.intake import Dialect, Preview


KINDS = {
    "csv": ("delimited text", (".csv", ".tsv", ".tab")),
    "xlsx": ("a workbook (XLSX)", (".xlsx",)),
    "parquet": ("a Parquet file", (".parquet",)),
    "jsonl": ("JSON lines", (".jsonl", ".ndjson")),
}
WORDS = {
    "true_words": (
        *("true", "yes", "y", "t", "1", "wahr", "vrai", "oui"),
        *("ja", "tak", "да", "sí", "si", "sim", "ano"),
    ),
    "false_words": (
        *("false", "no", "n", "f", "0", "falsch", "faux", "non"),
        *("nein", "nie", "нет", "não", "nao", "ne"),
    ),
}


@dataclass(frozen=True)
class NewDataset:
    """What the wizard asks about a dataset that does not exist yet."""

    code: str
    name: str
    unit: Unit
    description: str = ""
    source_system: str = ""
    code_system: str = ""
    refresh_promise_hours: int | None = None
    licence: str = ""
    covers: str = Dataset.Covers.DAY


def inspect(upload: Upload, dialect: Dialect | None = None) -> Preview:
    """The proposed dialect, columns and questions of a stored extract, found in a limited child process.

    dialect: read it so, instead of as was settled, or as it seems. Raises IntakeError (the file cannot be a table),
    OriginalMissing.
    """
    from lake import intake, sandbox

    if dialect is None and upload.dialect:
        dialect = intake.Dialect.from_dict(upload.dialect)
    contract = contract_of(upload.dataset) if upload.dataset and upload.dataset.contract else None
    try:
        preview = sandbox.run(
            intake.inspect,
            original_of(upload),
            name=upload.file_name,
            dialect=dialect,
            contract=contract,
            limits=sandbox.Limits.parse(),
        )
    except sandbox.SandboxKilled as killed:
        raise reader_failed(killed, upload.file_name) from killed
    return preview if upload.dataset else with_known_units(preview)


def examine(upload: Upload, *, encoding: str = "", asks: bool = False) -> Preview:
    """Look at an extract that has just come for its dataset, and settle how it is read.

    What cannot be read, or lacks a required column, is turned away: IntakeError, and nothing of it is kept. The dialect
    is the one confirmed for the dataset, unless the file is of another kind; then it is the proposed one. Where nobody
    has confirmed a contract yet nothing but the encoding is settled, so that what can be read in two ways is asked.
    `encoding`: as a person declares it for a file that is neither UTF-8 nor says what it is. asks: one that only is not
    written as the others of its dataset, but fits its contract, is kept, in the state `asks`; so is a workbook whose
    cells show other values than the contract reads.
    """
    from lake.intake import Dialect, IntakeError

    dataset = upload.dataset
    known = Dialect.from_dict(dataset.dialect) if dataset and dataset.dialect else None
    try:
        if encoding:
            known = replace(known or Dialect(), encoding=_encoding(encoding))
        preview = inspect(upload, known)
        _check_preview(upload, preview, encoding=encoding, asks=asks)
        if dataset and dataset.contract and asks and known and otherwise.is_split_otherwise(known, preview.dialect):
            raise IntakeError("header_not_found", "Its records are not split as those of the dataset are.")
    except (IntakeError, InvalidRequest) as fault:
        found = otherwise.as_found(upload, known, encoding=encoding) if asks and known else None
        if found is not None and known is not None and isinstance(fault, IntakeError):
            otherwise.ask(upload, found, known, fault)
            return found
        fault.file = upload.file_name
        turn_away(upload)
        raise
    settled = known
    if dataset and dataset.contract:
        same_kind = bool(dataset.dialect) and known is not None and known.kind == preview.dialect.kind
        found = preview.dialect
        settled = replace(known, gzip=found.gzip, encoding=found.encoding) if same_kind else found
    upload.dialect = settled.to_dict() if settled else {}
    upload.save(update_fields=["dialect"])
    if asks and dataset and dataset.contract:
        otherwise.ask_of_cells(upload, preview)
    return preview


def _check_preview(upload: Upload, preview: Preview, *, encoding: str, asks: bool) -> None:
    """What is wrong with the file by its name, its headings and the contract, if there is one. Raises IntakeError."""
    from lake.intake.headers import match_headers, refuse_duplicates

    _check_name(upload.file_name, preview.dialect.kind)
    headers = [column.header for column in preview.columns]
    refuse_duplicates(headers, preview.dialect.header_row)
    if upload.dataset and upload.dataset.contract:
        match_headers(headers, contract_of(upload.dataset), preview.dialect.header_row)
        if not encoding:
            _check_encoding(preview)
        if not asks:
            _check_percent_cells(preview)


def _check_name(name: str, kind: str) -> None:
    """What the file is is decided by its content; a name that says something else points at a wrong export (C50)."""
    from lake.intake import IntakeError

    ending = Path(name.lower().removesuffix(".gz")).suffix
    claimed = next((other for other, (_, endings) in KINDS.items() if ending in endings), kind)
    if claimed != kind:
        raise IntakeError(
            "name_differs",
            f"The file is {KINDS[kind][0]}, but its name ends in {ending}.",
            next_step=f"Check that it is the right file; if it is, rename it to end in {KINDS[kind][1][0]}.",
        )


def _check_encoding(preview: Preview) -> None:
    """The encoding confirmed for the dataset must not turn a file that is another into other words, silently."""
    from lake.intake import IntakeError

    for question in preview.questions:
        if question.code == "encoding":
            other = question.options[-1]
            raise IntakeError(
                "encoding_mismatch",
                question.text,
                next_step=f"Declare the encoding utf-8 for this file, or {other} if it is that after all.",
            )


def _check_percent_cells(preview: Preview) -> None:
    """Texts such as 88 % are 88 in the dataset; a cell that shows 88 % must not become 0.88 beside them, silently."""
    from lake.intake import IntakeError

    for question in preview.questions:
        if question.code == otherwise.UNDECLARED:
            raise IntakeError(
                question.code,
                question.text,
                column=question.column,
                next_step="Say it in the contract: add percent_cells to the number forms of the column (88 % is 88), "
                "make ratio its unit, or take percent out of them (0.88); then send the file again.",
            )


def _encoding(name: str) -> str:
    from lake.intake.text import ENCODINGS

    if name not in ENCODINGS:
        known = ", ".join(ENCODINGS)
        raise InvalidRequest(f"The encoding {name[:40]!r} is not known.", next_step=f"Write {known}.", field="encoding")
    return name


@transaction.atomic
def turn_away(upload: Upload) -> None:
    """Forget an upload that cannot be read: its row and, when that is committed, its bytes."""
    stored = upload.path
    unit = upload.dataset.unit if upload.dataset else None
    audit.record(upload.uploaded_by, "extract turned away", upload, unit=unit, sha256=upload.sha256)
    upload.delete()
    transaction.on_commit(lambda: discard(stored))


def reader_failed(killed, file: str):
    """The IntakeError of a reader that had to be stopped: the file asks for too much, or breaks its reader."""
    from lake.intake import IntakeError

    code = {"memory": "needs_too_much_memory", "time": "takes_too_long"}.get(killed.reason, "breaks_its_reader")
    return IntakeError(
        code,
        f"The file could not be read: {killed.message}",
        file=file,
        next_step="Check that the file is whole; export it again, or split it.",
    )


def proposed_contract(preview: Preview, *, timezone: str = "UTC") -> Contract:
    """The contract as the sample suggests it; what is ambiguous is left to the questions."""
    from lake.contract import Column, ColumnType, Contract, Role

    columns = []
    for guess in preview.columns:
        kind = ColumnType(guess.types[0]) if guess.types else ColumnType.TEXT
        roles = tuple(Role(role) for role in guess.roles)
        columns.append(
            Column(
                name=guess.name,
                header=guess.header,
                type=kind,
                roles=roles,
                format=guess.formats[0] if len(guess.formats) == 1 else "",
                missing=guess.missing,
                **(WORDS if kind is ColumnType.BOOLEAN else {}),
                number_forms=guess.number_forms if kind.numeric else (),
            )
        )
    return Contract(columns=tuple(columns), timezone=timezone, reporting_timezone=timezone)


@transaction.atomic
def confirm(
    upload: Upload, contract: Contract, dialect: Dialect, *, by, into: Dataset | NewDataset, settles: bool = True
) -> Dataset:
    """Say how the upload is read and where it belongs; makes the dataset, or a new contract version, where needed. A
    dataset that was made for the upload by an earlier confirmation, and has nothing in it, makes way.

    settles: later files of the dataset are read so too.

    Raises ContractError, CodeTaken, WrongState, ComputedDataset.
    """
    if isinstance(into, Dataset):
        check_takes_uploads(into)
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    if upload.state not in otherwise.OPEN:
        raise WrongState(f"Upload #{upload.pk} is {upload.stands}: its contract cannot change now.")
    contract.check()
    dataset = new_dataset(into, by=by) if isinstance(into, NewDataset) else into
    put_in_force(dataset, contract, by=by)
    if settles:
        otherwise.settle(dataset, dialect, by=by)
    dataset.refresh_from_db()
    before = upload.dataset
    upload.dataset, upload.dialect, upload.contract_number = dataset, dialect.to_dict(), dataset.contract_number
    upload.fault = None
    upload.save()
    if before not in (None, dataset) and before.owner_id == by.pk and _was_made_for(upload, before):
        audit.record(by, "empty dataset removed", before, instead=dataset.code)
        before.delete()
    return dataset


def _was_made_for(upload: Upload, dataset: Dataset) -> bool:
    """Whether the dataset came with the upload's confirmation, and nothing but its contract was put there since."""
    if dataset.created_at < upload.uploaded_at or dataset.current_version is not None:
        return False
    relations = (field for field in Dataset._meta.get_fields(include_hidden=True) if field.one_to_many)
    others = (one for one in relations if one.related_model is not ContractVersion)
    return not any(one.related_model._base_manager.filter(**{one.field.name: dataset}).exists() for one in others)


def new_dataset(wanted: NewDataset, *, by, **more: Any) -> Dataset:
    """A dataset without contract or rows; its maker is owner and steward. Raises CodeTaken."""
    try:
        with transaction.atomic():
            words = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
            dataset = Dataset.objects.create(**{**words, "owner": by, "steward": by, **more})
    except IntegrityError as fault:
        raise CodeTaken(
            f"There is a dataset with the code {wanted.code!r} already.", next_step="Choose another code.", field="code"
        ) from fault
    audit.record(by, "dataset created", dataset)
    return dataset
