"""The inbox: what one was told, what is one's to do, and what is sent besides."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts import wishes
from alerts.forms import WishesForm
from alerts.models import InboxEntry
from alerts.selectors import inbox_of, to_do_of, unread_count
from doors.pages import form_page, paged, visible

from .frame import tabs


@login_required
@require_GET
def inbox(request):
    only_unread = request.GET.get("show") == "unread"
    context = {
        "heading": "Inbox",
        "tabs": tabs("inbox"),
        "page": paged(request, inbox_of(request.access, only_unread=only_unread)),
        "unread": unread_count(request.access),
        "only_unread": only_unread,
        "to_do": to_do_of(request.user, request.access),
        "today": request.day,
    }
    return render(request, "alerts/inbox.html", context)


@login_required
@require_GET
def bell(request):
    """How much is unread, for the bell in the top bar (htmx)."""
    response = render(request, "alerts/_bell.html", {"unread": unread_count(request.access)})
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def inbox_open(request, pk: int):
    """Mark one entry as read and go where it leads."""
    entry = visible(InboxEntry.objects.select_related("notice"), request, pk=pk)
    wishes.read(entry, now=timezone.now())
    link = entry.notice.link
    is_ours = link.startswith("/") and url_has_allowed_host_and_scheme(link, allowed_hosts=None)
    return redirect(link if is_ours else "inbox")


@login_required
@require_POST
def inbox_read(request):
    """Mark everything as read."""
    count = wishes.read_all(request.access, now=timezone.now())
    messages.success(request, f"{count} marked as read." if count else "Everything was read already.")
    return redirect("inbox")


@login_required
@require_http_methods(["GET", "POST"])
def inbox_settings(request):
    """E-mail on or off, and one's quiet hours."""
    mine = wishes.wishes_of(request.user)
    initial = {"email": mine.email, "quiet_from": mine.quiet_from, "quiet_until": mine.quiet_until}

    def act(values):
        wishes.change_wishes(request.user, **values)
        return "What is sent to you was changed."

    email = request.user.email
    context = {
        "title": "Notifications",
        "lead": f"E-mail goes to {email}." if email else "Your profile has no e-mail address.",
        "breadcrumb": [("Inbox", reverse("inbox"))],
    }
    form = WishesForm(request.POST or None, initial=initial, clock=request.clock)
    return form_page(request, form, act, back=reverse("inbox"), **context)
