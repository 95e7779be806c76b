"""The bench: a question, its data, its answer; kept as a study when it is worth it. Every state is in the address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from datasets.models import Dataset
from doors.pages import page, require
from kpis.models import Kpi
from kpis.selectors.catalogue import first_unit
from organization.access import DEFINE, VIEW
from organization.models import Unit
from studies import bench, saving
from studies.analysis import CannotAnswer
from studies.bench import Execution
from studies.forms import QuestionForm, SaveForm, SourceForm
from studies.limited import TooMuch
from studies.questions import DATASET, KPI, QUESTIONS, Asked

from .tables import csv_of


@dataclass(frozen=True)
class Place:
    """What the address asks: a question, its data and the unit. source None: not yet chosen."""

    asked: Asked
    sources: SourceForm
    source: Dataset | Kpi | None = None
    unit: Unit | None = None
    grain: str = ""

    @property
    def kind(self) -> str:
        return DATASET if isinstance(self.source, Dataset) else KPI


def place_of(request, given) -> Place:
    """From the address or the form that saves. Raises Http404 for another question, or for data of others."""
    asked = QUESTIONS.get(given.get("question", ""))
    if asked is None:
        raise Http404
    sources = SourceForm(given, access=request.access, asked=asked)
    if not sources.is_valid():
        if any(sources.has_error(name, "invalid_choice") for name in ("dataset", "kpi", "unit")):
            raise Http404
        return Place(asked, sources)
    chosen = sources.cleaned_data
    source = chosen.get("dataset") or chosen.get("kpi")
    if source is None:
        return Place(asked, sources)
    unit = chosen.get("unit") or _own_unit(source, request.access)
    return Place(asked, sources, source, unit, chosen.get("grain", "") if isinstance(source, Kpi) else "")


def _own_unit(source: Dataset | Kpi, access) -> Unit:
    """Where this person looks at the data when no unit is named."""
    seen = access.units(VIEW)
    if isinstance(source, Kpi):
        return Unit.objects.get(pk=first_unit(source, access))
    if source.unit_id in seen:
        return source.unit
    return source.units.filter(pk__in=seen).order_by("name").first() or source.unit


@page(VIEW)
@require_GET
def study_new(request):
    """Choose a question, then data, then what it asks for; the answer stands below."""
    if "question" not in request.GET:
        return render(
            request, "studies/questions.html", _frame(heading="New analysis") | {"questions": QUESTIONS.values()}
        )
    place = place_of(request, request.GET)
    context = _frame(heading=place.asked.title) | {"place": place, "asked": place.asked}
    if place.source is None:
        return render(request, "studies/bench.html", context)
    is_asked = any(name in request.GET for name in _names(place))
    form = QuestionForm(
        request.GET if is_asked else None, asked=place.asked, source=place.source, access=request.access
    )
    context |= {"form": form, "query": request.GET.urlencode()}
    if is_asked and form.is_valid():
        try:
            execution = _answer(request, place, form.parameters())
        except (CannotAnswer, TooMuch) as fault:
            context["problems"] = [_problem(fault)]
        else:
            if request.GET.get("as") == "csv":
                return csv_of(place.asked.title, execution.result)
            context |= _answered(request, place, execution)
    return render(request, "studies/bench.html", context)


@page(DEFINE)
@require_POST
def study_save(request):
    """Answer once more, here on the server, and keep it."""
    place = place_of(request, request.POST)
    if place.source is None:
        raise Http404
    require(request, DEFINE, place.unit)
    form = QuestionForm(request.POST, asked=place.asked, source=place.source, access=request.access)
    words = SaveForm(request.POST)
    context = _frame(heading=place.asked.title) | {"place": place, "asked": place.asked, "form": form, "save": words}
    if form.is_valid() and words.is_valid():
        try:
            study = _save(request, place, form.parameters(), words.cleaned_data)
        except (CannotAnswer, TooMuch) as fault:
            context["problems"] = [_problem(fault)]
        except ValidationError as fault:
            words.add_error(None, " ".join(fault.messages))
        else:
            messages.success(request, "Kept as a draft. A second person can review it.")
            return redirect(study)
    context["may_save"] = True
    return render(request, "studies/bench.html", context, status=422)


def _answer(request, place: Place, parameters: dict) -> Execution:
    return bench.answer(
        place.asked.key, place.source, place.unit, parameters, request.access, request.day, grain=place.grain
    )


def _save(request, place: Place, parameters: dict, words: dict):
    return saving.save(
        _answer(request, place, parameters),
        title=words["title"],
        conclusion=words["conclusion"],
        question=place.asked.key,
        source=place.source,
        unit=place.unit,
        grain=place.grain,
        parameters=parameters,
        by=request.user,
        at=timezone.now(),
    )


def _answered(request, place: Place, execution: Execution) -> dict:
    return {
        "execution": execution,
        "result": execution.result,
        "may_save": request.access.allows(DEFINE, place.unit),
        "save": SaveForm(initial={"title": f"{place.asked.title.rstrip('?')}: {place.source.name}"[:200]}),
        "hidden": [(name, value) for name, values in request.GET.lists() for value in values if name != "as"],
    }


def _names(place: Place) -> set[str]:
    return {field.name for field in place.asked.fields_on(place.kind)}


def _problem(fault: Exception) -> dict:
    return {"thing": "No answer.", "fault": str(fault)}


def _frame(heading: str) -> dict:
    return {"heading": heading, "breadcrumb": [("Analysis", reverse("studies"))]}


def address_of(study) -> str:
    """The bench with the study's question, data and parameters."""
    source = {"dataset": study.dataset.code} if study.dataset else {"kpi": study.kpi.code, "grain": study.grain}
    given = {"question": study.question, **source, "unit": study.unit.code, **study.parameters}
    return f"{reverse('study_new')}?{urlencode(given, doseq=True)}"
