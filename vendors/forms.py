"""Forms of the pages of vendors. What they offer is what the person may see; verbs decide what holds."""

from datetime import date

from django import forms
from django.db import models

from doors.codes import NewCode
from doors.days import DayField
from kpis.models import Kpi, KpiVersion
from organization.access import OVERSEE, PROCURE, Access
from organization.fields import UnitField
from organization.models import Unit

from .documents import KINDS
from .models import (
    Contact,
    Contract,
    Criterion,
    RiskAssessment,
    ScorecardTemplate,
    SelectionRound,
    SurveyQuestion,
    TemplateVersion,
    Vendor,
    VendorAction,
)
from .people import our_people, owners_for

LINES = {"rows": 3}


def fields_of(model: type[models.Model], *names: str) -> dict[str, forms.Field]:
    """The model's own form fields, with days as they are typed everywhere and texts of three lines."""

    def made(field, **options):
        if isinstance(field, models.DateField):
            options = {"label": options.get("label") or field.verbose_name.capitalize(), "help_text": field.help_text}
            return DayField(required=not field.blank, **options)
        if isinstance(field, models.TextField):
            return field.formfield(widget=forms.Textarea(attrs=LINES))
        return field.formfield(**options)

    return forms.fields_for_model(model, fields=names, formfield_callback=made)


class OfFields(forms.Form):
    """A plain form with the fields of a model; the verb, not the form, checks and saves."""

    def __init__(self, model: type[models.Model], names: tuple[str, ...], *args, **options):
        super().__init__(*args, **options)
        self.fields = fields_of(model, *names) | self.fields


class VendorForm(OfFields):
    NAMES = (
        "tier", "manager", "template", "cadence", "cadence_from", "cadence_to", "review_within_days", "spend_kpi",
        "incidents_kpi", "supplies",
    )  # fmt: skip

    def __init__(self, *args, access: Access, day: date, is_new: bool = False, **options):
        super().__init__(Vendor, self.NAMES, *args, **options)
        self.fields["manager"].queryset = our_people(day)
        self.fields["template"].queryset = ScorecardTemplate.objects.visible_to(access)
        self.fields["spend_kpi"].queryset = Kpi.objects.visible_to(access)
        self.fields["incidents_kpi"].queryset = Kpi.objects.visible_to(access)
        if is_new:
            units = Unit.objects.filter(pk__in=access.units(PROCURE), kind=Unit.Kind.VENDOR, vendor=None)
            unit = forms.ModelChoiceField(units, help_text="A unit of kind vendor that is not registered yet.")
            self.fields = {"unit": unit, **self.fields}


class ExitPlanForm(OfFields):
    def __init__(self, *args, **options):
        super().__init__(Vendor, ("exit_plan", "exit_plan_checked_on"), *args, **options)


class RiskForm(OfFields):
    NAMES = ("assessed_on", "likelihood", "impact", "risk", "mitigation", "next_on")

    def __init__(self, *args, **options):
        super().__init__(RiskAssessment, self.NAMES, *args, **options)


class ContactForm(OfFields):
    def __init__(self, *args, **options):
        super().__init__(Contact, ("name", "function", "email", "phone"), *args, **options)


class LetInForm(forms.Form):
    username = forms.CharField(max_length=150, label="Log-in", help_text="An outside user's, or a new one.")
    password = forms.CharField(
        required=False,
        max_length=128,
        label="First password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Only where the log-in is new.",
    )


class ContractForm(OfFields):
    NAMES = (
        "code", "title", "value", "currency", "starts_on", "ends_on", "notice_days", "renew_months", "remind_days",
        "owner",
    )  # fmt: skip

    def __init__(self, *args, day: date, **options):
        super().__init__(Contract, self.NAMES, *args, **options)
        self.fields["owner"].queryset = our_people(day)


class DayAndReasonForm(forms.Form):
    on = DayField(label="On")
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs=LINES))


class DocumentForm(forms.Form):
    title = forms.CharField(max_length=200)
    contract = forms.ModelChoiceField(Contract.objects.none(), required=False)
    effective_on = DayField(required=False, help_text="From which day it holds, if not from today.")
    file = forms.FileField(help_text=f"Up to 20 MB: {', '.join(sorted(kind[1:] for kind in KINDS))}.")

    def __init__(self, *args, vendor: Vendor, **options):
        super().__init__(*args, **options)
        self.fields["contract"].queryset = vendor.contracts.all()
        self.fields["file"].widget.attrs["accept"] = ",".join(sorted(KINDS))


class TemplateForm(NewCode, forms.Form):
    coded = ScorecardTemplate
    code = forms.SlugField(max_length=60)
    name = forms.CharField(max_length=200)
    unit = UnitField(help_text="Who answers for it.")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs=LINES))

    def __init__(self, *args, access: Access, **options):
        super().__init__(*args, **options)
        self.access = access
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(PROCURE))


class VersionForm(OfFields):
    def __init__(self, *args, **options):
        super().__init__(TemplateVersion, ("missing", "minimum_coverage_pct", "note"), *args, **options)


class PublishForm(forms.Form):
    from_day = DayField(label="In force from")


