"""Are these different? Two or more groups of amounts, of yes and no, or of categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from analytics.wording import digits, in_points, percent

from .checks import data_check, shape_checks
from .words import (
    Analysis,
    CannotAnswer,
    Check,
    Estimate,
    Picture,
    Sample,
    Table,
    checks_of,
    column,
    estimate_of,
    numbers_of,
    numeric,
    statistic_words,
)

MOST_GROUPS = 8
SMALL = 30
LARGEST_SHIFT = 4_000_000  # differences that the shift of two groups is the median of
MOST_OUTLIERS = 40


def difference(sample: Sample, options: Mapping[str, Any]) -> Analysis:
    """options: value, group, members (those to compare; empty: all), confidence. Raises CannotAnswer, BadInput."""
    values, named = column(sample, options["value"]), column(sample, options["group"])
    groups, notes = _groups(values, named, options.get("members") or ())
    checks = data_check(sample, [options["value"], options["group"]])
    confidence = float(options.get("confidence") or 0.95)
    kinds = {type(value) for group in groups.values() for value in group}
    if kinds <= {bool}:
        return _shares(options, groups, checks, notes, confidence)
    if str in kinds:
        return _categories(options, groups, checks, notes, confidence)
    return _amounts(sample, options, groups, checks, notes, confidence)


def _groups(
    values: Sequence[Any], named: Sequence[Any], members: Sequence[str]
) -> tuple[dict[str, list[Any]], tuple[str, ...]]:
    """Member -> its values, the largest members first, then by name."""
    found: dict[str, list[Any]] = {}
    for value, member in zip(values, named, strict=True):
        if value is not None and member is not None:
            found.setdefault(str(member), []).append(value)
    if members:
        missing = [member for member in members if member not in found]
        if missing:
            known = ", ".join(sorted(found)[:20])
            raise CannotAnswer(f"No rows have {', '.join(missing)}. The members are {known}.")
        found = {member: found[member] for member in members}
    kept = {member: group for member, group in found.items() if len(group) >= 2}
    notes = [f"{len(found) - len(kept)} members with a single value were left out."] if len(kept) < len(found) else []
    if len(kept) > MOST_GROUPS:
        largest = sorted(kept, key=lambda member: -len(kept[member]))[:MOST_GROUPS]
        notes.append(f"Only the {MOST_GROUPS} largest of {len(kept)} members are compared.")
        kept = {member: kept[member] for member in largest}
    if len(kept) < 2:
        raise CannotAnswer("There are not two groups with two values each. Choose another column to group by.")
    return (kept if members else dict(sorted(kept.items()))), tuple(notes)


# --- amounts ----------------------------------------------------------------------------------------------------------


def _amounts(
    sample: Sample,
    options: Mapping[str, Any],
    groups: dict[str, list[Any]],
    checks: tuple[Check, ...],
    notes: tuple[str, ...],
    confidence: float,
) -> Analysis:
    named = {member: numeric(group) for member, group in groups.items()}
    shapes = [one for member, group in named.items() for one in shape_checks(group, member, in_order=sample.in_order)]
    checks += tuple(one for one in shapes if len(named) == 2 or one.holds is False)
    by_rank, reason = _rank_or_mean(named)
    two = len(named) == 2
    finding, pairs, correction = (_two if two else _several)(named, by_rank, confidence)
    first, second = list(named)[:2]
    estimates = pairs or (estimate_of(finding.effect, f"{finding.effect.name}, {first} less {second}"),)
    extra = () if two else (estimate_of(finding.effect),)
    return Analysis(
        method=finding.test,
        reason=reason,
        verdict=_verdict(finding, estimates, confidence, two),
        estimates=(*estimates, *extra, *([estimate_of(finding.size)] if finding.size else [])),
        checks=checks,
        assumptions=checks_of(finding.assumptions),
        statistic=statistic_words(finding),
        p=finding.p,
        n=sum(finding.n),
        confidence=confidence,
        correction=correction,
        notes=notes,
        pictures=(Picture("box", f"{options['value']} by {options['group']}", box_data(named, options["value"])),),
        tables=(_summary(named, options["group"]),),
        numbers=numbers_of((*estimates, *extra), p=finding.p, rows=float(sum(finding.n))),
    )


def _rank_or_mean(named: Mapping[str, list[float]]) -> tuple[bool, str]:
    """Whether to compare by rank, and why."""
    import numpy as np
    from scipy import stats

    small = [member for member, group in named.items() if len(group) < SMALL]
    odd = [
        member
        for member in small
        if len(named[member]) >= 3 and np.ptp(named[member]) > 0 and stats.shapiro(named[member]).pvalue < 0.05
    ]
    flat = [member for member, group in named.items() if np.ptp(group) == 0]
    if odd:
        return True, f"By rank: {', '.join(odd)} has fewer than {SMALL} values and is not normally distributed."
    if flat:
        return True, f"By rank: {', '.join(flat)} does not vary, so its mean has no error to judge by."
    if small:
        return (
            False,
            f"By mean: the groups below {SMALL} values look normally distributed. Variances may differ (Welch).",
        )
    return False, f"By mean: every group has {SMALL} values or more, which carry a mean. Variances may differ (Welch)."


def _two(named: Mapping[str, list[float]], by_rank: bool, confidence: float) -> tuple[Any, tuple[Estimate, ...], str]:
    from analytics.hypothesis.means import t_test
    from analytics.hypothesis.ranks import mann_whitney

    test = mann_whitney if by_rank else t_test
    return test(*named.values(), confidence=confidence), (), ""


def _several(
    named: Mapping[str, list[float]], by_rank: bool, confidence: float
) -> tuple[Any, tuple[Estimate, ...], str]:
    """The test of all groups, then each pair, allowing for the number of pairs."""
    from analytics.hypothesis.anova import anova
    from analytics.hypothesis.ranks import kruskal

    members, groups = list(named), list(named.values())
    if not by_rank:
        finding = anova(groups, variances="unequal", confidence=confidence)
        pairs = [
            (Estimate(f"{members[p.first]} less {members[p.second]}", p.difference, p.low, p.high), p.p)
            for p in finding.pairs
        ]
        return finding, _by_p(pairs), f"{len(pairs)} pairs, intervals and p of Games-Howell for all pairs together."
    pairs, raw = _rank_pairs(members, groups, confidence)
    return kruskal(groups, confidence=confidence), pairs, _holm(len(pairs), raw, confidence)


def _rank_pairs(
    members: list[str], groups: list[list[float]], confidence: float
) -> tuple[tuple[Estimate, ...], list[float]]:
    """Shift of each pair; intervals at the level that Bonferroni gives to each."""
    from analytics.hypothesis.ranks import mann_whitney

    places = [
        (i, j) for i, j in combinations(range(len(groups)), 2) if len(groups[i]) * len(groups[j]) <= LARGEST_SHIFT
    ]
    each = 1 - (1 - confidence) / max(1, len(places))
    found = [(i, j, mann_whitney(groups[i], groups[j], confidence=each)) for i, j in places]
    pairs = [(estimate_of(one.effect, f"{members[i]} less {members[j]}"), one.p) for i, j, one in found]
    return _by_p(pairs), [p for _, p in pairs]


def _by_p(pairs: list[tuple[Estimate, float]]) -> tuple[Estimate, ...]:
    return tuple(estimate for estimate, _ in sorted(pairs, key=lambda pair: pair[1]))


def _holm(count: int, raw: list[float], confidence: float) -> str:
    from analytics.hypothesis.multiple import adjust

    if not raw:
        return ""
    shown = sum(adjust(raw, method="holm", alpha=1 - confidence).significant)
    return (
        f"{count} pairs: intervals hold for all of them together (Bonferroni); {shown} differ after Holm's correction."
    )


def _verdict(finding: Any, estimates: Sequence[Estimate], confidence: float, two: bool) -> str:
    if two:
        return finding.sentence
    first = estimates[0] if estimates else estimate_of(finding.effect)
    if finding.p >= 1 - confidence:
        return f"No difference between the groups is shown (p = {finding.p:.3f}), nor is it ruled out."
    return (
        f"The groups differ. Clearest pair: {first.name} {digits(first.value, signed=True)} "
        f"({percent(confidence)} interval {digits(first.low)} to {digits(first.high)})."
        if first.low is not None and first.value is not None
        else f"The groups differ: {finding.sentence}"
    )


def box_data(named: Mapping[str, Sequence[float]], value: str) -> dict[str, Any]:
    """Five numbers, mean and far values of each group (whiskers at 1.5 interquartile ranges, Tukey)."""
    import numpy as np

    boxes = []
    for member, group in named.items():
        array = np.sort(np.array(group, dtype=float))
        q1, median, q3 = np.quantile(array, [0.25, 0.5, 0.75])
        inside = array[(array >= q1 - 1.5 * (q3 - q1)) & (array <= q3 + 1.5 * (q3 - q1))]
        outside = array[(array < inside[0]) | (array > inside[-1])]
        step = max(1, -(-outside.size // MOST_OUTLIERS))
        boxes.append(
            {
                "name": member, "n": int(array.size), "low": float(inside[0]), "q1": float(q1), "median": float(median),
                "q3": float(q3), "high": float(inside[-1]), "mean": float(array.mean()),
                "outliers": outside[::step].tolist(), "outside": int(outside.size),
            }
        )  # fmt: skip
    return {"boxes": boxes, "value": value}


def _summary(named: Mapping[str, Sequence[float]], group: str) -> Table:
    import numpy as np

    rows = [
        [member, len(values), float(np.mean(values)), float(np.std(values, ddof=1)), float(np.median(values)),
         float(np.min(values)), float(np.max(values))]
        for member, values in named.items()
    ]  # fmt: skip
    return Table("Groups", [group, "n", "Mean", "Standard deviation", "Median", "Lowest", "Highest"], rows)


# --- yes and no -------------------------------------------------------------------------------------------------------


def _shares(
    options: Mapping[str, Any],
    groups: dict[str, list[Any]],
    checks: tuple[Check, ...],
    notes: tuple[str, ...],
    confidence: float,
) -> Analysis:
    from analytics.hypothesis.proportions import share_interval, two_proportions
    from analytics.hypothesis.tables import chi_square

    counted = {member: (sum(group), len(group)) for member, group in groups.items()}
    shares = {member: share_interval(*pair, confidence=confidence) for member, pair in counted.items()}
    pairs = list(combinations(counted, 2))
    each = 1 - (1 - confidence) / len(pairs)
    found = [(a, b, two_proportions(*counted[a], *counted[b], confidence=each)) for a, b in pairs]
    ranked = sorted(found, key=lambda pair: (pair[2].p, -abs(pair[2].effect.value)))
    estimates = tuple(estimate_of(one.effect, f"share, {a} less {b}", "points") for a, b, one in ranked)
    two = len(counted) == 2
    overall = found[0][2] if two else chi_square(_table(counted))
    picture, table = _shares_shown(options, counted, shares)
    return Analysis(
        method=overall.test,
        reason=_shares_reason(len(counted)),
        verdict=_shares_verdict(overall, options["value"], *ranked[0], two),
        estimates=estimates,
        checks=checks,
        assumptions=checks_of(overall.assumptions),
        statistic=statistic_words(overall),
        p=overall.p,
        n=sum(n for _, n in counted.values()),
        confidence=confidence,
        correction="" if two else _holm(len(pairs), [one.p for _, _, one in found], confidence),
        notes=notes,
        pictures=(picture,),
        tables=(table,),
        numbers=numbers_of(
            estimates, p=overall.p, **{f"share of {member}": one.value for member, one in shares.items()}
        ),
    )


def _shares_reason(groups: int) -> str:
    if groups == 2:
        return "Yes or no in two groups: the difference of two shares, Newcombe's interval."
    return f"Yes or no in {groups} groups: chi-square over all, then each pair."


def _shares_shown(
    options: Mapping[str, Any], counted: Mapping[str, tuple[int, int]], shares: Mapping[str, Any]
) -> tuple[Picture, Table]:
    """Each group's share with its interval, drawn and as a table."""
    rows = [
        [member, n, events, shares[member].value, shares[member].low, shares[member].high]
        for member, (events, n) in counted.items()
    ]
    points = [{"name": name, "n": n, "value": value, "low": low, "high": high} for name, n, _, value, low, high in rows]
    data = {"unit": "share", "value": options["value"], "points": points}
    headers = [options["group"], "n", f"{options['value']} is true", "Share", "Low", "High"]
    title = f"Share of {options['value']} by {options['group']}"
    return Picture("intervals", title, data), Table("Shares", headers, rows, ("", "", "", "share", "share", "share"))


