"""Trying on history what no clock times: promises measured on rows, and a charge that is a sum over rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from datasets.facts import contract_of
from datasets.scan import fetch
from datasets.scope import authorised_rows
from organization.access import Access
from slas.attainment import time_column_of
from slas.figures import charges
from slas.measures import parts_of
from slas.models import AgreementVersion, ServiceTarget
from slas.sums import Span, by_period, sql_of, text_of


def measured_targets(version: AgreementVersion) -> list[ServiceTarget]:
    """The promises without a clock whose dataset has rows."""
    found = version.targets.filter(measure__isnull=False).select_related("measure__dataset__unit")
    return [target for target in found if target.measure.dataset.current_version is not None]


def days_of(target: ServiceTarget, access: Access) -> Span | None:
    """The first and the last day of its rows; None without any."""
    rows = authorised_rows(target.measure.dataset, access)
    day = f'"{time_column_of(target)}__day"'
    found = fetch(f"select min({day}) as first, max({day}) as last from ({rows.relation})", rows.facts.files)[0]
    return (found["first"], found["last"]) if found["first"] else None


def sums_of(target: ServiceTarget, spans: Sequence[Span], access: Access) -> dict[date, tuple[str, str]]:
    """period start -> (good, total) as decimal text, by the rows that the person may see. One scan."""
    dataset = target.measure.dataset
    contract, rows = contract_of(dataset), authorised_rows(dataset, access)
    good, total = parts_of(target.measure, target.metric, target.threshold_seconds)
    columns = f"{sql_of(good, contract)} as good, {sql_of(total, contract)} as total"
    condition = sql_of(target.condition, contract, aggregate=False)
    found = by_period(fetch, (rows.relation, rows.facts.files), columns, time_column_of(target), condition, spans)
    return {start: (text_of(row["good"]), text_of(row["total"])) for start, row in found.items()}


def charges_of(version: AgreementVersion, spans: Sequence[Span], access: Access) -> dict[date, str]:
    """period start -> the measured charge as decimal text. One scan; none without a dataset."""
    dataset = version.charge_dataset
    if dataset is None or dataset.current_version is None:
        return {}
    rows = authorised_rows(dataset, access)
    return charges(version, fetch, (rows.relation, rows.facts.files), spans)
