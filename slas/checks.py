"""What keeps a version from being signed: formulas that do not fit the dataset, missing parts, sums too large."""

from collections.abc import Iterator

from datasets.facts import contract_of
from datasets.models import Dataset
from kpis.measures import Fault

from .measures import parts_of
from .models import AgreementVersion, ClockRule, MeasureRule, ServiceTarget
from .supports import backing_of

Metric = ServiceTarget.Metric
EVENT_CONDITIONS = ("start", "pause", "resume", "stop", "cancel", "reset")
MEASURED = {
    Metric.AVAILABILITY: ("agreed", "downtime"),
    Metric.CONTACT: ("contact_formula", "answered", "abandoned", "waited"),
    Metric.QUALITY: ("good", "total"),
}
STOPS = "When does the clock stop? Write a condition, such as state = 'Resolved'."
QUESTIONS = {
    "agreed": "How many minutes were agreed in a row?",
    "downtime": "How many minutes of a row were downtime?",
    "contact_formula": "Choose one of the five formulas.",
    "answered": "For which rows was the contact answered?",
    "abandoned": "For which rows did the contact give up?",
    "waited": "How many seconds did it wait?",
    "good": "Write an aggregate: what went well.",
    "total": "Write an aggregate: of how much.",
}


def faults_of_version(version: AgreementVersion, *, with_sums: bool = True) -> list[Fault]:
    """Everything that keeps it from being offered or signed; a target's fields are prefixed with its code."""
    faults = [*_charge_faults(version)]
    targets = list(version.targets.select_related("clock__dataset", "measure__dataset"))
    if not targets:
        faults.append(Fault("targets", "An agreement promises something: add a target."))
    for target in targets:
        own = faults_of_target(target, getattr(target, "clock", None), getattr(target, "measure", None))
        faults += [Fault(f"{target.code}.{f.field}", f.message, f.token, f.position, f.suggestion) for f in own]
    if with_sums:
        faults += [
            Fault(f"{backing.target.code}.threshold_seconds", backing.sentence)
            for backing in backing_of(version)
            if not backing.holds
        ]
    return faults


def faults_of_target(target: ServiceTarget, clock: ClockRule | None, measure: MeasureRule | None) -> list[Fault]:
    """What is wrong with a target and its rule; fields are those of the target or of the rule."""
    if target.is_clocked:
        found = [*_threshold_faults(target)]
        return found + (
            list(_clock_faults(target, clock)) if clock else [Fault("dataset", "Say which cases it times.")]
        )
    if measure is None:
        return [Fault("dataset", "Choose the dataset on which it is measured.")]
    return list(_measure_faults(target, measure))


def _threshold_faults(target: ServiceTarget) -> Iterator[Fault]:
    if target.threshold_seconds is None and target.metric != Metric.DELIVERY:
        yield Fault("threshold_seconds", "Within which time? Give the business time allowed.")
    if target.metric == Metric.PERCENTILE and target.percentile is None:
        yield Fault("percentile", "Which percentile, such as 0.9 for P90?")
    if any(not isinstance(at, int) or not 0 < at <= 1000 for at in target.warn_at):
        yield Fault("warn_at", "Warnings are whole percentages of the target, such as 75 and 90.")


def _clock_faults(target: ServiceTarget, clock: ClockRule) -> Iterator[Fault]:
    if not clock.dataset.contract:
        yield Fault("dataset", f"{clock.dataset} has no contract yet: load an extract first.")
        return
    is_events = clock.source == ClockRule.Source.EVENTS
    if target.metric == Metric.DELIVERY and not clock.due_column:
        yield Fault("due_column", "A delivery has a due date: choose its column.")
    if is_events and not clock.stop:
        yield Fault("stop", STOPS)
    if not is_events and not clock.stopped_column:
        yield Fault("stopped_column", "Which column says when the case stopped?")
    if not is_events and not clock.started_column and target.metric != Metric.DELIVERY:
        yield Fault("started_column", "Which column says when the case started?")
    yield from _column_faults(clock)
    yield from _row_fault("condition", target.condition, clock.dataset)
    for name in EVENT_CONDITIONS if is_events else ("cancel",):
        yield from _row_fault(name, getattr(clock, name), clock.dataset)


