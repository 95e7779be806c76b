"""Looking targets up: the most specific first, along the tree of the day, in memory for many results at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from organization.models import UnitPath

from .measures import base_of, is_total
from .models import KpiVersion, StandingTarget, Target
from .models.targets import Comparator
from .scoring import Goals

NO_GOALS = Goals()
GOALS = (Comparator.TARGET, Comparator.RED_LIMIT, Comparator.STRETCH)


@dataclass(frozen=True, slots=True)
class Found:
    """A target as it applies to one result, and where it came from.

    source: "segment", "unit" or "inherited"; `from_unit` is the unit at which it was set. `parts` is how many totals
    (of months, phases of a year) were added up; 0: it holds for each period.
    """

    comparator: str
    value: float | None
    low: float | None
    high: float | None
    source: str
    from_unit: int
    target_id: int
    basis: str = ""
    parts: int = 0


class _Days:
    """What a target says, on the days from `start` to `end` (not included).

    within: what it is a part of, else what it was set within.
    """

    __slots__ = ()
    numbers: tuple[Decimal | None, Decimal | None, Decimal | None]
    basis: str
    within: int | None
    start: date
    end: date

    def is_of(self, start: date, end: date) -> bool:
        """Whether it speaks of a period that begins on its days: it reaches the period's end, or is as long."""
        return end <= self.end or end - start <= self.end - self.start

    def is_for(self, start: date, end: date) -> bool:
        """Whether it was set for the period itself."""
        return (self.start, self.end) == (start, end)


@dataclass(frozen=True, slots=True)
class _Entry(_Days):
    id: int
    numbers: tuple[Decimal | None, Decimal | None, Decimal | None]
    start: date
    end: date
    as_total: bool
    annual: int | None
    basis: str
    within: int | None


@dataclass(slots=True)
class _Standing(_Days):
    """One that was split around others, from the first to the last of its parts' days and of theirs."""

    numbers: tuple[Decimal | None, Decimal | None, Decimal | None]
    basis: str
    within: int | None
    start: date = date.max
    end: date = date.min


class TargetBook:
    """All targets of some KPIs. Three queries, one more where one was split, then every look-up is in memory."""

    def __init__(self, kpis: Iterable[int]):
        self._entries: dict[tuple, list[_Entry]] = defaultdict(list)
        self._kpis: set[int] = set()
        days: dict[int, list[tuple[date, date]]] = defaultdict(list)
        for t in Target.objects.filter(kpi__in=set(kpis)).order_by("valid_from"):
            key = (t.kpi_id, t.comparator, t.unit_id, t.dimension, t.member)
            end = t.valid_to or date.max
            numbers = (t.value, t.low, t.high)
            within = t.part_of_id or t.overrides_id
            entry = _Entry(t.pk, numbers, t.valid_from, end, t.as_total, t.annual_id, t.basis, within)
            self._entries[key].append(entry)
            self._kpis.add(t.kpi_id)
            for standing in filter(None, (t.part_of_id, t.overrides_id)):
                days[standing].append((t.valid_from, end))
        self._standing = _split(days, self._kpis)
        self._totals: dict[int, list[tuple[date, date]]] = defaultdict(list)
        self._distinct: set[int] = set()
        for version in KpiVersion.objects.filter(kpi__in=self._kpis) if self._kpis else ():
            if is_total(version):
                self._totals[version.kpi_id].append((version.valid_from, version.valid_to or date.max))
            if base_of(version) == KpiVersion.Kind.DISTINCT:
                self._distinct.add(version.kpi_id)
        self._paths: dict[int, list[tuple[int, int, date, date]]] = defaultdict(list)
        units = {key[2] for key in self._entries}
        for path in UnitPath.objects.filter(ancestor__in=units) if units else ():
            end = path.valid_to or date.max
            self._paths[path.descendant_id].append((path.depth, path.ancestor_id, path.valid_from, end))
        self._above = lru_cache(maxsize=100_000)(self._above_on)

    def find(
        self,
        kpi: int,
        unit: int,
        start: date,
        end: date | None = None,
        dimension: str = "",
        member: str = "",
        comparator: str = Comparator.TARGET,
        *,
        only_totals: bool = False,
    ) -> Found | None:
        """The target of the period `start` to `end` (not included; None: of the day `start`).

        First the segment's, at the unit and then at those above it, the nearest first; then in the same order the one
        for all rows. The tree is that of the period's first day. A total (a month's, a phase of a year's) counts for
        its own days, and added up for a period that it fills with others; a plain target counts if it holds on the
        first day, unless `only_totals` (a sum's daily target is none for its month), and for no period longer than
        its own days: there counts the one within whose days it was set, or what all on these days say alike.

        Of a total neither is inherited: 500 incidents for the whole say nothing of a unit below or of a segment. See
        docs/decisions/0007-targets-of-totals.md.
        """
        if kpi not in self._kpis:
            return None
        segments = [(dimension, member), ("", "")] if dimension else [("", "")]
        units = self._above(unit, start)
        if self.is_total(kpi, start):
            segments, units = segments[:1], units[:1] if units[:1] == (unit,) else ()
        for segment in segments:
            for ancestor in units:
                entries = self._entries.get((kpi, comparator, ancestor, *segment))
                adds_up = kpi not in self._distinct
                found = entries and _holding(entries, self._standing, start, end, only_totals, adds_up)
                if found:
                    entry, numbers, basis, parts = found
                    numbers = tuple(_number(number) for number in numbers)
                    source = "segment" if segment[0] else "unit" if ancestor == unit else "inherited"
                    return Found(comparator, *numbers, source, ancestor, entry.id, basis, parts)
        return None

    def is_total(self, kpi: int, day: date) -> bool:
        return any(start <= day < end for start, end in self._totals.get(kpi, ()))

    def goals(
        self,
        kpi: int,
        unit: int,
        start: date,
        end: date | None = None,
        dimension: str = "",
        member: str = "",
        *,
        only_totals: bool = False,
    ) -> Goals:
        """What a result is scored against."""
        if kpi not in self._kpis:
            return NO_GOALS
        found = {c: self.find(kpi, unit, start, end, dimension, member, c, only_totals=only_totals) for c in GOALS}
        target = found.get(Comparator.TARGET)
        red, stretch = found.get(Comparator.RED_LIMIT), found.get(Comparator.STRETCH)
        return Goals(
            target=target.value if target else None,
            low=target.low if target else None,
            high=target.high if target else None,
            red_limit=red.value if red else None,
            stretch=stretch.value if stretch else None,
        )

    def comparators(
        self,
        kpi: int,
        unit: int,
        start: date,
        end: date | None,
        wanted: Iterable[Comparator],
        *,
        only_totals: bool = False,
    ) -> dict[Comparator, Found]:
        """Those of the wanted comparators that are set for the period."""
        found = {c: self.find(kpi, unit, start, end, comparator=c, only_totals=only_totals) for c in wanted}
        return {comparator: target for comparator, target in found.items() if target}

    def _above_on(self, unit: int, day: date) -> tuple[int, ...]:
        """The unit and those above it that have targets, the nearest first."""
        return tuple(a for _, a, start, end in sorted(self._paths.get(unit, [])) if start <= day < end)


