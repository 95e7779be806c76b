"""The clock's verdict beside the one that the source system kept itself: where they differ, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets.facts import contract_of, facts_of
from datasets.models import Dataset
from datasets.scan import fetch
from datasets.scope import authorised_rows
from organization.access import Access
from slas.models import Agreement, ServiceTarget

from .compute import clocked_targets
from .reading import time_column_of
from .run import governing

MOST = 100
REASONS = {
    "after_stop": "The source turned to missed only after the clock had stopped",
    "pauses": "Pauses save it: with the paused time it would have missed",
    "closing": "Opening hours save it: day and night it would have missed",
    "stricter": "The source allows less time, or counts what no condition of ours sees",
    "priority": "The priority changed on the way: the clock judges all of it by the last one",
    "late_start": "Missed by less than the time between opening and the first logged update",
    "lenient": "The source never said so: it allows more time, or stopped counting earlier",
}


@dataclass(frozen=True)
class Comparison:
    """matrix: (source met, clock met) -> cases. reasons: (key, words, source met, how many), the most first.

    by_priority: priority, cases, both met, both missed, only the source missed, only the clock missed.
    """

    column: str
    targets: Sequence[ServiceTarget]
    cases: int = 0
    matrix: dict[tuple[bool, bool], int] = field(default_factory=dict)
    reasons: list[tuple[str, str, bool, int]] = field(default_factory=list)
    by_priority: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def agree(self) -> int:
        return self.matrix.get((True, True), 0) + self.matrix.get((False, False), 0)

    @property
    def differ(self) -> int:
        return self.cases - self.agree


def verdict_columns(agreement: Agreement) -> list[str]:
    """The columns of the source that say yes or no of a case, so that they could be its own verdict."""
    found = _source(agreement, "")
    return [column.name for column in contract_of(found[0]).columns if column.type == "boolean"] if found else []


def metrics_of(agreement: Agreement) -> list[tuple[str, str]]:
    """(metric, its name) of the clocked targets of the newest version."""
    versions = governing(agreement)
    targets = clocked_targets(versions[-1]) if versions else []
    return list(dict.fromkeys((target.metric, target.get_metric_display()) for target in targets))


def compare(agreement: Agreement, access: Access, *, column: str, metric: str, reason: str = "") -> Comparison | None:
    """Compare a yes/no column of the log, as it was last, with the verdicts of the metric's targets.

    reason: list the cases of that one. None without a log or a run. Raises datasets.scan.ScanFailed.
    """
    found = _source(agreement, metric)
    if found is None or agreement.dataset is None or agreement.dataset.current_version is None:
        return None
    source, targets = found
    if column not in verdict_columns(agreement):
        return None
    files, joined = _joined(agreement, access, source, targets, column)
    counts = fetch(
        f"select said, met, reason, priority, count(*) as n from ({joined}) group by all order by n desc", files
    )
    differing = "said <> met" + (f" and reason = '{reason}'" if reason in REASONS else "")
    order = 'abs(coalesce(used_pct, 0) - 100) desc, "case"'
    rows = fetch(f"select * from ({joined}) where {differing} order by {order} limit {MOST}", files)
    return _comparison(column, targets, counts, rows)


def _source(agreement: Agreement, metric: str) -> tuple[Dataset, list[ServiceTarget]] | None:
    """The log, and the targets of the metric (of any, for an empty one) that read it, over all versions."""
    targets = [t for version in governing(agreement) for t in clocked_targets(version) if metric in ("", t.metric)]
    if not targets:
        return None
    source = targets[-1].clock.dataset
    return source, [target for target in targets if target.clock.dataset_id == source.pk]


def _joined(agreement: Agreement, access: Access, source: Dataset, targets, column: str) -> tuple[list, str]:
    """SQL of one row a case: what the source said, what the clock says, and why they differ."""
    rule = targets[-1].clock
    facts, rows = facts_of(source), authorised_rows(agreement.dataset, access)
    at = f'"{time_column_of(rule, contract_of(source))}"'
    priority = f'"{rule.priority_column}"' if rule.priority_column else "null"
    codes = ", ".join(f"'{target.code}'" for target in {target.code: target for target in targets}.values())
    log = (
        f'select "{rule.case_column}"::varchar as id, arg_max("{column}", ({at}, _row)) as said, '
        f'min(case when not "{column}" then {at} end) as turned, min({at}) as first_at, '
        f"count(distinct {priority}) as priorities from ({facts.relation}) where {at} is not null group by 1"
    )
    cases = (
        f"select *, verdict = 'met' as met from ({rows.relation}) "
        f"where target in ({codes}) and verdict in ('met', 'missed') and cycle = 1"
    )
    why = """case
        when said = met then null
        when met and turned > stopped_at then 'after_stop'
        when met and elapsed_s + paused_s > target_s then 'pauses'
        when met and actual_s > target_s then 'closing'
        when met then 'stricter'
        when priorities > 1 then 'priority'
        when elapsed_s - target_s <= epoch(first_at - started_at) then 'late_start'
        else 'lenient' end"""
    joined = (
        f'select c."case", c.target, c.priority, c.held_at_breach, c.holder, c.elapsed_s, c.actual_s, c.paused_s, '
        f"c.target_s, c.used_pct, c.started_at, c.stopped_at, c.due_at, c.met, s.said, s.turned, ({why}) as reason "
        f'from ({cases}) c join ({log}) s on s.id = c."case"'
    )
    return [*facts.files, *rows.facts.files], joined


def _comparison(column: str, targets, counts: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Comparison:
    matrix: dict[tuple[bool, bool], int] = {}
    reasons: dict[tuple[str, bool], int] = {}
    priorities: dict[str, dict[str, Any]] = {}
    for row in counts:
        said, met, n = bool(row["said"]), bool(row["met"]), row["n"]
        matrix[said, met] = matrix.get((said, met), 0) + n
        own = priorities.setdefault(
            row["priority"] or "",
            {"priority": row["priority"], "cases": 0, "both_met": 0, "both_missed": 0, "source": 0, "clock": 0},
        )
        own["cases"] += n
        own[{(1, 1): "both_met", (0, 0): "both_missed", (0, 1): "source", (1, 0): "clock"}[said, met]] += n
        if row["reason"]:
            reasons[row["reason"], said] = reasons.get((row["reason"], said), 0) + n
    listed = sorted(reasons.items(), key=lambda item: -item[1])
    for row in rows:
        row["why"] = REASONS.get(row["reason"], "")
    return Comparison(
        column=column,
        targets=targets,
        cases=sum(matrix.values()),
        matrix=matrix,
        reasons=[(key, REASONS[key], said, n) for (key, said), n in listed],
        by_priority=[priorities[key] for key in sorted(priorities)],
        rows=rows,
    )
