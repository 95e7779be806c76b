"""What does not count, why, and who agreed to it. Proposed by one person, decided on by another; nothing is deleted.
What two people agreed on ends in the same way: one asks for its withdrawal, another decides.

An approved exclusion reaches clocked promises by the column `excluded` of the agreement's cases, which the next clock
run writes (`exclusions_changed` asks for it), and measured ones by the condition of their KPI.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from datasets.facts import contract_of
from datasets.models import Dataset
from kpis.measures import Fault
from organization import audit

from . import attainment
from .drafting import AgreementRefused
from .models import Agreement, Exclusion, Withdrawal
from .reasons import said
from .signals import exclusions_changed

State = Exclusion.State


class SecondPersonNeeded(Exception):
    """Who proposed an exclusion, or its withdrawal, cannot decide on it."""


class WrongState(Exception):
    """The exclusion was decided on already."""


@transaction.atomic
def propose(
    agreement: Agreement,
    *,
    by,
    kind: str,
    reason: str,
    target_code: str = "",
    cases: Sequence[str] = (),
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    condition: str = "",
) -> Exclusion:
    """Ask for cases, a stretch of time, or rows of a condition to be left out. Raises AgreementRefused."""
    cases = sorted({str(case).strip() for case in cases if str(case).strip()})
    _check_stretch(starts_at, ends_at)
    if not (cases or starts_at or condition):
        raise AgreementRefused([Fault("cases", "Say what is excluded: cases, a stretch of time, or a condition.")])
    codes = set(agreement.versions.values_list("targets__code", flat=True))
    if target_code and target_code not in codes:
        raise AgreementRefused([Fault("target_code", f"{agreement} has no target {target_code}.")])
    _check_condition(agreement, target_code, condition)
    exclusion = Exclusion(
        agreement=agreement,
        kind=kind,
        reason=reason,
        target_code=target_code,
        cases=cases,
        starts_at=starts_at,
        ends_at=ends_at,
        condition=condition,
        proposed_by=by,
    )
    exclusion.full_clean()
    exclusion.save()
    _noted(exclusion, by, "exclusion proposed", reason=reason)
    return exclusion


@transaction.atomic
def decide(exclusion: Exclusion, *, by, now: datetime, is_approved: bool, note: str = "") -> Exclusion:
    """Approve, or reject saying why. Raises SecondPersonNeeded, WrongState, AgreementRefused."""
    exclusion = _locked(exclusion, State.PROPOSED)
    if by.pk == exclusion.proposed_by_id:
        raise SecondPersonNeeded("You proposed this exclusion: a second person must decide on it.")
    note = note.strip() if is_approved else said(note, "note", "Say why it is rejected, for whoever proposed it.")
    exclusion.state = State.APPROVED if is_approved else State.REJECTED
    exclusion.decided_by, exclusion.decided_at, exclusion.decision_note = by, now, note
    exclusion.save()
    _noted(exclusion, by, "exclusion approved" if is_approved else "exclusion rejected", note=note)
    if is_approved:
        _tell(exclusion.agreement, by)
    return exclusion


@transaction.atomic
def withdraw(exclusion: Exclusion, *, by, now: datetime, reason: str) -> Exclusion:
    """Take back what one proposed; or ask that what two people approved counts again, which a second person decides.

    Raises SecondPersonNeeded (what another proposed is rejected instead), WrongState, AgreementRefused (no reason).
    """
    exclusion = _locked(exclusion, State.PROPOSED, State.APPROVED)
    reason = said(reason, "reason", "Say why: what two people agreed on does not end without a reason.")
    if exclusion.state == State.PROPOSED:
        return _taken_back(exclusion, by, now, reason)
    if exclusion.withdrawal_asked:
        raise WrongState(f"The withdrawal of {exclusion} waits for a second person already.")
    exclusion.withdrawals.create(asked_by=by, asked_at=now, reason=reason)
    _noted(exclusion, by, "exclusion's withdrawal proposed", reason=reason)
    return exclusion


@transaction.atomic
def decide_withdrawal(exclusion: Exclusion, *, by, now: datetime, is_approved: bool, note: str = "") -> Exclusion:
    """A second person lets what was left out count again, or keeps it left out, saying why.

    Raises SecondPersonNeeded, WrongState, AgreementRefused.
    """
    exclusion = _locked(exclusion, State.APPROVED)
    asked = exclusion.withdrawal_asked
    if asked is None:
        raise WrongState(f"Nobody asks that {exclusion} is withdrawn, or it was decided on already.")
    if by.pk == asked.asked_by_id:
        raise SecondPersonNeeded("You asked for this withdrawal: a second person must decide on it.")
    note = note.strip() if is_approved else said(note, "note", "Say why it stays, for whoever asked.")
    asked.state = Withdrawal.State.APPROVED if is_approved else Withdrawal.State.REJECTED
    asked.decided_by, asked.decided_at, asked.note = by, now, note
    asked.save()
    if not is_approved:
        _noted(exclusion, by, "exclusion's withdrawal rejected", note=note)
        return exclusion
    exclusion.state = State.WITHDRAWN
    exclusion.save(update_fields=["state"])
    _noted(exclusion, by, "exclusion withdrawn", reason=asked.reason, note=note)
    _tell(exclusion.agreement, by)
    return exclusion


def _taken_back(exclusion: Exclusion, by, now: datetime, reason: str) -> Exclusion:
    if by.pk != exclusion.proposed_by_id:
        raise SecondPersonNeeded("Only who proposed it may take it back: reject it instead.")
    exclusion.withdrawals.create(asked_by=by, asked_at=now, reason=reason, state=Withdrawal.State.ALONE)
    exclusion.state = State.WITHDRAWN
    exclusion.save(update_fields=["state"])
    _noted(exclusion, by, "exclusion withdrawn", reason=reason)
    return exclusion


def _noted(exclusion: Exclusion, by, action: str, **details) -> None:
    agreement = exclusion.agreement
    audit.record(by, action, exclusion, unit=agreement.unit, agreement=agreement.code, **details)


def exclusion_conditions(agreement: Agreement, target_code: str, dataset: Dataset, time_column: str) -> list[str]:
    """Row expressions over a source dataset, one for each approved exclusion; its parts must all hold.

    A case is a row there if one column alone is the key; without such a key, exclusions of cases leave the rows alone.
    """
    found = []
    for exclusion in approved(agreement, target_code):
        parts = [f"({exclusion.condition})"] if exclusion.condition else []
        if exclusion.starts_at and time_column:
            parts.append(f"{time_column} >= {_moment(exclusion.starts_at)}")
            parts.append(f"{time_column} < {_moment(exclusion.ends_at)}")
        if exclusion.cases:
            named = _named_rows(dataset, exclusion.cases)
            parts = [*parts, named] if named else []
        if parts:
            found.append(f"({' and '.join(parts)})")
    return found


def approved(agreement: Agreement, target_code: str | None = None) -> list[Exclusion]:
    """Approved exclusions, oldest first; of one target those that name it or none."""
    found = agreement.exclusions.filter(state=State.APPROVED).order_by("pk")
    return list(found if target_code is None else found.filter(target_code__in=["", target_code]))


def _tell(agreement: Agreement, by) -> None:
    attainment.keep(agreement, by=by)
    exclusions_changed.send(Agreement, agreement=agreement, by=by)


def _check_stretch(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Both ends or none, the later one last: half a stretch would leave out nothing, or everything from there on."""
    if starts_at and not ends_at:
        raise AgreementRefused([Fault("ends_at", "Say up to when as well: a stretch of time has two ends.")])
    if ends_at and not starts_at:
        raise AgreementRefused([Fault("starts_at", "Say from when as well: a stretch of time has two ends.")])
    if starts_at and ends_at and ends_at <= starts_at:
        raise AgreementRefused([Fault("ends_at", "It ends before it begins: give the later time last.")])


