"""Replaying a version over history, before it is signed or after."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from datasets.scan import ScanFailed
from doors.pages import page, require
from organization.access import DEFINE
from slas.clocks.bench import try_on_history
from slas.clocks.compute import clocked_targets
from slas.clocks.measured import measured_targets
from slas.clocks.rows import WORDS

from .frame import frame_of, the_agreement, the_version


@page(DEFINE)
@require_GET
def agreement_replay(request, code):
    """What a version would have given: attainment, credits, cases that flip. The newest, or `?version=`."""
    agreement = the_agreement(request, code)
    require(request, DEFINE, agreement.unit_id)
    versions = list(agreement.versions.order_by("-number"))
    asked = request.GET.get("version", "")
    if asked and not (asked.isdecimal() and len(asked) < 6):
        raise Http404
    if not versions:
        raise Http404(f"{code} has no version.")
    shown = the_version(agreement, int(asked) if asked else versions[0].number)
    has_targets = bool(clocked_targets(shown) or measured_targets(shown))
    context = frame_of(request, agreement, "replay", version=shown, versions=versions, has_targets=has_targets)
    if not has_targets or not (request.htmx or request.GET.get("load")):
        return render(request, "slas/clock_replay.html", context)
    try:
        trial = try_on_history(shown, request.access, day=request.day)
        context |= {
            "trial": trial,
            "flips": [(WORDS[was], WORDS[becomes], n) for (was, becomes), n in trial.flips.items()],
        }
    except ScanFailed as fault:
        context["fault"] = fault
    return render(request, "slas/_clock_replay.html" if request.htmx else "slas/clock_replay.html", context)