def _table(counted: Mapping[str, tuple[int, int]]) -> list[list[int]]:
    table = [[events, n - events] for events, n in counted.values()]
    if any(sum(column) == 0 for column in zip(*table, strict=True)):
        raise CannotAnswer("Every value is the same, so there is no difference to test.")
    return table


def _shares_verdict(overall: Any, value: str, a: str, b: str, first: Any, two: bool) -> str:
    if not overall.is_significant:
        return f"No difference between the shares is shown (p = {overall.p:.3f}), nor is it ruled out."
    effect = first.effect
    interval = (
        f"interval {in_points(effect.low)} to {in_points(effect.high)}{'' if two else ', allowing for all pairs'}"
    )
    lead = "The shares differ" if two else "The shares differ. Clearest pair"
    return f"{lead}: {value} in {a} less {b}, {in_points(effect.value)} points ({interval})."


# --- categories -------------------------------------------------------------------------------------------------------


def _categories(
    options: Mapping[str, Any],
    groups: dict[str, list[Any]],
    checks: tuple[Check, ...],
    notes: tuple[str, ...],
    confidence: float,
) -> Analysis:
    from analytics.hypothesis.tables import chi_square

    kinds = Counter(str(value) for group in groups.values() for value in group)
    if len(kinds) < 2:
        raise CannotAnswer(f"{options['value']} has one category only, so there is no difference to test.")
    shown = [name for name, _ in kinds.most_common(MOST_GROUPS)]
    counts = [[sum(str(value) == name for value in group) for name in shown] for group in groups.values()]
    finding = chi_square(counts, confidence=confidence)
    estimate = estimate_of(finding.effect)
    rows = [[member, *row] for member, row in zip(groups, counts, strict=True)]
    more = (f"Only the {MOST_GROUPS} most frequent of {len(kinds)} categories are compared.",)
    return Analysis(
        method=finding.test,
        reason=f"Categories in {len(groups)} groups: is one independent of the other?",
        verdict=finding.sentence,
        estimates=(estimate,),
        checks=checks,
        assumptions=checks_of(finding.assumptions),
        statistic=statistic_words(finding),
        p=finding.p,
        n=int(finding.n[0]),
        confidence=confidence,
        notes=notes + (more if len(kinds) > MOST_GROUPS else ()),
        tables=(Table(f"{options['value']} by {options['group']}", [options["group"], *shown], rows),),
        numbers=numbers_of((estimate,), p=finding.p),
    )
