"""Periods of an agreement: computed while they are open, frozen when they are closed, restated by two people.

open --it ends--> provisional --close--> closed --a restatement is approved--> restated
                  provisional <--settle-- under dispute <--dispute-- provisional
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from datasets.models import Dataset
from doors.revisions import require_same
from kpis.calendars import calendars_of
from organization import audit

from .causes import causers
from .figures import Figures, Stretch, figures_of, hash_of
from .models import Agreement, AgreementVersion, PeriodResult, Restatement
from .reasons import said
from .signals import periods_changed

State = PeriodResult.State
LONGEST = 240  # periods of one agreement


class WrongState(Exception):
    """The period is not in the state that the step needs."""


class SecondPersonNeeded(Exception):
    """Who asked for a restatement, or changed what it is made from, cannot decide on it."""


def stretches_of(agreement: Agreement, day: date) -> list[Stretch]:
    """The agreement's periods from its first signed day to the one that holds `day`, oldest first.

    A period is governed by the version in force on its first day, the first one by the version that begins in it.
    """
    versions = list(agreement.versions.governing().select_related("charge_dataset").order_by("valid_from", "number"))
    versions = [version for version in versions if version.valid_to is None or version.valid_to > version.valid_from]
    if not versions:
        return []
    calendar = calendars_of([agreement.unit_id], day)[agreement.unit_id]
    last = min(day, max((version.valid_to or date.max) for version in versions))
    found, start = [], versions[0].valid_from
    while start <= last and len(found) < LONGEST:
        version = _governing(versions, start)
        if version is None:
            start = min((v.valid_from for v in versions if v.valid_from > start), default=date.max)
            continue
        period = calendar.period_of(start, version.period)
        found.append(Stretch(period.start, period.end, version))
        start = period.end
    return found


def as_of(agreement: Agreement, day: date) -> date:
    """`day`, or the last day through which the data of its promises are complete, if that is earlier."""
    datasets = {*_sources(agreement, "clock__dataset"), *_sources(agreement, "measure__dataset")}
    complete = Dataset.objects.filter(pk__in=datasets - {None}).aggregate(Max("complete_through"))
    return min(day, complete["complete_through__max"] or day)


def _sources(agreement: Agreement, path: str) -> Iterable[int]:
    return agreement.versions.governing().values_list(f"targets__{path}", flat=True)


@transaction.atomic
def refresh(agreement: Agreement, *, day: date, by=None) -> list[PeriodResult]:
    """Compute every period that is not frozen; a frozen one whose figures differ by now gets a proposed restatement.

    day: see `as_of`; periods that begin later are not there yet.
    """
    agreement = Agreement.objects.get(pk=agreement.pk)  # as it is now, its dataset too
    today, day = day, as_of(agreement, day)
    reached = min(today, day + timedelta(days=1))  # complete through the last day of a period: it is over
    stretches = stretches_of(agreement, day)
    running = stretches[-1].start if stretches and reached < stretches[-1].end else None
    computed = figures_of(agreement, stretches, running) if stretches else {}
    Agreement.objects.select_for_update().get(pk=agreement.pk)  # late: the scans take long, who waits does so shortly
    kept = {period.period_start: period for period in agreement.periods.all()}
    written = []
    for stretch in stretches:
        period = kept.get(stretch.start) or PeriodResult(agreement=agreement, period_start=stretch.start)
        if period.is_frozen:
            _restate_if_changed(period, computed[stretch.start])
        else:
            _write(period, stretch, computed[stretch.start], reached)
            written.append(period)
    gone = [start for start, period in kept.items() if start not in computed and not period.is_frozen]
    agreement.periods.filter(period_start__in=gone, claim=None).delete()
    periods_changed.send(Agreement, agreement=agreement, by=by)
    return written


@transaction.atomic
def dispute(period: PeriodResult, *, by, reason: str) -> PeriodResult:
    """One side does not agree with the figures. Raises WrongState."""
    period = _locked(period, State.PROVISIONAL)
    period.state, period.dispute_reason, period.disputed_by = State.DISPUTED, reason, by
    period.save(update_fields=["state", "dispute_reason", "disputed_by"])
    audit.record(by, "period disputed", period, unit=period.agreement.unit, reason=reason)
    return period


@transaction.atomic
def settle(period: PeriodResult, *, by, outcome: str) -> PeriodResult:
    """The dispute is over. Raises WrongState."""
    period = _locked(period, State.DISPUTED)
    period.state = State.PROVISIONAL
    period.save(update_fields=["state"])
    audit.record(by, "dispute settled", period, unit=period.agreement.unit, outcome=outcome)
    return period


@transaction.atomic
def close(period: PeriodResult, *, by, now: datetime, seen: str | None = None) -> PeriodResult:
    """Freeze the figures and the hash of the cases, as they were last computed (see `closing.close_period`).

    seen: the hash of the figures that the person looked at; None: nobody asks. Raises WrongState, ChangedMeanwhile.
    """
    period = _locked(period, State.PROVISIONAL)
    require_same(seen, period.figures_hash, str(period))
    period.state, period.closed_by, period.closed_at = State.CLOSED, by, now
    period.figures_hash = hash_of(period.figures)
    period.save(update_fields=["state", "closed_by", "closed_at", "figures_hash"])
    unit = period.agreement.unit
    audit.record(by, "period closed", period, unit=unit, figures=period.figures_hash, cases=period.cases_hash)
    return period


@transaction.atomic
def propose_restatement(period: PeriodResult, *, by, cause: str) -> Restatement:
    """Ask for a closed period to be restated by the data as they are now. Raises WrongState."""
    period = _locked(period, State.CLOSED, State.RESTATED)
    stretch = Stretch(period.period_start, period.period_end, period.version)
    now = figures_of(period.agreement, [stretch])[period.period_start]
    if hash_of(now.plain) == hash_of(standing_figures(period)):
        raise WrongState(f"{period} would be the same: nothing is to be restated.")
    return _propose(period, now, cause, by)


@transaction.atomic
def decide_restatement(
    restatement: Restatement, *, by, now: datetime, is_approved: bool, note: str = ""
) -> Restatement:
    """A second person lets it count, or not, saying why. The figures of the close are kept as they were.

    Raises WrongState, SecondPersonNeeded, AgreementRefused.
    """
    period = _locked(restatement.period, State.CLOSED, State.RESTATED)
    restatement = period.restatements.filter(pk=restatement.pk).first()
    if restatement is None or restatement.state != Restatement.State.PROPOSED:
        raise WrongState("This restatement was decided on, or replaced by another one: look at the period again.")
    if refusal := second_person_needed(restatement, by):
        raise SecondPersonNeeded(refusal)
    note = note.strip() if is_approved else said(note, "note", "Say why the figures of the close go on to count.")
    restatement.state = Restatement.State.APPROVED if is_approved else Restatement.State.REJECTED
    restatement.decided_by, restatement.decided_at, restatement.decision_note = by, now, note
    restatement.save()
    if is_approved:
        period.state = State.RESTATED
        period.save(update_fields=["state"])
    words = {"number": restatement.number, "cause": restatement.cause, "note": note}
    action = "restatement approved" if is_approved else "restatement rejected"
    audit.record(by, action, period, unit=period.agreement.unit, **words)
    return restatement


def second_person_needed(restatement: Restatement, by) -> str:
    """Why this person cannot decide on it, in a sentence; empty for a second person."""
    if restatement.proposed_by_id == by.pk:
        return "You asked for this restatement: a second person must decide on it."
    if by in restatement.caused_by.all():
        return (
            "You changed what this restatement is made from, by loading rows, taking an upload back or a change of the "
            "calendar: a second person must decide on it."
        )
    return ""


def standing_figures(period: PeriodResult) -> dict:
    """The figures that count: of the last approved restatement, else the period's own."""
    approved = [r for r in period.restatements.all() if r.state == Restatement.State.APPROVED]
    return max(approved, key=lambda r: r.number).after if approved else period.figures


