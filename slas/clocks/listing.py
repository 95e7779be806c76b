"""The cases behind an attainment: which were met, which were missed, and who had those at the breach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from datasets.facts import contract_of
from datasets.scan import fetch
from datasets.scope import authorised_rows
from organization.access import Access
from slas.models import Agreement, ServiceTarget

from .rows import VERDICTS, WORDS

MOST = 100
HOLDERS = 12
WHOLE_DAYS = "(round(({} - 1) / 86400.0) + 1)::bigint * 86400"  # a due day ends with its last second


@dataclass(frozen=True)
class Wanted:
    """Which cases: those that count in [start, end), of a target, a verdict, a priority, a holder at the breach."""

    start: date | None = None
    end: date | None = None
    target: str = ""
    verdict: str = ""
    priority: str = ""
    held_by: str = ""

    @property
    def condition(self) -> str:
        texts = {"target": self.target, "priority": self.priority, "held_at_breach": self.held_by}
        parts = [f"{column} = {_literal(text)}" for column, text in texts.items() if text]
        if self.verdict in VERDICTS:
            parts.append(f"verdict = '{self.verdict}'")
        if self.start:
            parts.append(f"counted_at__day >= date '{self.start}'")
        if self.end:
            parts.append(f"counted_at__day < date '{self.end}'")
        return " and ".join(parts) or "true"


@dataclass(frozen=True)
class Listing:
    """rows: at most MOST of `total`, the worst first. holders: (who, missed cases that they had at the breach)."""

    total: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    verdicts: dict[str, int] = field(default_factory=dict)
    holders: list[tuple[str, int]] = field(default_factory=list)

    @property
    def counts(self) -> list[tuple[str, int]]:
        """(word, cases) of each verdict that there is."""
        return [(WORDS[name], n) for name, n in self.verdicts.items() if n]

    @property
    def has_priorities(self) -> bool:
        """Whether a row has a priority; without one the list needs no column of them."""
        return any(row["priority"] for row in self.rows)

    @property
    def has_holders(self) -> bool:
        """As `has_priorities`, of who had a case at the breach."""
        return any(row["held_at_breach"] for row in self.rows)


def cases(
    agreement: Agreement, access: Access, wanted: Wanted, skip: Callable[[int], int] = lambda total: 0
) -> Listing:
    """The cases that the person may see. skip: how many of the first to leave out, told their number.

    Raises datasets.scan.ScanFailed.
    """
    dataset = agreement.dataset
    if dataset is None or dataset.current_version is None:
        return Listing()
    seen = authorised_rows(dataset, access)
    chosen = f"select * from ({seen.relation}) where {wanted.condition}"
    counted = fetch(
        f"select verdict, held_at_breach, count(*) as n from ({chosen}) group by all order by n desc", seen.facts.files
    )
    verdicts = {name: sum(row["n"] for row in counted if row["verdict"] == name) for name in VERDICTS}
    total = sum(verdicts.values())
    late = "epoch(coalesce(stopped_at, as_of) - due_at)::bigint"
    if days := due_in_days(agreement):
        named = ", ".join(map(_literal, sorted(days)))
        late = f"case when target in ({named}) then {WHOLE_DAYS.format(late)} else {late} end"
    late = f"case when verdict = 'missed' then {late} end as late_s"
    order = "verdict <> 'missed', used_pct desc nulls last, late_s desc nulls last, counted_at, \"case\", target, cycle"
    sql = f"select *, {late} from ({seen.relation}) where {wanted.condition} order by {order}"
    rows = fetch(f"{sql} limit {MOST} offset {skip(total)}", seen.facts.files) if total else []
    missed = [(row["held_at_breach"], row["n"]) for row in counted if row["held_at_breach"]]
    return Listing(total, rows, verdicts, missed[:HOLDERS])


def due_in_days(agreement: Agreement) -> set[str]:
    """Codes of the targets whose due column holds days without a time: how late a case is, is then told in days."""
    targets = ServiceTarget.objects.filter(version__agreement=agreement).exclude(clock__due_column="")
    return {
        target.code
        for target in targets.select_related("clock__dataset")
        if target.is_clocked and contract_of(target.clock.dataset).column(target.clock.due_column).type.sql == "DATE"
    }


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
