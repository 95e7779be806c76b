"""The alert rules that watch a KPI: this room's part of its lineage."""

from collections.abc import Iterable

from kpis.models import Kpi
from kpis.uses import Use
from organization.access import Access

from .models import AlertRule


def of_kpi(kpi: Kpi, access: Access) -> Iterable[Use]:
    for rule in AlertRule.objects.active().visible_to(access).filter(kpi=kpi).order_by("name"):
        yield Use("Alert rules", rule.name, rule.get_absolute_url())
