"""What happened, written beside the number that it moved."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from organization import audit
from organization.access import VIEW, Access
from organization.models import Unit

from .models import Annotation, Kpi


@transaction.atomic
def annotate(kpi: Kpi, unit: Unit, *, day: date, text: str, by) -> Annotation:
    """Raises ValidationError."""
    annotation = Annotation(kpi=kpi, unit=unit, day=day, text=text.strip(), by=by)
    annotation.full_clean()
    annotation.save()
    audit.record(by, "annotation added", annotation, unit=unit, kpi=kpi.code, day=day)
    return annotation


@transaction.atomic
def remove(annotation: Annotation, *, by) -> None:
    audit.record(by, "annotation removed", annotation, unit=annotation.unit, was=annotation.text)
    annotation.delete()


def annotations_of(kpi: Kpi, units: Iterable[int], start: date, end: date, access: Access) -> list[Annotation]:
    """Those of some units within the days from `start` to before `end`, newest first. One query."""
    seen = set(units) & access.units(VIEW)
    found = Annotation.objects.filter(kpi=kpi, unit__in=seen, day__gte=start, day__lt=end)
    return list(found.select_related("unit", "by"))
