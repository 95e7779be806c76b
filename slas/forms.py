"""Forms of agreements. What they offer is what the person may see; verbs decide what holds."""

from datetime import datetime
from decimal import Decimal

from django import forms

from datasets.models import Dataset
from doors.codes import CodeField, NewCode
from organization.access import DEFINE, VIEW, Access
from organization.fields import UnitField
from organization.models import BusinessCalendar, Unit, User

from .clocks.times import Clock
from .drafting import SIGNED, is_signed
from .models import Agreement, AgreementVersion, CreditTier, Exclusion, ServiceTarget

DAY = {"type": "date"}
FORMULA = {"spellcheck": "false", "autocomplete": "off", "rows": 2, "class": "formula"}


def day_field(**options) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), **options)


def formula_field(**options) -> forms.CharField:
    options = {"required": False, "max_length": 5000, "widget": forms.Textarea(attrs=FORMULA)} | options
    return forms.CharField(**options)


class ListForm(forms.Form):
    q = forms.CharField(
        required=False,
        label="Search",
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name, code or service"}),
    )
    kind = forms.ChoiceField(required=False, choices=[("", "Any kind"), *Agreement.Kind.choices])
    state = forms.ChoiceField(required=False, choices=[("", "Any state"), *AgreementVersion.State.choices])


class AgreementForm(NewCode, forms.Form):
    """The agreement itself; its code and kind are given once."""

    coded = Agreement

    name = forms.CharField(max_length=200)
    code = CodeField(max_length=50, help_text="Part of addresses and KPI codes: letters, digits and dashes.")
    kind = forms.ChoiceField(choices=Agreement.Kind.choices)
    unit = UnitField(label="Answers for it", to_field_name="code")
    owner = forms.ModelChoiceField(User.objects.none(), to_field_name="username")
    service = forms.CharField(max_length=200, required=False)
    customer = UnitField(required=False, to_field_name="code")
    providers = forms.ModelMultipleChoiceField(
        Unit.objects.none(), required=False, to_field_name="code", help_text="Who does the work; vendors among them."
    )
    supports = forms.ModelMultipleChoiceField(
        Agreement.objects.none(),
        required=False,
        to_field_name="code",
        help_text="The agreements that rely on this one: the sum of its targets must fit into theirs.",
    )
    valid_from = day_field(label="Holds from")

    FIXED = ("code", "kind", "unit", "valid_from")

    def __init__(self, *args, access: Access, agreement: Agreement | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.access = access
        seen = Unit.objects.filter(pk__in=access.units(VIEW))
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(DEFINE))
        self.fields["customer"].queryset = self.fields["providers"].queryset = seen
        people = User.objects.filter(memberships__unit__in=access.units(VIEW)) | User.objects.filter(pk=access.user_id)
        self.fields["owner"].queryset = people.filter(is_active=True).distinct().order_by("username")
        others = Agreement.objects.visible_to(access)
        self.fields["supports"].queryset = others.exclude(pk=agreement.pk) if agreement else others
        if agreement:
            for name in (*self.FIXED, *(SIGNED if is_signed(agreement) else ())):
                del self.fields[name]


