"""The rows behind a number, and where a number comes from. The only readers of facts besides recompute and explore.

Rows pass `datasets.scope` first, below everything else; the work is done in the limited child process.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from datasets.facts import NoLongerKept, contract_of
from datasets.models import Dataset, DatasetVersion, QualityResult, Upload
from datasets.scope import AuthorisedRows, authorised_rows
from lake.periods import Calendar
from organization.access import VIEW, Access
from organization.models import Unit

from . import rows
from .calendars import calendars_of, period_of
from .measures import faults_of, grains_of, input_codes, measure_of, scale_of
from .models import KpiVersion, ManualEntry, Result, Run
from .recompute.levels import levels_of
from .selectors.words import NotYours

PAGE = 100
MOST_ROWS = 50_000  # at once, in a file
PREVIEW_PERIODS = 12


class NoRows(Exception):
    """The number has no rows of its own: it is derived or entered by hand, its formula fails, or there are none."""


class TooLong(Exception):
    """The rows could not be read within the limits of a page."""


@dataclass(frozen=True)
class RowsPage:
    """One page of the rows of a number. numerator, denominator: sums over all rows, which are the number's parts.

    hidden: how many rows of the number the person may not see (None: the number was computed from another version).
    """

    columns: tuple[str, ...]
    rows: tuple[dict, ...]
    total: int
    offset: int
    numerator: float | None
    denominator: float | None
    hidden: int | None


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from. `written_out` is the formula with its values put in."""

    formula: str
    written_out: str
    numerator: float | None
    denominator: float | None
    rows: int
    version: KpiVersion
    data_version: int | None
    run: Run | None
    uploads: tuple[Upload, ...]
    checks: tuple[QualityResult, ...]
    inputs: tuple[Result, ...]
    entry: ManualEntry | None = None


@dataclass(frozen=True)
class PreviewOf:
    """What a definition gives on live rows: results (dicts of lake.engine.RESULT), and rows of the latest period."""

    results: tuple[dict, ...]
    rows: tuple[dict, ...]
    total: int


def rows_behind(result: Result, access: Access, *, limit: int = PAGE, offset: int = 0) -> RowsPage:
    """The rows of one result that the person may see, in the order of their time.

    Raises NotYours, NoRows, TooLong, datasets.facts.NoSuchVersion.
    """
    from lake.formula import FormulaError
    from lake.plan import MeasureError

    version = result.version
    if not access.allows(VIEW, result.unit_id):
        raise NotYours("There is no such result, or it is not yours to see.")
    if version.dataset is None:
        raise NoRows(f"{result.kpi} is {version.get_kind_display().lower()}: look at what it is made of.")
    seen = _rows_of(result, version.dataset, access)
    if not seen.facts.files:
        raise NoRows(f"{version.dataset} has no rows.")
    calendar = calendars_of([result.kpi.unit_id], result.period_start)[result.kpi.unit_id]
    period = period_of(calendar, result.period_start, result.grain)
    of = {"limit": min(limit, MOST_ROWS), "offset": offset}
    if result.dimension:
        of |= {"dimension": result.dimension, "member": result.member or None}
    try:
        table, total, numerator, denominator = _read(rows.page, version, seen, period, result.unit_id, calendar, **of)
    except (FormulaError, MeasureError) as fault:
        raise NoRows(f"{fault} Correct the definition of {result.kpi}.") from fault
    return RowsPage(
        columns=tuple(table.column_names),
        rows=tuple(table.to_pylist()),
        total=total,
        offset=offset,
        numerator=numerator,
        denominator=denominator,
        hidden=max(0, result.rows - total) if not version.time_rule else None,
    )


def _read(
    work: Callable, version: KpiVersion, seen: AuthorisedRows, periods: object, unit: int, calendar: Calendar, **more
) -> tuple:
    """What `work` of `kpis.rows` answers in the limited child process, of a KPI over the authorised rows at a unit.

    Raises TooLong.
    """
    from lake import sandbox

    try:
        return sandbox.run(
            work,
            [str(file) for file in seen.facts.files],
            None if seen.scope.everything else seen.relation,
            contract_of(version.dataset),
            measure_of(version, dimensions=False),
            periods,
            levels_of(version.dataset),
            unit,
            calendar=calendar,
            limits=sandbox.Limits.interactive(),
            **more,
        )
    except sandbox.SandboxKilled as killed:
        raise TooLong(f"The rows could not be read in time: {killed}") from killed


