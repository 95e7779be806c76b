"""Writing an agreement down: parties, document, targets with their clocks, credit tiers."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from datasets.models import Dataset
from doors.pages import form_page, page, require, visible
from organization.access import DEFINE
from slas import drafting
from slas.forms import AgreementForm, TierForm, VersionForm
from slas.forms_targets import ChooseForm, TargetForm
from slas.models import AgreementVersion, ClockRule, ServiceTarget

from .frame import the_agreement, the_version

BOTH = require_http_methods(["GET", "POST"])
EMPTY_LINES = 3
PARTIES = (
    " Customer, providers and service were signed: with others it is another agreement. "
    "End this one, and draft that one."
)


@page(DEFINE)
@BOTH
def agreement_new(request):
    """An agreement with its first draft."""
    first = {"owner": request.user.username, "valid_from": request.day}
    form = AgreementForm(request.POST or None, access=request.access, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = drafting.create_agreement(by=request.user, **form.cleaned_data)
        except ValidationError as fault:
            _show(form, fault)
        except drafting.AgreementRefused as refusal:
            _show_refusal(form, refusal)
        else:
            return redirect(made)
    context = {
        "title": "New agreement",
        "lead": "Parties first; targets, clocks and credits follow in its document.",
        "form": form,
        "label": "Draft it",
        "back": reverse("agreements"),
        "breadcrumb": [("Service levels", reverse("agreements"))],
    }
    return render(request, "doors/form.html", context, status=422 if request.method == "POST" else 200)


@page(DEFINE)
@BOTH
def agreement_change(request, code):
    """Name, owner, and what it supports: what does not belong to a version; until it is signed, parties and service."""
    found = the_agreement(request, code)
    require(request, DEFINE, found.unit_id)
    first = {name: getattr(found, name) for name in ("name", "service")}
    first |= {"owner": found.owner.username, "customer": found.customer and found.customer.code}
    first |= {"providers": list(found.providers.all()), "supports": list(found.supports.all())}
    form = AgreementForm(request.POST or None, access=request.access, agreement=found, initial=first)

    def act(words) -> str:
        drafting.change_agreement(found, by=request.user, **words)
        return "The change is kept."

    return form_page(
        request,
        form,
        act,
        back=found.get_absolute_url(),
        refusals=(drafting.AgreementRefused,),
        title=f"Change {found.name}",
        lead=f"Targets and money stand in its document.{PARTIES if drafting.is_signed(found) else ''}",
    )


@page(DEFINE)
@BOTH
def version_edit(request, code, number: int):
    """The document's days, calendar, money and terms."""
    found, shown = _editable(request, code, number)
    form = VersionForm(request.POST or None, instance=shown, access=request.access)
    if request.method == "POST" and form.is_valid():
        try:
            drafting.change_version(shown, by=request.user, **form.cleaned_data)
        except ValidationError as fault:
            _show(form, fault)
        except (drafting.WrongState, drafting.AgreementRefused) as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(shown)
    return _groups(request, shown, form, f"Version {number} of {found.name}", "Keep the draft")


@page(DEFINE)
@require_http_methods(["GET"])
def target_choose(request, code, number: int):
    """What a new target is about; then its form."""
    _, shown = _editable(request, code, number)
    form = ChooseForm(request.GET or None, access=request.access)
    if request.GET and form.is_valid():
        return _target_page(request, shown, None, **form.cleaned_data)
    context = {"heading": "New target", "form": form, "back": shown.get_absolute_url()}
    return render(request, "slas/target_choose.html", context, status=422 if request.GET else 200)


@page(DEFINE)
@require_POST
def target_add(request, code, number: int):
    """The filled form of a new target; metric, dataset and source are in the address."""
    _, shown = _editable(request, code, number)
    choice = ChooseForm(request.GET, access=request.access)
    if not choice.is_valid():
        raise Http404("Choose metric and dataset first.")
    return _target_page(request, shown, None, **choice.cleaned_data)


@page(DEFINE)
@BOTH
def target_edit(request, code, number: int, target: str):
    _, shown = _editable(request, code, number)
    found = shown.targets.select_related("clock__dataset", "measure__dataset").filter(code=target).first()
    if found is None:
        raise Http404(f"There is no target {target}.")
    rule = found.clock if found.is_clocked else found.measure
    dataset = visible(Dataset.objects, request, pk=rule.dataset_id)
    source = rule.source if found.is_clocked else ClockRule.Source.EVENTS
    return _target_page(request, shown, found, metric=found.metric, dataset=dataset, source=source)


