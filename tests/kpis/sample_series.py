"""Series for tests of control charts, made without chance: a share in percent by month, with its parts by site.

Of 100 cases a month 64 met their target in odd months and 60 in even ones: mean 62, every moving range 4, so that the
limits are 62 ± 2.66 x 4. Months run from January 2023; one looks from the 10th of the month after the last.
"""

from datetime import UTC, date, datetime

from kpis.models import Kpi, Result
from tests.factories import KpiFactory, UnitFactory

RECORDED = datetime(2025, 1, 2, tzinfo=UTC)


def month(number: int) -> date:
    """The first day of month `number`, 0 being January 2023."""
    return date(2023 + number // 12, number % 12 + 1, 1)


def day_after(months: int) -> date:
    return month(months).replace(day=10)


def a_share(unit=None, **words) -> Kpi:
    """A ratio of counts in percent, without a dataset: its results are written by `results`."""
    ratio = {"kind": "ratio", "formula": "sum(met)", "denominator": "count(*)", "unit_of_measure": "percent"}
    return KpiFactory(unit=unit or UnitFactory(), **{**ratio, "direction": "higher", "dimensions": ["site"], **words})


def an_amount(unit=None, **words) -> Kpi:
    """A sum, better when it falls, without a dataset."""
    amount = {"kind": "simple", "formula": "sum(cost)", "direction": "lower", "dimensions": ["site"]}
    return KpiFactory(unit=unit or UnitFactory(), **{**amount, **words})


def met(count: int) -> list[int]:
    """Of 100 cases a month: 64, 60, 64, 60 ..."""
    return [64 - 4 * (n % 2) for n in range(count)]


def write(
    kpi: Kpi, values, *, unit=None, grain: str = "month", first: int = 0, sizes=None, target=None, **more
) -> list:
    """A result a month; for a ratio, `values` are the numerators of `sizes` (100 each)."""
    version, rows = kpi.versions.get(), []
    ratio = version.kind == "ratio"
    for place, value in enumerate(values):
        size = (sizes or [100] * len(values))[place] if ratio else None
        rows.append(
            Result(
                kpi=kpi,
                version=version,
                unit=unit or kpi.unit,
                grain=grain,
                period_start=month(first + place),
                period_end=month(first + place + 1),
                value=None if value is None else 100 * value / size if ratio else value,
                numerator=value if ratio else None,
                denominator=size,
                rows=size or 1,
                target=target,
                status="no_target" if target is None else "green",
                recorded_at=RECORDED,
                **more,
            )
        )
    return Result.objects.bulk_create(rows)


def write_parts(kpi: Kpi, parts: dict[str, list], *, first: int = 0, dimension: str = "site") -> None:
    """Results by member: of a ratio a list of (numerator, denominator), else of values."""
    ratio = kpi.versions.get().kind == "ratio"
    for member, numbers in parts.items():
        above = [number[0] for number in numbers] if ratio else numbers
        below = [number[1] for number in numbers] if ratio else None
        write(kpi, above, sizes=below, first=first, dimension=dimension, member=member)
