"""The values behind a question: rows of a dataset, or the series of a KPI, of one unit and what stands below it.

Rows go through `datasets.scope` with the person's access narrowed to the unit, in a limited child process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from datasets import scan
from datasets.facts import contract_of
from datasets.models import Dataset
from datasets.scope import authorised_rows
from kpis.models import Kpi
from kpis.selectors import NotYours
from kpis.selectors.kpis import kpi_series
from organization.access import VIEW, Access
from organization.models import Unit, UnitPath

from .analysis import CannotAnswer, Sample

MOST_ROWS = 50_000
MOST_PERIODS = 400


@dataclass(frozen=True)
class Data:
    """What was read, the options as the analysis takes them, and where it was read: version, complete through."""

    sample: Sample
    options: Mapping[str, Any]
    version: int | None = None
    complete_through: date | None = None


def narrowed(access: Access, unit: Unit, day: date) -> Access:
    """`access` to `unit` and what stands below it on `day`, so that whoever sees the unit may see the result."""
    below = UnitPath.objects.in_force(day).filter(ancestor=unit).values_list("descendant_id", flat=True)
    seen = ({unit.pk} | set(below)) & access.units(VIEW)
    grants = {VIEW: frozenset(seen)}
    return Access(access.user_id, grants, access.roles, access.is_vendor_only)


def rows_of(dataset: Dataset, unit: Unit, options: Mapping[str, Any], access: Access, day: date) -> Data:
    """The columns that `options` name, of the latest MOST_ROWS rows, in time order. Raises CannotAnswer."""
    allowed = authorised_rows(dataset, narrowed(access, unit, day))
    contract = contract_of(dataset)
    names = {column.name for column in contract.columns}
    wanted = columns_in(options)
    if unknown := [name for name in wanted if name not in names]:
        raise CannotAnswer(f"{dataset.name} has no column {unknown[0]}. Its contract may have changed: choose another.")
    if not allowed.facts.files:
        raise CannotAnswer(f"{dataset.name} has no rows yet. Upload an extract first.")
    time = contract.event_time.name if contract.event_time else None
    try:
        rows = scan.fetch(_sql(allowed.relation, wanted, time, options), allowed.facts.files)
    except scan.ScanFailed as fault:
        raise CannotAnswer(f"{fault} Filter the rows, or take fewer columns.") from fault
    rows.reverse()
    sample = Sample(
        columns={name: [_plain(row[name]) for row in rows] for name in wanted},
        labels=[_label(row["_time"]) for row in rows] if time else (),
        total=rows[0]["_total"] if rows else 0,
    )
    return Data(sample, options, allowed.facts.version, dataset.complete_through)


def columns_in(options: Mapping[str, Any]) -> list[str]:
    """Names of the columns that a dataset's question reads, each once."""
    single = [options.get(name) for name in ("value", "group", "cause", "amount", "weight")]
    several = [*(options.get("drivers") or ()), *(options.get("parts") or ())]
    return list(dict.fromkeys(name for name in (*single, *several) if name))


def _sql(relation: str, wanted: list[str], time: str | None, options: Mapping[str, Any]) -> str:
    """Newest first, so that the limit keeps the latest. Rows without a time are left out where there is a time."""
    listed = ", ".join(f"{_quoted(name)} as {_quoted(name)}" for name in wanted)
    conditions = [f"{_quoted(time)} is not null"] if time else []
    if options.get("where_column"):
        value = str(options["where_value"]).replace("'", "''")
        conditions.append(f"cast({_quoted(options['where_column'])} as varchar) = '{value}'")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    moment = f", {_quoted(time)} as _time" if time else ""
    order = f"{_quoted(time)} desc, " if time else ""
    return (
        f"select {listed}{moment}, count(*) over () as _total from ({relation}){where} "
        f"order by {order}_load desc, _row desc limit {MOST_ROWS}"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _label(moment: Any) -> str:
    return moment.isoformat(sep=" ", timespec="minutes") if hasattr(moment, "hour") else moment.isoformat()


# --- KPIs -------------------------------------------------------------------------------------------------------------


def series_of(
    kpi: Kpi, unit: Unit, grain: str, question: str, options: Mapping[str, Any], access: Access, day: date
) -> Data:
    """The complete periods of a KPI, and of those it is compared with, in time order. Raises CannotAnswer.

    Columns have the names of the KPIs; before and after a day are the groups of "difference".
    """
    own = _series(kpi, unit, grain, access, day)
    points = [point for point in own.points if not point.is_open]
    if not points:
        raise CannotAnswer(f"{kpi.name} has no complete period at {unit.name}. Choose another unit.")
    columns: dict[str, list[Any]] = {kpi.name: [point.value for point in points]}
    if all(point.numerator is not None and point.denominator for point in points):
        columns["numerator"] = [point.numerator for point in points]
        columns["denominator"] = [point.denominator for point in points]
    labels = [point.period.start.isoformat() for point in points]
    found = {**options, "value": kpi.name, "grain": own.grain}
    if options.get("drivers"):
        found["drivers"] = [_beside(columns, code, unit, own.grain, points, access, day) for code in options["drivers"]]
    if options.get("comparison"):
        found["comparison"] = _beside(columns, options["comparison"], unit, own.grain, points, access, day)
    if question == "difference":
        columns["period"] = ["before" if label < options["day"] else "after" for label in labels]
        found |= {"group": "period", "members": ["before", "after"]}
    return Data(Sample(columns, labels, len(points)), found, None, own.complete_through)


def _series(kpi: Kpi, unit: Unit, grain: str, access: Access, day: date):
    try:
        return kpi_series(kpi, unit, grain or "day", day, access, periods=MOST_PERIODS)  # never finer than its own
    except NotYours as fault:
        raise CannotAnswer(str(fault)) from fault


def _beside(columns: dict, code: str, unit: Unit, grain: str, points, access: Access, day: date) -> str:
    """Add another KPI's values in the periods of `points` to `columns`; the name of its column."""
    other = Kpi.objects.visible_to(access).filter(code=code).first()
    if other is None:
        raise CannotAnswer(f"There is no KPI {code}, or it is not yours to see. Choose another.")
    values = {point.period.start: point.value for point in _series(other, unit, grain, access, day).points}
    columns[other.name] = [values.get(point.period.start) for point in points]
    return other.name
