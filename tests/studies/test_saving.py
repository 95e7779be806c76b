"""The life of a study: kept, concluded, reviewed by a second person, run again."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from doors.revisions import ChangedMeanwhile
from organization.models import AuditEntry
from studies import saving
from studies.bench import Execution
from studies.comparing import compared, differs
from studies.models import Study
from tests.factories import DatasetFactory, UnitFactory, UserFactory

from .making import AT, a_result, a_study

pytestmark = pytest.mark.django_db
FIRST = Execution(a_result(100), 100, 3, None, "abc")


@pytest.fixture
def analyst():
    return UserFactory(username="ann")


@pytest.fixture
def reviewer():
    return UserFactory(username="rob")


@pytest.fixture
def study(analyst):
    unit = UnitFactory(code="it")
    return saving.save(
        FIRST,
        title=" Causes ",
        question="causes",
        source=DatasetFactory(unit=unit),
        unit=unit,
        parameters={"cause": "cause"},
        conclusion="Begin with A.",
        by=analyst,
        at=AT,
    )


def test_what_is_kept_says_where_it_came_from(study, analyst):
    run = study.runs.get()
    assert (study.title, study.state, study.analyst) == ("Causes", "draft", analyst)
    assert (run.number, run.data_version, run.rows, run.code_version) == (1, 3, 100, "abc")
    assert run.result["verdict"] == "No vital few: it takes 2 of 3 causes to make 90\N{NO-BREAK SPACE}% of rows."
    entry = AuditEntry.objects.get(action="study saved")
    assert (entry.unit, entry.actor) == (study.unit, analyst)


def test_a_second_person_reviews(study, analyst, reviewer):
    saving.submit(study, by=analyst)
    with pytest.raises(saving.SecondPersonNeeded):
        saving.accept(study, by=analyst, at=AT)
    done = saving.accept(study, by=reviewer, at=AT, note="Fine.")
    assert (done.state, done.reviewer, done.reviewed_run) == ("reviewed", reviewer, 1)


def test_the_run_and_the_conclusion_that_were_looked_at_are_reviewed(study, analyst, reviewer):
    """Somebody runs it again while the page is open; then it is sent back, concluded otherwise and handed in again."""
    saving.submit(study, by=analyst)
    first = saving.revision_of(study, 1)
    saving.run_again(study, replace(FIRST, version=4), by=reviewer, at=AT)
    with pytest.raises(ChangedMeanwhile, match="was changed since you opened it"):
        saving.accept(study, by=reviewer, at=AT, seen=first)
    second = saving.revision_of(study, 2)
    saving.send_back(study, by=reviewer, note="Which period?")
    saving.submit(saving.conclude(study, "Begin with B.", by=analyst), by=analyst)
    with pytest.raises(ChangedMeanwhile):
        saving.accept(study, by=reviewer, at=AT, seen=second)
    study.refresh_from_db()
    assert saving.accept(study, by=reviewer, at=AT, seen=saving.revision_of(study, 2)).reviewed_run == 2


def test_the_database_refuses_a_review_by_its_analyst(study, analyst):
    with pytest.raises(IntegrityError), transaction.atomic():
        Study.objects.filter(pk=study.pk).update(reviewer=analyst, reviewed_at=AT, reviewed_run=1)


def test_only_its_analyst_concludes_and_only_a_draft(study, analyst, reviewer):
    with pytest.raises(saving.NotTheAnalyst):
        saving.conclude(study, "Other words.", by=reviewer)
    saving.submit(study, by=analyst)
    with pytest.raises(saving.WrongState):
        saving.conclude(study, "Other words.", by=analyst)


def test_without_a_conclusion_there_is_nothing_to_review(study, analyst):
    saving.conclude(study, " ", by=analyst)
    with pytest.raises(saving.NoConclusion):
        saving.submit(study, by=analyst)


def test_sent_back_with_the_reason(study, analyst, reviewer):
    saving.submit(study, by=analyst)
    back = saving.send_back(study, by=reviewer, note="Which period?")
    assert (back.state, back.review_note, back.reviewer) == ("draft", "Which period?", None)


@pytest.mark.parametrize(("rows", "state"), [(100, "reviewed"), (105, "draft")])
def test_a_later_run_with_other_numbers_opens_a_reviewed_study(study, analyst, reviewer, rows, state):
    saving.submit(study, by=analyst)
    saving.accept(study, by=reviewer, at=AT)
    run = saving.run_again(study, replace(FIRST, result=a_result(rows), version=4), by=reviewer, at=AT)
    study.refresh_from_db()
    assert (run.number, run.data_version, study.state, study.reviewed_run) == (2, 4, state, 1)


def test_two_results_side_by_side():
    """70 of 100 against 75 of 105: A's share rises from 0.7 to 0.714."""
    lines = {line.name: line for line in compared(a_result(100), a_result(105))}
    assert (lines["share of A"].before, lines["share of A"].after) == (0.7, pytest.approx(75 / 105))
    assert lines["share of A"].is_changed
    assert not differs(a_result(100), a_result(100))
    assert not differs({"method": "m", "numbers": {"x": 1.0}}, {"method": "m", "numbers": {"x": 1.0 + 1e-13}})
    assert differs({"method": "m", "numbers": {"x": 1.0}}, {"method": "m", "numbers": {"x": None}})


def test_a_study_is_of_a_dataset_or_of_a_kpi(analyst):
    with pytest.raises(ValidationError, match="a dataset or"):
        Study(title="x", question="causes", unit=UnitFactory(), analyst=analyst).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        a_study(UnitFactory(), analyst=analyst, dataset=None)
