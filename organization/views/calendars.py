"""Business calendars with a preview of a week, and fiscal calendars."""

from copy import copy
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from doors.pages import form_page, page, visible
from organization import business_calendars, forms, ics, shared_calendars, week_text
from organization.access import ADMINISTER, VIEW
from organization.models import BusinessCalendar, FiscalCalendar

REFUSALS = (business_calendars.CalendarRefused, ics.IcsRefused)


@page(VIEW)
@require_GET
def calendars(request):
    context = {
        "calendars": BusinessCalendar.objects.prefetch_related("versions"),
        "fiscal": FiscalCalendar.objects.all(),
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
        "versions": [{"rules": rule, "lines": week_text.write_week(rule.windows)} for rule in rules],
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


@page(ADMINISTER)
def calendar_add(request):
    return _on_calendars(
        request,
        forms.CalendarForm(request.POST or None),
        lambda values: f"{shared_calendars.add(BusinessCalendar, by=request.user, **values)} was added.",
        title="Add a business calendar",
    )


@page(ADMINISTER)
def fiscal_add(request):
    return _on_calendars(
        request,
        forms.FiscalForm(request.POST or None),
        lambda values: f"{shared_calendars.add(FiscalCalendar, by=request.user, **values)} was added.",
        title="Add a fiscal calendar",
    )


@page(ADMINISTER)
def fiscal_change(request, pk):
    found = _changeable(visible(FiscalCalendar.objects, request, pk=pk), request)
    form = forms.FiscalForm(request.POST or None, instance=copy(found))  # the verb compares with what was
    return _on_calendars(
        request,
        form,
        lambda values: f"{shared_calendars.change(found, by=request.user, **values)} was saved.",
        title=f"Change {found}",
    )


@page(ADMINISTER)
def version_add(request, pk):
    found = _changeable(visible(BusinessCalendar.objects, request, pk=pk), request)
    form = forms.VersionForm(request.POST or None, initial={"valid_from": request.day})

    def act(values):
        windows = values.pop("week")
        business_calendars.add_version(found, windows=windows, by=request.user, **values)
        return f"{found} holds like that from {values['valid_from']} on."

    return _on_calendars(request, form, act, title=f"New version of {found}", back=found.get_absolute_url())


@page(ADMINISTER)
def ics_add(request, pk):
    found = _changeable(visible(BusinessCalendar.objects, request, pk=pk), request)
    form = forms.IcsForm(request.POST or None, request.FILES or None)

    def act(values):
        days = ics.read_days(values["file"].read())
        version = business_calendars.version_on(found, max(days))
        return f"{ics.close_days(version, days, by=request.user)} days are closed."

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
