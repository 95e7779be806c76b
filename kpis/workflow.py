"""From draft to certified, by two people; and out of use.

draft --submit--> in review --certify (a second person)--> certified --deprecate--> deprecated
  ^------------- send back ------------'
"""

from datetime import date, datetime

from django.db import transaction

from doors import revisions
from organization import audit

from . import requests
from .definitions import FIELDS, DefinitionError, WrongState, tile
from .measures import Fault, faults_of
from .models import Kpi, KpiVersion

State = KpiVersion.State
PASSPORT = {
    "purpose": "What is it for?",
    "decision": "Which decision does it inform?",
    "description": "What is its formula, in words?",
    "target_basis": "What are its targets based on?",
    "financial_link": "How is it tied to money? Write 'none' if it is not.",
    "gaming_risk": "How could it be gamed?",
    "reporting_lag_days": "After how many days is a period's number final?",
    "review_date": "When is the definition to be looked at again?",
}
# Answers that a vendor's contact is not told: they are about how we steer, and how a number could be bent.
INSIDE = frozenset({"decision", "financial_link", "gaming_risk"})


class SecondPersonNeeded(Exception):
    """Who wrote any of a definition, or submitted it, cannot certify it."""


class PassportIncomplete(Exception):
    """The passport has gaps; `gaps` maps each missing field to the question it answers."""

    def __init__(self, gaps: dict[str, str]):
        self.gaps = gaps
        super().__init__(f"The passport is incomplete: {', '.join(name.replace('_', ' ') for name in gaps)}.")


def passport_gaps(version: KpiVersion) -> dict[str, str]:
    """field -> the question that it leaves unanswered. Empty: it can be certified."""
    gaps = {name: question for name, question in PASSPORT.items() if getattr(version, name) in ("", None)}
    if version.kpi.steward_id is None:
        gaps["steward"] = "Who looks after the data?"
    return gaps


@transaction.atomic
def submit(version: KpiVersion, *, by, seen: str | None = None) -> KpiVersion:
    """Hand a draft in for review. seen: its `revision_of` when the person looked at it; None: as it stands.

    Raises WrongState, ChangedMeanwhile, DefinitionError.
    """
    version = _locked(version, State.DRAFT)
    revisions.require_same(seen, revision_of(version), str(version))
    if faults := faults_of(version):
        raise DefinitionError(faults)
    version.state, version.submitted_by = State.IN_REVIEW, by
    version.save(update_fields=["state", "submitted_by"])
    audit.record(by, "KPI submitted", version.kpi, version=version.number)
    return version


@transaction.atomic
def send_back(version: KpiVersion, *, by, reason: str) -> KpiVersion:
    """Return a version to its author. Raises WrongState."""
    version = _locked(version, State.IN_REVIEW)
    version.state, version.submitted_by = State.DRAFT, None
    version.save(update_fields=["state", "submitted_by"])
    audit.record(by, "KPI sent back", version.kpi, version=version.number, reason=reason)
    return version


def revision_of(version: KpiVersion) -> str:
    """What a certificate is of: the definition, its passport, and the words of the KPI that decide how it is read."""
    words = [getattr(version, name) for name in sorted(FIELDS)]
    kpi = version.kpi
    return revisions.revision_of(
        version.pk, version.valid_from, words, kpi.name, kpi.unit_id, kpi.steward_id, kpi.counter_kpi_id, kpi.bands
    )


def writers(version: KpiVersion) -> frozenset[int]:
    """Ids of who wrote any of the version, or submitted it."""
    authors = {author.pk for author in version.authors.all()}
    return frozenset(authors | {version.submitted_by_id, version.created_by_id} - {None})


def has_written(version: KpiVersion, person) -> bool:
    """Whether the person wrote any of the version, or submitted it: then a second person certifies it."""
    return person.pk in writers(version)


@transaction.atomic
def certify(version: KpiVersion, *, by, now: datetime, seen: str | None = None) -> KpiVersion:
    """Certify a version in review. seen: its `revision_of` when the person looked at it; None: as it stands.

    Raises WrongState, SecondPersonNeeded, ChangedMeanwhile, PassportIncomplete, DefinitionError.
    """
    version = _locked(version, State.IN_REVIEW)
    if has_written(version, by):
        raise SecondPersonNeeded("You wrote or submitted this definition: a second person must certify it.")
    revisions.require_same(seen, revision_of(version), str(version))
    if gaps := passport_gaps(version):
        raise PassportIncomplete(gaps)
    if faults := faults_of(version):
        raise DefinitionError(faults)
    version.state, version.certified_by, version.certified_at = State.CERTIFIED, by, now
    version.save(update_fields=["state", "certified_by", "certified_at"])
    audit.record(by, "KPI certified", version.kpi, version=version.number)
    return version


@transaction.atomic
def deprecate(version: KpiVersion, *, by, from_day: date, reason: str) -> KpiVersion:
    """Let a certified version hold up to, not including, `from_day`; what was computed stays.

    Raises WrongState, DefinitionError (no reason).
    """
    version = _locked(version, State.CERTIFIED)
    if not reason.strip():
        raise DefinitionError([Fault("reason", "Say why it is taken out of use.")])
    if from_day < version.valid_from or (version.valid_to and from_day > version.valid_to):
        raise WrongState(f"{version} does not hold on {from_day}: choose a day between its first and its last.")
    version.state, version.deprecated_from = State.DEPRECATED, from_day
    version.save(update_fields=["state", "deprecated_from"])
    tile(version.kpi)
    audit.record(by, "KPI deprecated", version.kpi, version=version.number, from_day=from_day, reason=reason)
    requests.definition(version.kpi, f"{version.kpi.code} deprecated", by=by)
    return version


def _locked(version: KpiVersion, state: str) -> KpiVersion:
    Kpi.objects.select_for_update(no_key=True).get(pk=version.kpi_id)
    version = KpiVersion.objects.select_related("kpi", "dataset").get(pk=version.pk)
    if version.state != state:
        now, wanted = version.get_state_display().lower(), State(state).label.lower()
        raise WrongState(f"{version} is {now}; this step needs it to be {wanted}.")
    return version