def _governing(versions: Sequence[AgreementVersion], day: date) -> AgreementVersion | None:
    covering = [version for version in versions if version.covers(day)]
    return covering[-1] if covering else None


def _write(period: PeriodResult, stretch: Stretch, figures: Figures, day: date) -> None:
    period.version, period.period_end = stretch.version, stretch.end
    period.figures, period.figures_hash = figures.plain, figures.hash
    period.cases_hash, period.sources, period.computed_at = figures.cases_hash, figures.sources, timezone.now()
    if period.state in (State.OPEN, State.PROVISIONAL):
        period.state = State.OPEN if day < stretch.end else State.PROVISIONAL
    period.save()


def _restate_if_changed(period: PeriodResult, now: Figures) -> None:
    after = hash_of(now.plain)
    if after == hash_of(standing_figures(period)):
        return
    if any(hash_of(restatement.after) == after for restatement in period.restatements.all()):
        return  # proposed already, or looked at and rejected
    period.restatements.filter(state=Restatement.State.PROPOSED, proposed_by=None).delete()
    _propose(period, now, f"Data, calendar, targets or exclusions changed since the close: {_cause(period, now)}", None)


def _cause(period: PeriodResult, now: Figures) -> str:
    """Which sources differ, in words."""
    before, after = period.sources, now.sources
    parts = [
        f"{code} from version {before.get('data', {}).get(code)} to {version}"
        for code, version in after["data"].items()
        if before.get("data", {}).get(code) != version
    ]
    if before.get("exclusions") != after["exclusions"]:
        parts.append("exclusions")
    if before.get("agreement_version") != after["agreement_version"]:
        parts.append("the version of the agreement")
    return "; ".join(parts) or "the cases were timed anew"


def _propose(period: PeriodResult, now: Figures, cause: str, by) -> Restatement:
    number = (period.restatements.aggregate(Max("number"))["number__max"] or 0) + 1
    made = Restatement.objects.create(
        period=period,
        number=number,
        cause=cause,
        before=standing_figures(period),
        after=now.plain,
        cases_hash=now.cases_hash,
        sources=now.sources,
        proposed_by=by,
    )
    made.caused_by.set(causers(period))
    audit.record(by, "restatement proposed", period, unit=period.agreement.unit, number=number, cause=cause)
    return made


def _locked(period: PeriodResult, *states: str) -> PeriodResult:
    Agreement.objects.select_for_update().get(pk=period.agreement_id)
    period = PeriodResult.objects.select_related("agreement__unit", "version").get(pk=period.pk)
    if period.state not in states:
        wanted = " or ".join(State(state).label.lower() for state in states)
        raise WrongState(f"{period} is {period.get_state_display().lower()}; this step needs it to be {wanted}.")
    return period
