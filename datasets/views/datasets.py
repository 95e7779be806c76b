"""Datasets: the list, one dataset, its contract, its quality, its versions."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from datasets import contracts, describing, quality, scope, undo
from datasets.facts import contract_of
from datasets.forms import DescriptionForm, RuleForm
from datasets.forms_contract import ColumnForm, ColumnFormSet, ContractForm, column_initials, contract_from
from datasets.models import Dataset, QualityRule
from datasets.readers import by_column, readers_of
from datasets.refusals import ColumnsRead, Refusal
from doors.pages import form_page, page, paged, require, visible
from organization.access import DEFINE, UPLOAD, VIEW
from organization.zones import timezone_of

SORTS = {
    "name": "name",
    "rows": "rows",
    "quality": "quality_score",
    "through": "complete_through",
    "loaded": "loaded_at",
}


@page(VIEW)
def dataset_list(request):
    sort = request.GET.get("sort", "name")
    order = SORTS.get(sort.lstrip("-"), "name")
    datasets = Dataset.objects.visible_to(request.access).select_related("unit", "steward")
    if text := request.GET.get("q", "").strip():
        datasets = datasets.filter(Q(name__icontains=text) | Q(code__icontains=text) | Q(source_system__icontains=text))
    datasets = datasets.order_by(f"-{order}" if sort.startswith("-") else order, "pk")
    context = {"page": paged(request, datasets), "may_upload": request.access.anywhere(UPLOAD), "q": text}
    context["whole"] = scope.wholly_seen(request.access)
    return render(request, "datasets/dataset_list.html", context)


def tabs_of(dataset: Dataset, active: str, access) -> list[dict]:
    """None for a vendor's contact: they see no workings."""
    if access.is_vendor_only:
        return []
    return [
        {"label": label, "url": reverse(name, args=[dataset.code]), "active": name == active}
        for label, name in (
            ("Overview", "dataset"),
            ("Contract", "dataset_contract"),
            ("Quality", "dataset_quality"),
            ("Closed periods", "dataset_closing"),
            ("History", "dataset_history"),
        )
    ]


def context_of(request, dataset: Dataset, active: str, **more) -> dict:
    """What the frame of a dataset's pages shows, and `more`."""
    may = {name: request.access.allows(name, dataset.unit_id) for name in (DEFINE, UPLOAD)}
    crumbs = [("Datasets", reverse("datasets"))]
    frame = {"dataset": dataset, "tabs": tabs_of(dataset, active, request.access), "may": may, "breadcrumb": crumbs}
    frame["shows_workings"] = not request.access.is_vendor_only
    return {**frame, "is_whole": dataset.pk in scope.wholly_seen(request.access), **more}


@page(VIEW)
def dataset(request, code):
    found = visible(Dataset.objects.select_related("unit", "owner", "steward"), request, code=code)
    uploads = (
        found.uploads.select_related("uploaded_by", "job")
        .annotate(open_rejects=Count("rejects", filter=Q(rejects__state="open")))
        .order_by("-pk")
    )
    columns = contract_of(found).columns if found.contract else ()
    readers = by_column(readers_of(found, request.access)) if columns else {}
    context = context_of(request, found, "dataset", page=paged(request, uploads, 20))
    context["columns"] = [(column, readers.get(column.name.lower(), [])) for column in columns]
    context["kpis"] = _kpis_fed(found, request.access)
    return render(request, "datasets/dataset.html", context)


@page(DEFINE)
def describe(request, code):
    """What is said about the dataset, and who answers for it."""
    found = visible(Dataset.objects.select_related("unit"), request, code=code)
    require(request, DEFINE, found.unit_id)
    form = DescriptionForm(request.POST or None, instance=found, access=request.access)

    def act(values):
        describing.describe(Dataset.objects.get(pk=found.pk), by=request.user, **values)
        return f"{values['name']} was changed."

    crumbs = [("Datasets", reverse("datasets")), (found.name, found.get_absolute_url())]
    title = f"About {found.name}"
    return form_page(
        request, form, act, back=found.get_absolute_url(), refusals=(Refusal,), title=title, breadcrumb=crumbs
    )


