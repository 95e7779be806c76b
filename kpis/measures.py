"""From a KPI version to the engine's measure, and what is wrong with its formulas.

The version's kind alone decides how it aggregates; this is the only place that says so to the engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from datasets.facts import contract_of

from .models import Kpi, KpiVersion

Kind = KpiVersion.Kind
ENGINE_KINDS = {Kind.DISTINCT: "distinct_count"}
BASES = {Kind.SIMPLE, Kind.RATIO, Kind.WEIGHTED_MEAN, Kind.PERCENTILE, Kind.DISTINCT}
TO_DATE = {"mtd": "month", "qtd": "quarter", "ytd": "year"}
COMPUTED = {*BASES, Kind.SEMI_ADDITIVE, Kind.CUMULATIVE}
GRAINS = list(KpiVersion.Grain.values)
# Weeks do not fill months: they are shown where they are the finest grain, or the days are.
COARSER = {
    "day": ("day", "week", "month", "quarter", "year"),
    "week": ("week", "month", "quarter", "year"),
    "month": ("month", "quarter", "year"),
    "quarter": ("quarter", "year"),
    "year": ("year",),
}


# A window of a hundred years holds everything, and does not reach before the first day that there is.
MOST_ROLLED = {"day": 36_500, "week": 5_200, "month": 1_300, "quarter": 400, "year": 100}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of a definition. `token` and `position` (from 1) lead to the word in a formula."""

    field: str
    message: str
    token: str = ""
    position: int | None = None
    suggestion: str = ""


def grains_of(version: KpiVersion) -> tuple[str, ...]:
    """The grains in which its results are kept: its own and the coarser ones; a window has one, its own."""
    return (version.grain,) if version.window else COARSER[version.grain]


def base_of(version: KpiVersion) -> str:
    """The kind by which it aggregates: a cumulative KPI does so like another kind, over a window."""
    return version.base_kind or Kind.SIMPLE if version.kind == Kind.CUMULATIVE else version.kind


def measure_of(version: KpiVersion, dimensions: bool = True):
    """The engine's measure; its code is the version's id. Raises lake.plan.MeasureError."""
    from lake.plan import Measure, Window

    base, window = base_of(version), None
    if version.window:
        is_rolling = version.window == KpiVersion.Window.ROLLING
        window = Window(rolling=version.window_periods) if is_rolling else Window(to_date=TO_DATE[version.window])
    return Measure(
        code=str(version.pk),
        kind=ENGINE_KINDS.get(base, str(base)),
        value=version.formula,
        time_column=time_column_of(version),
        denominator=version.denominator or None,
        weight=version.weight or None,
        where=version.condition or None,
        percentile=float(version.percentile) if version.percentile is not None else None,
        grains=grains_of(version),
        dimensions=tuple(version.dimensions) if dimensions else (),
        window=window,
        time_rule=version.time_rule or None,
        zero_when_empty=version.zero_when_empty,
    )


def time_column_of(version: KpiVersion) -> str:
    """Its own time column, or the dataset's event time; empty where there is neither."""
    if version.time_column:
        return version.time_column
    event_time = contract_of(version.dataset).event_time
    return event_time.name if event_time else ""


def scale_of(version: KpiVersion) -> int:
    """What a quotient is multiplied by: 100 for a ratio in percent, so that 1 of 50 is written, and targeted, as 2."""
    return 100 if version.unit_of_measure == "percent" and base_of(version) == Kind.RATIO else 1


def adds_up_over_time(version: KpiVersion) -> bool:
    """Whether a quarter's number is about three times a month's, so that a month's target is none for the quarter."""
    if version.kind == Kind.DISTINCT:
        return True
    return version.kind == Kind.SIMPLE and _is_sum(version.formula)


def is_total(version: KpiVersion) -> bool:
    """Whether a unit's number is about the sum of its parts', so that the whole's target is none for a part."""
    base = base_of(version)
    return base == Kind.DISTINCT or (base in {Kind.SIMPLE, Kind.SEMI_ADDITIVE} and _is_sum(version.formula))


def _is_sum(formula: str) -> bool:
    words = formula.lower().lstrip(" (")
    return "/" not in words and words.startswith(("count", "sum", "round(sum", "coalesce(sum"))


def faults_of(version: KpiVersion) -> list[Fault]:
    """Everything that keeps the version from being computed; empty when it can be."""
    if version.kind == Kind.MANUAL:
        return [Fault("dataset", "A manual KPI has no dataset.")] if version.dataset_id else []
    if version.kind == Kind.DERIVED:
        return list(_derived_faults(version))
    faults = list(_missing_parts(version))
    return faults or list(_formula_faults(version))


