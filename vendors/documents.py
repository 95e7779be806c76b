"""Papers of a vendor: kept under a name of ours, given back only as a download."""

import hashlib
from datetime import date
from pathlib import PurePath
from uuid import uuid4

from django.db import transaction

from organization import audit

from .models import Contract, Document, Vendor
from .refusals import Refusal

LIMIT = 20 * 2**20
KINDS = {".pdf", ".png", ".jpg", ".jpeg", ".csv", ".xlsx", ".docx", ".pptx", ".txt", ".eml", ".msg"}


class DocumentRefused(Refusal):
    """The file is too large, empty, or of a kind that is not kept."""


@transaction.atomic
def add_document(
    vendor: Vendor, *, file, title: str, by, contract: Contract | None = None, effective_on: date | None = None
) -> Document:
    """Keep `file` (an uploaded file). Raises DocumentRefused, ValidationError."""
    ending = PurePath(file.name).suffix.lower()
    if ending not in KINDS:
        raise DocumentRefused(
            f"A document is one of {', '.join(sorted(KINDS))}: save it as such and try again.", "file"
        )
    if not 0 < file.size <= LIMIT:
        raise DocumentRefused("A document has something in it, and at most 20 MB.", "file")
    if contract is not None and contract.vendor_id != vendor.pk:
        raise DocumentRefused(f"{contract} is a contract of another vendor.", "contract")
    document = Document(
        vendor=vendor,
        contract=contract,
        title=title,
        effective_on=effective_on,
        file_name=PurePath(file.name).name[:255],
        size=file.size,
        sha256=_digest(file),
        uploaded_by=by,
    )
    file.name = f"{uuid4().hex}{ending}"  # their name is never used as a path
    document.file = file
    document.full_clean()
    document.save()
    audit.record(by, "document added", document, unit=vendor.unit, sha256=document.sha256, file=document.file_name)
    return document


@transaction.atomic
def remove_document(document: Document, *, by, reason: str) -> None:
    """Take the paper away; the trail keeps its name and digest. The file goes once the change is committed."""
    audit.record(by, "document removed", document, unit=document.vendor.unit, sha256=document.sha256, reason=reason)
    file = document.file
    document.delete()
    transaction.on_commit(lambda: file.storage.delete(file.name))


def _digest(file) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
