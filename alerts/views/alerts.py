"""Alerts: the list, one alert with its evidence, and what people do about it."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from alerts import follow_ups, forms, handling, telling
from alerts.models import Alert, FollowUp
from alerts.selectors import (
    STATES,
    alert_with_parts,
    alerts_of,
    history_of,
    marks_of,
    may_handle,
    series_of_alert,
)
from alerts.words import Words
from doors.pages import page, paged, require, show_faults, visible
from kpis.selectors.readings import versions_on
from kpis.views.addresses import kpi_address, same_page
from organization.access import DEFINE, VIEW

from .frame import tabs

ONE_WEEK = timedelta(days=7)


@page(VIEW)
@require_GET
def alerts(request):
    form = forms.AlertFilter(request.GET, request.access)
    filters = form.filters()
    context = {
        "heading": "Alerts",
        "tabs": tabs("alerts"),
        "form": form,
        "page": paged(request, alerts_of(request.access, now=timezone.now(), **filters)),
        "state": filters["state"],
        "states": [(value, label, same_page(request, state=value)) for value, label in STATES.items()],
        "is_filtered": len(filters) > 1,
        "may_define": request.access.anywhere(DEFINE),
    }
    return render(request, "alerts/alerts.html", context)


@page(VIEW)
@require_GET
def alert(request, pk: int):
    return _page(request, visible(alert_with_parts(request.access), request, pk=pk))


def _page(request, alert: Alert, status: int = 200, **shown):
    day, now = request.day, timezone.now()
    version = versions_on([alert.kpi_id], day).get(alert.kpi_id)
    context = {
        "heading": alert.rule.name,
        "breadcrumb": [("Alerts", reverse("alerts"))],
        "alert": alert,
        "version": version,
        "rule_words": Words(alert.rule, version, day).rule_in_words(),
        "evidence": [(one, _address(alert, one)) for one in reversed(alert.evidence)],
        "kpi_url": kpi_address(alert.kpi.code, unit=alert.unit.code, grain=alert.grain, period=alert.period_start),
        "series": series_of_alert(alert, day, request.access),
        "marks": marks_of(alert),
        "told": telling.told_of(alert),
        "history": history_of(alert),
        "may_handle": may_handle(request.access, alert),
        "is_snoozed": bool(alert.snoozed_until and alert.snoozed_until > now),
        "today": day,
        "acknowledge_form": forms.AcknowledgeForm(),
        "snooze_form": forms.SnoozeForm(),
        "resolve_form": forms.ResolveForm(),
        "follow_up_form": forms.FollowUpForm(
            access=request.access, initial={"owner": request.user.username, "due_date": day + ONE_WEEK}
        ),
    }
    return render(request, "alerts/alert.html", context | shown, status=status)


def _address(alert: Alert, one: dict) -> str:
    """The KPI at the period of a line of the evidence."""
    if not one["period_start"]:
        return ""
    return kpi_address(alert.kpi.code, unit=alert.unit.code, grain=alert.grain, period=one["period_start"])


# --- acts ------------------------------------------------------------------------------------------------------------


def _act(request, pk: int, form, name: str, act, done: str):
    """Do what a form of the page asks for; its faults stand at the form."""
    alert = visible(alert_with_parts(request.access), request, pk=pk)
    require(request, DEFINE, alert.unit_id)
    if form.is_valid():
        try:
            act(alert, form.cleaned_data)
        except ValidationError as fault:
            show_faults(form, fault)
        except handling.AlertOver as refusal:
            messages.warning(request, str(refusal))
            return redirect(alert)
        else:
            messages.success(request, done)
            return redirect(alert)
    return _page(request, alert, status=422, **{name: form})


@page(DEFINE)
@require_POST
def acknowledge(request, pk: int):
    def act(alert, values):
        handling.acknowledge(alert, by=request.user, now=timezone.now(), **values)

    form = forms.AcknowledgeForm(request.POST)
    return _act(request, pk, form, "acknowledge_form", act, "You have acknowledged the alert.")


@page(DEFINE)
@require_POST
def snooze(request, pk: int):
    def act(alert, values):
        now = timezone.now()
        handling.snooze(alert, until=now + timedelta(hours=values["hours"]), by=request.user, now=now)

    form = forms.SnoozeForm(request.POST)
    return _act(request, pk, form, "snooze_form", act, "The alert is snoozed. You are told if it still stands then.")


@page(DEFINE)
@require_POST
def resolve(request, pk: int):
    def act(alert, values):
        handling.resolve(alert, by=request.user, now=timezone.now(), **values)

    return _act(request, pk, forms.ResolveForm(request.POST), "resolve_form", act, "The alert is resolved.")


@page(DEFINE)
@require_POST
def follow_up(request, pk: int):
    """Ask somebody to do something about the alert."""

    def act(alert, values):
        follow_ups.open_follow_up(alert, by=request.user, now=timezone.now(), **values)

    form = forms.FollowUpForm(request.POST, access=request.access)
    return _act(request, pk, form, "follow_up_form", act, "The follow-up is open; its owner is told.")


@page(VIEW)
@require_POST
def follow_up_done(request, pk: int):
    """Whoever owns a follow-up, or handles alerts at its unit, says that it is done."""
    found = visible(FollowUp.objects.select_related("alert__unit", "alert__rule"), request, pk=pk)
    if found.owner_id != request.user.pk:
        require(request, DEFINE, found.alert.unit_id)
    form = forms.DoneForm(request.POST)
    if form.is_valid():
        follow_ups.finish(found, by=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, "The follow-up is done.")
    else:
        messages.error(request, "Nothing was changed: the outcome has at most 1,000 letters.")
    return redirect("inbox" if request.POST.get("from") == "inbox" else found.alert)