def _split(days: dict[int, list[tuple[date, date]]], kpis: set[int]) -> dict[int, _Standing]:
    """What was split, by its number. days: of its parts and of all that was set within it."""
    found = StandingTarget.objects.filter(kpi__in=kpis) if days else ()
    by_id = {s.pk: _Standing((s.value, s.low, s.high), s.basis, s.within_id) for s in found}
    for inmost, stretches in days.items():
        pk: int | None = inmost
        while pk:
            one = by_id[pk]
            one.start = min(one.start, *(start for start, _ in stretches))
            one.end = max(one.end, *(end for _, end in stretches))
            pk = one.within
    return by_id


def _holding(
    entries: list[_Entry],
    standing: dict[int, _Standing],
    start: date,
    end: date | None,
    only_totals: bool,
    adds_up: bool,
):
    """(entry, (value, low, high), basis, parts) that holds for the period, or None. entries: by their first day.

    Totals are added exactly. Those of a distinct count are not, but for phases of a year's: the same caller may count
    in two months.
    """
    first = next((entry for entry in entries if entry.start <= start < entry.end), None)
    if first is None or (only_totals and not first.as_total):
        return None
    if end is None:
        return first, first.numbers, first.basis, int(first.as_total)
    if not first.as_total:
        return _for_all_of(first, entries, standing, start, end)
    parts = [entry for entry in entries if entry.as_total and entry.start >= start and entry.end <= end]
    if not parts or sum((entry.end - entry.start).days for entry in parts) != (end - start).days:
        return None
    if len(parts) > 1 and not adds_up and any(entry.annual is None for entry in parts):
        return None
    columns = list(zip(*(entry.numbers for entry in parts), strict=True))
    if any(None in column and any(number is not None for number in column) for column in columns):
        return None  # a band beside a value
    numbers = tuple(None if None in column else sum(column) for column in columns)
    return first, numbers, first.basis, len(parts)


def _for_all_of(first: _Entry, entries: list[_Entry], standing: dict[int, _Standing], start: date, end: date):
    """As `_holding`, of a plain target. January's own is none of the quarter that begins with it.

    There counts what was set for just these days; else what is said alike on all of them; else the one of which it is
    a part or within whose days it was set, or none.
    """
    one: _Entry | _Standing | None = first
    while one and not one.is_of(start, end):
        one = standing[one.within] if one.within else None
    if one is first or (one and one.is_for(start, end)) or not _all_say(first.numbers, entries, start, end):
        return (first, one.numbers, one.basis, 0) if one else None
    return first, first.numbers, first.basis, 0


def _all_say(numbers: tuple, entries: list[_Entry], start: date, end: date) -> bool:
    """Whether what holds on each day of the period says the same. entries: by their first day."""
    day = start
    for entry in entries:
        if entry.start <= day < entry.end and not entry.as_total and entry.numbers == numbers:
            day = entry.end
    return day >= end


def _number(value) -> float | None:
    return None if value is None else float(value)
