"""What the API answers and is asked about control charts, signals, forecasts and drivers."""

from rest_framework import serializers

from doors.serializers import DayField, ScopedCodeField, StrictSerializer
from kpis.models import ChartPhase, ChartSetting, ChartVerdict, ExcludedPoint, Forecast, Kpi, KpiVersion, Signal
from kpis.selectors.verdicts import rule_words
from organization.models import Unit

Grain = KpiVersion.Grain


def code(name: str = "code") -> serializers.SlugRelatedField:
    return serializers.SlugRelatedField(name, read_only=True)


# --- what is answered -----------------------------------------------------------------------------------------------


MEASURED = {
    "type": "object",
    "properties": {
        "model": {"type": "string"},
        **{name: {"type": ["number", "null"]} for name in ("mae", "wape", "bias", "mase", "coverage", "skill")},
    },
    "description": "Over all origins; `skill` against the benchmark.",
}
BACK_TEST = {
    "type": "object",
    "properties": {
        "origins": {"type": "integer"},
        "chosen": MEASURED,
        "benchmark": MEASURED,
        "season": {"type": "array", "items": {"type": "integer"}},
        "widened": {"type": ["number", "null"]},
        "notes": {"type": "array", "items": {"type": "string"}},
    },
}


class PeriodSerializer(serializers.Serializer):
    start = serializers.DateField()
    end = serializers.DateField(help_text="Not included.")
    label = serializers.CharField()


class ChartPointSerializer(serializers.Serializer):
    period = PeriodSerializer()
    value = serializers.FloatField(allow_null=True)
    is_open = serializers.BooleanField()
    target = serializers.FloatField(allow_null=True)
    centre = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)
    phase = serializers.IntegerField(allow_null=True)
    in_limits = serializers.BooleanField()
    excluded = serializers.CharField(source="excluded.reason", default=None, allow_null=True, help_text="Why.")


class FiredRuleSerializer(serializers.Serializer):
    rule = serializers.CharField()
    words = serializers.CharField()
    side = serializers.CharField(help_text="high, low or none.")
    kind = serializers.CharField(help_text="good, bad or neutral.")
    first = PeriodSerializer(help_text="The first period of the pattern.")
    period = PeriodSerializer(help_text="The period that completes it.")


class VerdictSerializer(serializers.Serializer):
    variation = serializers.CharField()
    assurance = serializers.CharField()
    side = serializers.CharField()
    rule = serializers.CharField()
    period_start = serializers.DateField()


class ChartSettingSerializer(serializers.ModelSerializer):
    kpi, unit, changed_by = code(), code(), code("username")

    class Meta:
        model = ChartSetting
        fields = (
            "kpi", "unit", "grain", "rule_set", "chart", "baseline", "baseline_from", "baseline_to", "reason",
            "changed_by", "changed_at",
        )  # fmt: skip


class ChartPhaseSerializer(serializers.ModelSerializer):
    kpi, unit, proposed_by, decided_by = code(), code(), code("username"), code("username")

    class Meta:
        model = ChartPhase
        fields = (
            "id", "kpi", "unit", "grain", "starts_on", "reason", "state", "proposed_by", "proposed_at", "decided_by",
            "decided_at", "remark",
        )  # fmt: skip


class ExcludedPointSerializer(serializers.ModelSerializer):
    kpi, unit, by = code(), code(), code("username")

    class Meta:
        model = ExcludedPoint
        fields = ("id", "kpi", "unit", "grain", "period_start", "reason", "by", "at")


class MovementSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    because = serializers.CharField()
    centre = serializers.FloatField()
    lower = serializers.FloatField()
    upper = serializers.FloatField()


class ChartSerializer(serializers.Serializer):
    """Without points there is no chart, and `why_not` says why."""

    kpi = serializers.CharField(source="kpi.code")
    unit = serializers.CharField(source="unit.code")
    grain = serializers.CharField()
    why_not = serializers.CharField()
    chart = serializers.CharField()
    rule_set = serializers.CharField()
    estimator = serializers.CharField()
    sigma_z = serializers.FloatField(allow_null=True)
    definitions = serializers.SerializerMethodField()
    verdict = VerdictSerializer(allow_null=True)
    points = ChartPointSerializer(many=True)
    signals = FiredRuleSerializer(many=True, source="fired")
    phases = ChartPhaseSerializer(many=True)
    proposals = ChartPhaseSerializer(many=True)
    suggested_from = PeriodSerializer(allow_null=True)
    moved = MovementSerializer(allow_null=True)
    notes = serializers.ListField(child=serializers.CharField())

    def get_definitions(self, chart) -> dict[str, str]:
        return dict(chart.definitions)


class SignalSerializer(serializers.ModelSerializer):
    kpi, unit = code(), code()
    words = serializers.SerializerMethodField()

    class Meta:
        model = Signal
        fields = (
            "id", "kpi", "unit", "grain", "period_start", "pattern_start", "rule", "words", "side", "kind", "found_at",
            "gone_at", "run",
        )  # fmt: skip

    def get_words(self, signal) -> str:
        return rule_words(signal.rule)


