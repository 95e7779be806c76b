"""The number formats of a workbook that change what a reader of it sees: 0.88 shown as 88 %, 12 shown as 00012."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

PERCENT = "%"
_BUILT_IN = {9: PERCENT, 10: PERCENT}  # 0% and 0.00%, which a workbook does not write down
_ZEROS = re.compile(r"0{2,18}")
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_MOST_LISTED = 64


@dataclass(frozen=True, slots=True)
class Styles:
    """kinds: by the number of a cell's style `%`, or the zeros by which its whole numbers are shown with as many
    digits; styles that show a number as it is are left out. cells: a pattern of the filled cells with one of these
    styles: column, row and style, which programs write in this order, or style, column and row; None: there are no
    such styles."""

    kinds: Mapping[int, str] = field(default_factory=dict)
    cells: re.Pattern[bytes] | None = None

    @classmethod
    def read(cls, xml: bytes) -> Styles:
        """xml: the workbook's `xl/styles.xml`. What cannot be understood says nothing."""
        try:
            root = ElementTree.fromstring(xml)
        except ElementTree.ParseError:
            return cls()
        codes = {
            _number(one.get("numFmtId")): kind_of(one.get("formatCode", ""))
            for one in root.iter()
            if _is(one, "numFmt")
        }
        styles = next((part for part in root if _is(part, "cellXfs")), ())
        formats = [_number(style.get("numFmtId")) for style in styles if _is(style, "xf")]
        found = {place: codes.get(one, _BUILT_IN.get(one, "")) for place, one in enumerate(formats)}
        kinds = {place: kind for place, kind in found.items() if kind}
        listed = "|".join(map(str, kinds)) if len(kinds) <= _MOST_LISTED else r"\d{1,9}"
        style, place = rf'\bs="({listed})"', r'\br="([A-Z]{1,3})(\d{1,7})"'
        few = "[^>/]{0,200}?"  # further attributes, not a file made of them
        cells = rf"<c (?:{place}{few}{style}|{few}{style}{few}{place}){few}>"
        return cls(kinds, re.compile(cells.encode()) if kinds else None)


@dataclass(slots=True)
class Shown:
    """By column, and by kind, the rows (both from 0) of the cells that are shown otherwise than they are."""

    rows: dict[int, dict[str, array[int]]] = field(default_factory=dict)

    def add(self, row: int, column: int, kind: str) -> None:
        kinds = self.rows.setdefault(column, {})
        if kind not in kinds:
            kinds[kind] = array("I")
        kinds[kind].append(row)


def kind_of(code: str) -> str:
    """`%` or the zeros of a number format; empty for any other, which shows a number as it is, or rounded."""
    first = code.split(";")[0].strip()
    if _ZEROS.fullmatch(first):
        return first
    bare = _NOT_SHOWN.sub("", code).split(";")[0]
    return PERCENT if "%" in bare and re.search("[0#?]", bare) else ""


def _is(element: ElementTree.Element, name: str) -> bool:
    return element.tag.rpartition("}")[2] == name


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch("[0-9]{1,9}", text) else -1
