"""When something was done, by the clock of who looks: the tag `when`, and that no page goes round it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db.models import DateTimeField
from django.template import Context, Engine, RequestContext, Template
from django.test import RequestFactory

from lake.instants import Clock

TEMPLATES = Path(__file__).parents[2] / "templates"
SHOWN_AS_DATE = re.compile(r"([\w.]+)\|(?:[\w]+\|)*(?:date|time|timesince|timeuntil)\b(?::[\"']([^\"']*)[\"'])?")
OF_NO_MODEL = {"at", "last_delivery", "last_run", "since"}  # fields of what selectors return


def when(moment: datetime | None, zone: str = "UTC", words: str = "") -> str:
    request = RequestFactory().get("/")
    request.clock = Clock(zone)
    source = "{% load times %}{% when moment " + words + " %}"
    return Template(source).render(RequestContext(request, {"moment": moment}))


def text(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


def utc(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "zone", "shown"),
    [
        ("2025-01-15 12:00", "UTC", "15 Jan 2025, 12:00"),
        ("2025-01-15 12:00", "Europe/London", "15 Jan 2025, 12:00"),
        ("2025-07-15 12:00", "Europe/London", "15 Jul 2025, 13:00"),
        ("2025-07-15 23:30", "Europe/London", "16 Jul 2025, 00:30"),
        ("2025-01-01 02:00", "America/New_York", "31 Dec 2024, 21:00"),
        ("2025-01-15 12:00", "Asia/Kolkata", "15 Jan 2025, 17:30"),
        ("2025-01-15 12:00", "Asia/Kathmandu", "15 Jan 2025, 17:45"),
        ("2025-01-15 20:00", "Australia/Adelaide", "16 Jan 2025, 06:30"),
        ("2025-07-15 20:00", "Australia/Adelaide", "16 Jul 2025, 05:30"),
        ("2025-03-30 00:59", "Europe/London", "30 Mar 2025, 00:59"),
        ("2025-03-30 01:00", "Europe/London", "30 Mar 2025, 02:00"),
        ("2025-10-26 00:30", "Europe/London", "26 Oct 2025, 01:30 +01:00"),
        ("2025-10-26 01:30", "Europe/London", "26 Oct 2025, 01:30 +00:00"),
        ("2025-10-26 02:30", "Europe/London", "26 Oct 2025, 02:30"),
    ],
)
def test_a_moment_is_shown_by_the_clock_of_who_looks(moment, zone, shown):
    assert text(when(utc(moment), zone)) == shown


def test_the_exact_instant_stands_behind_it():
    html = when(utc("2025-07-15 23:30:05"), "Europe/London")
    assert html == (
        '<time datetime="2025-07-15T23:30:05Z" title="16 Jul 2025, 00:30:05 Europe/London, 15 Jul 2025, 23:30:05 UTC">'
        "16 Jul 2025, 00:30</time>"
    )
    assert 'title="15 Jul 2025, 23:30:05 UTC"' in when(utc("2025-07-15 23:30:05"))
    paris = datetime.fromisoformat("2025-07-16T01:30:05+02:00")
    assert 'datetime="2025-07-15T23:30:05Z"' in when(paris, "America/New_York")


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("day", "16 Jul 2025"),
        ("minute", "16 Jul 2025, 05:00"),
        ("second", "16 Jul 2025, 05:00:05"),
        ("lines", "16 Jul 2025 05:00"),
    ],
)
def test_its_forms(form, shown):
    assert text(when(utc("2025-07-15 23:30:05"), "Asia/Kolkata", f'"{form}"')) == shown


def test_what_was_never_done_says_so():
    assert when(None, words='empty="never"') == "never"
    assert when(None) == ""


def test_a_mail_and_a_page_for_nobody_are_in_utc():
    source = Template("{% load times %}{% when moment %}")
    moment = utc("2025-07-15 12:00")
    assert text(source.render(Context({"moment": moment}))) == "15 Jul 2025, 12:00"
    assert text(source.render(RequestContext(RequestFactory().get("/"), {"moment": moment}))) == "15 Jul 2025, 12:00"


def test_a_piece_that_is_included_alone_has_the_clock_too(tmp_path):
    (tmp_path / "piece.html").write_text("{% load times %}{% when moment %}")
    request = RequestFactory().get("/")
    request.clock = Clock("Asia/Kolkata")
    page = Engine(dirs=[tmp_path], libraries={"times": "dashboards.templatetags.times"}).from_string(
        '{% include "piece.html" with moment=moment only %}'
    )
    context = RequestContext(request, {"moment": utc("2025-07-15 12:00")})
    assert text(page.render(context)) == "15 Jul 2025, 17:30"


def test_no_template_shows_an_instant_by_a_bare_filter():
    """An instant by its name: that of a DateTimeField, or of a value of a selector. A day has no hours to show."""
    instants = OF_NO_MODEL | {
        field.name
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, DateTimeField)
    }
    found, days = [], 0
    for template in sorted(TEMPLATES.rglob("*.html")):
        for value, form in SHOWN_AS_DATE.findall(template.read_text()):
            days += 1
            if value.rpartition(".")[2] in instants or set(form) & set("HGhgisuPcrUeTOZ"):
                found.append(f"{template.relative_to(TEMPLATES)}: {value}|date:{form!r}")
    assert days > 100 and found == []


def test_the_guard_of_the_tests_refuses_an_instant_that_goes_round_the_tag():
    """`tests/conftest.py` looks at each value that any test's page shows."""
    moment = {"one": SimpleNamespace(at=utc("2025-07-15 12:00"))}
    for source in ("{{ one.at }}", "{{ one.at|date:'j M Y' }}"):
        with pytest.raises(AssertionError, match="by no clock"):
            Template(source).render(Context(moment))
