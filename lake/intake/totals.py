"""Rows that look like totals: a sum among records would be counted twice, so none is taken as a record unasked.

Such a row begins, in its first filled cell, with a word for a total, and leaves another cell empty. The dialect's
`total_words` leave it out; otherwise it is set aside with the records that are not accepted, and may be saved as one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lake.intake.reading import literal, one_of

_WORDS = (
    "total", "totals", "sub-?total", "grand total", "overall total", "sum", "summe", "gesamt", "gesamtsumme",
    "endsumme", "zwischensumme", "totaal", "totale", "subtotale", "total g[ée]n[ée]ral", "sous-total", "suma",
    "razem", "ogółem", "итого", "всего", "合计", "总计", "合計", "総計",
)  # fmt: skip
_STEMS = ("total", "totaal", "sum", "gesamt", "razem", "ogółem", "итого", "всего", "合计", "总计", "合計", "総計")
_PATTERN = rf"(?:{'|'.join(_WORDS)})(?: (?:of|for|für|de|per) .*)?[:.]?"
_LIKE_TOTAL = re.compile(_PATTERN)


def looks_like(text: str) -> bool:
    """Whether a first cell reads like the label of a total."""
    return bool(_LIKE_TOTAL.fullmatch(text.strip().lower()))


def may_occur(raw: pa.Table) -> bool:
    """Whether a row of `raw` can look like a total: some first cell is empty, or such a word is among their bytes."""
    if "c0" not in raw.column_names:
        return False
    first = raw["c0"]
    empty = pc.or_kleene(pc.is_null(first), pc.or_(pc.equal(first, ""), pc.starts_with(first, " ")))
    if "n0" in raw.column_names:
        empty = pc.and_(empty, pc.is_null(raw["n0"]))
    if pc.any(empty).as_py():
        return True
    buffers = (part.buffers()[-1] for part in first.chunks)
    for data in (buffer.to_pybytes() for buffer in buffers if buffer is not None):
        text = data.lower() if data.isascii() else data.decode("utf-8", "replace").lower().encode()
        if any(stem.encode() in text for stem in _STEMS):
            return True
    return False


def total_row(width: int, natives: Collection[int]) -> str:
    """SQL: whether a row of `raw` looks like a total. Its first two letters are looked at before anything else: no more
    may be asked of every row of a long file, and one letter would let pass all of T0001, T0002 and so on."""
    if not width:
        return "false"
    texts = [f"nullif(trim(c{i}), '')" for i in range(width)]
    cells = [f"coalesce({text}, n{i})" if i in natives else text for i, text in enumerate(texts)]
    begins = one_of(sorted({word[:2] for word in _WORDS}))
    empty = " OR ".join(f"{cell} IS NULL" for cell in cells)
    first = f"lower(coalesce({', '.join(cells)}))"
    full = f"regexp_full_match({first}, {literal(_PATTERN)}) AND ({empty})"
    hidden = "c0 IS NULL OR c0 = '' OR prefix(c0, ' ')"
    if 0 in natives:
        hidden = f"n0 IS NULL AND ({hidden})"
    return (
        f"CASE WHEN lower(left(c0, 2)) IN {begins} THEN {full} "
        f"WHEN {hidden} THEN CASE WHEN left({first}, 2) IN {begins} THEN {full} ELSE false END ELSE false END"
    )


def labels(table: pa.Table) -> tuple[str, ...]:
    """The different labels of rows of these texts that look like totals, as they are written."""
    if not table.num_rows:
        return ()
    first = _first_cells(table)
    gaps = [pc.equal(pc.utf8_trim_whitespace(column), "") for column in table.columns]
    with_a_gap = gaps[0]
    for gap in gaps[1:]:
        with_a_gap = pc.or_(with_a_gap, gap)
    found = pc.unique(first.filter(with_a_gap).drop_null()).to_pylist()
    return tuple(label for label in found if looks_like(label))


def without(table: pa.Table, words: Sequence[str]) -> pa.Table:
    """Without the rows whose first filled cell is one of these words, as the load will leave them out."""
    if not words or not table.num_rows:
        return table
    declared = pa.array([word.lower() for word in words])
    return table.filter(pc.invert(pc.is_in(pc.utf8_lower(_first_cells(table)), declared)))


def _first_cells(table: pa.Table) -> pa.ChunkedArray:
    """The first filled cell of each row."""
    cells = [pc.utf8_trim_whitespace(column) for column in table.columns]
    return pc.coalesce(*(pc.if_else(pc.equal(cell, ""), None, cell) for cell in cells))
