"""What is likely wrong with a definition that can be computed all the same: said beside its preview, never refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from datasets import explore
from datasets.facts import NoSuchVersion, contract_of
from datasets.refusals import Refusal
from kpis.measures import base_of
from kpis.models import Kpi, KpiVersion
from organization.access import Access

Kind = KpiVersion.Kind
MOST_COLUMNS, NAMED = 3, 5
TOO_MANY_PERCENT = 150
PERCENT = "percent"
CURRENCY = re.compile(r"[A-Z]{3}")


def hints_of(version: KpiVersion, values: Sequence[float | Decimal | None], access: Access) -> list[str]:
    """values: of its last periods, as they are shown. Looks only at rows that `access` may see."""
    shown = [value for value in values if value is not None]
    found = [*_texts_of_no_row(version, access), *_conditions_counted(version), *_read_in_utc(version)]
    return [*found, *_odd_unit(version, shown), *_percentages_multiplied(version), *_currencies_added(version, access)]


def _texts_of_no_row(version: KpiVersion, access: Access) -> Iterator[str]:
    """A condition that never holds is mostly a word written otherwise in the extract."""
    from lake.contract import ColumnType
    from lake.formula.compared import compared_texts

    if version.dataset is None:
        return
    contract = contract_of(version.dataset)
    texts: dict[str, list[str]] = {}
    for part in _parts(version):
        for name, compared in compared_texts(part).items():
            texts.setdefault(name, []).extend(compared)
    of_text = {column.name for column in contract.columns if column.type == ColumnType.TEXT}
    for name in sorted(texts.keys() & of_text)[:MOST_COLUMNS]:
        try:
            yield from _missing(version, name, list(dict.fromkeys(texts[name])), access)
        except (Refusal, NoSuchVersion):
            return  # a hint is not worth a fault


def _parts(version: KpiVersion) -> list[str]:
    return [part for part in (version.formula, version.denominator, version.weight, version.condition) if part]


def _conditions_counted(version: KpiVersion) -> Iterator[str]:
    """Who counts a condition mostly means the rows for which it holds."""
    from lake.contract import ColumnType
    from lake.formula.counted import counted_conditions

    contract = contract_of(version.dataset) if version.dataset else None
    if contract is None:
        return
    yes_or_no = [column.name for column in contract.columns if column.type == ColumnType.BOOLEAN]
    for part in (version.formula, version.denominator):
        for condition in counted_conditions(part, yes_or_no) if part else ():
            said = f"count({condition}) counts each row in which that can be told, also where the answer is no"
            yield f"{said}: write count_if({condition}) for the rows for which it holds."


def _read_in_utc(version: KpiVersion) -> Iterator[str]:
    """An hour in UTC beside days of another clock is mostly not what is meant."""
    from lake.formula.local import read_in_utc

    contract = contract_of(version.dataset) if version.dataset else None
    if contract is None or contract.reporting_timezone == "UTC":
        return
    read: dict[str, str] = {}
    for part in _parts(version):
        read = read_in_utc(part, contract) | read
    zone = contract.reporting_timezone
    for name, word in list(read.items())[:MOST_COLUMNS]:
        said = f"The {word} of {name} is taken in UTC, while days are counted by the clock of {zone}"
        yield f"{said}: write local({name}) in place of {name} for that clock."


def _missing(version: KpiVersion, name: str, texts: list[str], access: Access) -> Iterator[str]:
    counted = {"groups": [{"column": name}], "totals": [{"function": "count"}]}
    wanted = counted | {"filters": [{"column": name, "operator": "in", "values": texts}], "limit": len(texts)}
    found = {row[0] for row in explore.ask(version.dataset, wanted, access).rows}
    missing = [text for text in texts if text not in found]
    if not missing:
        return
    most = counted | {"order_by": "count", "descending": True, "limit": NAMED}
    answer = explore.ask(version.dataset, most, access)
    known = ", ".join(sorted(repr(row[0]) for row in answer.rows if row[0] is not None))
    if known:
        yield (
            f"No row has {' or '.join(map(repr, missing))} in {name}. It has {known}{' and more' * answer.truncated}; "
            "texts are compared letter by letter."
        )


def _currencies_added(version: KpiVersion, access: Access) -> Iterator[str]:
    """Amounts in EUR where the rows have other currencies too, and nothing in the definition tells them apart."""
    from lake.contract import ColumnType

    unit = version.unit_of_measure
    if version.dataset is None or not CURRENCY.fullmatch(unit):
        return
    named = set(re.findall(r"\w+", " ".join(_parts(version))))
    texts = [column.name for column in contract_of(version.dataset).dimensions if column.type == ColumnType.TEXT]
    for name in [name for name in texts if name not in named][: 2 * MOST_COLUMNS]:
        asked = {"groups": [{"column": name}], "totals": [{"function": "count"}], "limit": 2 * NAMED}
        try:
            found = [row[0] for row in explore.ask(version.dataset, asked, access).rows if row[0] is not None]
        except (Refusal, NoSuchVersion):
            return  # a hint is not worth a fault
        if unit in found and len(found) > 1 and all(CURRENCY.fullmatch(str(value)) for value in found):
            said = f"{name} has {', '.join(sorted(found))}, and their amounts are added as if all were {unit}"
            yield f"{said}: write {name} = '{unit}' as the condition, and a KPI for each other currency."


def _odd_unit(version: KpiVersion, values: Sequence[float | Decimal]) -> Iterator[str]:
    if base_of(version) != Kind.RATIO or not values:
        return
    times_100 = re.search(r"\b100\b", version.formula)
    if version.unit_of_measure == PERCENT and times_100 and max(map(abs, values)) > TOO_MANY_PERCENT:
        yield "The unit percent takes a ratio times 100 by itself: leave the 100 out of the formula."
    if version.unit_of_measure == "number" and all(0 <= value <= 1 for value in values) and any(values):
        yield "As a part of the whole this reads better in the unit percent, which shows 0.1 as 10 %."


def _percentages_multiplied(version: KpiVersion) -> Iterator[str]:
    """91 % counts as 91 in a derived KPI, so that the product of three is ten thousand times what was meant."""
    from lake.formula import inputs_of
    from lake.formula.percentages import Scale

    if version.kind != Kind.DERIVED:
        return
    inputs = Kpi.objects.filter(code__in=inputs_of(version.formula))
    percentages = sorted(inputs.whose_newest(unit_of_measure=PERCENT).values_list("code", flat=True))
    scale, wanted = Scale.of(version.formula, percentages), int(version.unit_of_measure == PERCENT)
    if scale.degree is None:
        return
    if scale.degree > wanted and scale.multiplies:  # a difference of percentages may be shown in points
        said = f"{_listed(percentages)} {'counts' if len(percentages) == 1 else 'count'} as shown, 91 % as 91"
        yield f"{said}: divide by {100 ** (scale.degree - wanted)} for what is meant."
    elif scale.degree < wanted and scale.divides:
        yield f"This is a share, and a derived KPI is shown as it is: write 100 * ({version.formula}) for per cent."


def _listed(codes: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(codes[:-1]), *codes[-1:]]))