def _column_faults(clock: ClockRule) -> Iterator[Fault]:
    columns = {column.name: column for column in contract_of(clock.dataset).columns}
    times = ("time_column", "started_column", "due_column", "stopped_column")
    for name in ("case_column", "holder_column", "priority_column", "reason_column", *times):
        column = getattr(clock, name)
        if not column:
            if name == "case_column":
                yield Fault(name, "Which column names the case?")
            continue
        if column not in columns:
            yield Fault(
                name, f"There is no column `{column}` in {clock.dataset}.", column, None, _nearest(column, columns)
            )
        elif name in times and not columns[column].type.temporal:
            yield Fault(name, f"`{column}` holds no dates or times.", column)


def _measure_faults(target: ServiceTarget, rule: MeasureRule) -> Iterator[Fault]:
    if not rule.dataset.contract:
        yield Fault("dataset", f"{rule.dataset} has no contract yet: load an extract first.")
        return
    missing = [name for name in MEASURED[target.metric] if getattr(rule, name) in ("", None)]
    yield from (Fault(name, QUESTIONS[name]) for name in missing)
    if target.metric == Metric.CONTACT and target.threshold_seconds is None:
        yield Fault("threshold_seconds", "Answered within how many seconds?")
    if rule.contact_formula == MeasureRule.ContactFormula.SHORT and rule.short_seconds is None:
        yield Fault("short_seconds", "Formula 5 forgives those who give up in a short time: how short?")
    yield from _row_fault("condition", target.condition, rule.dataset)
    found = []
    for name, wanted in (("answered", "boolean"), ("abandoned", "boolean"), ("waited", "number"),
                         ("agreed", "number"), ("excluded", "number"), ("downtime", "number")):  # fmt: skip
        found += _row_fault(name, getattr(rule, name), rule.dataset, wanted)
    yield from found
    if not missing and not found:
        for name, text in zip(("good", "total"), parts_of(rule, target.metric, target.threshold_seconds), strict=True):
            yield from _formula_fault(name, text, rule.dataset, aggregate=True)


def _charge_faults(version: AgreementVersion) -> Iterator[Fault]:
    measured = version.charge_basis == AgreementVersion.ChargeBasis.MEASURED
    if version.tiers.exists() and not version.currency:
        yield Fault("currency", "Credits are money: give the currency.")
    if version.tiers.exists() and not measured and version.monthly_charge is None:
        yield Fault("monthly_charge", "Credits are a share of the charge: give the monthly charge.")
    if measured and version.charge_dataset is None:
        yield Fault("charge_dataset", "Choose the dataset whose rows are summed.")
    elif measured:
        if not version.charge_formula:
            yield Fault("charge_formula", "Write the sum, such as sum(freight_cost).")
        else:
            yield from _formula_fault("charge_formula", version.charge_formula, version.charge_dataset, aggregate=True)
        yield from _row_fault("charge_condition", version.charge_condition, version.charge_dataset)


def _row_fault(field: str, text: str, dataset: Dataset, wanted: str = "boolean") -> list[Fault]:
    return list(_formula_fault(field, text, dataset, aggregate=False, wanted=wanted)) if text else []


def _formula_fault(
    field: str, text: str, dataset: Dataset, *, aggregate: bool, wanted: str | None = None
) -> Iterator[Fault]:
    """The formula's fault: it names the word and, for a misspelt column, the nearest one."""
    from lake.formula import FormulaError, parse

    try:
        parse(text, contract_of(dataset), aggregate=aggregate, wanted=wanted, tried=True)
    except FormulaError as fault:
        yield Fault(field, str(fault), fault.token, fault.position, fault.suggestion)


def _nearest(word: str, columns) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(columns), n=1)), "")