@page(DEFINE)
@require_POST
def target_remove(request, code, number: int, target: str):
    _, shown = _editable(request, code, number)
    found = shown.targets.filter(code=target).first()
    if found is None:
        raise Http404(f"There is no target {target}.")
    drafting.remove_target(found, by=request.user)
    return redirect(shown)


@page(DEFINE)
@BOTH
def tiers(request, code, number: int):
    """The tier table, all lines at once."""
    found, shown = _editable(request, code, number)
    kept = [
        {
            "below_pct": t.below_pct.normalize(),
            "side": t.side,
            "credit_pct": t.credit_pct.normalize(),
            "target": t.target,
        }
        for t in shown.tiers.select_related("target")
    ]
    kind = forms.formset_factory(TierForm, extra=EMPTY_LINES, max_num=50)
    formset = kind(request.POST or None, initial=kept, form_kwargs={"version": shown})
    refusal = ""
    if request.method == "POST" and formset.is_valid():
        lines = [line for form in formset if (line := form.cleaned_data).get("below_pct") is not None]
        try:
            drafting.set_tiers(shown, lines, by=request.user)
        except ValidationError as fault:
            refusal = " ".join(fault.messages)
        else:
            return redirect(shown)
    context = {
        "heading": f"Credit tiers of {found.name}",
        "formset": formset,
        "refusal": refusal,
        "back": shown.get_absolute_url(),
    }
    return render(request, "slas/tiers.html", context, status=422 if request.method == "POST" else 200)


def _editable(request, code, number: int):
    found = the_agreement(request, code)
    require(request, DEFINE, found.unit_id)
    shown = the_version(found, number)
    if not shown.is_editable:
        raise Http404(f"Version {number} is signed: draft a new one.")
    return found, shown


def _target_page(request, version: AgreementVersion, target: ServiceTarget | None, *, metric, dataset, source):
    first = TargetForm.first_words(target) if target else {}
    words = {"metric": metric, "dataset": dataset, "source": source, "target": target, "initial": first}
    form = TargetForm(request.POST if request.method == "POST" else None, **words)
    if request.method == "POST" and form.is_valid():
        code = target.code if target else form.cleaned_data["code"]
        rest = {**form.target_words(), **form.rule_words(), "new_only": target is None}
        try:
            drafting.set_target(version, code, by=request.user, **rest)
        except ValidationError as fault:
            _show(form, fault)
        except drafting.AgreementRefused as refusal:
            form.show_faults(refusal.faults)
        except drafting.WrongState as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(f"{version.get_absolute_url()}#{code}")
    title = f"{'Target' if target else 'New target'}: {ServiceTarget.Metric(metric).label.lower()}"
    args = [version.agreement.code, version.number]
    more = {"columns": form.columns, "dataset": dataset}
    if target:
        more["remove_url"] = reverse("agreement_target_remove", args=[*args, target.code])
    else:
        more["action"] = f"{reverse('agreement_target_add', args=args)}?{request.GET.urlencode()}"
    return _groups(request, version, form, title, "Keep the target", **more)


def _groups(request, version: AgreementVersion, form, heading: str, label: str, **more):
    context = {
        "heading": heading,
        "intro": "A draft: nothing counts before a second person has signed it.",
        "form": form,
        "label": label,
        "back": version.get_absolute_url(),
        "breadcrumb": [
            ("Service levels", reverse("agreements")),
            (version.agreement.name, version.agreement.get_absolute_url()),
            (f"Version {version.number}", version.get_absolute_url()),
        ],
        **more,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "slas/groups_form.html", context, status=status)


def _show(form, fault: ValidationError) -> None:
    for name, faults in getattr(fault, "error_dict", {None: fault.error_list}).items():
        form.add_error(name if name in form.fields else None, faults)


def _show_refusal(form, refusal: drafting.AgreementRefused) -> None:
    for fault in refusal.faults:
        form.add_error(fault.field if fault.field in form.fields else None, fault.message)
