"""Surveys: what I am asked, who is asked about which vendor, and the questions."""

from datetime import date

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from doors.days import day_from
from doors.pages import form_page, page, require
from organization.access import OVERSEE, PROCURE
from vendors import surveys
from vendors.forms import QuestionForm, RespondentForm
from vendors.models import Respondent, SurveyQuestion
from vendors.refusals import Refusal
from vendors.selectors.surveys import asked_of_me

from .frame import id_of, room_tabs, step, text_of, trail


@page(OVERSEE)
@require_GET
def survey_page(request):
    """My questions of the last complete period of each vendor, and who else is asked."""
    access = request.access
    respondents = Respondent.objects.visible_to(access).select_related("vendor__unit", "user")
    context = {
        "heading": "Surveys",
        "tabs": room_tabs(request, "vendor_surveys"),
        "breadcrumb": trail(),
        "mine": asked_of_me(request.user, request.day, access),
        "questions": SurveyQuestion.objects.visible_to(access).select_related("unit"),
        "respondents": respondents.order_by("vendor__unit__name", "user__last_name"),
        "ratings": range(SurveyQuestion.LOWEST, SurveyQuestion.HIGHEST + 1),
        "procures": access.units(PROCURE),
        "may_add": access.anywhere(PROCURE),
    }
    return render(request, "vendors/surveys.html", context)


@page(OVERSEE)
@require_POST
def survey_answer(request, pk):
    """One's own rating of a vendor by a question, for the period that holds `day`."""
    mine = Respondent.objects.visible_to(request.access).select_related("vendor__unit")
    respondent = get_object_or_404(mine, pk=pk, user=request.user)
    question = get_object_or_404(SurveyQuestion, pk=id_of(request, "question"))

    def act():
        rating, day = text_of(request, "rating"), text_of(request, "day")
        if rating not in "12345" or not rating:
            raise Refusal("Choose a rating from 1 to 5.", "rating")
        surveys.answer(
            respondent.vendor, question, day=_day(day), rating=int(rating), by=request.user,
            comment=text_of(request, "comment", 2000),
        )  # fmt: skip
        return f"{respondent.vendor}: your answer counts."

    return step(request, act, reverse("vendor_surveys"))


def _day(text: str) -> date:
    day = day_from(text)
    if not day:
        raise Refusal("The period is not one of those that are asked about.", "day")
    return day


@page(PROCURE)
def question_add(request):
    form = QuestionForm(request.POST or None, access=request.access)

    def act(values):
        return f"“{surveys.add_question(by=request.user, **values)}” can be asked now: put it on a scorecard."

    return _form(request, form, act, title="Add a question", label="Add question")


@page(PROCURE)
@require_POST
def question_switch(request, pk):
    question = get_object_or_404(SurveyQuestion.objects.visible_to(request.access), pk=pk)
    require(request, PROCURE, question.unit_id)

    def act():
        changed = surveys.change_question(question, by=request.user, is_active=not question.is_active)
        return "The question is asked again." if changed.is_active else "The question is asked no longer."

    return step(request, act, reverse("vendor_surveys"))


@page(PROCURE)
def respondent_add(request):
    initial = {"vendor": request.GET.get("vendor")}
    form = RespondentForm(request.POST or None, initial=initial, access=request.access, day=request.day)

    def act(values):
        return f"{surveys.ask(values['vendor'], values['user'], by=request.user)} is asked about {values['vendor']}."

    return _form(request, form, act, title="Ask somebody about a vendor", label="Ask them")


@page(PROCURE)
@require_POST
def respondent_remove(request, pk):
    respondent = get_object_or_404(Respondent.objects.visible_to(request.access).select_related("vendor__unit"), pk=pk)
    require(request, PROCURE, respondent.vendor.unit_id)

    def act():
        surveys.stop_asking(respondent, by=request.user)
        return f"{respondent} is asked no longer."

    return step(request, act, reverse("vendor_surveys"))


def _form(request, form, act, **words):
    back = reverse("vendor_surveys")
    return form_page(
        request, form, act, back=back, refusals=(Refusal,), breadcrumb=trail(None, ("Surveys", back)), **words
    )
