"""The studies of a KPI's series: this room's part of its lineage."""

from collections.abc import Iterable

from kpis.models import Kpi
from kpis.uses import Use
from organization.access import Access

from .models import Study


def of_kpi(kpi: Kpi, access: Access) -> Iterable[Use]:
    for study in Study.objects.visible_to(access).filter(kpi=kpi).order_by("title"):
        yield Use("Studies", study.title, study.get_absolute_url())
