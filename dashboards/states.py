"""The states that pages show: which word, which shape and which tone each has. One table, so that they look alike
everywhere.

A tone is one of `positive`, `caution`, `negative`, `neutral`, `info`; it decides the colour tokens and the shape.
Colour is never the only sign: every state has a word and a shape of its own tone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """How one state is shown: its word, its tone, and its shape (see `dashboards.svg.marks.SHAPES`)."""

    word: str
    tone: str
    shape: str
    meaning: str = ""


GREEN = State("on target", "positive", "check", "The target is met.")
AMBER = State("at risk", "caution", "warning", "The target is missed by less than the red limit.")
RED = State("off target", "negative", "cross", "The red limit is passed.")

STATES: dict[str, State] = {
    # status of a result
    "green": GREEN,
    "amber": AMBER,
    "red": RED,
    "on_target": GREEN,
    "at_risk": AMBER,
    "off_target": RED,
    "no_data": State("no data", "neutral", "gap", "There is no value for this period."),
    "no_target": State("no target", "neutral", "ring", "No target is in force for this period and unit."),
    "not_applicable": State("not applicable", "neutral", "gap", "The KPI does not apply to this unit."),
    "info": State("for information", "neutral", "ring", "It has no target on purpose."),
    "insufficient_data": State(
        "too little data", "neutral", "gap", "Fewer children have data than this node requires."
    ),
    # marks beside a result
    "provisional": State("provisional", "info", "half", "A critical quality rule failed; the number may change."),
    "open": State("open", "info", "half", "The period has not ended; the number will change."),
    "stale": State("stale", "caution", "clock", "The source is older than its refresh promise."),
    "restated": State("restated", "info", "half", "A later extract changed this number."),
    # alerts and what is done about them
    "alert_open": State("open", "negative", "cross", "The condition holds and nobody has taken it up."),
    "acknowledged": State("acknowledged", "info", "half", "Somebody has seen it and cares for it."),
    "resolved": State("resolved", "positive", "check"),
    "snoozed": State("snoozed", "neutral", "gap", "Out of sight until its hour comes."),
    "to_do": State("to do", "neutral", "ring"),
    "overdue": State("overdue", "negative", "late"),
    # life of a definition, a target, an approval
    "draft": State("draft", "neutral", "ring"),
    "in_review": State("in review", "info", "half"),
    "certified": State("certified", "positive", "check", "A second person checked this definition."),
    "reviewed": State("reviewed", "positive", "check", "A second person checked data, method and conclusion."),
    "approved": State("approved", "positive", "check"),
    "refused": State("refused", "negative", "cross"),
    "deprecated": State("deprecated", "neutral", "gap", "Kept for its history; do not use it for new work."),
    "archived": State("archived", "neutral", "gap"),
    "active": State("active", "positive", "check"),
    "inactive": State("inactive", "neutral", "gap"),
    "expired": State("expired", "neutral", "gap"),
    "revoked": State("revoked", "neutral", "gap"),
    # agreements, their periods, exclusions and credits
    "in_negotiation": State("in negotiation", "info", "half", "Offered; a second person signs it."),
    "signed": State("signed", "positive", "check", "Signed; its first day is still to come."),
    "under_notice": State("under notice", "caution", "clock", "It ends on the day that the notice names."),
    "terminated": State("terminated", "neutral", "gap"),
    "disputed": State("under dispute", "caution", "warning", "It is not closed before the dispute is settled."),
    "closed": State("closed", "positive", "check", "Frozen: its figures never change; a restatement stands beside it."),
    "proposed": State("proposed", "info", "half", "A second person decides on it."),
    "withdrawn": State("withdrawn", "neutral", "gap"),
    "calculated": State("calculated", "neutral", "ring", "Due by the agreement; nobody has claimed it yet."),
    "claimed": State("claimed", "info", "half"),
    "agreed": State("agreed", "info", "half", "The provider agreed; the credit note is still to come."),
    "credited": State("credited", "positive", "check"),
    # work: jobs, runs, uploads
    "received": State("received", "neutral", "ring"),
    "queued": State("queued", "neutral", "ring"),
    "running": State("running", "info", "half"),
    "loading": State("loading", "info", "half"),
    "cancelled": State("cancelled", "neutral", "gap"),
    "entered": State("waits for a second person", "info", "half"),
    "done": State("done", "positive", "check"),
    "loaded": State("loaded", "positive", "check"),
    "asks": State("asks", "caution", "warning", "Nothing was loaded yet: a person answers its question first."),
    "undone": State("taken back", "neutral", "gap"),
    "unchanged": State("unchanged", "neutral", "ring", "This file was loaded before; nothing changed."),
    "failed": State("failed", "negative", "cross"),
    "parked": State("parked", "negative", "cross", "It failed three times and waits for a person."),
    # clocks
    "met": State("met", "positive", "check", "It took no longer than the target allows."),
    "missed": State("missed", "negative", "cross"),
    "in_flight": State("in flight", "info", "half", "Open, and the target is not used up."),
    "paused": State("paused", "caution", "pause"),
    "reopened": State("stopped, then reopened", "neutral", "gap"),
    "out_of_hours": State("out of hours", "neutral", "ring"),
    # quality rules and rows
    "passed": State("passed", "positive", "check"),
    "warning": State("warning", "caution", "warning"),
    "critical": State("critical", "negative", "cross"),
    "corrected": State("corrected", "info", "half"),
    "replayed": State("loaded after correction", "positive", "check"),
    "dismissed": State("dismissed", "neutral", "gap"),
    "overridden": State("overridden", "caution", "warning"),
    "accepted": State("accepted", "positive", "check"),
    "replaced": State("replaced", "info", "half"),
    "rejected": State("rejected", "negative", "cross"),
    # vendors: grades, reviews, actions, corrective plans, contracts, risks
    "grade_a": State("A", "positive", "check"),
    "grade_b": State("B", "positive", "check"),
    "grade_c": State("C", "caution", "warning"),
    "grade_d": State("D", "caution", "warning"),
    "grade_e": State("E", "negative", "cross"),
    "published": State("published", "positive", "check"),
    "due": State("due", "info", "half"),
    "answered": State("answered", "info", "half"),
    "issued": State("issued", "caution", "warning"),
    "submitted": State("plan submitted", "info", "half"),
    "verifying": State("in verification", "info", "half"),
    "escalated": State("escalated", "negative", "cross"),
    "gate_closed": State("gate closed", "negative", "cross", "It holds the grade, whatever the average says."),
    "risk_low": State("low", "positive", "check"),
    "risk_medium": State("medium", "caution", "warning"),
    "risk_high": State("high", "negative", "cross"),
    "risk_critical": State("critical", "negative", "cross"),
}


def state_of(key: object) -> State:
    """The state named `key` (a text or an enum member with a `value`).

    An unknown one is shown neutrally, by its own word.
    """
    name = str(getattr(key, "value", key) or "no_data").strip().lower().replace(" ", "_").replace("-", "_")
    return STATES.get(name) or State(name.replace("_", " "), "neutral", "ring")
