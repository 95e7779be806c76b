"""From draft to the end of an agreement's version.

draft --offer--> in negotiation --sign (a second person)--> signed --its first day--> active --its last day--> expired
  ^-- take back / any edit --'                                 active --give notice--> under notice --> terminated
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from doors.revisions import require_same
from organization import audit

from . import attainment
from .checks import faults_of_version
from .drafting import AgreementRefused, WrongState
from .models import Agreement, AgreementVersion
from .reasons import said
from .revisions import revision_of

State = AgreementVersion.State
LIVE = (State.SIGNED, State.ACTIVE, State.UNDER_NOTICE)


class SecondPersonNeeded(Exception):
    """Who wrote any of a version, or offered it, cannot sign it."""


class ClosedPeriod(Exception):
    """The version would rewrite a period that is closed."""


@transaction.atomic
def offer(version: AgreementVersion, *, by) -> AgreementVersion:
    """Hand a draft to the other side. Raises WrongState, AgreementRefused."""
    version = _locked(version, State.DRAFT)
    if faults := faults_of_version(version):
        raise AgreementRefused(faults)
    version.state, version.submitted_by = State.IN_NEGOTIATION, by
    version.save(update_fields=["state", "submitted_by"])
    audit.record(by, "agreement offered", version.agreement, version=version.number)
    return version


@transaction.atomic
def take_back(version: AgreementVersion, *, by, reason: str) -> AgreementVersion:
    """From negotiation back to draft. Raises WrongState."""
    version = _locked(version, State.IN_NEGOTIATION)
    version.state, version.submitted_by = State.DRAFT, None
    version.save(update_fields=["state", "submitted_by"])
    audit.record(by, "agreement offer taken back", version.agreement, version=version.number, reason=reason)
    return version


def has_written(version: AgreementVersion, person) -> bool:
    """Whether the person wrote any of the version, or offered it: then a second person signs it."""
    return person.pk in (version.submitted_by_id, version.created_by_id) or person in version.authors.all()


@transaction.atomic
def sign(version: AgreementVersion, *, by, day: date, now: datetime, seen: str | None = None) -> AgreementVersion:
    """Sign what is in negotiation; it ends the version before it on its first day, and makes the attainment KPIs.

    seen: its `revision_of` when the person looked at it; None: as it stands.
    Raises WrongState, SecondPersonNeeded, ChangedMeanwhile, AgreementRefused, ClosedPeriod.
    """
    version = _locked(version, State.IN_NEGOTIATION)
    if has_written(version, by):
        raise SecondPersonNeeded("You wrote or offered this version: a second person must sign it.")
    require_same(seen, revision_of(version), str(version))
    if faults := faults_of_version(version):
        raise AgreementRefused(faults)
    _spare_closed_periods(version)
    version.state, version.signed_by, version.signed_at = State.SIGNED, by, now
    version.save(update_fields=["state", "signed_by", "signed_at"])
    _end_the_version_before(version)
    audit.record(by, "agreement signed", version.agreement, version=version.number, valid_from=version.valid_from)
    _turn(version.agreement, day)
    version.refresh_from_db()
    attainment.keep(version.agreement, by=by)
    return version


@transaction.atomic
def give_notice(version: AgreementVersion, *, by, day: date, last_day: date, reason: str) -> AgreementVersion:
    """Announce the end after `last_day`, which is the notice period away at least. Raises WrongState."""
    version = _locked(version, State.ACTIVE)
    earliest = day + timedelta(days=version.notice_days)
    if last_day < earliest:
        raise WrongState(f"The notice period is {version.notice_days} days: it can end on {earliest} at the earliest.")
    if version.valid_to and last_day >= version.valid_to:
        raise WrongState(f"It ends on {version.valid_to - timedelta(days=1)} already: notice can only end it earlier.")
    version.state, version.notice_given_on, version.notice_reason = State.UNDER_NOTICE, day, reason
    version.end_before_notice, version.valid_to = version.valid_to, last_day + timedelta(days=1)
    version.save(update_fields=["state", "notice_given_on", "notice_reason", "end_before_notice", "valid_to"])
    audit.record(by, "notice given", version.agreement, version=version.number, last_day=last_day, reason=reason)
    return version


@transaction.atomic
def withdraw_notice(version: AgreementVersion, *, by, reason: str) -> AgreementVersion:
    """Both sides go on, up to the end that it had before. Raises WrongState, AgreementRefused (no reason)."""
    reason = said(reason, "reason", "Say why it goes on.")
    version = _locked(version, State.UNDER_NOTICE)
    version.state, version.notice_given_on, version.notice_reason = State.ACTIVE, None, ""
    version.valid_to, version.end_before_notice = version.end_before_notice, None
    version.save(update_fields=["state", "notice_given_on", "notice_reason", "end_before_notice", "valid_to"])
    audit.record(by, "notice withdrawn", version.agreement, version=version.number, reason=reason)
    return version


@transaction.atomic
def terminate(version: AgreementVersion, *, by, day: date, reason: str) -> AgreementVersion:
    """End it at once: `day` is the first day on which it no longer holds. Raises WrongState, ClosedPeriod."""
    version = _locked(version, *LIVE)
    closed = _closed_until(version.agreement)
    if closed and day < closed:
        raise ClosedPeriod(f"Periods up to {closed - timedelta(days=1)} are closed: end it on {closed} or later.")
    version.state, version.valid_to = State.TERMINATED, max(day, version.valid_from)
    version.save(update_fields=["state", "valid_to"])
    audit.record(by, "agreement terminated", version.agreement, version=version.number, day=day, reason=reason)
    return version


def turn_all(day: date) -> int:
    """Let each day begin: signed versions become active, those past their end expire. Returns how many changed."""
    due = Q(versions__state=State.SIGNED, versions__valid_from__lte=day) | Q(
        versions__state__in=LIVE, versions__valid_to__lte=day
    )
    return sum(_turn_locked(agreement.pk, day) for agreement in Agreement.objects.filter(due).distinct())


@transaction.atomic
def _turn_locked(pk: int, day: date) -> int:
    return _turn(Agreement.objects.select_for_update().get(pk=pk), day)


def _turn(agreement: Agreement, day: date) -> int:
    changed = 0
    for version in agreement.versions.filter(state__in=LIVE):
        before = version.state
        if version.valid_to and version.valid_to <= day:
            version.state = State.TERMINATED if before == State.UNDER_NOTICE else State.EXPIRED
        elif before == State.SIGNED and version.valid_from <= day:
            version.state = State.ACTIVE
        if version.state != before:
            version.save(update_fields=["state"])
            audit.record(None, f"agreement {version.get_state_display().lower()}", agreement, version=version.number)
            changed += 1
    return changed


def _spare_closed_periods(version: AgreementVersion) -> None:
    closed = _closed_until(version.agreement)
    if closed and version.valid_from < closed:
        raise ClosedPeriod(
            f"Periods up to {closed - timedelta(days=1)} are closed: let {version} begin on {closed} or later."
        )


def _closed_until(agreement: Agreement) -> date | None:
    frozen = agreement.periods.filter(state__in=["closed", "restated"]).order_by("-period_end").first()
    return frozen.period_end if frozen else None


def _end_the_version_before(version: AgreementVersion) -> None:
    others = version.agreement.versions.governing().exclude(pk=version.pk)
    for other in others.filter(Q(valid_to=None) | Q(valid_to__gt=version.valid_from)):
        other.valid_to = max(version.valid_from, other.valid_from)
        if other.state == State.UNDER_NOTICE:
            other.state, other.notice_given_on = State.ACTIVE, None
        other.save(update_fields=["valid_to", "state", "notice_given_on"])


def _locked(version: AgreementVersion, *states: str) -> AgreementVersion:
    Agreement.objects.select_for_update().get(pk=version.agreement_id)
    version = AgreementVersion.objects.select_related("agreement__unit").get(pk=version.pk)
    if version.state not in states:
        wanted = " or ".join(State(state).label.lower() for state in states)
        raise WrongState(f"{version} is {version.get_state_display().lower()}; this step needs it to be {wanted}.")
    return version
