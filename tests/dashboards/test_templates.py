"""The shared pieces of pages: what they show, and that a hostile text stays a text."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import RequestContext, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from dashboards.charts import trend
from dashboards.charts.trend import Point
from dashboards.formats import plain
from dashboards.job_words import WORDS
from dashboards.navigation import is_here
from dashboards.states import STATES, state_of
from dashboards.templatetags import ui
from dashboards.templatetags.ui import Digits, cells, column_heads, numeric_columns
from dashboards.templatetags.wording import details, hours_in_words, job_words, thing
from dashboards.views.styleguide import styleguide
from jobs import work
from kpis.views.rows import Row
from organization.models import User

HOSTILE = '"><script>alert(1)</script>'
COMPONENTS = Path(__file__).parents[2] / "templates" / "components"


def render(source: str, path: str = "/list", **context) -> str:
    return Template("{% load ui %}" + source).render(RequestContext(anonymous(path), context))


def component(name: str, path: str = "/list", **context) -> str:
    return render_to_string(f"components/{name}.html", context, request=anonymous(path))


def anonymous(path: str):
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (2017, "2017"),
        (27.083333333, "27.0833"),
        (24826981.0, "24,826,981"),
        (Decimal("15803"), "15803"),
        (Decimal("15803.0000"), "15,803"),
        (-0.5, "−0.5"),
        (-10004, "−10004"),
        (0.00002, "2e-05"),
        (float("nan"), "nan"),
        (1e300, "1e+300"),
        (datetime(2017, 2, 16, 14, 17), "2017-02-16 14:17"),
        (datetime(2017, 2, 16, 14, 17, 5), "2017-02-16 14:17:05"),
    ],
)
def test_a_value_of_a_row_is_as_short_as_can_be_read(value, text):
    assert plain(value) == text


def test_counts_stand_worst_first_and_marks_that_look_alike_are_counted_together():
    html = render("{% status_counts counts %}", counts={"info": 7, "green": 8, "no_target": 11, "red": 4})
    assert re.findall(r'title="([^"]+)"', html) == ["4 off target", "8 on target", "7 for information, 11 no target"]
    assert re.findall(r"<b>(\d+)</b>", html) == ["4", "8", "18"]
    html = render("{% status_counts counts bar=False words=True %}", counts={"info": 7, "no_target": 11, "red": 4})
    assert re.findall(r"<b>(\d+)</b>([^<]+)", html) == [("4", " off target"), ("18", " for information or no target")]


def test_details_of_an_audit_entry_are_words_not_code():
    given = [{"comparator": "red_limit", "value": "80", "low": None}, *({"value": str(n)} for n in range(6))]
    assert details(given) == "comparator red_limit, value 80; value 0; value 1; value 2; value 3 and 2 more"
    assert thing("kpis.scorecard_node") == "scorecard node"
    assert thing("vendors.correctiveplan") == "corrective plan"


def test_every_kind_of_job_has_words():
    assert set(work._handlers) - set(WORDS) == set()
    assert job_words("datasets.load") == "Load an extract"


def test_a_promise_in_hours_is_said_in_days_where_it_is_whole_days():
    assert [hours_in_words(hours) for hours in (1, 24, 36, 1080)] == ["hour", "day", "36 hours", "45 days"]


def test_a_head_stands_right_where_its_first_value_is_a_number():
    html = column_heads(["code", "<b>", "flag"], [["A", None, True], ["B", 12, False]])
    assert html == '<th scope="col">code</th><th scope="col" class="num">&lt;b&gt;</th><th scope="col">flag</th>'


def test_a_missing_number_stands_right_under_its_head():
    rows = [["A", None, None], ["B", 12, None]]
    assert numeric_columns(rows) == [None, Digits(0), None] and numeric_columns([]) == []
    assert cells(rows[0], numeric_columns(rows)) == '<td>A</td><td class="num">–</td><td>–</td>'


def test_numbers_of_a_column_have_as_many_decimals_as_the_one_that_needs_most():
    rows = [[7.5, 3.0, 12, 1 / 3], [1234.25, 40.0, 7, 0.5], [None, 1250.0, 8, 2.0], [-2.0, None, 9, 0.00001]]
    numeric = numeric_columns(rows)
    assert [digits.decimals for digits in numeric] == [2, 0, 0, 4]
    shown = [re.findall(r">([^<]*)</td>", cells(row, numeric)) for row in rows]
    assert shown == [
        ["7.50", "3", "12", "0.3333"],
        ["1,234.25", "40", "7", "0.5000"],
        ["–", "1,250", "8", "2.0000"],
        ["−2.00", "–", "9", "1e-05"],
    ]
    assert 'title="7.5"' in cells(rows[0], numeric)


def test_counts_of_groups_are_grouped_and_codes_are_not():
    whole = SimpleNamespace(last=["All rows", 23466], keys=1)
    numeric = numeric_columns([[70012, 15803], [70013, -7663]], whole)
    assert cells([70012, 15803], numeric) == (
        '<td class="num" title="70012">70012</td><td class="num" title="15803">15,803</td>'
    )
    assert re.findall(r">([^<]*)</td>", cells([70013, -7663], numeric)) == ["70013", "−7,663"]


def test_what_may_stay_empty_says_so_beside_its_label_and_a_list_says_it_by_its_first_answer():
    class Asked(forms.Form):
        name = forms.CharField()
        note = forms.CharField(required=False)
        under = forms.ChoiceField(required=False, choices=[("", "---------"), ("a", "A")])
        people = forms.MultipleChoiceField(required=False, choices=[("a", "A")])

    form = Asked()
    marked = [field.name for field in form if ">(optional)<" in render("{% field field %}", field=field)]
    assert marked == ["note", "people"]
    assert ">None<" in render("{% field field %}", field=form["under"])


def test_an_empty_choice_says_what_it_means():
    class Asked(forms.Form):
        must = forms.ChoiceField(choices=[("", "---------"), ("a", "A")])
        may = forms.ModelChoiceField(User.objects.none(), required=False)

    form = Asked()
    assert "Choose …" in render("{% field form.must %}", form=form)
    assert ">None</option>" in render("{% field form.may %}", form=form)


# --- tags ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "word", "tone"),
    [("green", "on target", "positive"), ("amber", "at risk", "caution"), ("red", "off target", "negative")],
)
def test_a_status_is_a_mark_a_word_and_a_tone(key, word, tone):
    html = render("{% status key %}", key=key)
    assert f"tone-{tone}" in html
    assert f"<span>{word}</span>" in html
    assert "<svg" in html


def test_no_status_is_no_data_and_an_unknown_one_is_shown_by_its_own_word():
    assert "no data" in render("{% status key %}", key=None)
    assert state_of("Waits for_audit").word == "waits for audit"
    assert "<script" not in render("{% status key %}", key=HOSTILE)


def test_states_of_different_tones_never_share_a_shape():
    """Colour is not the only sign: what is good, at risk and bad differs in its shape."""
    tones_of = {}
    for state in STATES.values():
        tones_of.setdefault(state.shape, set()).add(state.tone)
    assert all(len(tones) == 1 for tones in tones_of.values()), tones_of


def test_a_missing_quantity_is_an_en_dash_that_says_so():
    assert render('{{ value|quantity:"percent:1" }}', value=None) == '<span class="none" title="no data">–</span>'


def test_numbers_and_drawings_escape_what_they_are_given():
    source = (
        "{{ 3|quantity:text }}{{ 3|change:text }}{% sparkline series label=text %}{% bullet 3 4 format=text %}"
        '{% icon "x" label=text %}{% small_bar 1 2 label=text %}{% status_counts counts %}'
    )
    html = render(source, text=HOSTILE, series=[1, 2], counts={HOSTILE: 2})
    assert "<script" not in html


def test_a_sort_header_turns_round_keeps_the_filters_and_goes_back_to_the_first_page():
    first = render('{% sort_header "actual" "Actual" %}', "/list?q=on+time&page=3")
    assert 'href="?q=on+time&amp;sort=actual"' in first
    assert "aria-sort" not in first
    again = render('{% sort_header "actual" "Actual" %}', "/list?sort=actual")
    assert 'aria-sort="ascending"' in again
    assert 'href="?sort=-actual"' in again


def test_a_pager_names_the_rows_and_keeps_the_address():
    page = Paginator(range(240), 50).page(2)
    html = render('{% pager page "KPIs" %}', "/list?q=x&page=2", page=page)
    assert "51–100 of" in html
    assert 'href="?q=x&amp;page=3"' in html
    assert "<nav" not in render('{% pager page "KPIs" %}', page=Paginator(range(3), 50).page(1))


def test_a_chart_brings_its_figure_its_summary_and_its_numbers():
    chart = trend([Point("Jan", 96.0, 95.0), Point(HOSTILE, None)], title="On time", format="percent:1")
    html = render('{% chart chart id="trend" %}', chart=chart)
    assert '<script id="trend-figure" type="application/json">' in html
    assert 'data-pm-chart="trend-figure"' in html
    assert 'title="no data"' in html
    assert "alert(1)</script>" not in html


# --- components ------------------------------------------------------------------------------------------------------


def test_the_row_of_a_kpi_reads_name_actual_target_variance_status_score_change():
    row = Row(
        1,
        "On time",
        2,
        False,
        "amber",
        74.2,
        url="/kpis/on-time/",
        format="percent:1",
        actual=93.7,
        target=95,
        variance=-1.3,
        change=-0.3,
        series=(94, 93.7),
        marks=("open",),
        coverage_pct=80.0,
    )
    html = render_to_string("kpis/_rows.html", {"rows": [row]})
    text = " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL).replace("\xa0", " ").split())
    assert text.endswith("On time 93.7 % 95.0 % −1.3 pts at risk open 74 80 % covered −0.3 pts")


HOSTILE_CONTEXTS = {
    "breadcrumb": {"items": [(HOSTILE, HOSTILE)]},
    "tabs": {"tabs": [{"label": HOSTILE, "url": HOSTILE, "count": HOSTILE}]},
    "empty_state": {"title": HOSTILE, "text": HOSTILE, "action_label": HOSTILE, "action_url": HOSTILE},
    "problem_list": {
        "title": HOSTILE,
        "problems": [{"thing": HOSTILE, "fault": HOSTILE, "next_step": HOSTILE, "url": HOSTILE}],
    },
    "definition_list": {"items": [{"label": HOSTILE, "value": HOSTILE}, {"label": "f", "code": HOSTILE}]},
    "history_list": {"entries": [{"who": HOSTILE, "what": HOSTILE, "detail": HOSTILE}]},
    "confirm": {
        "id": HOSTILE,
        "title": HOSTILE,
        "text": HOSTILE,
        "action_url": HOSTILE,
        "fields": [(HOSTILE, HOSTILE)],
    },
    "drop_zone": {"action_url": HOSTILE, "text": HOSTILE, "hidden": [(HOSTILE, HOSTILE)]},
    "grid": {
        "headers": [HOSTILE],
        "rows": [{"label": HOSTILE, "cells": [{"name": HOSTILE, "value": HOSTILE, "error": HOSTILE}]}],
    },
    "chooser": {
        "chooser": {
            "units": [(HOSTILE, HOSTILE, True, 0)],
            "periods": [(HOSTILE, HOSTILE, False)],
            "hidden": [(HOSTILE, HOSTILE)],
        }
    },
    "top_bar": {"nav": [{"label": HOSTILE, "url": HOSTILE}], "search_url": HOSTILE, "q": HOSTILE},
    "messages": {"messages": [HOSTILE]},
}


@pytest.mark.parametrize("name", HOSTILE_CONTEXTS)
def test_a_hostile_text_stays_a_text(name):
    html = component(name, **HOSTILE_CONTEXTS[name])
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("[a-z]*.html")), ids=lambda path: path.stem)
def test_every_component_says_at_its_top_what_it_takes(path):
    assert re.match(r"({% load [a-z ]+ %})?\s*{% comment %}", path.read_text().lstrip()), path.name


def test_every_component_is_on_a_page_besides_the_style_guide():
    pages = [path for path in COMPONENTS.parent.rglob("*.html") if path.name != "styleguide.html"]
    tags = Path(ui.__file__).parent.glob("*.py")
    used = {name for file in (*pages, *tags) for name in re.findall(r"components/(\w+)\.html", file.read_text())}
    assert {path.stem for path in COMPONENTS.glob("*.html")} - used == set()


def test_the_style_guide_shows_every_component():
    html = styleguide(anonymous("/styleguide/")).content.decode()
    for piece in (
        "kpis stack tree",
        "data heat",
        "data entries",
        "drop-zone",
        "job-progress",
        "problems",
        "empty-state",
        "history",
    ):
        assert piece in html, piece
    assert "<script>alert(1)</script>" not in html
    assert "{%" not in html
    assert "{{" not in html


@pytest.mark.parametrize("code", ["400", "403", "404"])
def test_an_error_page_needs_no_context_and_names_the_next_step(code):
    html = render_to_string(f"{code}.html")
    assert "<h1>" in html
    assert 'class="btn btn-primary"' in html


def test_the_place_one_is_in_is_found_by_its_address():
    assert is_here("/kpis/on-time/", "/kpis/")
    assert not is_here("/kpis/", "/")
    assert is_here("/", "/")
