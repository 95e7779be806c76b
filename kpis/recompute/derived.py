"""KPIs made of other KPIs: first the inputs are aggregated, then the expression is applied, per unit and period."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from kpis.measures import grains_of
from kpis.models import Kpi, KpiVersion, ManualEntry, Result

from .plan import holds_on
from .scored import Number

Key = tuple[int, str, date, date, str, str]  # unit, grain, start, end, dimension, member


def affected_by(changed: Iterable[int]) -> list[int]:
    """Derived KPIs that read one of `changed`, directly or through another, inputs before what is made of them."""
    readers: dict[int, set[int]] = defaultdict(set)
    for outer, inner in KpiVersion.inputs.through.objects.values_list("kpiversion__kpi_id", "kpi_id"):
        readers[inner].add(outer)
    order: list[int] = []
    seen: set[int] = set()

    def visit(kpi: int) -> None:
        if kpi not in seen:
            seen.add(kpi)
            for reader in sorted(readers[kpi]):
                visit(reader)
            order.append(kpi)

    for kpi in sorted(set(changed)):
        visit(kpi)
    derived = set(KpiVersion.objects.filter(kind=KpiVersion.Kind.DERIVED).values_list("kpi_id", flat=True))
    return [kpi for kpi in reversed(order) if kpi in derived]


def numbers_of(kpi_id: int) -> tuple[list[Number], dict[Key, tuple[bool, bool]]]:
    """The KPI's numbers from the current results of its inputs; with whether each is (open, provisional).

    A blank input gives no value unless the expression says otherwise; so does a division by zero.
    """
    from lake.formula import derived

    numbers, marks = [], {}
    versions = KpiVersion.objects.filter(kpi=kpi_id, kind=KpiVersion.Kind.DERIVED).prefetch_related("inputs")
    for version in versions:
        codes = {kpi.pk: kpi.code for kpi in version.inputs.all()}
        found, states = _inputs(version, codes)
        for key, values in found.items():
            inputs = {code: values.get(code) for code in codes.values()}
            value = derived(version.formula, inputs)
            blank = [code for code, given in inputs.items() if given is None]
            reason = "" if value is not None else f"{', '.join(blank)} has no value" if blank else "no finite value"
            numbers.append(Number(version.pk, *key, value, None, None, 0, reason))
            marks[key] = states[key]
    return numbers, marks


def _inputs(version: KpiVersion, codes: dict[int, str]):
    """key -> {code: value} and key -> (open, provisional), for the periods in which the version holds."""
    found: dict[Key, dict[str, float | None]] = defaultdict(dict)
    states: dict[Key, tuple[bool, bool]] = {}
    rows = Result.objects.current().filter(
        kpi__in=codes, grain__in=grains_of(version), dimension__in=["", *version.dimensions]
    )
    names = ("unit_id", "grain", "period_start", "period_end", "dimension", "member")
    for *key, kpi, value, is_open, is_provisional in rows.values_list(
        *names, "kpi_id", "value", "is_open", "is_provisional"
    ):
        key = tuple(key)
        if holds_on(version, key[2]):
            found[key][codes[kpi]] = value
            before = states.get(key, (False, False))
            states[key] = (before[0] or is_open, before[1] or is_provisional)
    return found, states


def entered_numbers(kpi: Kpi) -> list[Number]:
    """The approved manual entries of a KPI, the last one for each unit and period."""
    versions = list(kpi.versions.filter(kind=KpiVersion.Kind.MANUAL))
    latest: dict[tuple, Number] = {}
    for entry in ManualEntry.objects.filter(kpi=kpi, state=ManualEntry.State.APPROVED).order_by("decided_at", "pk"):
        version = next((v for v in versions if holds_on(v, entry.period_start)), None)
        if version:
            key = (entry.unit_id, entry.grain, entry.period_start)
            parts = (_number(entry.value), _number(entry.numerator), _number(entry.denominator))
            latest[key] = Number(version.pk, *key, entry.period_end, "", "", *parts, 1, "")
    return list(latest.values())


def _number(value) -> float | None:
    return None if value is None else float(value)
