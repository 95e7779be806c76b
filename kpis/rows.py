"""What the limited child process does for `drill`: authorised rows in, one page of rows out. Knows no Django."""

from collections.abc import Sequence
from typing import Any


def page(files: Sequence[str], relation: str | None, *args: Any, **options: Any) -> tuple[Any, int, Any, Any]:
    """`lake.engine.rows_behind` over the files, or over the rows that `relation` (SQL of ours) lets through."""
    from lake.engine import rows_behind

    behind = rows_behind(_source(files, relation), *args, **options)
    return behind.rows, behind.total, behind.numerator, behind.denominator


def preview(files: Sequence[str], relation: str | None, *args: Any, **options: Any) -> tuple[Any, Any, int]:
    """`lake.engine.preview` likewise: results, sample rows, how many rows the sample is of."""
    from lake.engine import preview as engine_preview

    seen = engine_preview(_source(files, relation), *args, **options)
    return seen.results, seen.behind.rows if seen.behind else None, seen.behind.total if seen.behind else 0


def _source(files: Sequence[str], relation: str | None) -> Any:
    from datasets.scan import select

    return list(files) if relation is None else select(relation, files)
