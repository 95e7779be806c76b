"""Themes, objectives, and which KPIs contribute to or support them; what is tied to nothing, both ways."""

from dataclasses import dataclass

from django.db import transaction

from organization import audit
from organization.models import Unit, User

from .models import Kpi, KpiLink, KpiVersion, Objective, Theme

WHOLE = "Themes belong to the whole organisation: it takes a role at its top that may define KPIs."


@dataclass(frozen=True, slots=True)
class Orphans:
    """Objectives that no KPI measures, and KPIs that serve no objective: what a person may see of both."""

    objectives: tuple[Objective, ...]
    kpis: tuple[Kpi, ...]


@transaction.atomic
def add_theme(name: str, *, by, description: str = "", position: int = 0) -> Theme:
    """A new theme. Raises ValidationError when the name is taken."""
    theme = Theme(name=name, description=description, position=position)
    theme.full_clean()
    theme.save()
    audit.record(by, "theme added", theme)
    return theme


@transaction.atomic
def add_objective(theme: Theme, name: str, *, unit: Unit, owner: User, by, description: str = "") -> Objective:
    """A new objective of `unit`. Raises ValidationError when the unit has one of that name."""
    objective = Objective(theme=theme, name=name, unit=unit, owner=owner, description=description)
    objective.full_clean()
    objective.save()
    audit.record(by, "objective added", objective, theme=theme.name)
    return objective


@transaction.atomic
def change(thing: Theme | Objective, *, by, **values) -> Theme | Objective:
    """Set fields of a theme or an objective; only what differs is written. Raises ValidationError."""
    before = {name: getattr(thing, name) for name, value in values.items() if getattr(thing, name) != value}
    if not before:
        return thing
    for name in before:
        setattr(thing, name, values[name])
    thing.full_clean()
    thing.save()
    changes = {name: [str(old), str(values[name])] for name, old in before.items()}
    audit.record(by, f"{thing._meta.verbose_name} changed", thing, changes=changes)
    return thing


@transaction.atomic
def move_theme(theme: Theme, place: int, *, by) -> None:
    """Let `theme` be the one at `place` (from 0 on) of all themes; beyond the ends it is the first or the last."""
    themes = [other for other in Theme.objects.select_for_update() if other != theme]
    themes.insert(max(place, 0), theme)
    for position, other in enumerate(themes):
        if other.position != position:
            Theme.objects.filter(pk=other.pk).update(position=position)
    audit.record(by, "theme moved", theme, place=themes.index(theme) + 1)


@transaction.atomic
def link(objective: Objective, kpi: Kpi, kind: str, *, by) -> KpiLink:
    """Let `kpi` contribute to or support `objective`; a link that is there takes the new kind, if it is one."""
    if found := KpiLink.objects.filter(objective=objective, kpi=kpi, kind=kind).first():
        return found
    link, _ = KpiLink.objects.update_or_create(objective=objective, kpi=kpi, defaults={"kind": kind})
    audit.record(by, "KPI linked", objective, kpi=kpi.code, kind=kind)
    return link


@transaction.atomic
def unlink(link: KpiLink, *, by) -> None:
    audit.record(by, "KPI unlinked", link.objective, kpi=link.kpi.code)
    link.delete()


@transaction.atomic
def remove(thing: Theme | Objective, *, by) -> None:
    """Remove a theme without objectives, or an objective that no scorecard shows. Raises ProtectedError otherwise."""
    audit.record(by, f"{thing._meta.verbose_name} removed", thing)
    thing.delete()


def orphans(access) -> Orphans:
    """Both lists for the units that the person may see, without KPIs that are out of use. Two queries."""
    lasting = KpiVersion.objects.kept().filter(valid_to=None)
    units = access.units("view")
    return Orphans(
        objectives=tuple(Objective.objects.filter(unit__in=units, links=None).select_related("theme", "unit")),
        kpis=tuple(Kpi.objects.filter(unit__in=units, links=None, pk__in=lasting.values("kpi")).select_related("unit")),
    )
