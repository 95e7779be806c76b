"""Writing and verifying the audit trail.

Every entry carries the SHA-256 of its content and of the entry before it, keyed with the installation's secret: a
changed, deleted or inserted entry breaks the chain at that place, a cut tail disagrees with the anchor row and with
the anchor file, which lies outside the database.
"""

import hashlib
import hmac
import json
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone

from .models import AuditAnchor, AuditEntry

log = logging.getLogger(__name__)
FIRST = "0" * 64


@transaction.atomic
def record(by, action: str, thing: models.Model, *, unit=None, **details) -> AuditEntry:
    """Append that `by` did `action` to `thing`, in the caller's transaction. `details` become JSON.

    `by`: a User, or None for the system. `unit`: whose matter it is; found on `thing` when not given.
    """
    anchor, _ = AuditAnchor.objects.select_for_update().get_or_create(pk=1)
    entry = AuditEntry(
        seq=anchor.seq + 1,
        at=timezone.now(),
        actor=by if getattr(by, "pk", None) else None,
        actor_name=str(by) if by else "perfmgr",
        action=action,
        unit=unit or _unit_of(thing),
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        object_name=str(thing)[:300],
        details=json.loads(json.dumps(details, cls=DjangoJSONEncoder)),
        previous_hash=anchor.hash,
    )
    entry.hash = content_hash(entry)
    entry.save(force_insert=True)
    AuditAnchor.objects.filter(pk=1).update(seq=entry.seq, hash=entry.hash)
    transaction.on_commit(lambda: _note_outside(entry.seq, entry.hash))
    return entry


def content_hash(entry: AuditEntry, key: str = "") -> str:
    """The hash, keyed with SECRET_KEY or `key`, over all that an entry says and over its predecessor's hash."""
    content = [
        entry.seq,
        entry.at.isoformat(),
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.unit_id,
        entry.object_type,
        entry.object_id,
        entry.object_name,
        entry.details,
        entry.previous_hash,
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new((key or settings.SECRET_KEY).encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: `fault` is empty when the chain holds."""

    entries: int
    fault: str = ""


def verify() -> Verdict:
    """Walk the whole chain. The fault names the first entry that is not as it was written."""
    anchors = [("database", *_anchor()), ("anchor file", *_outside())]
    seq, previous = 0, FIRST
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=2000):
        if entry.seq != seq + 1:
            return Verdict(seq, f"Entry {seq + 1} is missing: the next one found is {entry.seq}.")
        named = f"Entry {entry.seq} ({entry.action} {entry.object_name})"
        if entry.previous_hash != previous or not _is_as_written(entry):
            return Verdict(seq, f"{named} was changed after it was written.")
        for place, known_seq, known_hash in anchors:
            if known_seq == entry.seq and known_hash != entry.hash:
                return Verdict(seq, f"{named} is not the one that the {place} knows: the trail was written anew.")
        seq, previous = entry.seq, entry.hash
    for place, known_seq, _ in anchors:
        if known_seq > seq:
            return Verdict(seq, f"The trail ends at entry {seq}, but the {place} knows of entry {known_seq}.")
    return Verdict(seq)


def _is_as_written(entry: AuditEntry) -> bool:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(entry.hash, content_hash(entry, key)) for key in keys)


def _anchor() -> tuple[int, str]:
    anchor = AuditAnchor.objects.filter(pk=1).first()
    return (anchor.seq, anchor.hash) if anchor else (0, FIRST)


def _outside() -> tuple[int, str]:
    try:
        seq, chain_hash = Path(settings.AUDIT_ANCHOR).read_text().split()
        return int(seq), chain_hash
    except (OSError, ValueError, TypeError):
        return 0, FIRST


def _note_outside(seq: int, chain_hash: str) -> None:
    """Keep the newest anchor in a file, so that a cut tail shows even to one who rewrites the anchor row."""
    if not settings.AUDIT_ANCHOR or seq <= _outside()[0]:
        return
    file = Path(settings.AUDIT_ANCHOR)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix="audit-anchor.", delete=False) as draft:
            draft.write(f"{seq} {chain_hash}\n")
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(file)
    except OSError as fault:  # the entry itself is committed: a full disk must not undo what was done
        log.error("the audit anchor %s could not be written: %s", file, fault)


def _unit_of(thing: models.Model):
    for name in ("unit", "owner_unit"):
        if getattr(thing, f"{name}_id", None):
            return getattr(thing, name)
    return thing if thing._meta.label_lower == "organization.unit" else None
