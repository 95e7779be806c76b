"""`{% load ui %}`: what every page needs to show numbers, states and small drawings in the same way.

The work is done by pure functions in `dashboards.formats`, `dashboards.states` and `dashboards.svg`; here they only
meet the template. `/styleguide/` shows each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from html import escape as quoted
from typing import Any, NamedTuple

from django import forms, template
from django.templatetags.static import static
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from dashboards import formats, svg
from dashboards.charts.chart import plain
from dashboards.states import state_of

register = template.Library()

TONES = ("negative", "caution", "positive", "neutral", "info")  # worst first
DASHES = "---------"  # what Django calls the empty choice
SPRITE = "vendor/icons/sprite.svg"
NO_NUMBER = mark_safe(f'<span class="none" title="no data">{formats.NONE}</span>')


# --- numbers ---------------------------------------------------------------------------------------------------------


@register.filter
def quantity(value: object, spec: str = "") -> SafeString:
    """`{{ value|quantity:"percent:1" }}`: digits and unit; no value is an en dash.

    See `dashboards.formats` for formats.
    """
    return set_number(formats.shown(value, spec))


@register.filter
def compact(value: object, spec: str = "") -> SafeString:
    """`{{ value|compact:"GBP" }}`: £1.2m, for places too small for all digits; the title has them all."""
    return set_number(formats.shown(value, spec, compact=True), title=formats.text(value, spec))


@register.filter
def change(value: object, spec: str = "") -> SafeString:
    """`{{ difference|change:"percent" }}`: always with a sign, a percentage's difference in points."""
    return set_number(formats.change(value, spec))


@register.simple_tag
def side(difference: object, is_good: bool | None, spec: str = "") -> SafeString:
    """`{% side row.change row.change_is_good format %}`: better, worse or no change, by the change as it is shown."""
    word = formats.side_of(difference, is_good, spec)
    return format_html(" <small>{}</small>", word) if word else mark_safe("")


@register.filter
def quantity_text(value: object, spec: str = "") -> str:
    """As `quantity`, but plain text, for attributes and titles."""
    return formats.text(value, spec)


@register.filter
def as_written(value: object) -> str:
    """A value of a row of facts as `cell` shows it: a day is 2025-01-31."""
    return formats.plain(value)


@register.filter
def raw(value: object) -> str:
    """A table's cell as a file has it: all digits, no unit, no separators; no value is empty."""
    number = plain(value)
    return "" if value is None or (isinstance(value, float) and number is None) else str(value)


def set_number(shown: formats.Shown | None, title: str = "") -> SafeString:
    """The number as it stands in a page. Written without `mark_safe`, which costs more than all the rest."""
    if shown is None:
        return NO_NUMBER
    named = f' title="{quoted(title)}"' if title else ""
    before, digits, unit = shown
    return SafeString(f'<span class="number"{named}>{quoted(before + digits)}{_unit(unit)}</span>')


@lru_cache(maxsize=256)
def _unit(unit: str) -> str:
    return f'<span class="unit">{formats.NO_BREAK}{quoted(unit)}</span>' if unit else ""


class Digits(NamedTuple):
    """How the numbers of a column are shown; is_amount: counted or summed, so that their digits are grouped."""

    decimals: int
    is_amount: bool = False


@register.simple_tag
def cell(value: object, digits: Digits | None = None) -> SafeString:
    """`{% cell value %}`: a <td> with one value of a row of facts, as short as can be read; numbers stand right."""
    if is_number(value):
        decimals, is_amount = digits or (None, False)
        shown = formats.plain(value, decimals, is_amount=is_amount)
        return format_html('<td class="num" title="{}">{}</td>', value, shown)
    return format_html("<td>{}</td>", formats.plain(value))


@register.simple_tag
def cells(values: Iterable[object], numeric: Sequence[Digits | None]) -> SafeString:
    """`{% cells row numeric %}`: the <td>s of a row. numeric: as `numeric_columns` says; "–" stands right there too."""
    missing = format_html('<td class="num">{}</td>', formats.NONE)
    pairs = zip(values, numeric, strict=True)
    return format_html_join(
        "", "{}", ((missing if value is None and digits else cell(value, digits),) for value, digits in pairs)
    )


@register.filter
def numeric_columns(rows: Sequence[Any], whole: Any = None) -> list[Digits | None]:
    """How the numbers of each column are shown; None where its first value is no number.

    rows: those shown, as lists of values, or mappings with `cells`. whole: of a grouped answer, its `last` row of
    totals, and how many columns are its `keys`, with its totals behind them.
    """
    last, keys = (whole.last, whole.keys) if whole else (None, None)
    columns = _columns([*rows, last] if last else rows)
    return [
        Digits(formats.decimals_of(column), keys is not None and place >= keys) if _is_numeric(column) else None
        for place, column in enumerate(columns)
    ]


