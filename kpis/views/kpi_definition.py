"""What a KPI means: its passport and what is missing in it, its versions, who may do what next."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doors.pages import page, require, visible
from doors.revisions import ChangedMeanwhile
from kpis import definitions, workflow
from kpis.band_text import write_bands_text
from kpis.hints import cautions_of
from kpis.models import Kpi, KpiVersion
from kpis.selectors.history import trail_of, versions_of
from kpis.uses import uses_of
from organization.access import CERTIFY, DEFINE, VIEW
from organization.second_person import who_may

from .frame import frame_of
from .place import place_of

State = KpiVersion.State
REFUSALS = (
    workflow.SecondPersonNeeded,
    workflow.PassportIncomplete,
    ChangedMeanwhile,
    definitions.WrongState,
    definitions.DefinitionError,
)


@page(VIEW)
@require_GET
def kpi_definition(request, code):
    kpi = visible(Kpi.objects.select_related("unit", "owner", "steward", "counter_kpi"), request, code=code)
    place = place_of(request, kpi)
    versions = versions_of(kpi, place.day)
    newest = next((v.version for v in versions if not v.version.is_discarded), versions[0].version)
    shown = _chosen(request, versions) or place.version
    frame = frame_of(request, place, "definition")
    trail = trail_of(kpi)
    gaps = workflow.passport_gaps(newest)
    context = {
        **frame,
        "shown": shown,
        "newest": newest,
        "revision": workflow.revision_of(newest),
        "versions": versions,
        "gaps": gaps,
        "cautions": [] if request.access.is_vendor_only else cautions_of(shown, request.access),
        "first_gap": next(iter(gaps), None),
        "passport": _passport(shown, request.access),
        "shows_workings": not request.access.is_vendor_only,
        "bands": write_bands_text(kpi.bands),
        "steps": _steps(request, kpi, newest, versions),
        "uses": uses_of(kpi, request.access),
        "sent_back": _sent_back(newest, trail),
        "discard_fields": [("version", newest.number)],
        "trail": [_said(entry) for entry in trail],
    }
    return render(request, "kpis/definition.html", context)


def _sent_back(newest: KpiVersion, trail):
    """The entry in which a draft was sent back, unless it was submitted again since."""
    if newest.state != State.DRAFT:
        return None
    mine = (entry for entry in trail if entry.details.get("version") == newest.number)
    last = next((entry for entry in mine if entry.action in ("KPI submitted", "KPI sent back")), None)
    return last if last and last.action == "KPI sent back" else None


def _said(entry) -> dict:
    """An entry of the audit trail as components/history_list.html takes it."""
    number = entry.details.get("version")
    detail = entry.details.get("reason") or (f"version {number}" if number else "")
    return {"at": entry.at, "who": entry.actor_name, "what": entry.action, "detail": detail}


def _chosen(request, versions):
    wanted = request.GET.get("version", "")
    return next((v.version for v in versions if str(v.version.number) == wanted), None)


def _passport(version: KpiVersion, access) -> list[dict]:
    """Each question of the passport with its answer."""
    hidden = workflow.INSIDE if access.is_vendor_only else ()
    return [
        {"question": question, "answer": getattr(version, name), "name": name}
        for name, question in workflow.PASSPORT.items()
        if name not in hidden
    ]


def _steps(request, kpi: Kpi, newest: KpiVersion, versions) -> dict:
    """What this person may do next with the newest version, and why not."""
    access = request.access
    may_define, may_certify = access.allows(DEFINE, kpi.unit_id), access.allows(CERTIFY, kpi.unit_id)
    is_mine = workflow.has_written(newest, request.user)
    in_review = newest.state == State.IN_REVIEW
    waits = in_review and (is_mine or not may_certify)
    return {
        "submit": may_define and newest.state == State.DRAFT,
        "discard": may_define and newest.state == State.DRAFT and len(versions) > 1,
        "certify": may_certify and in_review and not is_mine,
        "second_person": waits and who_may(CERTIFY, kpi.unit, request.day, but=workflow.writers(newest)),
        "send_back": may_certify and in_review,
        "deprecate": may_certify and newest.state == State.CERTIFIED,
    }


@page(VIEW)
@require_POST
def kpi_workflow(request, code, step: str):
    """One step of one version: submit, discard, certify, send_back, deprecate."""
    kpi = visible(Kpi.objects, request, code=code)
    if step not in STEPS:
        raise Http404
    permission, act = STEPS[step]
    require(request, permission, kpi.unit_id)
    version = visible_version(kpi, request.POST.get("version", ""))
    back = redirect("kpi_definition", code=code)
    try:
        said = act(version, request)
    except workflow.PassportIncomplete as fault:
        messages.error(request, f"{fault} Fill the gaps below, then certify it.")
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
    except REFUSALS as fault:
        messages.error(request, f"{fault} {getattr(fault, 'next_step', '')}".strip())
    else:
        messages.success(request, said)
    return back


def visible_version(kpi: Kpi, number: str) -> KpiVersion:
    version = (
        kpi.versions.filter(number=int(number)).first()
        if number.isascii() and number.isdigit() and len(number) < 9
        else None
    )
    if version is None:
        raise Http404(f"{kpi.code} has no such version.")
    return version


def _submit(version, request) -> str:
    workflow.submit(version, by=request.user)
    if gaps := workflow.passport_gaps(version):
        left = " ".join(gaps.values())
        return f"Version {version.number} is in review. No certificate before its passport answers: {left}"
    return f"Version {version.number} is in review: a second person certifies it."


def _certify(version, request) -> str:
    workflow.certify(version, by=request.user, seen=request.POST.get("revision", ""), now=timezone.now())
    return f"Version {version.number} is certified."


def _send_back(version, request) -> str:
    reason = request.POST.get("reason", "").strip()[:1000]
    if not reason:
        raise ValidationError("Say what has to change before it is sent back.")
    workflow.send_back(version, by=request.user, reason=reason)
    return f"Version {version.number} went back to its author."


def _deprecate(version, request) -> str:
    try:
        day = date.fromisoformat(request.POST.get("from_day", ""))
    except ValueError:
        raise ValidationError("Say from which day on it is out of use, such as 2025-03-31.") from None
    workflow.deprecate(version, by=request.user, from_day=day, reason=request.POST.get("reason", "")[:1000])
    return f"Version {version.number} is out of use from {day} on; its numbers stay."


def _discard(version, request) -> str:
    definitions.discard(version, by=request.user)
    return f"The draft (version {version.number}) was discarded; the version before it holds."


STEPS = {
    "submit": (DEFINE, _submit),
    "discard": (DEFINE, _discard),
    "certify": (CERTIFY, _certify),
    "send_back": (CERTIFY, _send_back),
    "deprecate": (CERTIFY, _deprecate),
}
