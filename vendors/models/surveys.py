"""What no system measures: short questions that named people answer once a period."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from organization.access import OVERSEE, VIEW
from organization.models import Unit

from .register import OverseenQuerySet, Vendor


class QuestionQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(unit__in=access.units(OVERSEE))


class SurveyQuestion(models.Model):
    """Answered from 1 (poor) to 5 (excellent)."""

    LOWEST, HIGHEST = 1, 5

    code = models.SlugField(max_length=60, unique=True)
    text = models.CharField(max_length=300)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", help_text="Who asks it.")
    is_active = models.BooleanField("is asked", default=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self):
        return self.text


class Respondent(models.Model):
    """A person inside who is asked about the vendor, each period of its reviews."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="respondents")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["user__last_name", "user__username"]
        constraints = [models.UniqueConstraint(fields=["vendor", "user"], name="one_respondent_per_vendor_and_user")]

    def __str__(self):
        return str(self.user)


class AnswerQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Those of vendors that the person oversees, and their own."""
        mine = Q(by=access.user_id, vendor__unit__in=access.units(VIEW))
        return self.filter(Q(vendor__unit__in=access.units(OVERSEE)) | mine)


class SurveyAnswer(models.Model):
    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="answers")
    question = models.ForeignKey(SurveyQuestion, models.PROTECT, related_name="answers")
    period_start = models.DateField()
    period_end = models.DateField(help_text="Not included.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField(auto_now=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["-period_start", "question", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "question", "period_start", "by"], name="one_answer_per_person_and_period"
            ),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="an_answer_is_from_1_to_5"),
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")), name="a_surveys_period_ends_after_it_starts"
            ),
        ]

    def __str__(self):
        return f"{self.question}: {self.rating}"
