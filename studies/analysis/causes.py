"""Which few causes matter? Causes by their amount, with the share that the vital few make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.wording import percent

from .checks import data_check
from .words import Analysis, CannotAnswer, Check, Estimate, Picture, Sample, Table, column, numbers_of

SHOWN = 15


def causes(sample: Sample, options: Mapping[str, Any]) -> Analysis:
    """options: cause (a column), amount (a column; empty: rows are counted), or instead of a cause `parts` (numeric
    columns, each a cause) with `weight`; cut (share that the vital few reach). Raises CannotAnswer, BadInput."""
    from analytics.process.pareto import pareto

    used, amounts, counted = _by_part(sample, options) if options.get("parts") else _by_cause(sample, options)
    cut = float(options.get("cut") or 0.8)
    made = pareto(list(amounts), list(amounts.values()), cut=cut, show=SHOWN)
    vital = made.vital_few
    held = sum(bar.amount for bar in made.bars if bar.is_vital)
    estimate = _share(held, made.total, counted)
    of = len(amounts)
    what = _amount_words(options)
    return Analysis(
        method="Pareto analysis",
        reason=f"Causes by {what}: the fewest that reach {percent(cut)} are the vital few.",
        verdict=_verdict(vital, of, held / made.total, what),
        estimates=(
            estimate,
            *(Estimate(f"share of {bar.name}", bar.share, unit="share") for bar in made.bars if bar.is_vital),
        ),
        checks=data_check(sample, used),
        assumptions=(
            Check("few causes", len(vital) <= max(1, of // 3), f"{len(vital)} of {of} reach {percent(cut)}"),
            Check("one kind of amount", None, "a cause that is rare can still be the dearest: try another amount"),
        ),
        n=sample.rows,
        pictures=(Picture("pareto", f"Causes by {what}", {"bars": _bars(made), "value": what, "cut": cut}),),
        tables=(
            Table(
                "Causes",
                ["Cause", what, "Share", "Running share", "Vital few"],
                [[bar.name, bar.amount, bar.share, bar.cumulative, "yes" if bar.is_vital else ""] for bar in made.bars],
                ("", "", "share", "share", ""),
            ),
        ),
        numbers=numbers_of((estimate,), **{f"share of {bar.name}": bar.share for bar in made.bars}),
    )


def _bars(made: Any) -> list[dict[str, Any]]:
    return [
        {"name": bar.name, "amount": bar.amount, "cumulative": bar.cumulative, "vital": bar.is_vital}
        for bar in made.bars
    ]


def _verdict(vital: Sequence[str], of: int, share: float, what: str) -> str:
    if len(vital) > max(1, of // 2):
        return f"No vital few: it takes {len(vital)} of {of} causes to make {percent(share)} of {what}."
    return f"{len(vital)} of {of} causes make {percent(share)} of {what}: {', '.join(vital)}."


def _by_cause(sample: Sample, options: Mapping[str, Any]) -> tuple[list[str], dict[str, float], bool]:
    """Columns used, amount of each cause, whether amounts are counts of rows."""
    if not options.get("cause"):
        raise CannotAnswer("Choose the column that names the cause, or several columns that are causes.")
    named, amount = column(sample, options["cause"]), options.get("amount")
    sizes = column(sample, amount) if amount else [1] * len(named)
    if any(isinstance(size, str) for size in sizes):
        raise CannotAnswer(f"{amount} is a text. Take a number, yes and no, or count the rows.")
    found: dict[str, float] = {}
    for member, size in zip(named, sizes, strict=True):
        if member is not None and size is not None:
            found[str(member)] = found.get(str(member), 0.0) + float(size)
    if len(found) < 2:
        raise CannotAnswer(f"{options['cause']} names fewer than two causes, so none can be put first.")
    return [options["cause"], *([amount] if amount else [])], found, not amount or set(map(type, sizes)) <= {bool}


def _by_part(sample: Sample, options: Mapping[str, Any]) -> tuple[list[str], dict[str, float], bool]:
    """As `_by_cause`; each part's amount is the sum of its values, or with a weight their weighted mean."""
    parts, weight = list(options["parts"]), options.get("weight")
    if len(parts) < 2:
        raise CannotAnswer("Choose at least two columns that are causes.")
    weights = column(sample, weight) if weight else [1] * sample.rows
    found = {}
    for part in parts:
        pairs = zip(column(sample, part), weights, strict=True)
        known = [(float(value), float(by)) for value, by in pairs if value is not None and by is not None]
        total = sum(by for _, by in known) if weight else 1.0
        if not total:
            raise CannotAnswer(f"{weight} adds up to nothing, so it gives no weight. Choose another.")
        found[part] = sum(value * by for value, by in known) / total
    return [*parts, *([weight] if weight else [])], found, False


def _share(held: float, total: float, counted: bool) -> Estimate:
    from analytics.hypothesis.proportions import share_interval

    name = "share of the vital few"
    if not counted:
        return Estimate(name, held / total, unit="share")
    share = share_interval(int(held), int(total))
    return Estimate(name, share.value, share.low, share.high, "share")


def _amount_words(options: Mapping[str, Any]) -> str:
    if options.get("parts"):
        return f"mean weighted by {options['weight']}" if options.get("weight") else "sum"
    return options.get("amount") or "rows"
