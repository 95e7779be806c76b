"""What of a vendor goes by a KPI: scorecard templates and corrective plans; this room's part of its lineage."""

from collections.abc import Iterable

from kpis.models import Kpi
from kpis.uses import Use
from organization.access import Access

from .models import CorrectivePlan, ScorecardTemplate


def of_kpi(kpi: Kpi, access: Access) -> Iterable[Use]:
    templates = ScorecardTemplate.objects.visible_to(access).filter(versions__criteria__kpi=kpi)
    for template in templates.distinct().order_by("name"):
        yield Use("Vendor scorecards", template.name, template.get_absolute_url())
    for plan in CorrectivePlan.objects.visible_to(access).filter(kpi=kpi).select_related("vendor"):
        yield Use("Corrective plans", plan.vendor.name, plan.get_absolute_url(), plan.get_state_display().lower())
