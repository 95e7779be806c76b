"""Signs that programs write for a blank or a minus, and that mean nothing else: no-break and narrow blanks, U+2212.

In numbers, times and yes or no they are read as a blank and a hyphen; blanks around these are none of their value. A
text keeps them. An en dash right before digits, as typesetters write a minus, is one too; alone it means none, and is
not read. Other dashes are not read: nobody can tell a minus from a dash for none.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from lake.intake.reading import literal

MINUS = "\u2212"
BLANKS = "\u00a0\u2007\u2009\u202f"
DASHES = "\u2010\u2011\u2012\u2013\u2014\ufe58\ufe63\uff0d"
EN_DASH = "\u2013"
_BYTES = tuple(sign.encode() for sign in (*BLANKS, MINUS, EN_DASH))
_BEFORE_DIGITS = f"^ *{EN_DASH}([0-9]|[.,][0-9])"


def plain(value: str) -> str:
    """The value with a blank and a hyphen for these signs."""
    blanked = re.sub(f"[{BLANKS}]", " ", value).replace(MINUS, "-")
    return re.sub(_BEFORE_DIGITS, r"-\1", blanked).strip(" ")


def is_dash_for_minus(value: str) -> bool:
    """Whether it is read as less than zero for its en dash."""
    return re.match(_BEFORE_DIGITS, re.sub(f"[{BLANKS}]", " ", value)) is not None


def plain_sql(cell: str) -> str:
    """SQL for the same."""
    blanked = f"replace(regexp_replace({cell}, {literal(f'[{BLANKS}]')}, ' ', 'g'), '{MINUS}', '-')"
    return rf"trim(regexp_replace({blanked}, {literal(_BEFORE_DIGITS)}, '-\1'), ' ')"


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same for all the values of a column."""
    blanked = pc.replace_substring(pc.replace_substring_regex(column, f"[{BLANKS}]", " "), MINUS, "-")
    return pc.utf8_trim(pc.replace_substring_regex(blanked, _BEFORE_DIGITS, r"-\1"), " ")


def has_signs(table: pa.Table, names: Collection[str]) -> bool:
    """Whether one of these columns of texts has such a sign. Their bytes are looked at, not their cells."""
    parts = (part.buffers()[-1] for name in names for part in table[name].chunks)
    texts = (part.to_pybytes() for part in parts if part is not None)
    return any(not text.isascii() and any(sign in text for sign in _BYTES) for text in texts)
