"""Scorecard templates: the list, one with its versions, and editing the draft."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doors.pages import form_page, page, require, visible
from organization.access import OVERSEE, PROCURE
from vendors import templates
from vendors.cards import curve_words, gate_words
from vendors.forms import CriterionForm, PublishForm, TemplateForm, VersionForm
from vendors.models import Criterion, ScorecardTemplate, TemplateVersion
from vendors.refusals import Refusal

from .frame import id_of, room_tabs, step, trail


@page(OVERSEE)
@require_GET
def template_list(request):
    found = ScorecardTemplate.objects.visible_to(request.access).select_related("unit").prefetch_related("versions")
    context = {
        "heading": "Vendor scorecards",
        "tabs": room_tabs(request, "vendor_templates"),
        "breadcrumb": trail(),
        "templates": found,
        "may_add": request.access.anywhere(PROCURE),
    }
    return render(request, "vendors/templates.html", context)


@page(PROCURE)
def template_new(request):
    form = TemplateForm(request.POST or None, access=request.access)

    def act(values):
        return f"{templates.create_template(by=request.user, **values)} is a draft: add its criteria."

    return form_page(
        request, form, act, back=reverse("vendor_templates"), refusals=(Refusal,), title="New vendor scorecard",
        label="Make a draft", breadcrumb=trail(),
    )  # fmt: skip


@page(OVERSEE)
@require_GET
def template(request, pk):
    """One version (the newest, or `?version=2`) with its criteria."""
    found = visible(ScorecardTemplate.objects.select_related("unit"), request, pk=pk)
    versions = list(found.versions.select_related("made_by", "published_by"))
    asked = request.GET.get("version", "")
    version = next((v for v in versions if str(v.number) == asked), versions[0])
    criteria = list(version.criteria.select_related("kpi", "question"))
    context = {
        "heading": found.name,
        "breadcrumb": trail(None, ("Scorecards", reverse("vendor_templates"))),
        "template": found,
        "versions": versions,
        "version": version,
        "criteria": [(c, curve_words(c), gate_words(c)) for c in criteria],
        "total": sum(c.weight for c in criteria),
        "vendors": found.vendors.overseen_by(request.access).count(),
        "may_change": request.access.allows(PROCURE, found.unit_id),
        "is_draft": version.state == TemplateVersion.State.DRAFT,
        "publish_form": PublishForm(initial={"from_day": request.day}),
    }
    return render(request, "vendors/template.html", context)


@page(PROCURE)
@require_POST
def template_step(request, pk):
    """Draft, remove a criterion, publish."""
    found = _mine(request, pk)
    do = request.POST.get("do", "")
    if do not in ("draft", "remove", "publish"):
        raise Http404

    def act():
        if do == "draft":
            return f"{templates.draft(found, by=request.user)} is a draft: change it, then publish it."
        version = get_object_or_404(found.versions, state=TemplateVersion.State.DRAFT)
        if do == "remove":
            criterion = get_object_or_404(version.criteria, pk=id_of(request))
            templates.remove_criterion(criterion, by=request.user)
            return f"{criterion} is taken out."
        form = PublishForm(request.POST)
        if not form.is_valid():
            raise Refusal("Write the first day on which it holds as YYYY-MM-DD.", "from_day")
        day = form.cleaned_data["from_day"]
        templates.publish(version, from_day=day, now=timezone.now(), by=request.user)
        return f"{version} is in force from {day}."

    return step(request, act, found.get_absolute_url())


@page(PROCURE)
def version_change(request, pk):
    version = _draft(request, pk)
    initial = {name: getattr(version, name) for name in ("missing", "minimum_coverage_pct", "note")}
    form = VersionForm(request.POST or None, initial=initial)

    def act(values):
        templates.change_version(version, by=request.user, **values)
        return "The draft is changed."

    return _form(request, version.template, form, act, title=f"Settings of {version}")


@page(PROCURE)
def criterion_set(request, pk, criterion=None):
    """Add a criterion to the draft of a template, or change one of it."""
    version = _draft(request, pk)
    found = get_object_or_404(version.criteria, pk=criterion) if criterion else None
    form = CriterionForm(request.POST or None, initial=_words_of(found), access=request.access)

    def act(values):
        made = templates.set_criterion(version, criterion=found, by=request.user, **values)
        return f"{made} weighs {made.weight.normalize():f} %."

    title = f"Change {found}" if found else "Add a criterion"
    return _form(request, version.template, form, act, title=title)


def _words_of(criterion: Criterion | None) -> dict:
    if criterion is None:
        return {}
    steps = ", ".join(f"{limit:g}: {score:g}" for limit, score in criterion.steps)
    return {name: getattr(criterion, name) for name in CriterionForm.NAMES} | {"steps": steps}


def _mine(request, pk) -> ScorecardTemplate:
    found = visible(ScorecardTemplate.objects, request, pk=pk)
    require(request, PROCURE, found.unit_id)
    return found


def _draft(request, pk) -> TemplateVersion:
    found = _mine(request, pk)
    return get_object_or_404(found.versions.select_related("template__unit"), state=TemplateVersion.State.DRAFT)


def _form(request, template: ScorecardTemplate, form, act, **words):
    crumbs = trail(None, (template.name, template.get_absolute_url()))
    back = template.get_absolute_url()
    return form_page(request, form, act, back=back, refusals=(Refusal,), breadcrumb=crumbs, **words)