class CriterionForm(OfFields):
    NAMES = (
        "code", "name", "category", "weight", "source", "kpi", "question", "curve", "direction", "floor", "target",
        "gate_at", "gate_grade",
    )  # fmt: skip
    steps = forms.CharField(
        required=False, help_text="For steps: limit: score, limit: score ... such as 80: 40, 90: 70, 95: 100."
    )

    def __init__(self, *args, access: Access, **options):
        super().__init__(Criterion, self.NAMES, *args, **options)
        self.fields["kpi"].queryset = Kpi.objects.visible_to(access)
        self.fields["question"].queryset = SurveyQuestion.objects.visible_to(access).filter(is_active=True)
        self.fields["steps"] = self.fields.pop("steps")

    def clean_steps(self) -> list[list[float]]:
        pairs = []
        for part in filter(str.strip, self.cleaned_data["steps"].replace(";", ",").split(",")):
            limit, colon, score = part.partition(":")
            try:
                pairs.append([float(limit), float(score)])
            except ValueError:
                raise forms.ValidationError(f"“{part.strip()}” is no step: write limit: score.") from None
        return pairs


class QuestionForm(NewCode, forms.Form):
    coded, code_from = SurveyQuestion, "text"
    code = forms.SlugField(max_length=60)
    text = forms.CharField(max_length=300, label="Question", help_text="Answered from 1 (poor) to 5 (excellent).")
    unit = UnitField(label="Asked by")

    def __init__(self, *args, access: Access, **options):
        super().__init__(*args, **options)
        self.access = access
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(PROCURE))


class RespondentForm(forms.Form):
    vendor = forms.ModelChoiceField(Vendor.objects.none())
    user = forms.ModelChoiceField(None, label="Person")

    def __init__(self, *args, access: Access, day: date, **options):
        super().__init__(*args, **options)
        self.fields["vendor"].queryset = Vendor.objects.filter(unit__in=access.units(PROCURE)).select_related("unit")
        self.fields["user"].queryset = our_people(day)


class MinutesForm(forms.Form):
    held_on = DayField(label="Held on")
    attendees = forms.CharField(required=False, max_length=1000)
    minutes = forms.CharField(max_length=20000, widget=forms.Textarea(attrs={"rows": 8}))


class ActionForm(OfFields):
    def __init__(self, *args, vendor: Vendor, day: date, **options):
        super().__init__(VendorAction, ("title", "detail", "owner", "due_on"), *args, **options)
        self.fields["owner"].queryset = owners_for(vendor, day)


class PlanForm(forms.Form):
    kpi = forms.ModelChoiceField(Kpi.objects.none(), label="KPI that is missed")
    grain = forms.ChoiceField(choices=KpiVersion.Grain.choices, initial="month", label="By")
    target = forms.DecimalField(required=False, help_text="Empty: the target that is set for the KPI.")
    periods_needed = forms.IntegerField(
        min_value=1, max_value=36, initial=3, label="Periods at target", help_text="In a row, to be verified."
    )
    reason = forms.CharField(label="What is missed", max_length=5000, widget=forms.Textarea(attrs=LINES))
    plan_due_on = DayField(label="Plan due on")
    ask = forms.ModelChoiceField(None, label="Ask", help_text="Gets an action; the answer to it is the plan.")

    def __init__(self, *args, vendor: Vendor, access: Access, day: date, **options):
        super().__init__(*args, **options)
        self.fields["kpi"].queryset = Kpi.objects.visible_to(access)
        self.fields["ask"].queryset = owners_for(vendor, day)


class AcceptForm(forms.Form):
    verify_from = DayField(label="Verified from", help_text="Periods that start on or after this day count.")


class RoundForm(NewCode, forms.Form):
    coded = SelectionRound
    code = forms.SlugField(max_length=60)
    name = forms.CharField(max_length=200)
    unit = UnitField(label="Who buys")
    currency = forms.CharField(max_length=3, help_text="Three letters, such as EUR.")
    price_weight = forms.DecimalField(
        min_value=0, max_value=100, decimal_places=2, initial=40, label="Weight of the price, %"
    )
    description = forms.CharField(required=False, widget=forms.Textarea(attrs=LINES))

    def __init__(self, *args, access: Access, **options):
        super().__init__(*args, **options)
        self.access = access
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(PROCURE))


class RoundCriterionForm(forms.Form):
    name = forms.CharField(max_length=200)
    weight = forms.DecimalField(min_value=0, max_digits=7, decimal_places=3)


class BidForm(forms.Form):
    bidder = forms.CharField(max_length=200)
    price = forms.DecimalField(max_digits=18, decimal_places=2)
    vendor = forms.ModelChoiceField(Vendor.objects.none(), required=False, label="A vendor of ours")

    def __init__(self, *args, access: Access, **options):
        super().__init__(*args, **options)
        self.fields["vendor"].queryset = Vendor.objects.filter(unit__in=access.units(OVERSEE)).select_related("unit")


class EvaluatorForm(forms.Form):
    user = forms.ModelChoiceField(None, label="Person")

    def __init__(self, *args, day: date, **options):
        super().__init__(*args, **options)
        self.fields["user"].queryset = our_people(day)


class AwardForm(forms.Form):
    bid = forms.ModelChoiceField(None)
    reason = forms.CharField(max_length=5000, widget=forms.Textarea(attrs=LINES))

    def __init__(self, *args, round, **options):
        super().__init__(*args, **options)
        self.fields["bid"].queryset = round.bids.all()
