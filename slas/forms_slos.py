"""Forms of service level objectives."""

from django import forms

from datasets.models import Dataset
from doors.codes import NewCode
from organization.access import DEFINE, Access
from organization.fields import UnitField
from organization.models import Unit, User

from .forms import FORMULA
from .models import Agreement, Slo


class SloForm(NewCode, forms.ModelForm):
    """The verb validates and saves it."""

    coded = Slo

    class Meta:
        model = Slo
        fields = [
            "name", "code", "service", "description", "unit", "owner", "agreement", "dataset", "time_column", "good",
            "total", "condition", "objective_pct", "method", "slice_seconds", "slice_pct", "is_rolling",
            "window_count", "window_unit", "timezone",
        ]  # fmt: skip
        field_classes = {"unit": UnitField}
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "good": forms.Textarea(attrs=FORMULA),
            "total": forms.Textarea(attrs=FORMULA),
            "condition": forms.Textarea(attrs=FORMULA),
        }
        labels = {
            "objective_pct": "Objective, %",
            "slice_seconds": "Slice, seconds",
            "slice_pct": "A slice is good from, %",
            "is_rolling": "Rolling window",
            "good": "Good events",
            "total": "All events",
            "condition": "Only rows for which",
            "unit": "Answers for it",
        }

    GROUPS = (
        ("What it is", ("name", "code", "service", "description", "unit", "owner", "agreement")),
        ("What is counted", ("dataset", "time_column", "good", "total", "condition")),
        ("The objective", ("objective_pct", "method", "slice_seconds", "slice_pct")),
        ("Its window", ("is_rolling", "window_count", "window_unit", "timezone")),
    )

    def __init__(self, *args, access: Access, **kwargs):
        super().__init__(*args, **kwargs)
        self.access = access
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(DEFINE))
        self.fields["dataset"].queryset = Dataset.objects.visible_to(access).exclude(contract={})
        self.fields["agreement"].queryset = Agreement.objects.visible_to(access)
        people = User.objects.filter(memberships__unit__in=access.units(DEFINE)) | User.objects.filter(
            pk=access.user_id
        )
        self.fields["owner"].queryset = people.filter(is_active=True).distinct().order_by("username")
        if self.instance.pk:
            del self.fields["code"]

    def groups(self) -> list[tuple[str, list]]:
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.GROUPS]

    def _post_clean(self):
        """The verb validates the model; the form only its fields."""


class OpenSloForm(forms.Form):
    file = forms.FileField(label="OpenSLO file", help_text="YAML, openslo/v1, one SLO a document, up to 1 MB.")
    unit = UnitField(
        required=False,
        to_field_name="code",
        label="Unit",
        help_text="For SLOs whose annotations name none.",
    )

    def __init__(self, *args, access: Access, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=access.units(DEFINE))
