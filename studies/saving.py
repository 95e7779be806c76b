"""The life of a study: saved with its first run, run again, concluded, reviewed by a second person.

draft --submit--> in review --accept (a second person)--> reviewed
  ^-------------- send back ----'                             |
  '-------------- a later run whose numbers differ -----------'
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from datasets.models import Dataset
from doors import revisions
from kpis.models import Kpi
from organization import audit
from organization.models import Unit

from .bench import Execution
from .comparing import differs
from .models import Study, StudyRun

State = Study.State


class WrongState(Exception):
    """The study is not in the state in which that can be done."""


class SecondPersonNeeded(Exception):
    """Who made a study cannot review it."""


class NotTheAnalyst(Exception):
    """Only who made a study writes its conclusion and hands it in."""


class NoConclusion(Exception):
    """A study without a conclusion has nothing to review."""


@transaction.atomic
def save(
    execution: Execution,
    *,
    title: str,
    question: str,
    source: Dataset | Kpi,
    unit: Unit,
    parameters: Mapping[str, Any],
    by,
    at: datetime,
    grain: str = "",
    conclusion: str = "",
) -> Study:
    """Keep what was answered (see `bench.answer`) as a draft. Raises ValidationError."""
    study = Study(
        title=title.strip(),
        question=question,
        unit=unit,
        dataset=source if isinstance(source, Dataset) else None,
        kpi=source if isinstance(source, Kpi) else None,
        grain=grain,
        parameters=dict(parameters),
        conclusion=conclusion.strip(),
        analyst=by,
    )
    study.full_clean(exclude=["parameters"])
    study.save()
    _keep(study, execution, number=1, by=by, at=at)
    audit.record(by, "study saved", study, question=question, source=str(source))
    return study


@transaction.atomic
def run_again(study: Study, execution: Execution, *, by, at: datetime) -> StudyRun:
    """Keep a later execution. A reviewed study whose numbers changed is a draft again; its review stays on record."""
    study = _locked(study)
    last = study.runs.first()
    run = _keep(study, execution, number=last.number + 1, by=by, at=at)
    if study.state == State.REVIEWED and differs(last.result, run.result):
        study.state = State.DRAFT
    study.save(update_fields=["state", "changed_at"])
    audit.record(by, "study run again", study, run=run.number, data_version=run.data_version)
    return run


@transaction.atomic
def conclude(study: Study, conclusion: str, *, by) -> Study:
    """Write what follows. Raises WrongState, NotTheAnalyst, ValidationError."""
    study = _locked(study, State.DRAFT)
    _require_analyst(study, by)
    before, study.conclusion = study.conclusion, conclusion.strip()
    study.full_clean(exclude=["parameters"])
    study.save(update_fields=["conclusion", "changed_at"])
    audit.record(by, "study concluded", study, before=before)
    return study


@transaction.atomic
def submit(study: Study, *, by) -> Study:
    """Hand a draft in for review. Raises WrongState, NotTheAnalyst, NoConclusion."""
    study = _locked(study, State.DRAFT)
    _require_analyst(study, by)
    if not study.conclusion:
        raise NoConclusion("Write the conclusion first: it is what the second person reviews.")
    study.state = State.IN_REVIEW
    study.save(update_fields=["state", "changed_at"])
    audit.record(by, "study submitted", study)
    return study


def revision_of(study: Study, run: int) -> str:
    """What a review is of: the conclusion, and the newest run."""
    return revisions.revision_of(study.pk, study.conclusion, run)


@transaction.atomic
def accept(study: Study, *, by, at: datetime, note: str = "", seen: str | None = None) -> Study:
    """Review a study as right, in its newest run. seen: its `revision_of` when the person looked; None: as it stands.

    Raises WrongState, SecondPersonNeeded, ChangedMeanwhile.
    """
    study = _locked(study, State.IN_REVIEW)
    if by.pk == study.analyst_id:
        raise SecondPersonNeeded("You made this study: a second person must review it.")
    revisions.require_same(seen, revision_of(study, study.runs.first().number), str(study))
    study.state, study.reviewer, study.reviewed_at = State.REVIEWED, by, at
    study.reviewed_run, study.review_note = study.runs.first().number, note.strip()
    study.save(update_fields=["state", "reviewer", "reviewed_at", "reviewed_run", "review_note", "changed_at"])
    audit.record(by, "study reviewed", study, run=study.reviewed_run)
    return study


@transaction.atomic
def send_back(study: Study, *, by, note: str) -> Study:
    """Return a study to its analyst, with the reason. Raises WrongState, SecondPersonNeeded."""
    study = _locked(study, State.IN_REVIEW)
    if by.pk == study.analyst_id:
        raise SecondPersonNeeded("You made this study: a second person must review it.")
    study.state, study.review_note = State.DRAFT, note.strip()
    study.save(update_fields=["state", "review_note", "changed_at"])
    audit.record(by, "study sent back", study, note=note)
    return study


def _keep(study: Study, execution: Execution, *, number: int, by, at: datetime) -> StudyRun:
    return StudyRun.objects.create(
        study=study,
        number=number,
        data_version=execution.version,
        complete_through=execution.complete_through,
        rows=execution.rows,
        parameters=study.parameters,
        result=execution.result,
        code_version=execution.code_version,
        by=by,
        at=at,
    )


def _locked(study: Study, *states: str) -> Study:
    """The study as it stands, held until the end of the transaction. Raises WrongState."""
    found = Study.objects.select_for_update(of=("self",)).select_related("unit").get(pk=study.pk)
    if states and found.state not in states:
        raise WrongState(f"The study is {found.get_state_display().lower()}: look at it again.")
    return found


def _require_analyst(study: Study, by) -> None:
    if by.pk != study.analyst_id:
        raise NotTheAnalyst(f"{study.analyst} made this study and writes its conclusion. Save one of your own.")
