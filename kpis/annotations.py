"""Annotations: a person writes what happened beside the number that it moved."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from organization import audit
from organization.access import VIEW, Access
from organization.models import Unit

from .models import Annotation, Kpi


@transaction.atomic
def annotate(kpi: Kpi, unit: Unit, day: date, text: str, *, by) -> Annotation:
    """Write `text` beside `kpi` at `unit` on `day`. Raises ValidationError for an empty or overlong text."""
    annotation = Annotation(kpi=kpi, unit=unit, day=day, text=text.strip(), by=by)
    annotation.full_clean()
    annotation.save()
    audit.record(by, "annotation written", annotation, kpi=kpi.code, day=day)
    return annotation


@transaction.atomic
def reword(annotation: Annotation, text: str, *, by) -> Annotation:
    """Change what it says; the audit trail keeps what it said. Raises ValidationError."""
    before, annotation.text = annotation.text, text.strip()
    annotation.full_clean()
    annotation.save(update_fields=["text"])
    audit.record(by, "annotation reworded", annotation, before=before)
    return annotation


@transaction.atomic
def withdraw(annotation: Annotation, *, by) -> None:
    audit.record(by, "annotation withdrawn", annotation, text=annotation.text)
    annotation.delete()


def annotations_of(kpi: Kpi, units: Iterable[int], start: date, end: date, access: Access) -> list[Annotation]:
    """Those of some units within the days from `start` to before `end`, newest first. One query."""
    seen = set(units) & access.units(VIEW)
    found = Annotation.objects.filter(kpi=kpi, unit__in=seen, day__gte=start, day__lt=end)
    return list(found.select_related("unit", "by"))
