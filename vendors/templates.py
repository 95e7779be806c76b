"""Scorecard templates: a draft is edited, then published from a day on; what was in force before keeps its days."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from organization import audit
from organization.models import Unit

from .models import Criterion, ScorecardTemplate, TemplateVersion
from .refusals import Refusal
from .scoring import CurveError, check_curve

CRITERION_FIELDS = frozenset(
    {
        "code", "name", "category", "weight", "source", "kpi", "question", "curve", "direction", "floor", "target",
        "steps", "gate_at", "gate_grade", "position",
    }
)  # fmt: skip
COPIED = sorted(CRITERION_FIELDS)
WHOLE = Decimal(100)


class TemplateRefused(Refusal):
    """The template's version cannot be changed or published as it is."""


@transaction.atomic
def create_template(*, code: str, name: str, unit: Unit, by, description: str = "", **settings) -> ScorecardTemplate:
    """A template with an empty first draft. Raises ValidationError."""
    template = ScorecardTemplate(code=code, name=name, unit=unit, description=description)
    template.full_clean()
    template.save()
    version = TemplateVersion(template=template, number=1, made_by=by, **settings)
    version.full_clean()
    version.save()
    audit.record(by, "vendor scorecard created", template, unit=unit)
    return template


@transaction.atomic
def draft(template: ScorecardTemplate, *, by) -> TemplateVersion:
    """The template's draft: the one there is, or a copy of its newest version."""
    template = ScorecardTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    newest = template.versions.order_by("-number").first()
    if newest.state == TemplateVersion.State.DRAFT:
        return newest
    made = TemplateVersion.objects.create(
        template=template,
        number=newest.number + 1,
        missing=newest.missing,
        minimum_coverage_pct=newest.minimum_coverage_pct,
        made_by=by,
    )
    for criterion in newest.criteria.all():
        Criterion.objects.create(version=made, **{name: getattr(criterion, name) for name in COPIED})
    audit.record(by, "vendor scorecard drafted", made, unit=template.unit)
    return made


@transaction.atomic
def change_version(version: TemplateVersion, *, by, **values) -> TemplateVersion:
    """Change missing, minimum_coverage_pct or note of a draft. Raises TemplateRefused, ValidationError."""
    _require_draft(version)
    for name in values.keys() & {"missing", "minimum_coverage_pct", "note"}:
        setattr(version, name, values[name])
    version.full_clean()
    version.save()
    audit.record(by, "vendor scorecard changed", version, unit=version.template.unit, **values)
    return version


@transaction.atomic
def set_criterion(version: TemplateVersion, *, by, criterion: Criterion | None = None, **values) -> Criterion:
    """Add a criterion to a draft, or change `criterion`. Raises TemplateRefused, ValidationError."""
    _require_draft(version)
    if unknown := set(values) - CRITERION_FIELDS:
        raise TypeError(f"a criterion has no {min(unknown)}")
    if criterion is None:
        last = version.criteria.aggregate(Max("position"))["position__max"]
        criterion = Criterion(version=version, position=0 if last is None else last + 1)
    for name, value in values.items():
        setattr(criterion, name, value)
    _check_steps(criterion)
    criterion.full_clean()
    try:
        check_curve(criterion.as_curve())
    except CurveError as fault:
        raise TemplateRefused(f"{criterion}: {fault}", "curve") from None
    criterion.save()
    audit.record(
        by, "criterion set", version, unit=version.template.unit, criterion=criterion.code, weight=criterion.weight
    )
    return criterion


@transaction.atomic
def remove_criterion(criterion: Criterion, *, by) -> None:
    """Take it out of a draft. Raises TemplateRefused."""
    version = criterion.version
    _require_draft(version)
    audit.record(by, "criterion removed", version, unit=version.template.unit, criterion=criterion.code)
    criterion.delete()


@transaction.atomic
def publish(version: TemplateVersion, *, from_day: date, now: datetime, by) -> TemplateVersion:
    """Let the draft hold from `from_day` on; the version before it holds until then. Raises TemplateRefused."""
    template = ScorecardTemplate.objects.select_for_update(no_key=True).get(pk=version.template_id)
    version = template.versions.get(pk=version.pk)
    _require_draft(version)
    total = sum((criterion.weight for criterion in version.criteria.all()), Decimal(0))
    if total != WHOLE:
        raise TemplateRefused(
            f"The weights add up to {total.normalize():f} %, not to 100 %: change them, then publish.", "weight"
        )
    earlier = template.versions.filter(state=TemplateVersion.State.IN_FORCE, valid_to=None).first()
    if earlier and earlier.valid_from >= from_day:
        raise TemplateRefused(
            f"Version {earlier.number} holds from {earlier.valid_from}: choose a later first day.", "from_day"
        )
    if earlier:
        earlier.valid_to = from_day
        earlier.save(update_fields=["valid_to"])
    version.state, version.valid_from = TemplateVersion.State.IN_FORCE, from_day
    version.published_by, version.published_at = by, now
    version.save()
    audit.record(by, "vendor scorecard published", version, unit=template.unit, from_day=from_day)
    return version


def _require_draft(version: TemplateVersion) -> None:
    if version.state != TemplateVersion.State.DRAFT:
        raise TemplateRefused(f"{version} is in force and stays as it is: make a new draft and change that.")


def _check_steps(criterion: Criterion) -> None:
    """`steps` are pairs of numbers; anything else would fail when the curve is read."""
    pairs = criterion.steps
    fine = isinstance(pairs, list) and all(
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in pair)
        for pair in pairs
    )
    if not fine:
        raise TemplateRefused("Steps are pairs of a limit and a score, such as [[80, 40], [90, 100]].", "steps")
