"""What a signature is under: the document with its targets, how they are measured, its tiers, and the parties."""

from django.forms.models import model_to_dict

from doors.revisions import revision_of as digest

from .drafting import VERSION_WORDS
from .models import AgreementVersion

# What `revision_of` reads of a version: prefetched, a list of versions costs a constant number of queries.
READS = ("targets__clock", "targets__measure", "tiers", "agreement__providers", "agreement__supports")


def revision_of(version: AgreementVersion) -> str:
    """Another one as soon as any of that reads otherwise."""
    agreement = version.agreement
    document = [getattr(version, name) for name in sorted(VERSION_WORDS)]
    targets = [
        [_words(one), _words(getattr(one, "clock", None)), _words(getattr(one, "measure", None))]
        for one in _ordered(version.targets)
    ]
    tiers = [_words(tier) for tier in _ordered(version.tiers)]
    parties = [agreement.name, agreement.service, agreement.unit_id, agreement.customer_id]
    others = [[one.pk for one in _ordered(found)] for found in (agreement.providers, agreement.supports)]
    return digest(version.pk, document, targets, tiers, parties, others)


def _ordered(found) -> list:
    return sorted(found.all(), key=lambda one: one.pk)


def _words(row) -> dict | None:
    return None if row is None else model_to_dict(row)
