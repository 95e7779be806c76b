"""What a person is asked about vendors: their questions of the last complete period, with the answers given."""

from dataclasses import dataclass
from datetime import date

from kpis.calendars import calendars_of
from organization.models import User
from vendors.models import Criterion, Respondent, SurveyAnswer, SurveyQuestion, TemplateVersion
from vendors.periods import grain_of, last_complete


@dataclass(frozen=True, slots=True)
class Asked:
    """`questions`: each with the person's answer of the period, or None."""

    respondent: Respondent
    period: object
    questions: tuple[tuple[SurveyQuestion, SurveyAnswer | None], ...]


def asked_of_me(user: User, day: date, access) -> list[Asked]:
    """For every vendor that the person is asked about: the questions of its scorecard. Five queries."""
    mine = list(Respondent.objects.visible_to(access).filter(user=user).select_related("vendor__unit"))
    templates = {one.vendor.template_id for one in mine}
    questions: dict[int, list[SurveyQuestion]] = {}
    wanted = Criterion.objects.filter(
        version__template__in=templates,
        version__state=TemplateVersion.State.IN_FORCE,
        version__valid_to=None,
        question__is_active=True,
    )
    for criterion in wanted.select_related("question", "version"):
        questions.setdefault(criterion.version.template_id, []).append(criterion.question)
    calendars = calendars_of({one.vendor.unit_id for one in mine}, day)
    answers = {
        (answer.vendor_id, answer.question_id, answer.period_start): answer
        for answer in SurveyAnswer.objects.filter(by=user, vendor__in=[one.vendor_id for one in mine])
    }
    found = []
    for one in mine:
        period = last_complete(calendars[one.vendor.unit_id], grain_of(one.vendor), _last_reviewed(one, day))
        asked = questions.get(one.vendor.template_id, [])
        pairs = tuple((q, answers.get((one.vendor_id, q.pk, period.start))) for q in asked)
        found.append(Asked(one, period, pairs))
    return found


def _last_reviewed(respondent: Respondent, day: date) -> date:
    """Once a vendor is reviewed no longer, its last period is the one that is asked about."""
    end = respondent.vendor.cadence_to
    return min(day, end) if end else day
