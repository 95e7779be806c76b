"""What page views share: who may open them, and the objects that a person may see."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from .permissions import in_words

ROWS = 50


def page(permission: str) -> Callable:
    """Decorates a page view: signed in, and holding `permission` at some unit; otherwise sign-in or 403.

    Which objects lie behind the door, the view's queryset decides (`visible`).
    """

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.access.anywhere(permission):
                raise PermissionDenied(f"You may not {in_words(permission)} anywhere: it takes a role that may.")
            return view(request, *args, **kwargs)

        guarded.needs = permission
        return login_required(guarded)

    return decorate


def visible(queryset, request, **lookup):
    """The one object that the person may see, or 404: missing and foreign are the same."""
    try:
        return get_object_or_404(queryset.visible_to(request.access), **lookup)
    except (ValueError, OverflowError):
        raise Http404 from None


def require(request, permission: str, unit) -> None:
    """Raise PermissionDenied unless the person holds `permission` at `unit`."""
    if not request.access.allows(permission, unit):
        raise PermissionDenied(f"You may not {in_words(permission)} here. Ask an administrator of this unit.")


def paged(request, rows, size: int = ROWS) -> Page:
    """The page of `rows` that `?page=` asks for; the nearest one if there is none such."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def form_page(
    request,
    form: Form,
    act: Callable[[dict], str],
    *,
    back: str,
    onward: Callable[[], str] | None = None,
    refusals: tuple[type[Exception], ...] = (),
    template: str = "doors/form.html",
    **context,
) -> HttpResponse:
    """A page with one form. `act` gets its cleaned values, changes something and says so in a sentence; then `back`,
    or to the address that `onward` gives.

    What `act` refuses (ValidationError and `refusals`) stands at the form, with 422, and nothing is kept of it.
    Context for the template: title, label (of the button), lead, breadcrumb.
    """
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                done = act(form.cleaned_data)
        except ValidationError as fault:
            show_faults(form, fault)
        except refusals as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, done)
            return redirect(onward() if onward else back)
    status = 422 if request.method == "POST" else 200
    return render(request, template, {"form": form, "back": back, **context}, status=status)


def show_refusal(form: Form, refusal: Exception) -> None:
    """Each fault of a refusal beside its field of the form; above all of them what names none."""
    for fault in getattr(refusal, "faults", ()):
        form.add_error(fault.field if fault.field in form.fields else None, fault.message)
    if not form.errors:
        form.add_error(None, str(refusal))


def show_faults(form: Form, fault: ValidationError) -> None:
    """Each fault of a verb beside its field of the form, or above all of them."""
    by_field = fault.error_dict if hasattr(fault, "error_dict") else {None: fault.error_list}
    for name, faults in by_field.items():
        form.add_error(name if name in form.fields else None, faults)
