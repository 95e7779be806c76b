"""Three analyses over the demo's data, by the verbs of the bench; two are reviewed by a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from datasets.models import Dataset
from kpis.models import Kpi
from organization.access import access_of
from organization.models import Unit, User
from studies import bench, saving
from studies.models import Study


@dataclass(frozen=True)
class Question:
    """A study of the demo, with the conclusion that its numbers bear out."""

    title: str
    question: str
    unit: str
    parameters: Mapping[str, Any]
    conclusion: str
    dataset: str = ""
    kpi: str = ""
    is_reviewed: bool = True
    note: str = "Data, method and conclusion checked."


STUDIES = (
    Question(
        title="Does the SLA depend on the priority?",
        question="difference",
        unit="IT",
        dataset="incidents",
        parameters={"value": "made_sla", "group": "priority", "confidence": 0.95},
        conclusion=(
            "Priorities 1 and 2 practically never make their SLA (below 5 %), priority 3 does in two of three cases, "
            "priority 4 in more than four of five. Look at the clocks of priorities 1 and 2 first: a target that "
            "nobody reaches steers nobody."
        ),
    ),
    Question(
        title="Which causes of delay come first?",
        question="causes",
        unit="RAIL",
        dataset="rail",
        parameters={
            "parts": ["pct_external", "pct_infrastructure", "pct_traffic", "pct_stock"],
            "weight": "late_arrivals",
            "cut": 0.8,
        },
        conclusion=(
            "None of the four causes stands out: it takes all of them to reach four fifths. A programme against one "
            "cause alone will not move punctuality much; begin by line instead."
        ),
    ),
    Question(
        title="Is the four-hour standard stable?",
        question="stability",
        unit="EMERGENCY",
        kpi="ae_four_hours",
        parameters={"rules": "nelson", "lsl": 95.0},
        conclusion=(
            "No. Every winter falls below the lower limit: the year's course is a special cause that comes back. "
            "And no month of the three years reached 95 %."
        ),
        is_reviewed=False,
    ),
)


def define(users: Mapping[str, User], today: date) -> None:
    """Save what is missing. Raises studies.analysis.CannotAnswer."""
    for asked in STUDIES:
        if not Study.objects.filter(title=asked.title).exists():
            _study(asked, users, today)


def _study(asked: Question, users: Mapping[str, User], today: date) -> None:
    analyst, at = users["analyst"], datetime.combine(today, time(9), UTC)
    source = Dataset.objects.get(code=asked.dataset) if asked.dataset else Kpi.objects.get(code=asked.kpi)
    words = {"question": asked.question, "source": source, "unit": Unit.objects.get(code=asked.unit)}
    execution = bench.answer(**words, parameters=asked.parameters, access=access_of(analyst, today), day=today)
    study = saving.save(
        execution,
        **words,
        parameters=asked.parameters,
        title=asked.title,
        conclusion=asked.conclusion,
        by=analyst,
        at=at,
    )
    if asked.is_reviewed:
        saving.submit(study, by=analyst)
        saving.accept(study, by=users["manager"], at=at, note=asked.note)
