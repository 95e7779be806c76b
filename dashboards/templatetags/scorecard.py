"""`{% load scorecard %}`: the rows of a scorecard, hundreds on a page, written in one tight loop.

What a template would take a millisecond a row for takes a tenth here. Every text that comes from people is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from dashboards import svg
from dashboards.formats import NONE, Shown, change, shown, side_of, text
from dashboards.states import state_of
from dashboards.templatetags import ui
from dashboards.templatetags.ui import set_number

register = template.Library()

EMPTY_CELLS = (
    '<td class="drawing trend-cell"></td><td class="num actual-cell"></td><td class="num target-cell"></td>'
    '<td class="drawing bullet-cell"></td><td class="num variance-cell"></td>'
)


@register.simple_tag
def scorecard_rows(
    rows: Iterable[Any], tree: bool = False, weights: bool = False, whole: bool = False, compact: bool = False
) -> SafeString:
    """`{% scorecard_rows rows tree=tree weights=True %}`: a <tr> for each `kpis.views.rows.Row`.

    tree: nested, to be folded. weights: with that column, among the siblings or, if `whole`, in the whole scorecard.
    compact: without bullet and score.
    """
    fold = str(ui.icon("chevron-down")) if tree else ""
    written = []
    for row in rows:
        cells = [_head(row, fold)]
        cells.append(EMPTY_CELLS if row.is_node else _numbers(row, compact))
        cells.append(f'<td class="status-cell">{_status(row.status)}{"".join(map(_mark, row.marks))}</td>')
        if not compact:
            cells.append(_score(row))
        if weights:
            cells.append(_weight(row, whole))
        cells.append(f'<td class="changed">{_changed(row)}</td>')
        written.append(f"<tr{_level(row) if tree else ''}>{''.join(cells)}</tr>")
    return mark_safe("\n".join(written))


def _level(row: Any) -> str:
    node = ' aria-expanded="true"' if row.is_node else ""
    return f' class="level-{row.level}{" node" if row.is_node else ""}" aria-level="{row.level}"{node} tabindex="-1"'


def _head(row: Any, fold: str) -> str:
    name = escape(row.name)
    if row.is_node:
        button = (
            f'<button type="button" class="fold" data-pm-fold aria-label="Fold or unfold {name}" tabindex="-1">'
            f"{fold}</button>"
        )
        return f'<th scope="row">{button if fold else ""}{name}</th>'
    linked = f'<a href="{escape(row.url)}">{name}</a>' if row.url else name
    draft = "" if row.is_certified else ' <small title="Not certified by a second person">draft</small>'
    where = ", ".join(part for part in (row.place, row.period) if part)
    return f'<th scope="row">{linked}{draft}{f" <small>{escape(where)}</small>" if where else ""}</th>'


def _numbers(row: Any, compact: bool) -> str:
    form, tone = row.format, state_of(row.status).tone
    number = shown(row.actual, form)
    actual = set_number(number)
    if row.url and row.actual is not None:
        actual = f'<a href="{escape(row.url)}">{actual}</a>'
    if row.target_low is not None:
        target = f"{_number(row.target_low, form)} to {_number(row.target_high, form)}"
    else:
        target = _number(row.target, form)
    line = svg.sparkline(row.series, target=row.target, tone=tone, label=row.name) if row.series else ""
    line += _icons(row.verdict) if row.verdict else ""
    variance = "" if row.variance is None else set_number(change(row.variance, form))
    bullet = "" if compact else f'<td class="drawing bullet-cell">{_bullet(row, number, form, tone)}</td>'
    return (
        f'<td class="drawing trend-cell">{line}</td>'
        f'<td data-label="Actual" class="num strong actual-cell">{actual}</td>'
        f'<td data-label="Target" class="num dim target-cell">{target}</td>{bullet}'
        f'<td data-label="Variance" class="num variance-cell">{variance}</td>'
    )


@lru_cache(maxsize=512)
def _icons(verdict: Any) -> str:
    """A verdict is compared by value, and a page has few different ones of a period."""
    return ui.spc_drawings(verdict)


def _bullet(row: Any, number: Shown | None, form: str, tone: str) -> str:
    if not row.has_goal:
        return ""
    label = f"{number or NONE}, target {text(row.target, form)}"
    return svg.bullet(row.actual, row.target, limits=row.limits, tone=tone, label=label)


def _score(row: Any) -> str:
    score = "" if row.score is None else _number(row.score, "score")
    if score and row.coverage_pct is not None and row.coverage_pct < 99.5:
        share = _number(row.coverage_pct, "percent:0")
        score += f' <small title="Share of the weights that have a score">{share} covered</small>'
    return f'<td data-label="Score" class="num score-cell">{score}</td>'


def _weight(row: Any, whole: bool) -> str:
    if whole:
        inner = _number(row.pull_pct, "percent:1")
    elif row.weight_pct is None:
        inner = ""
    else:
        inner = _number(row.weight_pct, "percent:0")
        if row.used_pct is None and row.weight_pct:
            inner += ' <small title="It did not count towards the score">not used</small>'
        elif row.differs:
            used = _number(row.used_pct, "percent:0")
            inner += f' <small title="Share after those without a score were left out">used {used}</small>'
    return f'<td data-label="Weight" class="num dim weight-cell">{inner}</td>'


def _changed(row: Any) -> str:
    parts = []
    if row.counts:
        parts.append(str(ui.status_counts(row.counts, bar=False)))
    elif row.change is not None:
        number = change(row.change, row.format)
        word = side_of(row.change, row.change_is_good, row.format)
        word = word if word in ("better", "worse") else ""
        said = f' class="{word}" title="{word} than the period before"' if word else ""
        was = f", <span>was {_status(row.was, quiet=True)}</span>" if row.was else ""
        parts.append(f"<span{said}>{set_number(number)}</span>{was}")
    parts += [f'<span class="row-note">{escape(note)}</span>' for note in row.notes]
    if row.gate_cap is not None:
        parts.append(f'<span class="row-note">Gate: red holds the score above it at {row.gate_cap}.</span>')
    return " ".join(parts)


@lru_cache(maxsize=1024)
def _number(value: float | None, form: str) -> str:
    """A target, score or share, of which many rows have the same."""
    return set_number(shown(value, form))


@lru_cache(maxsize=256)
def _status(key: str, quiet: bool = False) -> str:
    return str(ui.status(key, quiet=quiet))


def _mark(key: str) -> str:
    return f" {_status(key, quiet=True)}"
