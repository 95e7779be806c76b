"""Kept views: a question of explore under a name, for everybody who sees the dataset; or a statement of the SQL page,
for everybody who may query it.

Whoever keeps one under the name of one of their own changes that one; views and statements may be called alike. It is
taken away by its author, or by whoever may define at the dataset's unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from organization import audit
from organization.access import DEFINE, Access

from .explore import QuestionRefused, check_sql, question_of, refused
from .models import Dataset, SavedView
from .models.datasets import SavedViewQuerySet


def save_view(dataset: Dataset, *, name: str, question: Mapping[str, Any], by) -> SavedView:
    """Keep a question under a name, in place of what `by` kept under it. Raises QuestionRefused."""
    question_of(question)
    return _save(dataset, dataset.saved_views.questions(), name, by, question=dict(question))


def save_statement(dataset: Dataset, *, name: str, sql: str, values: Mapping[str, str], by) -> SavedView:
    """Keep a statement with the values of its parameters, in the same way. Raises QuestionRefused."""
    from lake.parameters import parameters_of
    from lake.query import QueryError

    check_sql(dataset, sql, values)
    try:
        named = parameters_of(sql)
    except QueryError as fault:
        raise refused(fault) from fault
    return _save(
        dataset, dataset.saved_views.statements(), name, by, sql=sql, values={one: values[one] for one in named}
    )


@transaction.atomic
def _save(dataset: Dataset, alike: SavedViewQuerySet, name: str, by, **what: Any) -> SavedView:
    """alike: those among which the name is one."""
    name = name.strip()[:120]
    if "\0" in name:
        raise QuestionRefused("The name holds a NUL.", field="name")
    if not name:
        raise QuestionRefused("Give the view a name.", field="name")
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    kept = alike.filter(name__iexact=name).order_by("-pk").first()
    if kept and kept.created_by_id != by.pk:
        raise QuestionRefused(
            f"{kept.created_by} keeps a view under the name {kept.name}.", next_step="Choose another.", field="name"
        )
    view = kept or SavedView(dataset=dataset, created_by=by)
    view.name = name
    for field, value in what.items():
        setattr(view, field, value)
    view.save()
    audit.record(by, "view changed" if kept else "view saved", view, unit=dataset.unit, name=view.name)
    return view


def may_remove(view: SavedView, access: Access) -> bool:
    """Its author, and whoever may define at the dataset's unit."""
    return view.created_by_id == access.user_id or access.allows(DEFINE, view.dataset.unit_id)


@transaction.atomic
def remove_view(view: SavedView, *, by) -> None:
    """Keep the question no longer; the rows that it asks about are not touched."""
    audit.record(by, "view removed", view, unit=view.dataset.unit, name=view.name)
    view.delete()
