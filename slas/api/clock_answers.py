"""What clocks answer over REST: the board, cases, one clock explained, a comparison, a replay."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from slas.clocks import bench, board, compare, explain, listing


@dataclass(frozen=True)
class Clock:
    """A case and target (and cycle, where a clock repeats), as the derived dataset has it; `_s` are seconds."""

    case: str
    target: str
    cycle: int
    started_at: datetime | None
    stopped_at: datetime | None
    as_of: datetime | None
    due_at: datetime | None
    original_due_at: datetime | None
    counted_at: datetime | None
    unit: str | None
    vendor: str | None
    priority: str | None
    holder: str | None
    held_at_breach: str | None
    elapsed_s: int | None
    actual_s: int | None
    paused_s: int | None
    target_s: int | None
    used_pct: float | None
    verdict: str
    agreement_version: int | None
    calendar_version: str | None
    excluded: str | None


@dataclass(frozen=True)
class OpenClock(Clock):
    """`left_s`: of the target; negative once it is used up."""

    left_s: int | None


@dataclass(frozen=True)
class ClockBoard:
    """`bands`: how many open cases used how much of their target; `total`: of all; `cases`: those that used most."""

    as_of: datetime | None
    total: int
    bands: dict[str, int]
    cases: list[OpenClock]


@dataclass(frozen=True)
class CountedClock(Clock):
    """`late_s`: from the due time to the end, day and night; null if it was not missed."""

    late_s: int | None


@dataclass(frozen=True)
class ClockCases:
    """`verdicts`: cases by verdict; `missed_by`: missed ones by who had them at the breach."""

    total: int
    verdicts: dict[str, int]
    missed_by: dict[str, int]
    cases: list[CountedClock]


@dataclass(frozen=True)
class ClockInterval:
    """`state`: running, paused, reopened or out_of_hours; `used_pct`: of the target, at the end of the interval."""

    start: datetime
    end: datetime
    state: str
    why: str
    holder: str
    actual_s: int
    business_s: int
    used_pct: float | None


@dataclass(frozen=True)
class ClockMoved:
    """How a pause moved the due time, to `due_at`, by the working time that it covers."""

    start: datetime
    end: datetime
    why: str
    business_s: int
    due_at: datetime | None


@dataclass(frozen=True)
class ClockHeld:
    """What one holder had: working seconds while the clock ran, their share of the target, and while it stood."""

    holder: str
    business_s: int
    paused_s: int
    share_pct: float | None
    at_breach: bool


@dataclass(frozen=True)
class ExplainedClock(CountedClock):
    """Its intervals, how each pause moved the due time, and who had the case."""

    intervals: list[ClockInterval]
    moved: list[ClockMoved]
    held: list[ClockHeld]


@dataclass(frozen=True)
class ExplainedClocks:
    clocks: list[ExplainedClock]


@dataclass(frozen=True)
class ComparedPriority:
    """`source`: cases that only the source has as missed; `clock`: those that only the clock has."""

    priority: str | None
    cases: int
    both_met: int
    both_missed: int
    source: int
    clock: int


@dataclass(frozen=True)
class ComparedReason:
    reason: str
    text: str
    source_met: bool
    cases: int


@dataclass(frozen=True)
class DifferingCase:
    """`met`: by the clock; `said`: by the source, which `turned` to missed then; `why`: the `reason` in words."""

    case: str
    target: str
    priority: str | None
    held_at_breach: str | None
    holder: str | None
    elapsed_s: int | None
    actual_s: int | None
    paused_s: int | None
    target_s: int | None
    used_pct: float | None
    started_at: datetime | None
    stopped_at: datetime | None
    due_at: datetime | None
    met: bool
    said: bool
    turned: datetime | None
    reason: str | None
    why: str


@dataclass(frozen=True)
class ClockComparison:
    cases: int
    agree: int
    differ: int
    by_priority: list[ComparedPriority]
    reasons: list[ComparedReason]
    differing: list[DifferingCase]


@dataclass(frozen=True)
class Flip:
    """Cases whose verdict is `now` and would be `then`."""

    now: str
    then: str
    cases: int


@dataclass(frozen=True)
class FlippedCase:
    case: str
    target: str
    priority: str | None
    holder: str | None
    was: str
    becomes: str
    used_now: float | None
    used_then: float | None


@dataclass(frozen=True)
class TriedTarget:
    """`attainment` and `required` are percentages as decimal texts; `met` may be a share of a minute."""

    code: str
    met: float
    cases: float
    attainment: str | None
    required: str
    is_met: bool | None
    in_flight: int
    cancelled: int


@dataclass(frozen=True)
class TriedPeriod:
    """`credit`: what it would have owed; null without tiers or charge."""

    start: date
    credit: str | None
    targets: list[TriedTarget]


@dataclass(frozen=True)
class ClockReplay:
    """`compared`: cases judged both ways; `flipped`: the first of those that flip."""

    version: int
    clocks: int
    compared: int
    flips: list[Flip]
    flipped: list[FlippedCase]
    targets: list[TriedTarget]
    periods: list[TriedPeriod]
    currency: str
    credit: str | None


def of_board(found: board.Board) -> dict[str, Any]:
    return asdict(ClockBoard(found.as_of, found.total, dict(found.bands), _rows(found.rows)))


def of_cases(found: listing.Listing) -> dict[str, Any]:
    return asdict(ClockCases(found.total, found.verdicts, dict(found.holders), _rows(found.rows)))


def explained(found: explain.Explanation) -> dict[str, Any]:
    """An `ExplainedClock`."""
    intervals = [
        ClockInterval(
            one.start, one.end, one.kind, one.why, one.holder, one.actual_s, one.business_s, one.used_pct
        )
        for one in found.intervals
    ]  # fmt: skip
    moved = [ClockMoved(one.start, one.end, one.why, one.business_s, one.due) for one in found.moved]
    held = [ClockHeld(one.holder, one.business_s, one.paused_s, one.share_pct, one.at_breach) for one in found.held]
    return {
        **_plain(found.row),
        "original_due_at": found.original_due,
        "due_at": found.due,
        "late_s": found.late_s,
        "intervals": [asdict(one) for one in intervals],
        "moved": [asdict(one) for one in moved],
        "held": [asdict(one) for one in held],
    }


def of_comparison(found: compare.Comparison) -> dict[str, Any]:
    reasons = [ComparedReason(*reason) for reason in found.reasons]
    return asdict(
        ClockComparison(found.cases, found.agree, found.differ, found.by_priority, reasons, _rows(found.rows))
    )


def of_trial(trial: bench.Trial) -> dict[str, Any]:
    return asdict(
        ClockReplay(
            version=trial.version.number,
            clocks=trial.cases,
            compared=trial.compared,
            flips=[Flip(was, becomes, n) for (was, becomes), n in trial.flips.items()],
            flipped=_rows(trial.rows),
            targets=[_tried(figure) for figure in trial.totals.values()],
            periods=[
                TriedPeriod(month.start, _text(month.credit), [_tried(figure) for figure in month.figures.values()])
                for month in trial.months
            ],
            currency=trial.currency,
            credit=_text(trial.credit),
        )
    )


def _tried(figure) -> TriedTarget:
    return TriedTarget(
        code=figure.code,
        met=_number(figure.good),
        cases=_number(figure.total),
        attainment=_text(figure.attainment),
        required=figure.required,
        is_met=figure.is_met,
        in_flight=figure.in_flight,
        cancelled=figure.cancelled,
    )


def _number(text: str) -> int | float:
    """A count; of measured promises it may be a share of a minute."""
    return int(text) if text.isdecimal() else float(text)


def _text(amount) -> str | None:
    return None if amount is None else f"{amount:f}"


def _rows(found: list[dict[str, Any]]) -> list[Any]:
    return [_plain(row) for row in found]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Stored moments are UTC without saying so; the columns of the store itself are left out."""
    return {
        name: value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
        for name, value in row.items()
        if not name.startswith("_") and not name.endswith("__day")
    }
