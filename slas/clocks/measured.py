"""Trying on history what no clock times: promises measured on rows, and a charge that is a sum over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from datasets.facts import contract_of
from datasets.models import Dataset
from datasets.scan import fetch
from datasets.scope import authorised_rows
from organization.access import Access
from slas.attainment import time_column_of
from slas.credits import rounded
from slas.figures import _sql as sql_of
from slas.figures import _text as text_of
from slas.measures import parts_of
from slas.models import AgreementVersion, ServiceTarget

Stretch = tuple[date, date]  # a period from its first day up to, not including, its end


def measured_targets(version: AgreementVersion) -> list[ServiceTarget]:
    """The promises without a clock whose dataset has rows."""
    found = version.targets.filter(measure__isnull=False).select_related("measure__dataset__unit")
    return [target for target in found if target.measure.dataset.current_version is not None]


def days_of(target: ServiceTarget, access: Access) -> Stretch | None:
    """The first and the last day of its rows; None without any."""
    rows = authorised_rows(target.measure.dataset, access)
    day = f'"{time_column_of(target)}__day"'
    found = fetch(f"select min({day}) as first, max({day}) as last from ({rows.relation})", rows.facts.files)[0]
    return (found["first"], found["last"]) if found["first"] else None


def sums_of(target: ServiceTarget, stretches: Sequence[Stretch], access: Access) -> dict[date, tuple[str, str]]:
    """period start -> (good, total) as decimal text, by the rows that the person may see. One scan."""
    dataset = target.measure.dataset
    contract = contract_of(dataset)
    good, total = parts_of(target.measure, target.metric, target.threshold_seconds)
    columns = f"{sql_of(good, contract)} as good, {sql_of(total, contract)} as total"
    condition = sql_of(target.condition, contract, aggregate=False) if target.condition else "true"
    found = _by_period(dataset, columns, time_column_of(target), condition, stretches, access)
    return {start: (text_of(row["good"]), text_of(row["total"])) for start, row in found.items()}


def charges_of(version: AgreementVersion, stretches: Sequence[Stretch], access: Access) -> dict[date, str]:
    """period start -> the measured charge as decimal text. One scan; none without a dataset."""
    dataset = version.charge_dataset
    if dataset is None or dataset.current_version is None:
        return {}
    contract = contract_of(dataset)
    time_column = version.charge_time_column or (contract.event_time.name if contract.event_time else "")
    condition = sql_of(version.charge_condition, contract, aggregate=False) if version.charge_condition else "true"
    columns = f"cast({sql_of(version.charge_formula, contract)} as decimal(38, 4)) as charge"
    found = _by_period(dataset, columns, time_column, condition, stretches, access)
    zero = Decimal(0)
    return {
        start: f"{rounded(found[start]['charge'] or zero if start in found else zero, version.currency):f}"
        for start, _ in stretches
    }


def _by_period(
    dataset: Dataset, columns: str, time_column: str, condition: str, stretches: Sequence[Stretch], access: Access
) -> Mapping[date, Mapping]:
    if not stretches:
        return {}
    rows = authorised_rows(dataset, access)
    days = ", ".join(f"(date '{start}', date '{end}')" for start, end in stretches)
    day = f'"{time_column}__day"'
    sql = f"""select pm_start, {columns} from ({rows.relation})
        join (values {days}) pm_periods(pm_start, pm_end) on {day} >= pm_start and {day} < pm_end
        where {condition} group by pm_start"""
    return {row["pm_start"]: row for row in fetch(sql, rows.facts.files)}