def _check_condition(agreement: Agreement, target_code: str, condition: str) -> None:
    """A condition must fit the rows that it is about: the cases, or the source of a measured promise."""
    from lake.formula import FormulaError, parse

    from .clocks import rows

    if not condition:
        return
    promises = [t for v in agreement.versions.all() for t in v.targets.select_related("measure__dataset")]
    about = [promise for promise in promises if target_code in ("", promise.code)]
    contracts = {t.measure.dataset.name: contract_of(t.measure.dataset) for t in about if not t.is_clocked}
    if any(promise.is_clocked for promise in about):
        contracts[f"Cases of {agreement.name}"] = rows.contract("UTC")
    for name, contract in contracts.items():
        try:
            parse(condition, contract, aggregate=False, wanted="boolean", tried=True)
        except FormulaError as fault:
            message = f"{name}: {fault}"
            if len(contracts) > 1:
                message += " Choose the target that it is about."
            raise AgreementRefused(
                [Fault("condition", message, fault.token, fault.position, fault.suggestion)]
            ) from None


def _named_rows(dataset: Dataset, cases: Sequence[str]) -> str:
    """The rows whose one key is among the cases; empty without such a key."""
    keys = contract_of(dataset).key
    if len(keys) != 1:
        return ""
    quoted = ", ".join("'" + case.replace("'", "''") + "'" for case in cases)
    return f"cast({keys[0].name} as varchar) in ({quoted})"


def _moment(at: datetime) -> str:
    """A UTC instant as the lake keeps it."""
    from datetime import UTC

    return f"cast('{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}' as timestamp)"


def _locked(exclusion: Exclusion, *states: str) -> Exclusion:
    exclusion = Exclusion.objects.select_for_update(of=("self",)).select_related("agreement__unit").get(pk=exclusion.pk)
    if exclusion.state not in states:
        raise WrongState(f"{exclusion} is {exclusion.get_state_display().lower()} already.")
    return exclusion
