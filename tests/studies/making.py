"""Studies that stand in the database without having been computed, for tests of pages and permissions."""

from datetime import UTC, datetime

from studies.analysis import Analysis, Sample
from studies.analysis.causes import causes
from studies.functions.calls import plain
from studies.models import Study, StudyRun
from tests.factories import DatasetFactory, UserFactory

AT = datetime(2025, 3, 1, 9, tzinfo=UTC)


def a_result(rows: int = 100) -> dict:
    """The causes of `rows` rows: seven of ten are A."""
    named = ["A" if n % 10 < 7 else "B" if n % 10 < 9 else "C" for n in range(rows)]
    made: Analysis = causes(Sample({"cause": named}, total=rows), {"cause": "cause"})
    return plain(made)


def a_study(unit, *, analyst=None, runs: int = 1, **more) -> Study:
    """A draft about the causes in a dataset of `unit`, with its runs."""
    analyst = analyst or UserFactory(username=f"analyst-of-{unit.code}-{Study.objects.count()}")
    if "kpi" not in more:
        more.setdefault("dataset", DatasetFactory(unit=unit))
    values = {"title": f"Causes at {unit.code}", "question": "causes", "parameters": {"cause": "cause"}, **more}
    study = Study.objects.create(unit=unit, analyst=analyst, **values)
    for number in range(1, runs + 1):
        StudyRun.objects.create(
            study=study, number=number, rows=100, parameters=study.parameters, result=a_result(90 + 10 * number),
            code_version="abc", by=analyst, at=AT,
        )  # fmt: skip
    return study
