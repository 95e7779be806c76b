"""Members of units, and what there is to administer."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doors.pages import form_page, page, paged, require, visible
from organization import forms, members
from organization.access import ADMINISTER, AUDIT, VIEW
from organization.models import Membership, User

REFUSALS = (members.LastAdministrator, members.RoleRefused)


@page(VIEW)
@require_GET
def administration(request):
    """What there is to administer, for each who may."""
    access = request.access
    places = [
        ("Units", "The organisation's tree, its codes and calendars.", reverse("units"), True),
        ("Members", "Who holds which role where.", reverse("members"), access.anywhere(ADMINISTER)),
        ("Calendars", "Opening hours, holidays, fiscal years.", reverse("business_calendars"), True),
        ("Webhooks", "Other systems that are told of a change.", reverse("webhooks"), access.anywhere(ADMINISTER)),
        ("Audit trail", "Who changed what, and whether the trail holds.", reverse("audit"), access.anywhere(AUDIT)),
        ("API", "Every address, to read and to try.", reverse("api_docs"), True),
    ]
    shown = [{"name": name, "text": text, "url": url} for name, text, url, allowed in places if allowed]
    return render(request, "organization/administration.html", {"places": shown})


@page(ADMINISTER)
@require_GET
def member_list(request):
    form = forms.MemberFilter(request.GET or None, access=request.access)
    mine = Membership.objects.filter(unit__in=request.access.units(ADMINISTER))
    rows = form.apply_to(mine.select_related("user", "unit").order_by("user__username", "unit__name", "pk"))
    context = {"form": form, "page": paged(request, rows), "may_disable": request.access.everywhere(ADMINISTER)}
    return render(request, "organization/members.html", context)


@page(ADMINISTER)
def member_grant(request):
    asked = {"user": request.GET.get("user"), "unit": request.GET.get("unit")}
    initial = {"from_day": timezone.now().date(), **asked}
    form = forms.MemberForm(request.POST or None, initial=initial, access=request.access)
    return _on_members(
        request,
        form,
        lambda values: f"{members.grant(by=request.user, **values)}.",
        title="Give a role",
        label="Give role",
    )


@page(ADMINISTER)
def member_role(request, pk):
    membership = _administered(request, pk)
    initial = {"on": timezone.now().date(), "role": membership.role}
    form = forms.RoleForm(request.POST or None, initial=initial)

    def act(values):
        return f"{members.change_role(membership, values['role'], on=values['on'], by=request.user)}."

    return _on_members(request, form, act, title=f"Change: {membership}", label="Change role")


@page(ADMINISTER)
def member_end(request, pk):
    membership = _administered(request, pk)
    form = forms.EndForm(request.POST or None, initial={"on": timezone.now().date()})

    def act(values):
        members.end(membership, on=values["on"], by=request.user)
        return f"{membership}: ends on {values['on']}."

    return _on_members(request, form, act, title=f"End: {membership}", label="End role")


@page(ADMINISTER)
def user_add(request):
    """A person, and then the role without which there is nothing for them to see."""
    form = forms.NewUserForm(request.POST or None)
    _require_whole(request)
    added = []

    def act(values):
        added.append(members.add_user(by=request.user, **values))
        return f"{added[0]} can sign in. Now give them a role: without one they see nothing."

    def onward():
        return f"{reverse('member_grant')}?user={added[0].pk}"

    return _on_members(request, form, act, onward=onward, title="Add a person", label="Add person")


@page(ADMINISTER)
@require_POST
def user_disable(request, pk):
    _require_whole(request)
    user = visible(User.objects, request, pk=pk)
    if request.POST.get("enable"):
        members.enable(user, by=request.user)
    else:
        try:
            members.disable(user, now=timezone.now(), by=request.user)
        except members.LastAdministrator as refusal:
            messages.error(request, str(refusal))
    return redirect("members")


def _require_whole(request) -> None:
    if not request.access.everywhere(ADMINISTER):
        raise PermissionDenied("Only an administrator of the whole organisation may do that.")


def _administered(request, pk) -> Membership:
    membership = visible(Membership.objects.select_related("user", "unit"), request, pk=pk)
    require(request, ADMINISTER, membership.unit)
    return membership


def _on_members(request, form, act, **context):
    back = reverse("members")
    crumbs = [("Administration", reverse("administration")), ("Members", back)]
    return form_page(request, form, act, back=back, refusals=REFUSALS, breadcrumb=crumbs, **context)
