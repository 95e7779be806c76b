"""The rule sets by name. Order within a set is precedence: the first that fired names the point.

Sources: Western Electric (1956), Statistical Quality Control Handbook; Nelson (1984), Journal of Quality Technology
16(4), 237-239; NHS England, Making Data Count.
"""

from __future__ import annotations

from collections.abc import Sequence

from analytics.inputs import OutOfRange
from analytics.spc.rules.alternating import alternating
from analytics.spc.rules.avoiding import avoiding
from analytics.spc.rules.beyond_limits import beyond_limits
from analytics.spc.rules.far_side import far_side
from analytics.spc.rules.hugging import hugging
from analytics.spc.rules.near_limit import near_limit
from analytics.spc.rules.rule import Rule
from analytics.spc.rules.same_side import same_side
from analytics.spc.rules.trend import trend

WESTERN_ELECTRIC = (
    beyond_limits("we1"),
    far_side("we2", 2, 3, 2),
    far_side("we3", 4, 5, 1),
    same_side("we4", 8),
)
NELSON = (
    beyond_limits("nelson1"),
    same_side("nelson2", 9),
    trend("nelson3", 6),
    alternating("nelson4", 14),
    far_side("nelson5", 2, 3, 2),
    far_side("nelson6", 4, 5, 1),
    hugging("nelson7", 15),
    avoiding("nelson8", 8),
)
NELSON_QCC = (*NELSON[:7], avoiding("nelson8", 8, both_sides=True))
NHS = (beyond_limits("nhs_limits"), trend("nhs_trend", 7), near_limit("nhs_two_in_three"), same_side("nhs_shift", 7))
BASIC = (beyond_limits("limits"), same_side("shift", 8))

RULE_SETS: dict[str, tuple[Rule, ...]] = {
    "basic": BASIC,
    "western_electric": WESTERN_ELECTRIC,
    "nelson": NELSON,
    "nelson_qcc": NELSON_QCC,
    "nhs": NHS,
}

# Charts of counts and shares take the rules that do not lean on the normal curve (Minitab: tests 1 to 4); charts whose
# points carry their neighbours take the limits alone.
ATTRIBUTE_CHARTS = frozenset(
    {"p", "np", "c", "u", "laney_p", "laney_u", "g", "t", "range", "standard_deviation", "moving_range"}
)
MEMORY_CHARTS = frozenset({"ewma", "cusum", "cusum_lower"})


def rules_for(kind: str, rules: str | Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules of a set, or the ones given, that may be used on a chart of this kind. Raises OutOfRange."""
    if not isinstance(rules, str):
        return tuple(rules)
    if rules not in RULE_SETS:
        raise OutOfRange(f"Rule set {rules!r} is not known; choose one of {', '.join(RULE_SETS)}, anhoej.")
    chosen = RULE_SETS[rules]
    if kind in MEMORY_CHARTS:
        return chosen[:1]
    return tuple(rule for rule in chosen if rule.on_attributes) if kind in ATTRIBUTE_CHARTS else chosen
