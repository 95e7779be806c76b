"""Calling the engine in its limited child process, and reading what it answers."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from datasets.facts import contract_of, data_files
from datasets.models import Dataset, DatasetVersion
from datasets.verify import check_once
from kpis.measures import scale_of, time_column_of
from kpis.models import KpiVersion

from .plan import Batch, holds_on
from .scored import MEMBER_LENGTH, Number


@dataclass(frozen=True)
class Scanned:
    """Numbers of one batch. rows: how many rows the opened files hold. cut: KPI codes with members too long to keep."""

    numbers: list[Number]
    rows: int
    cut: frozenset[str] = frozenset()


def scan(dataset: Dataset, version: DatasetVersion, batch: Batch, levels: list) -> Scanned:
    """Compute a batch over the version's files. Raises lake.sandbox.SandboxKilled, datasets.refusals.DamagedData."""
    from lake import sandbox
    from lake.engine import compute

    files = needed_files(dataset, version, batch)
    if not files:
        return Scanned([], 0)
    check_once(dataset, files)
    folder = Path(settings.LAKE_ROOT) / dataset.lake_table.hex
    table = sandbox.run(
        compute,
        [str(folder / file.path) for file in files],
        contract_of(dataset),
        batch.measures(),
        batch.periods,
        levels,
        calendar=batch.calendar,
        limits=sandbox.Limits(wall_seconds=900, cpu_seconds=900),
        warm=("lake.engine",),  # the next upload's recompute need not wait for its imports
    )
    numbers, cut = _numbers(table, batch.versions)
    return Scanned(numbers, sum(file.rows for file in files), cut)


def needed_files(dataset: Dataset, version: DatasetVersion, batch: Batch) -> list:
    """The files that hold a row of the days that the batch reads; all of them where it goes by another time column."""
    from lake.engine import needed_span

    files = list(data_files(version))
    event_time = contract_of(dataset).event_time
    columns = {time_column_of(one) for one in batch.versions}
    if event_time is None or columns != {event_time.name}:
        return files
    span = needed_span(batch.measures(), batch.periods, batch.calendar)
    first, last = (span.start.year * 100 + span.start.month, span.end.year * 100 + span.end.month)
    return [file for file in files if not file.month or first <= file.month <= last]


def _numbers(table, versions: tuple[KpiVersion, ...]) -> tuple[list[Number], frozenset[str]]:
    """The engine's rows for the periods in which each version holds; a member too long for the database is left out."""
    by_code = {str(version.pk): version for version in versions}
    scales = {str(version.pk): scale_of(version) for version in versions}
    columns = (
        table.column(name).to_pylist()
        for name in (
            "code",
            "unit_id",
            "grain",
            "period_start",
            "period_end",
            "dimension",
            "member",
            "value",
            "numerator",
            "denominator",
            "rows",
            "reason",
        )
    )
    numbers, cut = [], set()
    for code, unit, grain, start, end, dimension, member, value, *parts, rows, reason in zip(*columns, strict=True):
        version = by_code[code]
        if not holds_on(version, start):
            continue
        if member is not None and len(member) > MEMBER_LENGTH:
            cut.add(version.kpi.code)
            continue
        value = None if value is None else value * scales[code]
        number = (version.pk, unit, grain, start, end, dimension or "", member or "", value, *parts, rows, reason or "")
        numbers.append(Number(*number))
    return numbers, frozenset(cut)
