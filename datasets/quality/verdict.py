"""What follows from the results: the score, provisional or not, and a person's word against a failed rule.

The score of a dataset is 100 x sum(weight x fulfilled) / sum(weight) over its active rules. Weights: info 1, warning 3,
critical 9. `fulfilled` is 1 for a passed rule; for a failed rule about rows the share of the checked rows that pass;
otherwise 0. A dataset without evaluated rules has no score.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from doors.revisions import ChangedMeanwhile
from organization import audit
from organization.access import Access

from ..models import Dataset, QualityOverride, QualityResult, QualityRule
from ..refusals import InvalidRequest, SecondPersonNeeded, WrongState
from ..signals import provisional_changed
from .rules import OF_ROWS, check_rule

WEIGHTS = {QualityRule.Severity.INFO: 1, QualityRule.Severity.WARNING: 3, QualityRule.Severity.CRITICAL: 9}


def latest_results(dataset: Dataset) -> list[QualityResult]:
    """The newest result of each active rule that has one, with its rule, in two queries at most."""
    newest = QualityResult.objects.filter(rule__dataset=dataset, rule__is_active=True).select_related("rule", "upload")
    return list(newest.order_by("rule_id", "-at", "-pk").distinct("rule_id"))


def score_of(results: Iterable[QualityResult]) -> Decimal | None:
    """See the module's text. 0 to 100, two decimals."""
    results = list(results)
    weights = [WEIGHTS[QualityRule.Severity(result.rule.severity)] for result in results]
    if not weights:
        return None
    reached = sum(weight * fulfilled(result) for weight, result in zip(weights, results, strict=True))
    return Decimal(100 * reached / sum(weights)).quantize(Decimal("0.01"))


def fulfilled(result: QualityResult) -> float:
    if result.passed:
        return 1.0
    if result.fault or result.rule.kind not in OF_ROWS or not result.checked:
        return 0.0
    return 1 - result.failing / result.checked


def settle_verdict(dataset: Dataset) -> None:
    """Write the score and whether the dataset is provisional; tell other rooms if that changed. In a transaction."""
    results = latest_results(dataset)
    provisional = any(
        not result.passed and result.rule.severity == QualityRule.Severity.CRITICAL and not is_overridden(result)
        for result in results
    )
    changed = provisional != dataset.is_provisional
    dataset.quality_score, dataset.is_provisional = score_of(results), provisional
    dataset.save(update_fields=["quality_score", "is_provisional"])
    if changed:
        audit.record(None, "became provisional" if provisional else "no longer provisional", dataset)
        provisional_changed.send(sender=Dataset, dataset=dataset)


def is_overridden(result: QualityResult) -> bool:
    return result.rule.overrides.filter(version=result.version).exists()


@transaction.atomic
def override(rule: QualityRule, *, reason: str, by, seen: int | None = None) -> QualityOverride:
    """Answer for using the data although the rule fails, at the version of its last result only.

    seen: the version whose result the person looked at; None: nobody asks. Raises WrongState if it does not fail,
    SecondPersonNeeded if it is critical and `by` loaded the rows, ChangedMeanwhile, InvalidRequest without a reason.
    """
    if len(reason.strip()) < 5:
        raise InvalidRequest("Say why the data may be used although the rule fails.", field="reason")
    result = rule.results.first()
    if result is None or result.passed:
        raise WrongState(f"The rule {rule.name!r} does not fail; there is nothing to override.")
    _require_another(rule, result, by)
    if seen is not None and seen != result.version:
        raise ChangedMeanwhile(
            f"The rule {rule.name!r} fails at another version of the rows by now: nothing was overridden.",
            next_step="Look at its new result first.",
        )
    dataset = Dataset.objects.select_for_update().get(pk=rule.dataset_id)
    made = QualityOverride.objects.create(rule=rule, version=result.version, reason=reason.strip(), by=by)
    audit.record(by, "quality rule overridden", rule, unit=dataset.unit, version=result.version, reason=reason)
    settle_verdict(dataset)
    return made


def is_loader(result: QualityResult, person) -> bool:
    """Whether the person loaded the version that was judged, or asked for or let closed rows change in it."""
    upload = result.upload
    if upload is None:
        return False
    askers = upload.restatement_askers if upload.restated_by_id else ()
    return person.pk in {upload.uploaded_by_id, upload.restated_by_id, *askers}


def _require_another(rule: QualityRule, result: QualityResult | None, by) -> None:
    """Whether a critical rule that fails counts is not for who loaded the rows to say. Raises SecondPersonNeeded."""
    fails = result is not None and not result.passed and not is_overridden(result)
    if fails and rule.severity == QualityRule.Severity.CRITICAL and is_loader(result, by):
        raise SecondPersonNeeded(
            f"You loaded the rows for which the critical rule {rule.name!r} fails: a second person must answer for "
            "them.",
            next_step="Ask another analyst, or a manager, of the dataset's unit; or load corrected rows.",
        )


@transaction.atomic
def define_rule(dataset: Dataset, *, by, access: Access, rule: QualityRule | None = None, **values: Any) -> QualityRule:
    """Make a rule, or change `rule`; it is evaluated at once.

    Raises InvalidRule, InvalidRequest (the name is taken), SecondPersonNeeded (see `override`).
    """
    from .evaluate import request_run

    if rule is not None:
        _require_another(QualityRule.objects.get(pk=rule.pk), rule.results.first(), by)
    changed = rule or QualityRule(dataset=dataset, created_by=by)
    for name, value in values.items():
        setattr(changed, name, value)
    check_rule(changed, access)
    try:
        with transaction.atomic():
            changed.save()
    except IntegrityError as fault:
        raise InvalidRequest(f"There is a rule called {changed.name!r} already.", field="name") from fault
    shown = {name: str(value) for name, value in values.items()}
    audit.record(by, "quality rule changed" if rule else "quality rule made", changed, unit=dataset.unit, **shown)
    if dataset.current_version is not None:
        request_run(dataset, by=by)
    return changed


@transaction.atomic
def retire_rule(rule: QualityRule, *, by) -> None:
    """Evaluate the rule no more; its results stay. Raises SecondPersonNeeded (see `override`)."""
    _require_another(rule, rule.results.first(), by)
    dataset = Dataset.objects.select_for_update().get(pk=rule.dataset_id)
    QualityRule.objects.filter(pk=rule.pk).update(is_active=False)
    audit.record(by, "quality rule retired", rule, unit=dataset.unit)
    settle_verdict(dataset)
