"""Business calendars with a preview of a week, and fiscal calendars."""

from copy import copy
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from doors.pages import form_page, page, visible
from organization import business_calendars, fiscal, forms, ics, shared_calendars, week_text
from organization.access import ADMINISTER, VIEW
from organization.models import BusinessCalendar, CalendarDay, FiscalCalendar

MOST_DAYS = 500
REFUSALS = (business_calendars.CalendarRefused, ics.IcsRefused)


@page(VIEW)
@require_GET
def calendars(request):
    context = {
        "calendars": BusinessCalendar.objects.prefetch_related("versions"),
        "fiscal": [(one, fiscal.years_said(one, request.day)) for one in FiscalCalendar.objects.all()],
        "may_add": request.access.anywhere(ADMINISTER),
    }
    return render(request, "organization/calendars.html", context)


@page(VIEW)
@require_GET
def calendar(request, pk):
    found = visible(BusinessCalendar.objects, request, pk=pk)
    form = forms.WeekForm(request.GET or None)
    day = (form.is_valid() and form.cleaned_data["week"]) or request.day
    monday = day - timedelta(days=day.weekday())
    rules = business_calendars.rules_of(found)
    context = {
        "calendar": found,
        "form": form,
        "breadcrumb": [("Calendars", reverse("business_calendars"))],
        "week": _week(rules, monday),
        "monday": monday,
        "versions": [{"rules": rule, "lines": week_text.write_week(rule.windows)} for rule in reversed(rules)],
        "days": _days_that_differ(found),
        "may_change": found.may_change(request.access),
    }
    return render(request, "organization/calendar.html", context)


def _week(rules, monday) -> list[dict]:
    """The week's days with their open spans in local time and open hours, as the clocks there show them."""
    days = []
    for day in (monday + timedelta(days=offset) for offset in range(7)):
        version = next((rule for rule in rules if rule.covers(day)), None)
        zone = ZoneInfo(version.timezone) if version else ZoneInfo("UTC")
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        following = day + timedelta(days=1)
        end = datetime(following.year, following.month, following.day, tzinfo=zone)
        spans = [
            (max(opened, start).astimezone(zone), min(closed, end).astimezone(zone))
            for opened, closed in business_calendars.opening_spans(rules, day, day)
            if opened < end and closed > start
        ]
        hours = sum((b.timestamp() - a.timestamp() for a, b in spans), 0.0) / 3600
        shown = [f"{a:%H:%M}–{'24:00' if b == end else format(b, '%H:%M')}" for a, b in spans]
        days.append({"day": day, "spans": shown, "hours": hours, "zone": zone.key})
    return days


def _days_that_differ(found: BusinessCalendar) -> list[dict]:
    """The newest first: the day, its name, its windows in words, where it comes from."""
    days: dict[date, dict] = {}
    rows = CalendarDay.objects.filter(version__calendar=found).order_by("-day", "opens")[:MOST_DAYS]
    for row in rows:
        shown = days.setdefault(row.day, {"day": row.day, "name": row.name, "spans": [], "ics": row.source == "ics"})
        if row.opens is not None:
            shown["spans"].append(f"{row.opens:%H:%M}–{row.closes:%H:%M}")
    return list(days.values())


@page(ADMINISTER)
def calendar_add(request):
    made = []

    def act(values):
        made.append(shared_calendars.add(BusinessCalendar, by=request.user, **values))
        return f"{made[0]} was added. Say when it is open."

    form = forms.CalendarForm(request.POST or None, access=request.access)
    return _on_calendars(
        request,
        form,
        act,
        title="Add a business calendar",
        onward=lambda: reverse("calendar_version_add", args=[made[0].pk]),
    )


@page(ADMINISTER)
def fiscal_add(request):
    def act(values):
        made = shared_calendars.add(FiscalCalendar, by=request.user, **values)
        said = f"{made} was added. {fiscal.years_said(made, request.day)}"
        return f"{said} It counts for the units whose page names it, under Change, and for those below them."

    form = forms.FiscalForm(request.POST or None, access=request.access)
    return _on_calendars(request, form, act, title="Add a fiscal calendar")