class VerdictRowSerializer(serializers.ModelSerializer):
    kpi, unit = code(), code()

    class Meta:
        model = ChartVerdict
        fields = (
            "kpi", "unit", "grain", "period_start", "chart", "rule_set", "variation", "assurance", "side", "rule",
            "centre", "lower", "upper", "sigma", "sigma_z", "target", "points", "in_limits", "rebase_from", "at",
            "moved_at", "moved_from", "moved_because",
        )  # fmt: skip
        shapes = {"moved_from": dict[str, float]}


class KpiForecastSerializer(serializers.ModelSerializer):
    kpi, unit = code(), code()

    class Meta:
        model = Forecast
        fields = (
            "id", "kpi", "unit", "grain", "period_start", "period_end", "mean", "low", "high", "confidence", "chance",
            "target", "target_low", "target_high", "model", "back_test", "points", "made_at", "run",
        )  # fmt: skip
        shapes = {"back_test": BACK_TEST}


class LandingSerializer(serializers.Serializer):
    """Without a forecast, `why_not` says why."""

    forecast = KpiForecastSerializer(allow_null=True)
    why_not = serializers.CharField()
    so_far = serializers.FloatField(allow_null=True)


class DriverSerializer(serializers.Serializer):
    member = serializers.CharField()
    total = serializers.FloatField()
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    rate = serializers.FloatField(allow_null=True)
    mix = serializers.FloatField(allow_null=True)
    joint = serializers.FloatField(allow_null=True)
    share_pct = serializers.FloatField(allow_null=True)
    weight_before = serializers.FloatField(allow_null=True)
    weight_after = serializers.FloatField(allow_null=True)
    members = serializers.IntegerField()


class DriversSerializer(serializers.Serializer):
    """before + the sum of the parts = after; without parts, `refusal` says why."""

    kpi = serializers.CharField(source="kpi.code")
    unit = serializers.CharField(source="unit.code")
    dimension = serializers.CharField()
    period = PeriodSerializer(allow_null=True)
    against = PeriodSerializer(allow_null=True)
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    change = serializers.FloatField(allow_null=True)
    method = serializers.CharField()
    rate = serializers.FloatField(allow_null=True)
    mix = serializers.FloatField(allow_null=True)
    joint = serializers.FloatField(allow_null=True)
    parts = DriverSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    refusal = serializers.CharField()


# --- what is asked --------------------------------------------------------------------------------------------------


class UnitAsked(ScopedCodeField):
    """A unit in an address, by its code or, as in the filters of lists, by its id."""

    def __init__(self, **options):
        super().__init__(queryset=Unit.objects.all(), **options)

    def to_internal_value(self, data: str) -> Unit:
        seen = self.get_queryset()
        is_id = data.isascii() and data.isdigit() and len(data) < 19 and not seen.filter(code=data).exists()
        return (seen.filter(pk=int(data)).first() if is_id else None) or super().to_internal_value(data)


class PlaceAsked(serializers.Serializer):
    unit = UnitAsked(required=False, help_text="Its code or id.")
    grain = serializers.ChoiceField(Grain.choices, required=False)


class DriversAsked(PlaceAsked):
    dimension = serializers.CharField(
        required=False, default="", max_length=100, help_text="By whose members; if not given, the KPI's first."
    )
    period = DayField(required=False, default=None, help_text="Any day of it; default: the last complete.")
    against = DayField(required=False, default=None, help_text="Any day of it; default: the one before.")


class WindowsAsked(StrictSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all(), required=False, help_text="Default: where it is answered for.")
    first = DayField(help_text="First day.")
    last = DayField(help_text="Last day.")
    against_first = DayField(help_text="First day of those to compare with.")
    against_last = DayField(help_text="Last day of those to compare with.")

    def validate(self, values):
        for first, last in (("first", "last"), ("against_first", "against_last")):
            if values[last] < values[first]:
                raise serializers.ValidationError({last: f"It is before {values[first]}."})
        return values


class SeriesAsked(StrictSerializer):
    kpi = ScopedCodeField(queryset=Kpi.objects.all())
    unit = ScopedCodeField(queryset=Unit.objects.all())
    grain = serializers.ChoiceField(Grain.choices)
    reason = serializers.CharField(max_length=500)


class ChartAsked(SeriesAsked):
    rule_set = serializers.ChoiceField(ChartSetting.RuleSet.choices, required=False)
    chart = serializers.ChoiceField(ChartSetting.Chart.choices, required=False)
    baseline = serializers.ChoiceField(ChartSetting.Baseline.choices, required=False)
    baseline_from = DayField(required=False, allow_null=True, help_text="Any day of the first period.")
    baseline_to = DayField(required=False, allow_null=True, help_text="Any day of the last period.")


class PhaseAsked(SeriesAsked):
    starts_on = DayField(help_text="Any day of the first period of the new phase.")


class ExclusionAsked(SeriesAsked):
    day = DayField(help_text="Any day of the period.")


class PhaseRejection(StrictSerializer):
    remark = serializers.CharField(max_length=500)