def _columns(rows: Sequence[Any]) -> list[tuple[object, ...]]:
    return [*zip(*(row["cells"] if isinstance(row, Mapping) else row for row in rows), strict=True)]


def _is_numeric(column: Iterable[object]) -> bool:
    return is_number(next((value for value in column if value is not None), None))


@register.simple_tag
def column_heads(names: Iterable[str], rows: Sequence[Any]) -> SafeString:
    """`{% column_heads answer.columns answer.rows %}`: a <th> for each column, right where its numbers stand right."""
    listed = [*names]
    numeric = [_is_numeric(column) for column in _columns(rows)] or [False] * len(listed)
    heads = [(mark_safe(' class="num"') if right else "", name) for name, right in zip(listed, numeric, strict=True)]
    return format_html_join("", '<th scope="col"{}>{}</th>', heads)


def is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


# --- states and drawings ---------------------------------------------------------------------------------------------


@register.simple_tag
def status(key: object, word: str = "", quiet: bool = False) -> SafeString:
    """`{% status result.status %}`: mark, word and colour of a state.

    word: another word. quiet: without the tinted field.
    """
    state = state_of(key)
    return format_html(
        '<span class="pm-status tone-{}{}"{}>{}<span>{}</span></span>',
        state.tone,
        " quiet" if quiet else "",
        format_html(' title="{}"', state.meaning) if state.meaning else "",
        mark_safe(svg.mark(state.shape, state.tone)),
        word or state.word,
    )


@register.simple_tag
def status_mark(key: object, size: int = 14) -> SafeString:
    """`{% status_mark result.status %}`: the mark alone, for a heat map's cell; screen readers hear its word."""
    state = state_of(key)
    return mark_safe(svg.mark(state.shape, state.tone, label=state.word, size=size))


@register.simple_tag
def spc_icons(verdict: Any, size: int = 18) -> SafeString:
    """`{% spc_icons reading.verdict %}`: variation and assurance of a `kpis.chart_words.Verdict`, with their words."""
    return mark_safe(spc_drawings(verdict, size))


@register.simple_tag
def variation_icon(kind: str, side: str = "none", label: str = "", size: int = 18) -> SafeString:
    """`{% variation_icon verdict.variation verdict.side %}`, beside its word; with a label where there is none."""
    return mark_safe(svg.variation(kind, side, label=label, size=size))


@register.simple_tag
def assurance_icon(kind: str, label: str = "", size: int = 18) -> SafeString:
    """`{% assurance_icon verdict.assurance %}`, beside its word."""
    return mark_safe(svg.assurance(kind, label=label, size=size))


def spc_drawings(verdict: Any, size: int = 18) -> str:
    """The two icons, each with its words as title and for a screen reader; nothing without a verdict, or too early.

    An assurance without a target is not drawn: there is nothing to assure.
    """
    if verdict is None or verdict.variation == "too_few_points":
        return ""
    drawn = [(svg.variation, (verdict.variation, verdict.side), verdict.variation_words)]
    if verdict.assurance != "no_target":
        drawn.append((svg.assurance, (verdict.assurance,), verdict.assurance_words))
    icons = "".join(
        f'<span class="spc" title="{escape(words)}">{draw(*key, label=words, size=size)}</span>'
        for draw, key, words in drawn
    )
    return f'<span class="spc-icons">{icons}</span>'


@register.filter
def tone(key: object) -> str:
    """`{{ result.status|tone }}`: positive, caution, negative, neutral or info."""
    return state_of(key).tone


@register.simple_tag
def status_counts(
    counts: Mapping[str, int] | Iterable[tuple[str, int]], bar: bool = True, words: bool = False
) -> SafeString:
    """`{% status_counts counts %}`: how many children are in each state, worst first, as a split bar and by marks.

    States that share a mark are counted together; their words stand in the title, and with words=True beside it.
    """
    pairs = list(counts.items() if isinstance(counts, Mapping) else counts)
    states = sorted(
        ((state_of(key), count) for key, count in pairs if count), key=lambda pair: TONES.index(pair[0].tone)
    )
    said = ", ".join(f"{count} {state.word}" for state, count in states) or "no KPIs"
    alike: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for state, count in states:
        alike.setdefault((state.tone, state.shape), []).append((state.word, count))
    sums = [(tone, sum(count for _, count in parts)) for (tone, _), parts in alike.items()]
    drawing = mark_safe(svg.share_bar(sums, label=said)) if bar else ""
    items = format_html_join(
        "",
        '<span class="count tone-{}" title="{}">{}<b>{}</b>{}</span>',
        (
            (
                tone,
                ", ".join(f"{count} {word}" for word, count in parts),
                mark_safe(svg.mark(shape, tone, label=" or ".join(word for word, _ in parts))),
                sum(count for _, count in parts),
                f" {' or '.join(word for word, _ in parts)}" if words else "",
            )
            for (tone, shape), parts in alike.items()
        ),
    )
    return format_html('<span class="status-counts">{}<span class="counts">{}</span></span>', drawing, items)


