"""`{% load clocks %}`: drawings of clocks."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from dashboards.svg.clock import clock_strip

register = template.Library()


@register.simple_tag
def clock(intervals, due=None, label: str = "") -> SafeString:
    """`{% clock found.intervals found.due "…" %}`: intervals have kind, start and end; due is a moment or None."""
    parts = [(one.kind, one.start.timestamp(), one.end.timestamp()) for one in intervals]
    return mark_safe(clock_strip(parts, due=due.timestamp() if due else None, label=label))
