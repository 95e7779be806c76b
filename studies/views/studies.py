"""Studies: the list, one of them with its runs side by side, and what people do with it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Max, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from analytics.wording import percent
from doors.pages import page, paged, require, visible
from doors.revisions import ChangedMeanwhile
from organization.access import DEFINE, VIEW
from studies import bench, saving
from studies.analysis import CannotAnswer
from studies.analysis.words import day_words
from studies.comparing import compared
from studies.forms import ConclusionForm, FilterForm, ReviewForm
from studies.limited import TooMuch
from studies.models import Study
from studies.questions import QUESTIONS, Asked, Field

from .bench import address_of
from .tables import csv_of

PEOPLE = ("unit", "dataset", "kpi", "analyst", "reviewer")
REFUSALS = (
    saving.WrongState, saving.SecondPersonNeeded, saving.NotTheAnalyst, saving.NoConclusion, ChangedMeanwhile,
    CannotAnswer, TooMuch,
)  # fmt: skip


@page(VIEW)
@require_GET
def studies(request):
    """What was asked and found, the latest first; filtered by the address."""
    form = FilterForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    found = Study.objects.visible_to(request.access).select_related(*PEOPLE)
    if words := chosen.get("q", "").replace("\0", ""):
        found = found.filter(Q(title__icontains=words) | Q(conclusion__icontains=words))
    found = found.filter(**{name: chosen[name] for name in ("question", "state") if chosen.get(name)})
    if chosen.get("analyst") == "me":
        found = found.filter(analyst=request.user)
    context = {
        "heading": "Analysis",
        "form": form,
        "page": paged(request, found.annotate(last_run=Max("runs__at")).order_by("-changed_at", "-pk")),
        "is_filtered": any(chosen.values()),
        "questions": QUESTIONS.values(),
    }
    return render(request, "studies/studies.html", context)


@page(VIEW)
@require_GET
def study(request, pk: int):
    """One study: the newest run (or the one of `?run=`), beside another (`?against=`)."""
    found = visible(Study.objects.select_related(*PEOPLE), request, pk=pk)
    runs = list(found.runs.select_related("by").defer("result"))
    shown = _run(found, request.GET.get("run")) or found.runs.select_related("by").first()
    before = _run(found, request.GET.get("against")) or _run(found, shown.number - 1)
    may_change = request.access.allows(DEFINE, found.unit_id)
    mine = found.analyst_id == request.user.pk
    context = {
        "heading": found.title,
        "breadcrumb": [("Analysis", reverse("studies"))],
        "study": found,
        "asked": QUESTIONS[found.question],
        "runs": runs,
        "run": shown,
        "result": shown.result,
        "before": before,
        "lines": compared(before.result, shown.result) if before else [],
        "parameters": _asked_with(QUESTIONS[found.question], shown.parameters),
        "bench": address_of(found),
        "may_change": may_change,
        "may_conclude": may_change and mine and found.state == Study.State.DRAFT,
        "may_review": may_change and not mine and found.state == Study.State.IN_REVIEW,
        "conclusion_form": ConclusionForm(initial={"conclusion": found.conclusion}),
        "review_form": ReviewForm(),
        "revision": saving.revision_of(found, runs[0].number),
        "is_mine": mine,
    }
    return render(request, "studies/study.html", context)


@page(VIEW)
@require_GET
def study_csv(request, pk: int, number: int):
    found = visible(Study.objects.all(), request, pk=pk)
    run = _run(found, number)
    if run is None:
        return render(request, "404.html", status=404)
    return csv_of(f"{found.title} run {number}", run.result)


@page(DEFINE)
@require_POST
def study_again(request, pk: int):
    """Put the same question to the current data."""
    found = _mine(request, pk)

    def act():
        execution = bench.answer(
            found.question, found.source, found.unit, found.parameters, request.access, request.day, grain=found.grain
        )
        run = saving.run_again(found, execution, by=request.user, at=timezone.now())
        return f"Run {run.number} stands beside the one before it."

    return _done(request, found, act)


@page(DEFINE)
@require_POST
def study_conclude(request, pk: int):
    found, form = _mine(request, pk), ConclusionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Write the conclusion in plain words, at most 4,000 characters.")
        return redirect(found)

    def act():
        saving.conclude(found, form.cleaned_data["conclusion"], by=request.user)
        return "The conclusion is written."

    return _done(request, found, act)


@page(DEFINE)
@require_POST
def study_submit(request, pk: int):
    found = _mine(request, pk)

    def act():
        saving.submit(found, by=request.user)
        return "Handed in: a second person reviews it."

    return _done(request, found, act)


@page(DEFINE)
@require_POST
def study_review(request, pk: int, decision: str):
    """Accept a study, or send it back with a reason."""
    found, form = _mine(request, pk), ReviewForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    if decision == "send-back" and not note.strip():
        messages.error(request, "Say why, so that the analyst knows what to change.")
        return redirect(found)

    def act():
        if decision == "accept":
            seen = request.POST.get("revision", "")
            saving.accept(found, by=request.user, at=timezone.now(), note=note, seen=seen)
            return "Reviewed."
        saving.send_back(found, by=request.user, note=note)
        return "Sent back to its analyst."

    return _done(request, found, act)


def _mine(request, pk: int) -> Study:
    found = visible(Study.objects.select_related(*PEOPLE), request, pk=pk)
    require(request, DEFINE, found.unit_id)
    return found


def _done(request, found: Study, act):
    try:
        messages.success(request, act())
    except REFUSALS as refusal:
        messages.error(request, f"{refusal} {getattr(refusal, 'next_step', '')}".strip())
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
    return redirect(found)


def _run(found: Study, number):
    """The run of that number; None if the address names none that there is."""
    if not str(number or "").isdecimal() or len(str(number)) > 9:
        return None
    return found.runs.select_related("by").filter(number=int(number)).first()


def _asked_with(asked: Asked, parameters: dict) -> list[tuple[str, str]]:
    """What the question was asked with, in the words and the order of its form."""
    fields = {field.name: field for field in asked.fields}
    order = [name for name in fields if name in parameters] + [name for name in parameters if name not in fields]
    return [
        (fields[name].label if name in fields else name.replace("_", " "), _words(parameters[name], fields.get(name)))
        for name in order
    ]


def _words(value, field: Field | None) -> str:
    if field and field.kind == "share":
        return percent(float(value), 0 if round(value, 2) == value else 1)
    if field and field.kind == "day":
        return day_words(value)
    if field and field.kind == "choice":
        return str(value).replace("_", " ")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
