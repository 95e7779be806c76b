"""`{% load heat %}`: the cells of a heat map, thousands on a page, written in one tight loop.

What is said of a number (its mark, tone, period and signal) is written once and remembered for the page, which says
few different things; the marks are drawn once, as symbols.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from dashboards import svg
from dashboards.formats import shown
from dashboards.states import state_of
from dashboards.svg.marks import SHAPES
from dashboards.templatetags.ui import set_number

register = template.Library()


@register.simple_tag
def heat_symbols() -> SafeString:
    """`{% heat_symbols %}`: the drawings to which the cells refer; once on the page, before them."""
    symbols = "".join(f'<symbol id="heat-{key}" viewBox="0 0 16 16">{SHAPES[key]}</symbol>' for key in SHAPES)
    return mark_safe(f'<svg class="heat-symbols" aria-hidden="true" focusable="false">{symbols}</svg>')


@register.simple_tag(takes_context=True)
def heat_cells(context: Any, cells: Iterable[tuple[Any, str, str]]) -> SafeString:
    """`{% heat_cells row.cells %}`: a <td> for each (cell or None, format, address).

    A cell has value, status, period, is_provisional and verdict (`kpis.selectors.HeatCell`); of the verdict only a
    special cause is drawn, since a mark in every cell would say nothing.
    """
    known: dict = context.render_context.setdefault("heat_cells", {})
    written = []
    for cell, form, address in cells:
        if cell is None:
            written.append('<td class="heat-none"><span title="no result here">·</span></td>')
            continue
        key = (cell.status, cell.is_provisional, cell.period, _special(cell))
        said = known.get(key)
        if said is None:
            said = known[key] = _said(cell)
        tone, title, before, after = said
        number = set_number(shown(cell.value, form))
        opened, closed = (f'<a href="{escape(address)}"', "</a>") if address else ("<span", "</span>")
        written.append(f'<td class="{tone}">{opened} title="{title}">{before}{number}{after}{closed}</td>')
    return mark_safe("".join(written))


def _said(cell: Any) -> tuple[str, str, str, str]:
    """(class of the cell, title, what stands before the number, what stands after it)."""
    state = state_of(cell.status)
    word = f"{state.word}, provisional" if cell.is_provisional else state.word
    mark = (
        f'<svg class="pm-mark" width="12" height="12" role="img" aria-label="{escape(word)}">'
        f'<use href="#heat-{state.shape}"/></svg>'
    )
    label = f"{cell.period.label}: {word}" if cell.period else word
    special = _special(cell)
    if special:
        label = f"{label}. {special.variation_words}"
    signal = svg.variation(special.variation, special.side, label=special.variation_words, size=14) if special else ""
    star = '<sup class="heat-provisional">p</sup>' if cell.is_provisional else ""
    return f"tone-{state.tone}", escape(label), mark, f"{star}{signal}"


def _special(cell: Any) -> Any:
    """The verdict of a cell whose period is special, for better, worse or neither."""
    verdict = cell.verdict
    return verdict if verdict and verdict.variation in ("improving", "concerning", "neutral") else None