def _missing_parts(version: KpiVersion) -> Iterator[Fault]:
    if version.dataset_id is None:
        yield Fault("dataset", "Choose the dataset whose rows are counted.")
        return
    if not version.dataset.contract:
        yield Fault("dataset", f"{version.dataset} has no contract yet: load an extract first.")
        return
    base = base_of(version)
    required = {Kind.RATIO: ("denominator",), Kind.WEIGHTED_MEAN: ("weight",), Kind.PERCENTILE: ("percentile",)}
    required[Kind.SEMI_ADDITIVE] = ("time_rule",)
    if version.kind == Kind.CUMULATIVE and base not in BASES:
        yield Fault("base_kind", f"A cumulative KPI aggregates like one of {', '.join(sorted(BASES))}.")
    for name in ("formula", *required.get(base, ())):
        if getattr(version, name) in ("", None):
            yield Fault(name, f"A KPI of kind {Kind(base).label.lower()} needs a {name.replace('_', ' ')}.")
    if version.kind == Kind.CUMULATIVE and not version.window:
        yield Fault("window", "A cumulative KPI needs a window: to date, or the last N periods.")
    if version.window and version.kind == Kind.SEMI_ADDITIVE:
        yield Fault("window", "A semi-additive KPI has a time rule in place of a window.")
    if version.window == KpiVersion.Window.ROLLING and not version.window_periods:
        yield Fault("window_periods", "Say over how many periods it rolls.")
    most = MOST_ROLLED[version.grain]
    if version.window == KpiVersion.Window.ROLLING and (version.window_periods or 0) > most:
        yield Fault("window_periods", f"It rolls over at most {most:,} of its periods, a hundred years.")
    if version.window in TO_DATE and GRAINS.index(version.grain) > GRAINS.index(TO_DATE[version.window]):
        yield Fault("grain", f"Its grain is coarser than the {TO_DATE[version.window]} to date: choose a finer one.")
    if version.zero_when_empty and base not in {Kind.SIMPLE, Kind.DISTINCT}:
        yield Fault("zero_when_empty", "Only a count is 0 without rows; other kinds have no value then.")


def _formula_faults(version: KpiVersion) -> Iterator[Fault]:
    from lake.engine import check
    from lake.formula import FormulaError, measured, parse
    from lake.plan import MeasureError

    contract = contract_of(version.dataset)
    names = {column.name: column for column in contract.columns}
    if not time_column_of(version):
        yield Fault("time_column", f"{version.dataset} has no event time: choose the column that dates a row.")
        return
    if version.time_column and (version.time_column not in names or not names[version.time_column].type.temporal):
        yield Fault("time_column", f"`{version.time_column}` is no date or time column of {version.dataset}.")
        return
    for dimension in version.dimensions:
        if dimension not in names:
            yield Fault("dimensions", f"There is no column `{dimension}` in {version.dataset}.")
    row_value = base_of(version) in {Kind.WEIGHTED_MEAN, Kind.PERCENTILE, Kind.DISTINCT}
    parts = (("formula", not row_value), ("denominator", True), ("weight", False), ("condition", False))
    found = False
    for field, aggregate in parts:
        text = getattr(version, field)
        if not text:
            continue
        try:
            if aggregate:
                measured(text, contract)
            else:
                parse(text, contract, aggregate=False, wanted="boolean" if field == "condition" else None, tried=True)
        except FormulaError as fault:
            found = True
            yield Fault(field, str(fault), fault.token, fault.position, fault.suggestion)
    if found:
        return
    try:
        check([measure_of(version, dimensions=False)], contract)
    except (FormulaError, MeasureError) as fault:
        yield Fault("formula", str(fault))


def _derived_faults(version: KpiVersion) -> Iterator[Fault]:
    from lake.formula import FormulaError

    if version.dataset_id:
        yield Fault("dataset", "A derived KPI is made of other KPIs and has no dataset.")
    try:
        inputs = input_codes(version.formula)
    except FormulaError as fault:
        words = str(fault).replace("There is no column", "There is no KPI")
        yield Fault("formula", words, fault.token, fault.position, fault.suggestion)
        return
    if not inputs:
        yield Fault("formula", "A derived KPI needs at least one other KPI in its expression.")
    if path := cycle_of(version.kpi, inputs):
        yield Fault("formula", f"A KPI cycle: {' > '.join(path)}. A KPI cannot be made of itself.")
    coarsest = GRAINS.index(version.grain)
    for kpi in Kpi.objects.filter(code__in=inputs):
        newest = kpi.versions.newest()
        if newest and GRAINS.index(newest.grain) > coarsest:
            yield Fault("grain", f"{kpi.code} is kept by {newest.grain} only: choose that grain or a coarser one.")


def input_codes(expression: str) -> tuple[str, ...]:
    """The codes of the KPIs that a derived expression reads. Raises lake.formula.FormulaError."""
    from lake.formula import inputs_of

    return inputs_of(expression, tuple(Kpi.objects.values_list("code", flat=True)))


def cycle_of(kpi: Kpi, inputs: tuple[str, ...]) -> list[str]:
    """The codes along a way from `kpi` over its `inputs` back to itself; empty when there is none. One query.

    One that is only tried, and not kept yet, is read by none.
    """
    if kpi.pk is None:
        return []
    edges: dict[str, set[str]] = {}
    links = KpiVersion.inputs.through.objects.exclude(kpiversion__kpi=kpi)
    for outer, inner in links.values_list("kpiversion__kpi__code", "kpi__code"):
        edges.setdefault(outer, set()).add(inner)
    edges[kpi.code] = set(inputs)
    return _way_back(kpi.code, kpi.code, edges, [kpi.code], set())


def _way_back(goal: str, here: str, edges: dict[str, set[str]], path: list[str], seen: set[str]) -> list[str]:
    for step in sorted(edges.get(here, ())):
        if step == goal:
            return [*path, goal]
        if step not in seen:
            seen.add(step)
            if found := _way_back(goal, step, edges, [*path, step], seen):
                return found
    return []
