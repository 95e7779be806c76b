"""The document of an agreement: reading a version, and each step of its life."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doors.days import day_from
from doors.pages import page, require
from doors.revisions import ChangedMeanwhile
from kpis.requests import as_of_day
from organization.access import CERTIFY, DEFINE, VIEW
from slas import drafting, lifecycle, selectors
from slas.checks import faults_of_version
from slas.forms_targets import COLUMNS, CONDITIONS, MEASURES
from slas.models import Agreement, AgreementVersion, ServiceTarget
from slas.revisions import revision_of
from slas.supports import backing_of

from .frame import frame_of, the_agreement, the_version

State = AgreementVersion.State
SIGNATURES = ("created_by", "submitted_by", "signed_by")
REFUSALS = (
    drafting.AgreementRefused,
    drafting.WrongState,
    lifecycle.SecondPersonNeeded,
    lifecycle.ClosedPeriod,
    ChangedMeanwhile,
)


@page(VIEW)
@require_GET
def document(request, code):
    """The version that speaks for the agreement."""
    found = the_agreement(request, code)
    version = selectors.standing(list(found.versions.order_by("-number")))
    if version is None:
        raise Http404(f"{code} has no version.")
    return _page(request, found, the_version(found, version.number))


@page(VIEW)
@require_GET
def version(request, code, number: int):
    found = the_agreement(request, code)
    return _page(request, found, the_version(found, number))


def _page(request, agreement: Agreement, shown: AgreementVersion):
    visible = Agreement.objects.visible_to(request.access)
    targets = list(shown.targets.select_related("clock__dataset", "measure__dataset"))
    first: dict[tuple, ServiceTarget] = {}
    for target in targets:
        target.rule_lines = rule_lines(target)
        said = first.setdefault(tuple(target.rule_lines), target)
        target.same_rule_as = None if said is target else said
    context = frame_of(
        request,
        agreement,
        "document",
        version=shown,
        versions=agreement.versions.select_related(*SIGNATURES).prefetch_related("authors"),
        revision=revision_of(shown),
        targets=targets,
        tiers=shown.tiers.select_related("target"),
        backing=backing_of(shown),
        faults=faults_of_version(shown) if shown.is_editable else [],
        parties=selectors.visible_parties(agreement, request.access),
        supports=visible.filter(supported_by=agreement),
        supported_by=visible.filter(supports=agreement),
        steps=_steps(request, agreement, shown),
    )
    return render(request, "slas/document.html", context)


def rule_lines(target: ServiceTarget) -> list[tuple[str, str, bool]]:
    """(label, text, is code) for each part of the target's clock or measure that is set."""
    rule = getattr(target, "clock" if target.is_clocked else "measure", None)
    if rule is None:
        return []
    lines = [("Dataset", rule.dataset.name, False)]
    if target.is_clocked:
        lines.append(("Reads", rule.get_source_display(), False))
        lines += [(label, getattr(rule, name), True) for name, (label, _) in (COLUMNS | CONDITIONS).items()]
        if rule.source == "events":
            lines.append(("When the priority changes", rule.get_on_priority_change_display(), False))
            lines.append(("After the stop", rule.get_after_stop_display(), False))
    else:
        if rule.contact_formula:
            lines.append(("Formula", rule.get_contact_formula_display(), False))
        lines += [("Dated by", rule.time_column, True)]
        lines += [(label, getattr(rule, name), True) for name, label in MEASURES.items()]
    return [line for line in lines if line[1]]


def _steps(request, agreement: Agreement, shown: AgreementVersion) -> dict:
    """What this person may do next with the version, and why not."""
    access = request.access
    may_draft, may_sign = access.allows(DEFINE, agreement.unit_id), access.allows(CERTIFY, agreement.unit_id)
    is_mine = lifecycle.has_written(shown, request.user)
    offered = shown.state == State.IN_NEGOTIATION
    others = agreement.versions.exclude(pk=shown.pk)
    has_draft = others.filter(state__in=[State.DRAFT, State.IN_NEGOTIATION]).exists()
    steps = {
        "edit": may_draft and shown.is_editable,
        "offer": may_draft and shown.state == State.DRAFT,
        "discard": may_draft and shown.is_editable and others.exists(),
        "sign": may_sign and offered and not is_mine,
        "second_person": offered and (is_mine or not may_sign),
        "take_back": may_draft and offered,
        "new_version": may_draft and not shown.is_editable and not has_draft,
        "notice": may_sign and shown.state == State.ACTIVE,
        "withdraw_notice": may_sign and shown.state == State.UNDER_NOTICE,
        "terminate": may_sign and shown.state in lifecycle.LIVE,
    }
    return steps | {"any": any(steps.values())}


@page(VIEW)
@require_POST
def step(request, code, number: int, name: str):
    """One step of one version: offer, sign, take_back, discard, new_version, notice, withdraw_notice, terminate."""
    found = the_agreement(request, code)
    if name not in STEPS:
        raise Http404
    permission, act = STEPS[name]
    require(request, permission, found.unit_id)
    shown = the_version(found, number)
    try:
        said, where = act(shown, request)
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
    except REFUSALS as fault:
        messages.error(request, f"{fault} {getattr(fault, 'next_step', '')}".strip())
    else:
        messages.success(request, said)
        return redirect(where)
    return redirect(shown)


def _offer(version, request):
    lifecycle.offer(version, by=request.user)
    return f"Version {version.number} is in negotiation: a second person signs it.", version


def _sign(version, request):
    seen = request.POST.get("revision", "")
    signed = lifecycle.sign(version, by=request.user, day=as_of_day(), seen=seen, now=timezone.now())
    return f"Version {version.number} is signed and {signed.get_state_display().lower()}.", signed


def _take_back(version, request):
    lifecycle.take_back(version, by=request.user, reason=_reason(request))
    return f"Version {version.number} is a draft again.", version


def _discard(version, request):
    drafting.discard(version, by=request.user)
    return f"The draft (version {version.number}) was discarded.", version.agreement


def _new_version(version, request):
    made = drafting.new_version(version, by=request.user, valid_from=_day(request))
    return f"Version {made.number} is a draft that copies version {version.number}.", made


def _notice(version, request):
    last_day = _day(request)
    lifecycle.give_notice(version, by=request.user, day=as_of_day(), last_day=last_day, reason=_reason(request))
    return f"Notice is given: it ends with {last_day}.", version


def _withdraw_notice(version, request):
    lifecycle.withdraw_notice(version, by=request.user, reason=_reason(request))
    return "The notice is withdrawn: it goes on.", version


def _terminate(version, request):
    day = _day(request)
    lifecycle.terminate(version, by=request.user, day=day, reason=_reason(request))
    return f"It is terminated: {day} is the first day without it.", version


def _day(request) -> date:
    day = day_from(request.POST.get("day", ""))
    if not day:
        raise ValidationError("Give a day such as 2025-03-31.")
    return day


def _reason(request) -> str:
    reason = request.POST.get("reason", "").strip()[:2000]
    if not reason:
        raise ValidationError("Say why: the reason stays in the trail.")
    return reason


STEPS = {
    "offer": (DEFINE, _offer),
    "sign": (CERTIFY, _sign),
    "take_back": (DEFINE, _take_back),
    "discard": (DEFINE, _discard),
    "new_version": (DEFINE, _new_version),
    "notice": (CERTIFY, _notice),
    "withdraw_notice": (CERTIFY, _withdraw_notice),
    "terminate": (CERTIFY, _terminate),
}