class VersionForm(forms.ModelForm):
    """The document of a version: days, calendar, money, notice, terms. The verb validates and saves it."""

    class Meta:
        model = AgreementVersion
        fields = [
            "valid_from", "valid_to", "period", "calendar", "currency", "charge_basis", "monthly_charge",
            "charge_dataset", "charge_formula", "charge_condition", "at_risk_pct", "minimum_credit",
            "repeat_multiplier", "repeat_misses", "earn_back_pct", "earn_back_periods", "claim_days", "notice_days",
            "terms",
        ]  # fmt: skip
        widgets = {
            "valid_from": forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
            "valid_to": forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
            "charge_formula": forms.Textarea(attrs=FORMULA),
            "charge_condition": forms.Textarea(attrs=FORMULA),
            "terms": forms.Textarea(attrs={"rows": 4}),
        }
        labels = {
            "valid_from": "Holds from",
            "valid_to": "Up to, not including",
            "at_risk_pct": "At risk, % of the charge",
            "earn_back_pct": "Earn-back, % of a credit",
            "minimum_credit": "Smallest credit",
            "repeat_multiplier": "Multiplier for repeated misses",
            "repeat_misses": "Repeated means missed",
            "period": "Reported by",
        }
        help_texts = {"repeat_misses": "periods in a row", "valid_to": "Empty: until it is replaced or ended."}

    GROUPS = (
        ("When", ("valid_from", "valid_to", "period", "calendar", "notice_days")),
        (
            "Charge",
            ("currency", "charge_basis", "monthly_charge", "charge_dataset", "charge_formula", "charge_condition"),
        ),
        (
            "Credits",
            (
                "at_risk_pct",
                "minimum_credit",
                "repeat_multiplier",
                "repeat_misses",
                "earn_back_pct",
                "earn_back_periods",
                "claim_days",
            ),
        ),
        ("Terms", ("terms",)),
    )

    def __init__(self, *args, access: Access, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["calendar"].queryset = BusinessCalendar.objects.visible_to(access)
        self.fields["calendar"].empty_label = "Day and night"
        self.fields["charge_dataset"].queryset = Dataset.objects.visible_to(access)

    def groups(self) -> list[tuple[str, list]]:
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]

    def _post_clean(self):
        """The verb validates the model; the form only its fields, so that nothing is set before the verb sets it."""


class TierForm(forms.Form):
    """One line of the tier table; an empty bound leaves it out."""

    below_pct = forms.DecimalField(
        required=False, max_digits=7, decimal_places=4, min_value=Decimal("0.0001"), max_value=100, label="Bound, %"
    )
    side = forms.ChoiceField(choices=CreditTier.Side.choices, label="The bound itself")
    credit_pct = forms.DecimalField(
        required=False, max_digits=7, decimal_places=4, min_value=0, max_value=100, label="Credit, % of the charge"
    )
    target = forms.ModelChoiceField(ServiceTarget.objects.none(), required=False, empty_label="Every target")

    def __init__(self, *args, version: AgreementVersion, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["target"].queryset = version.targets.all()

    def clean(self):
        given = super().clean()
        if given.get("below_pct") is not None and given.get("credit_pct") is None and "credit_pct" not in self.errors:
            self.add_error("credit_pct", "Below this bound, how much is credited?")
        return given


class ExclusionForm(forms.Form):
    kind = forms.ChoiceField(choices=Exclusion.Kind.choices, label="Why")
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    target_code = forms.ChoiceField(required=False, label="Of which target")
    cases = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Ids of cases, separated by commas, blanks or lines.",
    )
    starts_at = forms.DateTimeField(
        required=False, label="What counts from", widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends_at = forms.DateTimeField(
        required=False, label="up to, not including", widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    condition = formula_field(
        label="Rows for which",
        help_text="A condition over the columns of the cases, or of the target's rows. All that is given must hold.",
    )

    def __init__(self, *args, agreement: Agreement, clock: Clock, **kwargs):
        super().__init__(*args, **kwargs)
        self.clock = clock
        self.fields["starts_at"].help_text = clock.said
        named = ServiceTarget.objects.filter(version__agreement=agreement).order_by("code").values_list("code", "name")
        self.fields["target_code"].choices = [("", "All targets"), *dict(named).items()]

    def clean_starts_at(self) -> datetime | None:
        return self._instant("starts_at")

    def clean_ends_at(self) -> datetime | None:
        return self._instant("ends_at")

    def _instant(self, name: str) -> datetime | None:
        """What was typed, by the agreement's clock."""
        typed = self.cleaned_data[name]
        try:
            return self.clock.read(typed) if typed else None
        except ValueError as fault:
            raise forms.ValidationError(f"{fault}. Type a time of those years.") from None

    def clean_cases(self) -> list[str]:
        return self.cleaned_data["cases"].replace(",", " ").replace(";", " ").split()
