"""The two aggregates of a target's attainment: what went well, of how much. Over cases for a clock, else over rows."""

from .models import MeasureRule, ServiceTarget

Metric = ServiceTarget.Metric
MET = "count(case when verdict = 'met' then 1 end)"
DECIDED = "count(case when verdict in ('met', 'missed') then 1 end)"


def good_and_total(target: ServiceTarget) -> tuple[str, str]:
    """Formulas of the numerator and the denominator. Of a clock: over the agreement's cases; in flight is neither."""
    if target.is_clocked:
        return MET, DECIDED
    return parts_of(target.measure, target.metric, target.threshold_seconds)


def parts_of(rule: MeasureRule, metric: str, threshold: int | None) -> tuple[str, str]:
    """Formulas over the source dataset's rows; contact: the chosen one of `analytics.queueing.service_level`."""
    if metric == Metric.AVAILABILITY:
        agreed = f"({rule.agreed})" + (f" - coalesce(({rule.excluded}), 0)" if rule.excluded else "")
        return f"sum({agreed} - coalesce(({rule.downtime}), 0))", f"sum({agreed})"
    if metric == Metric.CONTACT:
        return _contact(rule, threshold or 0)
    return rule.good, rule.total


def _contact(rule: MeasureRule, within: int) -> tuple[str, str]:
    answered, abandoned = f"({rule.answered})", f"({rule.abandoned})"
    in_time, short = f"({rule.waited}) <= {within}", f"({rule.waited}) <= {rule.short_seconds or 0}"
    all_answered, answered_in_time = _count(answered), _count(f"{answered} and {in_time}")
    all_abandoned, abandoned_in_time = _count(abandoned), _count(f"{abandoned} and {in_time}")
    offered = f"{all_answered} + {all_abandoned}"
    return {
        1: (f"{answered_in_time} + {abandoned_in_time}", offered),
        2: (answered_in_time, all_answered),
        3: (answered_in_time, offered),
        4: (answered_in_time, f"{offered} - {abandoned_in_time}"),
        5: (f"{answered_in_time} + {_count(f'{abandoned} and {short}')}", offered),
    }[rule.contact_formula or 4]


def _count(condition: str) -> str:
    return f"count(case when {condition} then 1 end)"
