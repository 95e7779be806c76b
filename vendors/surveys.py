"""Surveys: asking short questions about a vendor, and answering them once a period."""

from datetime import date

from django.db import transaction

from organization import audit
from organization.models import Unit, User

from .models import Respondent, SurveyAnswer, SurveyQuestion, Vendor
from .periods import review_period
from .refusals import Refusal


class SurveyRefused(Refusal):
    """The question is not asked of this person, or not for this period."""


@transaction.atomic
def add_question(*, code: str, text: str, unit: Unit, by) -> SurveyQuestion:
    """Raises ValidationError."""
    question = SurveyQuestion(code=code, text=text, unit=unit)
    question.full_clean()
    question.save()
    audit.record(by, "survey question added", question, unit=unit)
    return question


@transaction.atomic
def change_question(question: SurveyQuestion, *, by, is_active: bool) -> SurveyQuestion:
    """Ask it from now on, or no longer; its answers stay. Its words never change, so that answers mean the same."""
    question.is_active = is_active
    question.save(update_fields=["is_active"])
    audit.record(by, "survey question changed", question, unit=question.unit, is_active=is_active)
    return question


@transaction.atomic
def ask(vendor: Vendor, user: User, *, by) -> Respondent:
    """Let `user` be asked about the vendor each period."""
    respondent, is_new = Respondent.objects.get_or_create(vendor=vendor, user=user)
    if is_new:
        audit.record(by, "survey respondent added", respondent, unit=vendor.unit, username=user.username)
    return respondent


@transaction.atomic
def stop_asking(respondent: Respondent, *, by) -> None:
    """The person is asked no longer; what they answered counts on."""
    audit.record(by, "survey respondent removed", respondent, unit=respondent.vendor.unit)
    respondent.delete()


@transaction.atomic
def answer(
    vendor: Vendor, question: SurveyQuestion, *, day: date, rating: int, by: User, comment: str = ""
) -> SurveyAnswer:
    """Answer for the review period that holds `day`; a second answer replaces the first.

    Raises SurveyRefused for who is not asked, for a question that is not, and for a period that a review has frozen.
    """
    if not vendor.respondents.filter(user=by).exists():
        raise SurveyRefused(f"You are not asked about {vendor}: its manager names who is.")
    if not question.is_active:
        raise SurveyRefused(f"“{question}” is asked no longer.", "question")
    period = review_period(vendor, day)
    if vendor.reviews.filter(state="published", period_start__lte=period.start, period_end__gte=period.end).exists():
        raise SurveyRefused(f"The review of {period.label} is published: its answers stand.", "day")
    given = SurveyAnswer.objects.filter(vendor=vendor, question=question, period_start=period.start, by=by).first()
    given = given or SurveyAnswer(vendor=vendor, question=question, period_start=period.start, by=by)
    given.period_end, given.rating, given.comment = period.end, rating, comment
    given.full_clean()
    given.save()
    audit.record(by, "survey answered", given, unit=vendor.unit, question=question.code, period=period.label)
    return given
