"""Service level objectives: the list, what is left of one's budget, writing one down, OpenSLO files."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from datasets.scan import ScanFailed
from doors.pages import form_page, page, paged, require, visible
from organization.access import DEFINE, VIEW
from slas import openslo, slos
from slas.clocks.times import Clock
from slas.drafting import AgreementRefused
from slas.forms_slos import OpenSloForm, SloForm
from slas.models import Slo

BOTH = require_http_methods(["GET", "POST"])
TRAIL = ("Service levels", "agreements")


@page(VIEW)
@require_GET
def slo_list(request):
    found = Slo.objects.visible_to(request.access).select_related("unit", "dataset")
    shown = paged(request, found)
    shown.object_list = list(shown.object_list)
    for one in shown.object_list:
        one.clock = Clock(one.timezone, is_named=True)
    context = {
        "heading": "Error budgets",
        "breadcrumb": [(TRAIL[0], reverse(TRAIL[1]))],
        "page": shown,
        "may_define": request.access.anywhere(DEFINE),
    }
    return render(request, "slas/slos.html", context)


@page(VIEW)
@require_GET
def slo(request, code):
    """What is left of the budget, how fast it burns, and which slices took it."""
    found = _the_slo(request, code)
    context = {
        "heading": found.name,
        "slo": found,
        "clock": Clock(found.timezone),
        "breadcrumb": [(TRAIL[0], reverse(TRAIL[1])), ("Error budgets", reverse("slos"))],
        "may_define": request.access.allows(DEFINE, found.unit_id),
    }
    try:
        context["standing"] = slos.standing(found, slos.end_of(request.day, timezone.now()))
    except ScanFailed as fault:
        context["fault"] = str(fault)
    return render(request, "slas/slo.html", context)


@page(DEFINE)
@BOTH
def slo_new(request):
    return _edited(request, None, "New objective", reverse("slos"))


@page(DEFINE)
@BOTH
def slo_edit(request, code):
    found = _the_slo(request, code)
    require(request, DEFINE, found.unit_id)
    return _edited(request, found, f"Change {found.name}", found.get_absolute_url())


@page(DEFINE)
@require_POST
def slo_remove(request, code):
    found = _the_slo(request, code)
    require(request, DEFINE, found.unit_id)
    slos.remove(found, by=request.user)
    return redirect("slos")


@page(VIEW)
@require_GET
def slo_yaml(request):
    """All SLOs that the person may see, as OpenSLO."""
    found = Slo.objects.visible_to(request.access).select_related("unit", "owner", "dataset")
    answer = HttpResponse(openslo.export(found), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="slos.yaml"'
    return answer


@page(DEFINE)
@BOTH
def slo_import(request):
    """SLOs from an OpenSLO file, all or none."""
    form = OpenSloForm(request.POST or None, request.FILES or None, access=request.access)

    def act(words) -> str:
        try:
            text = words["file"].read(openslo.LARGEST + 1).decode()
        except UnicodeDecodeError:
            raise ValidationError("The file is not UTF-8 text.") from None
        datasets, units = openslo.visible_to(request.access)
        done = openslo.read(text, by=request.user, datasets=datasets, units=units, unit=words["unit"])
        return f"{len(done.made)} made, {len(done.changed)} changed, {len(done.same)} as they were."

    return form_page(
        request,
        form,
        act,
        back=reverse("slos"),
        refusals=(openslo.NotOpenSlo,),
        title="Import OpenSLO",
        lead="Metric sources of type perfmgr name a dataset and formulas over its columns.",
        label="Import",
    )


def _edited(request, found: Slo | None, heading: str, back: str):
    first = {"owner": request.user} if found is None else None
    form = SloForm(request.POST or None, instance=found, access=request.access, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            words = form.cleaned_data
            kept = slos.change(found, by=request.user, **words) if found else slos.create(by=request.user, **words)
        except ValidationError as fault:
            for name, faults in getattr(fault, "error_dict", {None: fault.error_list}).items():
                form.add_error(name if name in form.fields else None, faults)
        except AgreementRefused as refusal:
            for fault in refusal.faults:
                form.add_error(fault.field if fault.field in form.fields else None, fault.message)
        else:
            return redirect(kept)
    context = {
        "heading": heading,
        "intro": "Good events over all events; the rest up to 100 % is the error budget.",
        "form": form,
        "label": "Keep it",
        "back": back,
        "breadcrumb": [(TRAIL[0], reverse(TRAIL[1])), ("Error budgets", reverse("slos"))],
    }
    return render(request, "slas/groups_form.html", context, status=422 if request.method == "POST" else 200)


def _the_slo(request, code) -> Slo:
    return visible(Slo.objects.select_related("unit", "owner", "dataset", "agreement"), request, code=code)