def _rows_of(result: Result, dataset: Dataset, access: Access) -> AuthorisedRows:
    """The rows of the version that the result was computed from.

    Where that is no longer kept, those of the version in force are the same for a result that still stands: had a later
    version touched its period, it would have been computed anew.
    """
    try:
        return authorised_rows(dataset, access, result.data_version)
    except NoLongerKept:
        if result.superseded_at is not None:
            raise
        return authorised_rows(dataset, access)


def preview(version: KpiVersion, unit: Unit, access: Access, day: date) -> PreviewOf:
    """What `version` (saved or not) gives at `unit` on the live rows of its last periods. Raises as `rows_behind`.

    The version's faults must have been looked at before (`measures.faults_of`).
    """
    if not access.allows(VIEW, unit):
        raise NotYours("There is no such unit, or it is not yours to see.")
    if version.dataset is None or faults_of(version):
        raise NoRows("Only a definition over a dataset, without faults, can be tried on rows.")
    seen = authorised_rows(version.dataset, access)
    if not seen.facts.files:
        raise NoRows(f"{version.dataset} has no rows.")
    calendar = calendars_of([unit.pk], day)[unit.pk]
    through = min(day, version.dataset.complete_through or day)
    grain = grains_of(version)[0]
    last = calendar.period_of(through, grain)
    first = calendar.previous(last, PREVIEW_PERIODS - 1)
    periods = calendar.periods(grain, first.start, last.end)
    results, sample, total = _read(rows.preview, version, seen, periods, unit.pk, calendar)
    scale = scale_of(version)
    complete = through + timedelta(days=1)
    numbers = [
        row | {"value": None if row["value"] is None else row["value"] * scale, "is_open": row["period_end"] > complete}
        for row in results.drop_columns(["code"]).to_pylist()  # the engine's name for the measure says nothing here
    ]
    return PreviewOf(tuple(numbers), tuple(sample.to_pylist()) if sample else (), total)


def derived_preview(version: KpiVersion, unit: Unit, access: Access, day: date) -> PreviewOf:
    """As `preview`, of a KPI made of others: its expression over their results at `unit`. Raises NotYours, NoRows.

    `rows` are the inputs of the latest period. The version's faults must have been looked at before.
    """
    from lake.formula import derived

    if not access.allows(VIEW, unit):
        raise NotYours("There is no such unit, or it is not yours to see.")
    codes = input_codes(version.formula)
    found = Result.objects.current().filter(
        kpi__code__in=codes, unit=unit, grain=version.grain, dimension="", period_start__lte=day
    )
    periods: dict[date, dict] = {}
    for row in found.order_by("-period_start").select_related("kpi")[: PREVIEW_PERIODS * len(codes)]:
        period = periods.setdefault(row.period_start, {"inputs": {}, "rows": 0, "is_open": False})
        period["inputs"][row.kpi.code] = row.value
        period["is_open"] |= row.is_open
    if not periods:
        raise NoRows(f"{', '.join(codes)}: there are no results at {unit} yet, so nothing can be made of them.")
    results = []
    for start in sorted(periods)[-PREVIEW_PERIODS:]:
        given = {code: periods[start]["inputs"].get(code) for code in codes}
        blank = ", ".join(code for code, value in given.items() if value is None)
        value = derived(version.formula, given)
        reason = "" if value is not None else f"{blank} has no value" if blank else "no finite value"
        results.append(
            {"period_start": start, "grain": version.grain, "dimension": None, "value": value, "numerator": None}
            | {"denominator": None, "reason": reason, **periods[start], "inputs": given}
        )
    return PreviewOf(tuple(results), (), 0)


