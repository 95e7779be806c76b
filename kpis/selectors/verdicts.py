"""The two icons of NHS Making Data Count, in words, and as they are stored for many series."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from kpis.models import ChartVerdict

VARIATIONS = {
    "improving": ("Improving", "Special cause of the better kind"),
    "concerning": ("Concerning", "Special cause of the worse kind"),
    "neutral": ("Changed", "Special cause, without a better or worse side"),
    "common_cause": ("No change", "Common cause variation: no significant change"),
    "too_few_points": ("Too early", "Fewer than 13 points since the last re-base: no verdict yet"),
}
ASSURANCES = {
    "passes": ("Will pass", "The target is met consistently as long as the process does not change"),
    "fails": ("Will fail", "The target is missed consistently unless the process changes"),
    "hit_and_miss": ("Hit and miss", "The target is met in some periods and missed in others, by chance"),
    "no_direction": ("No side", "Neither direction is better, so the target has no good side"),
    "no_target": ("No target", "There is no target to be met"),
    "too_few_points": ("Too early", "Fewer than 13 points since the last re-base: no verdict yet"),
}


@cache
def _rules() -> dict[str, str]:
    from analytics.spc.rules.anhoej import WORDS
    from analytics.spc.rules.sets import RULE_SETS

    return {rule.code: rule.words for rules in RULE_SETS.values() for rule in rules} | dict(WORDS)


def rule_codes() -> list[str]:
    """Of all rules that may fire, whichever set of rules a chart has."""
    return list(_rules())


def rule_words(code: str) -> str:
    """A rule's definition in words."""
    return _rules().get(code, code)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The two icons of a series at its last complete period. `rule`: the code of the one that decides."""

    variation: str
    assurance: str
    side: str = "none"
    rule: str = ""
    period_start: date | None = None

    @property
    def variation_words(self) -> str:
        name, meaning = VARIATIONS[self.variation]
        return f"{name}: {meaning}{f', {self.rule_words}' if self.rule else ''}"

    @property
    def variation_meaning(self) -> str:
        """What the icon says, whichever rule decided."""
        return ": ".join(VARIATIONS[self.variation])

    @property
    def assurance_words(self) -> str:
        return ": ".join(ASSURANCES[self.assurance])

    @property
    def variation_name(self) -> str:
        return VARIATIONS[self.variation][0]

    @property
    def assurance_name(self) -> str:
        return ASSURANCES[self.assurance][0]

    @property
    def rule_words(self) -> str:
        return rule_words(self.rule)


_verdict = lru_cache(maxsize=4096)(Verdict)  # thousands of series say a few different things


def verdicts_of(triples: Iterable[tuple[int, int, str]]) -> dict[tuple[int, int], Verdict]:
    """(KPI, unit) -> the stored icons, for a list's rows. One query, whatever the number."""
    triples = set(triples)
    if not triples:
        return {}
    kpis, units = {kpi for kpi, _, _ in triples}, {unit for _, unit, _ in triples}
    names = ("kpi_id", "unit_id", "grain", "variation", "assurance", "side", "rule", "period_start")
    found = ChartVerdict.objects.filter(kpi__in=kpis, unit__in=units).values_list(*names)
    return {(kpi, unit): _verdict(*rest) for kpi, unit, grain, *rest in found if (kpi, unit, grain) in triples}
