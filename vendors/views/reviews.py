"""Reviews of a vendor: which are due, generating one, minutes, decisions, actions, publishing; and the printed page."""

from datetime import date

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doors.days import day_from
from doors.pages import page, require, visible
from kpis.requests import as_of_day
from organization.access import OVERSEE, PROCURE
from vendors import actions, reviews
from vendors.cards import Card
from vendors.forms import ActionForm, MinutesForm
from vendors.models import Review
from vendors.packs import with_days
from vendors.periods import due_reviews
from vendors.refusals import Refusal

from .frame import overseen, step, text_of, to_change, trail, vendor_tabs
from .scorecards import rows_of

REFUSED = 422


@page(OVERSEE)
@require_GET
def review_list(request, pk):
    vendor = overseen(request, pk)
    context = {
        "vendor": vendor,
        "heading": vendor.name,
        "breadcrumb": trail(),
        "tabs": vendor_tabs(request, vendor, "vendor_reviews"),
        "due": due_reviews([vendor], request.day),
        "reviews": vendor.reviews.select_related("published_by"),
        "may_change": request.access.allows(PROCURE, vendor.unit_id),
    }
    return render(request, "vendors/reviews.html", context)


@page(PROCURE)
@require_POST
def review_generate(request, pk):
    """Make the draft of a period, or make its pack anew."""
    vendor = to_change(request, pk)
    at, grain = text_of(request, "period", 10), text_of(request, "grain", 10)
    made: list[Review] = []

    def act():
        day = _day(at)
        if grain and grain not in vendor.Cadence.values:
            raise Refusal("A review is of a week, a month, a quarter or a year.", "grain")
        made.append(reviews.generate(vendor, at=day, grain=grain, day=as_of_day(), now=timezone.now(), by=request.user))
        return f"The pack of {made[0].label} is made from the numbers of today."

    answer = step(request, act, reverse("vendor_reviews", args=[vendor.pk]))
    return redirect(made[0]) if made else answer


@page(OVERSEE)
@require_GET
def review(request, pk):
    return _page(request, _seen(request, pk))


def _page(request, found: Review, *, status: int = 200, **forms):
    vendor, may_change = found.vendor, request.access.allows(PROCURE, found.vendor.unit_id)
    card = Card.from_dict(found.pack["card"], found.pk)
    context = {
        "review": found,
        "vendor": vendor,
        "heading": f"Review of {vendor.name}, {found.label}",
        "breadcrumb": trail(vendor, ("Reviews", reverse("vendor_reviews", args=[vendor.pk]))),
        "pack": with_days(found.pack),
        "card": card,
        "rows": rows_of(card),
        "decisions": found.decisions.select_related("by"),
        "actions": [(a, a.is_overdue(request.day)) for a in found.actions.select_related("owner")],
        "is_as_published": not found.is_published or reviews.is_as_published(found),
        "may_edit": may_change and not found.is_published,
        "may_change": may_change,
    }
    if may_change and not found.is_published:
        words = {"held_on": found.held_on or request.day, "attendees": found.attendees, "minutes": found.minutes}
        context |= {
            "minutes_form": MinutesForm(initial=words),
            "action_form": ActionForm(vendor=vendor, day=request.day),
        }
    return render(request, "vendors/review.html", context | forms, status=status)


@page(PROCURE)
@require_POST
def review_step(request, pk):
    """Minutes, a decision, an action, publish."""
    found = _seen(request, pk)
    require(request, PROCURE, found.vendor.unit_id)
    if request.POST.get("do") == "minutes":
        return _with_form(request, found, "minutes_form", MinutesForm(request.POST), _keep_minutes)
    if request.POST.get("do") == "action":
        form = ActionForm(request.POST, vendor=found.vendor, day=request.day)
        return _with_form(request, found, "action_form", form, _give)

    def act():
        if request.POST.get("do") == "decide":
            reviews.decide(found, text=text_of(request), by=request.user)
            return "The decision is kept."
        reviews.publish(found, day=as_of_day(), now=timezone.now(), by=request.user)
        return "The review is published: its pack stays as it is now."

    return step(request, act, found.get_absolute_url())


def _keep_minutes(request, found: Review, values: dict) -> str:
    reviews.keep_minutes(found, by=request.user, **values)
    return "The minutes are kept."


def _give(request, found: Review, values: dict) -> str:
    if found.is_published:
        raise Refusal("The review is published: give the action on the vendor's page.")
    return f"{actions.give(found.vendor, review=found, by=request.user, **values).owner} has the action now."


def _with_form(request, found: Review, name: str, form, act):
    if form.is_valid():
        try:
            words = act(request, found, form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return step(request, lambda: words, found.get_absolute_url())
    return _page(request, found, status=REFUSED, **{name: form})


def _seen(request, pk) -> Review:
    return visible(Review.objects.select_related("vendor__unit", "generated_by", "published_by"), request, pk=pk)


def _day(text: str) -> date:
    day = day_from(text)
    if not day:
        raise Refusal("Choose the period that is reviewed.", "period")
    return day
