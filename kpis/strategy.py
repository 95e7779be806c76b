"""Themes, objectives and which KPIs contribute to them or support them; what hangs in the air on either side."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef

from organization import audit
from organization.access import VIEW, Access
from organization.models import Unit, User

from .models import Kpi, KpiLink, Objective, Theme


@dataclass(frozen=True)
class Orphans:
    """Objectives to which no KPI contributes, KPIs without an objective, themes without an objective."""

    objectives: tuple[Objective, ...]
    kpis: tuple[Kpi, ...]
    themes: tuple[Theme, ...]


@transaction.atomic
def create_theme(*, name: str, by, description: str = "", position: int = 0) -> Theme:
    """Raises ValidationError."""
    theme = Theme(name=name, description=description, position=position)
    theme.full_clean()
    theme.save()
    audit.record(by, "theme created", theme)
    return theme


@transaction.atomic
def create_objective(*, theme: Theme, name: str, unit: Unit, owner: User, by, description: str = "") -> Objective:
    """Raises ValidationError."""
    objective = Objective(theme=theme, name=name, unit=unit, owner=owner, description=description)
    objective.full_clean()
    objective.save()
    audit.record(by, "objective created", objective, unit=unit)
    return objective


@transaction.atomic
def change(thing: Theme | Objective, *, by, **values) -> Theme | Objective:
    """Change a theme's or an objective's words. Raises ValidationError."""
    before = {name: str(getattr(thing, name)) for name in values}
    for name, value in values.items():
        setattr(thing, name, value)
    thing.full_clean()
    thing.save()
    after = {name: str(value) for name, value in values.items()}
    audit.record(by, f"{thing._meta.verbose_name} changed", thing, before=before, after=after)
    return thing


@transaction.atomic
def remove(thing: Theme | Objective, *, by) -> None:
    """Raises django.db.models.ProtectedError while something hangs on it."""
    audit.record(by, f"{thing._meta.verbose_name} removed", thing)
    thing.delete()


@transaction.atomic
def link(objective: Objective, kpi: Kpi, kind: str, *, by) -> KpiLink:
    """Let the KPI contribute to the objective or support it; a link that stands changes its kind."""
    if kind not in KpiLink.Kind.values:
        raise ValueError(f"A link is one of {', '.join(KpiLink.Kind.values)}.")
    made, _ = KpiLink.objects.update_or_create(objective=objective, kpi=kpi, defaults={"kind": kind})
    audit.record(by, "KPI linked", objective, unit=objective.unit, kpi=kpi.code, kind=kind)
    return made


@transaction.atomic
def unlink(made: KpiLink, *, by) -> None:
    audit.record(by, "KPI unlinked", made.objective, unit=made.objective.unit, kpi=made.kpi.code)
    made.delete()


def orphans(access: Access) -> Orphans:
    """Both ways, among what the person may see. Three queries."""
    contributing = KpiLink.objects.filter(kind=KpiLink.Kind.CONTRIBUTES, objective=OuterRef("pk"))
    objectives = Objective.objects.filter(~Exists(contributing), unit__in=access.units(VIEW)).select_related("theme")
    kpis = Kpi.objects.visible_to(access).filter(~Exists(KpiLink.objects.filter(kpi=OuterRef("pk"))))
    themes = Theme.objects.filter(objectives=None)
    return Orphans(tuple(objectives), tuple(kpis), tuple(themes))
