"""Sums over the rows of a dataset for many periods at once, in one scan; formulas regenerated from their tree."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

Span = tuple[date, date]  # a period from its first day up to, not including, its end


def by_period(
    run: Callable, rows, columns: str, time_column: str, condition: str, spans: Sequence[Span]
) -> Mapping[date, Mapping]:
    """period start -> the row of `columns` (SQL aggregates); a period without rows has none.

    run: `datasets.scan.fetch` or `fetch_here`; rows: (relation, files); condition: SQL, or empty for all rows.
    """
    if not spans:
        return {}
    relation, files = rows
    days = ", ".join(f"(date '{start}', date '{end}')" for start, end in spans)
    sql = f"""select pm_start, {columns} from ({relation})
        join (values {days}) pm_periods(pm_start, pm_end)
        on "{time_column}__day" >= pm_start and "{time_column}__day" < pm_end
        where {condition or "true"} group by pm_start"""
    return {row["pm_start"]: row for row in run(sql, files)}


def sql_of(text: str, contract, *, aggregate: bool = True) -> str:
    """A formula, or a condition (`aggregate` false), as SQL; an empty one stays empty."""
    from lake.formula import parse

    return parse(text, contract, aggregate=aggregate, wanted=None if aggregate else "boolean").sql if text else ""


def text_of(number) -> str:
    """A count or a sum as plain decimal text; nothing is 0."""
    if number is None:
        return "0"
    exact = number if isinstance(number, int | Decimal) else Decimal(repr(number))
    return f"{Decimal(exact).normalize():f}"
