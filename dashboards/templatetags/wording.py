"""`{% load wording %}`: names and lengths of the code as people say them."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.apps import apps

from dashboards import formats
from dashboards.job_words import words_of

register = template.Library()

LISTED = 5


@register.filter
def words(name: object) -> str:
    """`reject_limit_pct` as "reject limit pct"."""
    return str(name).replace("_", " ")


@register.filter
def thing(object_type: object) -> str:
    """`kpis.scorecard_node` as "scorecard node", `vendors.correctiveplan` as "corrective plan"."""
    try:
        return str(apps.get_model(str(object_type))._meta.verbose_name)
    except (LookupError, ValueError):
        return words(str(object_type).rpartition(".")[2])


@register.filter
def job_words(kind: str) -> str:
    """`{{ job.kind|job_words }}`: `datasets.load` as "Load an extract"."""
    return words_of(kind)


@register.filter
def hours_in_words(hours: int) -> str:
    """Behind "every": 1080 as "45 days", 24 as "day", 36 as "36 hours"."""
    count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return unit if count == 1 else f"{formats.text(count, 'count')} {unit}s"


@register.filter
def details(value: object) -> str:
    """What an audit entry says of one thing, as text: empty parts left out, long lists cut after five."""
    if isinstance(value, Mapping):
        parts = [f"{words(name)} {details(part)}" for name, part in value.items() if part not in (None, "", [], {})]
        return ", ".join(parts)
    if isinstance(value, list | tuple):
        more = len(value) - LISTED
        return "; ".join(details(part) for part in value[:LISTED]) + (f" and {more} more" if more > 0 else "")
    return formats.plain(value)
