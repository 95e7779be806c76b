"""The tree of units, and the page of one."""

from copy import copy

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateformat import format as date_format
from django.views.decorators.http import require_GET, require_POST

from doors.days import DayField
from doors.pages import form_page, page, require, visible
from organization import business_calendars, fiscal, forms, tree
from organization.access import ADMINISTER, AUDIT, VIEW
from organization.models import AuditEntry, Unit, UnitAlias, UnitPlacement
from organization.order import as_read
from organization.zones import timezone_of

REFUSALS = (tree.TreeRefused,)
RECENT = 15
UNFOLDED = 60  # so many units at most are shown with all branches open


def day_asked(request):
    """`?day=` if it is one, else the day that the person looks from."""
    field = DayField(required=False)
    try:
        return field.clean(request.GET.get("day")) or request.day
    except forms.forms.ValidationError:
        return request.day


@page(VIEW)
@require_GET
def units(request):
    day = day_asked(request)
    shown = tree.standing(day, request.access.units(VIEW))
    levels = [s.depth + 1 for s in shown]
    rows = [
        {
            "unit": s.unit,
            "level": level,
            "is_node": below > level,
            "is_open": level < 2 or len(shown) <= UNFOLDED,
            "timezone": s.unit.timezone or ("as above" if s.depth else timezone_of(s.unit, day).key),
        }
        for s, level, below in zip(shown, levels, [*levels[1:], 0], strict=True)
    ]
    context = {"rows": rows, "day": day, "may_add": request.access.anywhere(ADMINISTER)}
    return render(request, "organization/units.html", context)


@page(VIEW)
@require_GET
def unit(request, pk):
    found = visible(Unit.objects.select_related("business_calendar", "fiscal_calendar"), request, pk=pk)
    day, access = day_asked(request), request.access
    seen = Unit.objects.visible_to(access)
    children = UnitPlacement.objects.in_force(day).filter(parent=found, unit__in=seen).select_related("unit")
    path = Unit.objects.above(found, day).visible_to(access).exclude(pk=pk)
    path = path.filter(paths_down__descendant=found).order_by("-paths_down__depth").distinct()
    may_administer = access.allows(ADMINISTER, found)
    last = found.placements.order_by("valid_from").last()
    history = AuditEntry.objects.filter(unit=found)[:RECENT] if access.allows(AUDIT, found) else []
    context = {
        "unit": found,
        "day": day,
        "closed_on": last and last.valid_to,
        "breadcrumb": [("Units", reverse("units")), *((str(u), u.get_absolute_url()) for u in _once(path))],
        "facts": _facts(found, day),
        "children": sorted((placement.unit for placement in children), key=lambda u: as_read(u.name)),
        "aliases": found.aliases.order_by("system", "code"),
        "placements": found.placements.select_related("parent").filter(parent__in=seen) if may_administer else [],
        "members": found.memberships.select_related("user").order_by("user__username") if may_administer else [],
        "may_administer": may_administer,
        "history": [_entry(entry) for entry in history],
    }
    return render(request, "organization/unit.html", context)


@page(ADMINISTER)
def unit_add(request):
    initial = {"parent": request.GET.get("parent")}
    form = forms.NewUnitForm(request.POST or None, initial=initial, access=request.access)

    def act(values):
        return f"{tree.add_unit(by=request.user, **values)} was added."

    return form_page(
        request, form, act, back=reverse("units"), refusals=REFUSALS, title="Add a unit", label="Add unit",
        breadcrumb=[("Units", reverse("units"))],
    )  # fmt: skip


@page(ADMINISTER)
def unit_change(request, pk):
    found = _administered(request, pk)
    form = forms.UnitForm(request.POST or None, instance=copy(found))  # the verb compares with what was

    def act(values):
        tree.change_unit(found, by=request.user, **values)
        return f"{found} was saved."

    return _on_unit(request, found, form, act, title=f"Change {found}", label="Save")


@page(ADMINISTER)
def unit_move(request, pk):
    found = _administered(request, pk)
    stands = found.placements.in_force(request.day).first()
    initial = {"from_day": request.day, "parent": stands and stands.parent_id}
    form = forms.MoveForm(request.POST or None, access=request.access, initial=initial)

    def act(values):
        tree.move_unit(found, values["parent"], from_day=values["from_day"], by=request.user)
        since = date_format(values["from_day"], "j M Y")
        return f"From {since} on, {found} stands under {values['parent'] or 'no other unit'}."

    return _on_unit(request, found, form, act, title=f"Move {found}", label="Move")


@page(ADMINISTER)
def unit_close(request, pk):
    found = _administered(request, pk)
    form = forms.CloseForm(request.POST or None, initial={"from_day": request.day})

    def act(values):
        tree.close_unit(found, from_day=values["from_day"], by=request.user)
        return f"{found} is closed from {values['from_day']} on."

    return _on_unit(request, found, form, act, title=f"Close {found}", label="Close unit")


@page(ADMINISTER)
def alias_add(request, pk):
    found = _administered(request, pk)
    form = forms.AliasForm(request.POST or None, access=request.access)

    def act(values):
        return f"{tree.add_alias(found, by=request.user, **values)} now means {found}."

    return _on_unit(request, found, form, act, title=f"Add a code of {found}", label="Add code")


@page(ADMINISTER)
@require_POST
def alias_remove(request, pk):
    alias = visible(UnitAlias.objects.select_related("unit"), request, pk=pk)
    require(request, ADMINISTER, alias.unit)
    tree.remove_alias(alias, by=request.user)
    return redirect(alias.unit)


def _administered(request, pk) -> Unit:
    found = visible(Unit.objects, request, pk=pk)
    require(request, ADMINISTER, found)
    return found


def _on_unit(request, found: Unit, form, act, **context):
    breadcrumb = [("Units", reverse("units")), (str(found), found.get_absolute_url())]
    return form_page(
        request, form, act, back=found.get_absolute_url(), refusals=REFUSALS, breadcrumb=breadcrumb, **context
    )


def _facts(found: Unit, day) -> list[dict]:
    calendar, year = business_calendars.calendar_of(found, day), fiscal.fiscal_calendar_of(found, day)
    return [
        {"label": "Code", "value": found.code},
        {"label": "Kind", "value": found.get_kind_display()},
        {"label": "Time zone", "value": timezone_of(found, day).key},
        {"label": "Opening hours", "value": calendar, "url": calendar and calendar.get_absolute_url()},
        {"label": "Fiscal calendar", "value": year or "Calendar months"},
    ]


def _once(ancestors):
    return list(dict.fromkeys(ancestors))


def _entry(entry: AuditEntry) -> dict:
    """An entry of the audit trail as components/history_list.html takes it; a place in the tree is said in words."""
    parent, day = entry.details.get("parent"), entry.details.get("from_day")
    where = f"{f' under {parent}' if parent else ''}{f' from {day}' if day else ''}"
    said = (
        {"detail": f"{entry.object_name}:{where}"} if where else {"detail": entry.object_name, "details": entry.details}
    )
    return {"at": entry.at, "who": entry.actor_name, "what": entry.action, **said}
