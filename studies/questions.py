"""The questions of the bench: what each asks for, of a dataset and of a KPI. Forms, API and runs read it from here."""

from __future__ import annotations

from dataclasses import dataclass

from .models import Study

Question = Study.Question
DATASET, KPI = "dataset", "kpi"
BOTH = frozenset({DATASET, KPI})


@dataclass(frozen=True)
class Field:
    """One thing that a question asks for.

    kind: column or columns (with `of`: amount, outcome, category or any), members, number, share, day, period, choice,
    kpi or kpis. of: which columns or choices. on: the sources for which it is asked.
    """

    name: str
    label: str
    kind: str
    of: tuple[str, ...] = ()
    required: bool = False
    help: str = ""
    on: frozenset[str] = BOTH
    default: object = None


@dataclass(frozen=True)
class Asked:
    """A question. words: when to ask it. icon: of the sprite."""

    key: str
    words: str
    icon: str
    fields: tuple[Field, ...]
    on: frozenset[str] = BOTH

    @property
    def title(self) -> str:
        return Question(self.key).label

    def fields_on(self, source: str) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if source in field.on)


ONLY_DATASET, ONLY_KPI = frozenset({DATASET}), frozenset({KPI})
CONFIDENCE = Field("confidence", "Confidence", "share", default=0.95, help="Of the intervals, 0.5 to 0.999.")
WHERE = (
    Field("where_column", "Only rows where", "column", ("any",), on=ONLY_DATASET),
    Field("where_value", "is", "text", on=ONLY_DATASET, help="As the column writes it."),
)
DAY = Field("day", "Day of the change", "day", required=True, help="The first day after it.")
EACH = Field("each", "A point for each", "choice", ("row", "day", "week", "month"), on=ONLY_DATASET, default="row")

QUESTIONS: dict[str, Asked] = {
    one.key: one
    for one in (
        Asked(
            Question.DIFFERENCE.value,
            "Two or more groups: amounts, yes and no, or categories.",
            "scale",
            (
                Field("value", "What is compared", "column", ("any",), True, on=ONLY_DATASET),
                Field("group", "Between the members of", "column", ("category",), True, on=ONLY_DATASET),
                Field("members", "Only these members", "members", on=ONLY_DATASET, help="With commas; empty: all."),
                Field("day", "Before and from", "day", required=True, on=ONLY_KPI),
                CONFIDENCE,
                *WHERE,
            ),
        ),
        Asked(
            Question.STABILITY.value,
            "One measure over time: control chart, signals; with limits, capability.",
            "chart-dots",
            (
                Field("value", "What is measured", "column", ("amount",), True, on=ONLY_DATASET),
                EACH,
                Field("rules", "Rules", "choice", ("nelson", "western_electric", "nhs", "anhoej"), default="nelson"),
                Field("lsl", "Lower specification limit", "number"),
                Field("usl", "Upper specification limit", "number"),
                Field("target", "Target", "number"),
                *WHERE,
            ),
        ),
        Asked(
            Question.INFLUENCE.value,
            "One measure against others, each with the others held equal.",
            "binary-tree",
            (
                Field("value", "What is driven", "column", ("outcome",), True, on=ONLY_DATASET),
                Field("drivers", "By", "columns", ("any",), True, on=ONLY_DATASET, help="One to six columns."),
                Field("drivers", "By other KPIs", "kpis", required=True, on=ONLY_KPI, help="One to six."),
                CONFIDENCE,
                *WHERE,
            ),
        ),
        Asked(
            Question.CAUSES.value,
            "Causes by their number, cost or time: where to begin.",
            "chart-bar",
            (
                Field("cause", "The cause stands in", "column", ("category",)),
                Field("amount", "Counted by", "column", ("outcome",), help="Empty: rows."),
                Field("parts", "Or: each of these is a cause", "columns", ("amount",)),
                Field("weight", "Weighted by", "column", ("amount",)),
                Field("cut", "The vital few reach", "share", default=0.8),
                *WHERE,
            ),
            on=ONLY_DATASET,
        ),
        Asked(
            Question.SAMPLE_SIZE.value,
            "Before a trial: how large must it be to show a difference that matters?",
            "calculator",
            (
                Field("value", "What is measured", "column", ("outcome",), True, on=ONLY_DATASET),
                Field("difference", "Smallest difference that matters", "number", required=True,
                      help="In the unit of the measure; for yes and no a share such as 0.05."),
                Field("power", "Chance to find it", "share", default=0.8),
                CONFIDENCE,
                *WHERE,
            ),
        ),
        Asked(
            Question.INTERRUPTION.value,
            "A series before and after a change, alone or against one without it.",
            "calendar-event",
            (
                Field("value", "What is measured", "column", ("outcome",), True, on=ONLY_DATASET),
                DAY,
                Field("each", "A point for each", "choice", ("day", "week", "month"), on=ONLY_DATASET, default="month"),
                Field("comparison", "Against another KPI", "kpi", on=ONLY_KPI, help="Like it, but without the change."),
                Field("season", "Periods of a season", "period", help="12 for months with a yearly season."),
                CONFIDENCE,
                *WHERE,
            ),
        ),
    )
}  # fmt: skip
