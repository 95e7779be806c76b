"""`{% load times %}`: when perfmgr did something, by the clock of the person who looks.

The clock is `request.clock`: the middleware has it from `organization.clocks`. Times of rows and of cases have clocks
of their own (`datasets.times`, `slas.clocks.times`) and come as words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from lake.instants import Clock, in_words

register = template.Library()

UTC_CLOCK = Clock("UTC")
DAY, MINUTE, SECOND = "%-d %b %Y", "%-d %b %Y, %H:%M", "%-d %b %Y, %H:%M:%S"


@register.filter
def day_before(day: date) -> date:
    """The last day of something that holds up to, not including, `day`."""
    return day - timedelta(days=1)


@register.simple_tag(takes_context=True)
def when(context: Mapping[str, Any], moment: object, form: str = "minute", empty: str = "") -> SafeString:
    """`{% when upload.uploaded_at %}`, `{% when token.last_used_at empty="never" %}`: a <time> with the exact instant.

    form: minute; second; day, without the time; lines, the time below the day. empty: what stands for None. The title
    has the second, and UTC.
    """
    if not isinstance(moment, datetime):
        return conditional_escape(empty if moment in (None, "") else moment)
    local = own_clock(context).of(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', _exact(moment), _in_full(local, moment), _shown(local, form)
    )


@register.simple_tag(takes_context=True)
def own_clock(context: Mapping[str, Any]) -> Clock:
    """`{% own_clock as mine %}`: the clock by which `when` shows times; UTC where nobody is signed in, and in mails."""
    request = getattr(context, "request", None) or context.get("request")
    return getattr(request, "clock", UTC_CLOCK)


def _exact(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _in_full(local: datetime, moment: datetime) -> str:
    in_utc = f"{in_words(moment.astimezone(UTC), SECOND)} UTC"
    zone = str(local.tzinfo)
    return in_utc if zone == "UTC" else f"{in_words(local, SECOND)} {zone}, {in_utc}"


def _shown(local: datetime, form: str) -> str:
    if form == "day":
        return local.strftime(DAY)
    if form == "lines":
        return format_html("{}{}<small>{}</small>", local.strftime(DAY), mark_safe("<br> "), in_words(local, "%H:%M"))
    return in_words(local, {"minute": MINUTE, "second": SECOND}[form])