def _kpis_fed(dataset: Dataset, access):
    """The KPIs that are computed from the dataset, by the relation that the room above gives to it."""
    versions = getattr(dataset, "kpi_versions", None)
    if versions is None:
        return []
    kpis = versions.model._meta.get_field("kpi").related_model.objects.visible_to(access)
    return kpis.filter(versions__in=versions.values("pk")).distinct()[:100]


@page(VIEW)
def history(request, code):
    found = visible(Dataset.objects.with_workings(request.access), request, code=code)
    versions = found.versions.select_related("upload__uploaded_by", "restated_by").defer("files")
    page = paged(request, versions)
    taken_back = undo.asked_for(version.upload for version in page if version.kind == version.Kind.UNDO)
    for version in page:
        version.taken_back = taken_back.get(version.upload_id) if version.kind == version.Kind.UNDO else None
    context = context_of(request, found, "dataset_history", page=page)
    context["contracts"] = found.contract_versions.select_related("created_by").defer("contract")
    return render(request, "datasets/history.html", context)


@page(VIEW)
def contract(request, code):
    """The contract, its editing with what would change, and putting it in force."""
    from lake.contract import ContractError

    found = visible(Dataset.objects.with_workings(request.access), request, code=code)
    if not found.contract:
        messages.info(request, "This dataset has no contract yet: upload an extract, and say how it is read.")
        return redirect(f"{reverse('upload_new')}?dataset={found.code}")
    before = contract_of(found)
    given = request.POST or None
    if given is not None:
        require(request, DEFINE, found.unit_id)
    form = ContractForm(given, initial=ContractForm.initial_of(before))
    columns = ColumnFormSet(given, initial=column_initials(before), prefix="c")
    columns.extra *= request.access.allows(DEFINE, found.unit_id)  # who only reads is offered no further column
    changes, wanted, dropped = None, None, []
    if given is not None and form.is_valid() and columns.is_valid():
        try:
            zone = timezone_of(found.unit, request.day).key
            wanted = contract_from(form, columns, before, zone=zone).check()
            changes = _read_by(found, contracts.difference(before, wanted), request.access)
            if "save" in given:
                contracts.put_in_force(found, wanted, by=request.user, drop_read=given.getlist("drop_read"))
                messages.success(request, "The contract is in force for later uploads. Stored rows stay as they are.")
                return redirect("dataset_contract", found.code)
        except ContractError as fault:
            show_contract_fault(fault, form, columns)
        except ColumnsRead as fault:
            form.add_error(None, str(fault))
            dropped = fault.extra["columns"]
        except (ValueError, Refusal) as fault:
            form.add_error(None, str(fault))
    status = 422 if given is not None and (form.errors or any(columns.errors)) else 200
    context = context_of(request, found, "dataset_contract", form=form, columns=columns, changes=changes)
    context["dropped"] = dropped
    return render(request, "datasets/contract.html", context, status=status)


def _read_by(dataset: Dataset, changes: list[contracts.Difference], access) -> list[tuple]:
    """Each change with who reads its column, as far as the person may see them."""
    readers = by_column(readers_of(dataset, access))
    return [(change, readers.get(change.column.lower(), [])) for change in changes]


def show_contract_fault(fault, form, columns) -> None:
    """Put a ContractError beside the column that it names, or above the form."""
    for entry in columns:
        if isinstance(entry, ColumnForm) and entry.is_kept and entry.cleaned_data["name"] == fault.column:
            entry.add_error("formula" if entry.cleaned_data["formula"] else "name", fault.message)
            return
    form.add_error(None, fault.message)