def provenance(result: Result, access: Access) -> Provenance:
    """How the result came about, without a scan; to a vendor's contact without loads and checks. Raises NotYours."""
    if not access.allows(VIEW, result.unit_id):
        raise NotYours("There is no such result, or it is not yours to see.")
    version = result.version
    inputs = _inputs(result) if version.kind == KpiVersion.Kind.DERIVED else ()
    formula = _formula(version)
    return Provenance(
        formula=formula,
        written_out=_written_out(result, formula, inputs),
        numerator=result.numerator,
        denominator=result.denominator,
        rows=result.rows,
        version=version,
        data_version=result.data_version,
        run=result.run,
        uploads=() if access.is_vendor_only else _uploads(result),
        checks=() if access.is_vendor_only else _checks(result),
        inputs=inputs,
        entry=_entry(result) if version.kind == KpiVersion.Kind.MANUAL else None,
    )


def _entry(result: Result) -> ManualEntry | None:
    """The entry that the result was: of those approved by then, the last one. One query."""
    approved = ManualEntry.objects.filter(state=ManualEntry.State.APPROVED, decided_at__lte=result.recorded_at)
    same = {name: getattr(result, name) for name in ("kpi_id", "unit_id", "grain", "period_start")}
    return approved.filter(**same).select_related("entered_by", "decided_by").order_by("decided_at", "pk").last()


def _formula(version: KpiVersion) -> str:
    if version.kind == KpiVersion.Kind.MANUAL:
        return "entered by hand"
    text = version.formula
    if version.denominator:
        text = f"{text} / {version.denominator}"
    if version.weight:
        text = f"sum({version.formula} * {version.weight}) / sum({version.weight})"
    if version.kind == KpiVersion.Kind.PERCENTILE:
        text = f"percentile({version.formula}, {version.percentile.normalize():f})"
    if version.kind == KpiVersion.Kind.DISTINCT:
        text = f"count(distinct {version.formula})"
    return f"{text} where {version.condition}" if version.condition else text


def _written_out(result: Result, formula: str, inputs: tuple[Result, ...]) -> str:
    value = "no value" if result.value is None else f"{result.value:.10g}"
    if inputs:
        given = {one.kpi.code: "no value" if one.value is None else f"{one.value:.10g}" for one in inputs}
        put_in = re.sub(r"\w+", lambda word: given.get(word[0], word[0]), formula)
        return f"{formula} = {put_in} = {value}"
    if result.numerator is not None and result.denominator is not None:
        times = "100 × " if scale_of(result.version) == 100 else ""
        return f"{times}{formula} = {times}{result.numerator:.10g} / {result.denominator:.10g} = {value}"
    return f"{formula} = {value}"


def _inputs(result: Result) -> tuple[Result, ...]:
    found = Result.objects.as_known_at(result.recorded_at).filter(
        kpi__in=result.version.inputs.all(),
        unit=result.unit_id,
        grain=result.grain,
        period_start=result.period_start,
        dimension=result.dimension,
        member=result.member,
    )
    return tuple(found.select_related("kpi").order_by("kpi__code"))


def _uploads(result: Result) -> tuple[Upload, ...]:
    """The loads up to the data version that brought rows into the result's period."""
    dataset, column = result.version.dataset, result.version.time_column
    if dataset is None or result.data_version is None:
        return ()
    event_time = contract_of(dataset).event_time
    column = column or (event_time.name if event_time else "")
    first = result.period_start.year * 100 + result.period_start.month
    last = result.period_end.year * 100 + result.period_end.month
    versions = DatasetVersion.objects.filter(dataset=dataset, version__lte=result.data_version, upload__isnull=False)
    found = {}
    for version in versions.select_related("upload__uploaded_by").order_by("version"):
        if any(first <= month <= last for month in version.touched.get(column, [])):
            found[version.upload_id] = version.upload
    return tuple(upload for upload in found.values() if upload.state != Upload.State.UNDONE)


def _checks(result: Result) -> tuple[QualityResult, ...]:
    dataset = result.version.dataset
    if dataset is None or result.data_version is None:
        return ()
    found = QualityResult.objects.filter(rule__dataset=dataset, version=result.data_version)
    latest = found.order_by("rule__name", "-pk").distinct("rule__name")
    return tuple(latest.select_related("rule").prefetch_related("rule__overrides__by"))
