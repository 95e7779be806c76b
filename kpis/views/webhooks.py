"""Who else is told of changes of status: webhooks, their secret shown once, and whether they were heard."""

from django import forms
from django.contrib import messages
from django.db.models import Count, Max, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from doors.outgoing import UnsafeAddress
from doors.pages import page, paged, require
from kpis import webhooks as verbs
from kpis.models import Webhook
from organization.access import ADMINISTER
from organization.fields import UnitField
from organization.models import Unit

REFUSED = 422


class WebhookForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="Who listens there.")
    url = forms.URLField(max_length=500, label="Address", assume_scheme="https", help_text="https://… on the internet.")
    unit = UnitField(help_text="Changes here and below are told.")

    def __init__(self, *args, access, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(ADMINISTER)).order_by("name")


@page(ADMINISTER)
@require_GET
def webhooks(request):
    unheard = Count("deliveries", filter=Q(deliveries__delivered_at=None))
    hooks = _administered(request).select_related("unit").annotate(
        told=Count("deliveries"), unheard=unheard, last_delivery=Max("deliveries__delivered_at")
    )  # fmt: skip
    context = {"heading": "Webhooks", "page": paged(request, hooks.order_by("name", "pk")), "breadcrumb": _crumbs()[:1]}
    return render(request, "kpis/webhooks.html", context)


@page(ADMINISTER)
def webhook_add(request):
    """The secret is shown in the answer to this form and never again."""
    form = WebhookForm(request.POST or None, access=request.access)
    if request.method == "POST" and form.is_valid():
        require(request, ADMINISTER, form.cleaned_data["unit"])
        try:
            made = verbs.create_webhook(by=request.user, **form.cleaned_data)
        except UnsafeAddress as fault:
            form.add_error("url", str(fault))
        else:
            response = render(request, "kpis/webhook_made.html", {"made": made, "breadcrumb": _crumbs()})
            response["Cache-Control"] = "no-store"
            return response
    context = {"form": form, "title": "Add a webhook", "label": "Add", "back": reverse("webhooks")}
    status = REFUSED if request.method == "POST" else 200
    return render(request, "doors/form.html", {**context, "breadcrumb": _crumbs()}, status=status)


@page(ADMINISTER)
@require_GET
def webhook(request, pk: int):
    """One webhook with its deliveries, the newest first."""
    found = get_object_or_404(_administered(request), pk=pk)
    context = {
        "heading": found.name,
        "webhook": found,
        "page": paged(request, found.deliveries.all(), 50),
        "breadcrumb": _crumbs(),
    }
    return render(request, "kpis/webhook.html", context)


@page(ADMINISTER)
@require_POST
def webhook_change(request, pk: int, step: str):
    """Send a message to try it, or remove it."""
    found = get_object_or_404(_administered(request), pk=pk)
    if step == "try":
        verbs.send_trial(found, by=request.user)
        messages.success(request, "A message is on its way; reload the page to see whether it was heard.")
        return redirect("webhook", found.pk)
    verbs.remove_webhook(found, by=request.user)
    messages.success(request, f"{found.name} is told nothing more.")
    return redirect("webhooks")


def _administered(request):
    return Webhook.objects.filter(unit__in=request.access.units(ADMINISTER))


def _crumbs() -> list[tuple[str, str]]:
    return [("Administration", reverse("administration")), ("Webhooks", reverse("webhooks"))]