@page(VIEW)
def quality_page(request, code):
    """Rules with their last results; a new rule."""
    found = visible(Dataset.objects.with_workings(request.access).select_related("unit"), request, code=code)
    if not found.contract:
        return redirect("dataset_contract", found.code)
    again = request.POST.get("again")
    form = RuleForm(None if again else request.POST or None, dataset=found, access=request.access)
    if request.method == "POST":
        require(request, DEFINE, found.unit_id)
        if again:
            quality.request_run(found, by=request.user)
            messages.success(request, "The rules are evaluated again; the results come in a moment.")
            return redirect("dataset_quality", found.code)
        if form.is_valid() and _defined(request, found, form):
            messages.success(request, "The rule is made; its first result comes in a moment.")
            return redirect("dataset_quality", found.code)
    results = {result.rule_id: result for result in quality.latest_results(found)}
    rules = found.quality_rules.filter(is_active=True).prefetch_related("overrides__by")
    all_rows = scope.row_scope(found, request.access).everything
    listed = [
        (
            rule,
            result := results.get(rule.pk),
            answer := _answer_to(rule, result),
            _is_bound(rule, result, answer, request),
        )
        for rule in rules
    ]
    context = context_of(request, found, "dataset_quality", form=form, rules=listed, shows_values=all_rows)
    return render(request, "datasets/quality.html", context, status=422 if form.errors else 200)


def _answer_to(rule: QualityRule, result):
    """The override of the rule's last result, if somebody answered for it."""
    return next((one for one in rule.overrides.all() if result and one.version == result.version), None)


def _is_bound(rule: QualityRule, result, answer, request) -> bool:
    """Whether the person loaded the rows for which a critical rule fails: another one answers for them."""
    fails = result and not result.passed and not answer and rule.severity == QualityRule.Severity.CRITICAL
    return bool(fails) and quality.is_loader(result, request.user)


@page(DEFINE)
def change_rule(request, pk):
    """A rule that is there, changed; it is evaluated at once."""
    rule = _definable(request, pk)
    if not rule.is_active:
        raise Http404
    found = rule.dataset
    given = request.POST or None
    form = RuleForm(given, instance=rule, initial=RuleForm.initial_of(rule), dataset=found, access=request.access)
    if form.is_valid() and _defined(request, found, form, rule=QualityRule.objects.get(pk=pk)):
        messages.success(request, f"{form.cleaned_data['name']} is changed; its result comes in a moment.")
        return redirect("dataset_quality", found.code)
    context = context_of(request, found, "dataset_quality", form=form, rule=rule)
    return render(request, "datasets/rule.html", context, status=422 if form.errors else 200)


def _defined(request, dataset: Dataset, form: RuleForm, rule: QualityRule | None = None) -> bool:
    """Make or change the rule as the valid form says; False if that is refused, the reason beside its field."""
    values = {name: form.cleaned_data[name] for name in RuleForm.Meta.fields} | {"parameters": form.parameters()}
    try:
        quality.define_rule(dataset, by=request.user, access=request.access, rule=rule, **values)
    except Refusal as refusal:
        form.refuse(refusal)
        return False
    return True


@require_POST
@page(DEFINE)
def override_rule(request, pk):
    rule = _definable(request, pk)
    try:
        seen = request.POST.get("version", "")
        version = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 18 else -1
        quality.override(rule, reason=request.POST.get("reason", ""), by=request.user, seen=version)
        messages.success(request, f"{rule.name}: noted with your reason.")
    except Refusal as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}".strip())
    return redirect("dataset_quality", rule.dataset.code)


@require_POST
@page(DEFINE)
def retire_rule(request, pk):
    rule = _definable(request, pk)
    try:
        quality.retire_rule(rule, by=request.user)
        messages.success(request, f"{rule.name} is no longer evaluated.")
    except Refusal as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}".strip())
    return redirect("dataset_quality", rule.dataset.code)


def _definable(request, pk) -> QualityRule:
    rule = visible(QualityRule.objects.select_related("dataset"), request, pk=pk)
    if not request.access.allows(DEFINE, rule.dataset.unit_id):
        raise PermissionDenied("Only who may define at the dataset's unit may change its rules.")
    return rule
