"""Definitions as YAML: out, and in again after a look at what would change."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from doors.pages import page
from kpis import exchange
from kpis.models import Kpi
from organization.access import DEFINE, VIEW


@page(DEFINE)
@require_http_methods(["GET", "POST"])
def kpi_exchange(request):
    """Paste or choose a file, see the difference, then take it in. Nothing changes before the second step."""
    context = {"heading": "Definitions as YAML", "breadcrumb": [("KPIs", "/kpis/")]}
    if request.method == "GET":
        return render(request, "kpis/exchange.html", context)
    text, fault = _text(request)
    context["text"] = text
    if fault:
        return render(request, "kpis/exchange.html", {**context, "fault": fault}, status=422)
    try:
        if request.POST.get("step") == "import":
            found = exchange.import_yaml(text, by=request.user, access=request.access)
            changed = [one for one in found if one.change != "same"]
            messages.success(request, f"{len(changed)} of {len(found)} KPIs were taken in as drafts.")
            return redirect("kpis")
        context["differences"] = exchange.compare(text, by=request.user, access=request.access)
    except exchange.ExchangeRefused as refusal:
        return render(request, "kpis/exchange.html", {**context, "faults": refusal.faults}, status=422)
    compared = context["differences"]
    context["differences"] = [one for one in compared if one.change != "same"]
    context |= {"to_do": len(context["differences"]), "same": len(compared) - len(context["differences"])}
    return render(request, "kpis/exchange.html", context)


def _text(request) -> tuple[str, str]:
    """The pasted text or the uploaded file's, and what is wrong with it."""
    file = request.FILES.get("file")
    if file is None:
        text = request.POST.get("text", "")
        return text, "" if text.strip() else "Paste definitions or choose a file first."
    if file.size > 4 * exchange.LONGEST:
        return "", f"The file is larger than {4 * exchange.LONGEST:,} bytes."
    try:
        return file.read().decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return "", "The file is not in UTF-8: save it as UTF-8 and try again."


@page(VIEW)
@require_GET
def kpi_yaml(request):
    """The visible KPIs, or the one named by `code`, as a YAML file."""
    kpis = Kpi.objects.visible_to(request.access)
    code = request.GET.get("code", "")[:80].replace("\0", "")
    if code:
        kpis = kpis.filter(code=code)
    response = HttpResponse(exchange.export_yaml(kpis, request.access), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{"kpi-" + code if code.isidentifier() else "kpis"}.yaml"'
    response["Cache-Control"] = "no-store"
    return response