@register.simple_tag
def sparkline(
    values: Sequence[object] | None,
    target: object = None,
    open: bool = False,
    status: object = None,
    label: str = "",
    width: int = 104,
    height: int = 24,
) -> SafeString:
    """`{% sparkline row.series target=row.target open=row.open status=row.status label=row.name %}`"""
    drawing = svg.sparkline(
        values or (), target=target, last_is_open=open, tone=tone(status) if status else "", label=label, width=width,
        height=height,
    )  # fmt: skip
    return mark_safe(drawing)


@register.simple_tag
def bullet(
    actual: object,
    target: object = None,
    limits: Sequence[object] | None = None,
    domain: tuple[object, object] | None = None,
    status: object = None,
    format: str = "",
    width: int = 104,
) -> SafeString:
    """`{% bullet row.actual row.target limits=row.limits status=row.status format=row.format %}`"""
    label = f"{formats.text(actual, format)}, target {formats.text(target, format)}"
    drawing = svg.bullet(
        actual,
        target,
        limits=limits or (),
        domain=domain,
        tone=tone(status) if status else "",
        label=label,
        width=width,
    )
    return mark_safe(drawing)


@register.simple_tag
def small_bar(value: object, highest: object, status: object = None, label: str = "", width: int = 96) -> SafeString:
    """`{% small_bar part.value table.highest %}`: one bar in a table's cell."""
    return mark_safe(svg.single_bar(value, highest, tone=tone(status) if status else "", label=label, width=width))


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "upload" %}`: an icon of ICONS in tools/vendor.py; with a label where no word stands beside it."""
    naming = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon" {} focusable="false"><use href="{}#{}"/></svg>', naming, static(SPRITE), name)


# --- tables and pages ------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def sort_header(context: Mapping[str, Any], key: str, label: str, numeric: bool = False, title: str = "") -> SafeString:
    """`{% sort_header "actual" "Actual" numeric=True %}`: a column head that sorts by `?sort=key`, or `?sort=-key` at
    a second click. Written here, since a heat map has one for each KPI.

    The server sorts; the other parameters of the address stay, the page goes back to the first.
    """
    request = context["request"]
    current = request.GET.get("sort", "")
    ascending, descending = current == key, current == f"-{key}"
    query = request.GET.copy()
    query["sort"] = f"-{key}" if ascending else key
    query.pop("page", None)
    direction, arrow = ("ascending", "up") if ascending else ("descending", "down") if descending else ("", "")
    return format_html(
        '<th scope="col"{}{}><a href="?{}"{}>{}{}</a></th>',
        mark_safe(' class="num"') if numeric else "",
        format_html(' aria-sort="{}"', direction) if direction else "",
        query.urlencode(),
        format_html(' title="{}"', title) if title else "",
        label,
        icon(f"arrow-{arrow}") if arrow else "",
    )


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Mapping[str, Any], page: Any, noun: str = "rows") -> dict[str, Any]:
    """`{% pager page_obj "KPIs" %}`: where one is in a Django `Page`, and the way to the next.

    Nothing for a single page.
    """
    return {"page": page, "noun": noun, "request": context["request"]}


@register.inclusion_tag("components/chart.html", takes_context=True)
def chart(context: Mapping[str, Any], chart: Any, id: str) -> dict[str, Any]:
    """`{% chart trend id="trend" %}`: a `dashboards.charts.Chart` with its caption and its numbers as a table."""
    return {"chart": chart, "id": id, "figure_id": f"{id}-figure", "table_id": f"{id}-table"}


@register.inclusion_tag("components/field.html")
def field(field: Any, label: str = "", wide: bool = False) -> dict[str, Any]:
    """`{% field form.name %}`: label, control, help and errors of one form field."""
    _name_the_empty_choice(field.field)
    return {"field": field, "label": label or field.label, "wide": wide}


def _name_the_empty_choice(field: forms.Field) -> None:
    """Django's row of dashes says nothing: where something must be chosen it asks for it, elsewhere it says none."""
    word = "Choose …" if field.required else "None"
    if isinstance(field, forms.ModelChoiceField):
        if field.empty_label == DASHES:
            field.empty_label = word
    elif isinstance(field, forms.ChoiceField):
        choices = list(field.choices)
        if choices and choices[0] == ("", DASHES):
            field.choices = [("", word), *choices[1:]]


@register.filter
def is_checkbox(field: Any) -> bool:
    return getattr(field.field.widget, "input_type", "") == "checkbox" and not hasattr(field.field, "choices")


@register.filter
def is_optional(field: Any) -> bool:
    """Whether its label says so: it may stay empty. A list of one answer says it itself, by an answer such as None."""
    return not field.field.required and type(field.field.widget) is not forms.Select


@register.filter
def at(items: Sequence[Any] | None, index: int) -> Any:
    """The item of a list at `index`, for a column that belongs to a cell; None beyond the end or without a list."""
    return items[index] if items and index < len(items) else None
