"""One's own profile: name, theme, tokens, second factor."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from doors.pages import form_page, visible
from organization import forms, members, tokens
from organization.clocks import clocks_at_work
from organization.models import ApiToken, User


@login_required
def profile(request):
    user = User.objects.get(pk=request.user.pk)
    at_work = clocks_at_work([user.pk], timezone.now().date())[user.pk]
    form = forms.ProfileForm(request.POST or None, instance=user, at_work=at_work)

    def act(values):
        members.change_profile(request.user, **values)
        return "Your profile was saved."

    context = {
        "title": "My profile",
        "tokens": ApiToken.objects.visible_to(request.access).select_related("unit").order_by("-pk"),
        "roles": request.user.memberships.in_force(timezone.now().date()).select_related("unit"),
        "now": timezone.now(),
    }
    return form_page(request, form, act, back=reverse("profile"), template="organization/profile.html", **context)


@login_required
def token_add(request):
    """The secret is shown in the answer to this form and never again."""
    form = forms.TokenForm(request.POST or None, access=request.access)
    context = {"title": "New token", "label": "Make token", "back": reverse("profile"), "form": form}
    context["breadcrumb"] = [("My profile", reverse("profile"))]
    if request.method == "POST" and form.is_valid():
        try:
            made = tokens.create(user=request.user, by=request.user, now=timezone.now(), **form.cleaned_data)
        except tokens.TokenRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            response = render(request, "organization/token_made.html", {"made": made, **context})
            response["Cache-Control"] = "no-store"
            return response
    return render(request, "doors/form.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_POST
def token_revoke(request, pk):
    tokens.revoke(visible(ApiToken.objects, request, pk=pk), now=timezone.now(), by=request.user)
    return redirect("profile")
