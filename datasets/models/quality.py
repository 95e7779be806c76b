"""Quality rules, their results per upload, and overrides."""

from django.conf import settings
from django.db import models

from .datasets import Dataset
from .uploads import Upload


class QualityRuleQuerySet(models.QuerySet):
    def visible_to(self, access):
        return self.filter(dataset__in=Dataset.objects.with_workings(access).visible_to(access).values("pk"))


class QualityRule(models.Model):
    class Kind(models.TextChoices):
        NOT_NULL = "not_null", "Has a value"
        UNIQUE = "unique", "Is unique"
        RANGE = "range", "Lies in a range"
        SET = "set", "Is one of a set"
        REFERENCE = "reference", "Exists in another dataset or as a unit"
        FRESHNESS = "freshness", "Is fresh"
        VOLUME = "volume", "Has the expected volume"
        EXPRESSION = "expression", "Fulfils an expression"

    class Severity(models.TextChoices):
        INFO = "info", "Info"
        WARNING = "warning", "Warning"
        CRITICAL = "critical", "Critical"

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="quality_rules")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind)
    column = models.CharField(max_length=100, blank=True)
    parameters = models.JSONField(default=dict, blank=True, help_text="min, max, values, expression, hours ...")
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.WARNING)
    tolerance_pct = models.DecimalField(max_digits=7, decimal_places=4, default=0, help_text="Failing rows allowed.")
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = QualityRuleQuerySet.as_manager()

    class Meta:
        ordering = ["dataset", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name"], condition=models.Q(is_active=True), name="one_active_quality_rule_per_name"
            )
        ]

    def __str__(self):
        return self.name

    def in_words(self) -> str:
        """What it asks for, in a line: the column, the bounds, the values, the expression."""
        given = self.parameters
        bounds = [f"{word} {given[name]}" for name, word in (("min", "at least"), ("max", "at most")) if name in given]
        other = f"{given['dataset']}.{given.get('column', '')}" if given.get("dataset") else "the codes of our units"
        off = [f"at most {given['deviation_pct']} % off the mean"] if "deviation_pct" in given else []
        asked = {
            self.Kind.RANGE: " and ".join(bounds),
            self.Kind.SET: ", ".join(str(value) for value in given.get("values", ())),
            self.Kind.REFERENCE: other,
            self.Kind.FRESHNESS: f"{given['hours']} hours" if "hours" in given else "as the dataset promises",
            self.Kind.VOLUME: " and ".join([*bounds, *off]),
            self.Kind.EXPRESSION: given.get("expression", ""),
        }.get(self.Kind(self.kind), "")
        return ": ".join(part for part in (self.column, asked) if part)


class QualityResult(models.Model):
    """How a rule went over one version of the dataset. A rule that could not be evaluated counts as failed."""

    rule = models.ForeignKey(QualityRule, models.CASCADE, related_name="results")
    upload = models.ForeignKey(Upload, models.CASCADE, null=True, related_name="quality_results")
    version = models.BigIntegerField()
    passed = models.BooleanField()
    checked = models.BigIntegerField(default=0)
    failing = models.BigIntegerField(default=0)
    sample = models.JSONField(default=list, help_text="Some failing rows: load, row, value.")
    fault = models.TextField(blank=True, help_text="Why the rule could not be evaluated.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["rule", "-at"], name="quality_result_by_rule")]

    @property
    def answer(self) -> "QualityOverride | None":
        """The override, if somebody answered for it. Costs no query where `rule__overrides__by` is prefetched."""
        return next((one for one in self.rule.overrides.all() if one.version == self.version), None)


class QualityOverride(models.Model):
    """Somebody answers for using the data although the rule fails, at this version only."""

    rule = models.ForeignKey(QualityRule, models.CASCADE, related_name="overrides")
    version = models.BigIntegerField()
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