@page(ADMINISTER)
def fiscal_change(request, pk):
    found = _changeable(visible(FiscalCalendar.objects, request, pk=pk), request)
    was = copy(found)  # the verb compares with what was
    title, lead = f"Change {found}", f"As it is saved, {fiscal.years_said(found, request.day)}"

    def act(values):
        shared_calendars.change(found, by=request.user, **values)
        return f"{found} was saved. {fiscal.years_said(found, request.day)}"

    form = forms.FiscalForm(request.POST or None, instance=was, access=request.access)
    return _on_calendars(request, form, act, title=title, lead=lead)


@page(ADMINISTER)
def version_add(request, pk):
    found = _changeable(visible(BusinessCalendar.objects, request, pk=pk), request)
    form = forms.VersionForm(request.POST or None, initial=_as_it_is(found, request))

    def act(values):
        windows = values.pop("week")
        business_calendars.add_version(found, windows=windows, by=request.user, **values)
        start = values["valid_from"]
        return f"{found} holds like that {f'from {start:%-d %b %Y} on' if start.year > 1900 else 'since always'}."

    return _on_calendars(request, form, act, title=f"New version of {found}", back=found.get_absolute_url())


def _as_it_is(found: BusinessCalendar, request) -> dict:
    """The newest version as the form has it: a new one mostly changes little. The first one holds since always, by the
    reader's clock unless they choose another.
    """
    last = business_calendars.rules_of(found)[-1:]
    if not last:
        return {"valid_from": date(1900, 1, 1), "timezone": request.clock.zone}
    words = {"timezone": last[0].timezone, "country": last[0].country, "subdivision": last[0].subdivision}
    return {"valid_from": request.day, "week": "\n".join(week_text.write_week(last[0].windows)), **words}


@page(ADMINISTER)
def day_set(request, pk):
    """A day that differs: its own windows, or closed."""
    found = _changeable(visible(BusinessCalendar.objects, request, pk=pk), request)

    def act(values):
        version = business_calendars.version_on(found, values["day"])
        business_calendars.set_day(version, **values, by=request.user)
        return f"{values['day']:%a %-d %b %Y} is {'open as said' if values['windows'] else 'closed'}."

    form = forms.CalendarDayForm(request.POST or None, initial={"day": request.GET.get("day", "")})
    return _on_calendars(request, form, act, title=f"A day that differs in {found}", back=found.get_absolute_url())


@page(ADMINISTER)
@require_POST
def day_clear(request, pk):
    """The day is as its weekday again."""
    found = _changeable(visible(BusinessCalendar.objects, request, pk=pk), request)
    try:
        day = date.fromisoformat(request.POST.get("day", ""))
        business_calendars.clear_day(business_calendars.version_on(found, day), day, by=request.user)
        messages.success(request, f"{day:%a %-d %b %Y} is as its weekday again.")
    except ValueError:
        messages.error(request, "Choose a day of the list.")
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    return redirect(found.get_absolute_url())


@page(ADMINISTER)
def ics_add(request, pk):
    found = _changeable(visible(BusinessCalendar.objects, request, pk=pk), request)
    form = forms.IcsForm(request.POST or None, request.FILES or None)

    def act(values):
        days = ics.read_days(values["file"].read())
        return f"{ics.close_days(found, days, by=request.user)} days are closed."

    return _on_calendars(
        request, form, act, title=f"Closed days of {found}", label="Import", back=found.get_absolute_url()
    )


def _changeable(found, request):
    if not found.may_change(request.access):
        raise PermissionDenied("Units that you do not administer use this calendar too: make one of your own.")
    return found


def _on_calendars(request, form, act, *, back: str = "", **context):
    crumbs = [("Calendars", reverse("business_calendars"))]
    back = back or reverse("business_calendars")
    return form_page(request, form, act, back=back, refusals=REFUSALS, breadcrumb=crumbs, **context)
