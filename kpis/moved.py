"""What moved a number: the change between two complete periods in parts by the members of a dimension.

Read from stored results, never from rows. A ratio's change is split into its members' own rates and the shift of weight
between them; a sum's into what each member added. The parts add up to the change, or there is a refusal in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from organization.access import Access
from organization.models import Unit

from .calendars import period_of
from .measures import adds_up_over_time, base_of, scale_of
from .models import Kpi, KpiVersion
from .selectors.readings import Book
from .selectors.results import Row, last_rows, parts_of
from .selectors.units import require_visible, unit_ref
from .selectors.words import KpiRef, NotYours, PeriodRef, UnitRef

Kind = KpiVersion.Kind
SHOWN = 12  # members that are named; the others are one part
CLEAR = 0.05  # of the parts' sizes: a smaller change is what is left when they cancel
LONGER = 0.15  # by which one window may be longer than the other before a sum's change is the calendar's
QUOTIENTS = {Kind.RATIO, Kind.WEIGHTED_MEAN}
REFUSED = {
    Kind.PERCENTILE: "A percentile of the whole is not made of the percentiles of its parts, so they cannot add up.",
    Kind.DISTINCT: "A distinct count is not the sum of its parts: what occurs in two of them is counted once.",
    Kind.DERIVED: "A derived KPI is made of other KPIs: ask what moved those.",
    Kind.MANUAL: "An entered number has no parts.",
}


class Refusal(ValueError):
    """Why the change is not split; in words for its reader."""


@dataclass(frozen=True, slots=True)
class Part:
    """One member's part in the change, in the KPI's unit. rate, mix, joint: of a ratio, None of a sum.

    share_pct: of the change, withheld where the parts nearly cancel. weight: shares of the denominator, 0 to 1.
    """

    member: str
    total: float
    before: float | None
    after: float | None
    rate: float | None = None
    mix: float | None = None
    joint: float | None = None
    share_pct: float | None = None
    weight_before: float | None = None
    weight_after: float | None = None
    members: int = 1


@dataclass(frozen=True, slots=True)
class Moved:
    """before + the sum of the parts = after. Without parts, `refusal` says why."""

    kpi: KpiRef
    unit: UnitRef
    dimension: str
    period: PeriodRef | None = None
    against: PeriodRef | None = None
    before: float | None = None
    after: float | None = None
    parts: tuple[Part, ...] = ()
    method: str = ""
    rate: float | None = None
    mix: float | None = None
    joint: float | None = None
    notes: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def change(self) -> float | None:
        return None if None in (self.before, self.after) else self.after - self.before

    @property
    def shown_change(self) -> float | None:
        """The change as every page shows it, rounded to the KPI's decimals."""
        return None if self.change is None else round(self.change, self.kpi.decimals)

    @property
    def is_ratio(self) -> bool:
        return self.method == "mix_rate"


def what_moved(
    kpi: Kpi, unit: Unit, period, against, dimension: str, day: date, access: Access, *, grain: str = ""
) -> Moved:
    """The parts of the change of `kpi` at `unit` from `against` to `period` (periods of its calendar).

    None: the last complete period, and the one before the period. Five queries. Raises NotYours.
    """
    require_visible(unit, access)
    book = Book([kpi.pk], day)
    if kpi.pk not in book.refs:
        raise NotYours(f"{kpi.code} has no definition yet.")
    version = book.versions[kpi.pk]
    grain = (period or against).grain if period or against else book.grain(kpi.pk, grain or version.grain)
    found = {"kpi": book.refs[kpi.pk], "unit": unit_ref(unit), "dimension": dimension}
    try:
        if base_of(version) in REFUSED:
            raise Refusal(REFUSED[base_of(version)])
        if dimension not in version.dimensions:
            raise Refusal(_without_dimension(version, dimension))
        after, before = _two(book, kpi, unit, grain, period, against)
        found |= {"period": book.period(after), "against": book.period(before)}
        found |= {"before": before.value, "after": after.value}
        _require_comparable(version, before, after)
        starts = [before.period_start, after.period_start]
        rows = parts_of(kpi.pk, [unit.pk], grain, starts, dimension)
        return Moved(**found, **_split(version, before, after, rows))
    except Refusal as refusal:
        return Moved(**found, refusal=str(refusal))


def _without_dimension(version: KpiVersion, dimension: str) -> str:
    if not version.dimensions:
        return "This KPI keeps no dimension. Add one to its definition, and its parts are computed with it."
    return f"There is no dimension “{dimension}”: this KPI keeps {', '.join(version.dimensions)}."


def _two(book: Book, kpi: Kpi, unit: Unit, grain: str, period, against) -> tuple[Row, Row]:
    """The results of the two periods, the later asked for first. Raises Refusal."""
    calendar = book.calendar(kpi.pk)
    rows = last_rows([(kpi.pk, unit.pk, grain)], book.day, 1000).get((kpi.pk, unit.pk), [])
    complete = {row.period_start: row for row in rows if not row.open_on(book.day)}
    if not complete:
        raise Refusal("There is no complete period yet.")
    start = period.start if period else max(complete)
    if against is None:
        against = calendar.previous(period_of(calendar, start, grain))
    after, before = complete.get(start), complete.get(against.start)
    if after is None or before is None:
        raise Refusal("Both periods must be complete and have a result: an open one would look like a fall.")
    if before.period_start == after.period_start:
        raise Refusal("These are one period: choose another one to compare with.")
    return after, before


def _require_comparable(version: KpiVersion, before: Row, after: Row) -> None:
    """Raises Refusal where parts would mislead."""
    base = base_of(version)
    if None in (before.value, after.value):
        raise Refusal("One of the two periods has no value, so there is no change to explain.")
    if before.version_id != after.version_id:
        raise Refusal(
            "The definition changed between the two periods: the change is the definition's, not the members'."
        )
    if base not in QUOTIENTS and not _is_additive(version):
        raise Refusal("Only counts and sums are made of their parts; this formula is neither.")
    if version.window in ("mtd", "qtd", "ytd"):
        raise Refusal("To-date numbers of two periods cover windows of unequal length: compare the single periods.")
    days = [(row.period_end - row.period_start).days for row in (before, after)]
    if base not in QUOTIENTS and max(days) > (1 + LONGER) * min(days):
        raise Refusal(f"The windows differ in length, {days[0]} days against {days[1]}: a sum grows with its days.")
    if abs(after.value - before.value) < 0.5 * 10**-version.decimals:
        raise Refusal("The number hardly moved: parts of so small a change would explain noise.")


def _is_additive(version: KpiVersion) -> bool:
    """Whether members' values add up: as over time, and for a stock also at one moment."""
    if base_of(version) == Kind.SEMI_ADDITIVE:
        return "/" not in version.formula and version.formula.lower().lstrip(" (").startswith(("count", "sum"))
    return adds_up_over_time(version)


def _split(version: KpiVersion, before: Row, after: Row, rows: Sequence[Row]) -> dict:
    members = sorted({row.member for row in rows})
    if not members:
        raise Refusal("There are no results by this dimension in these periods: compute the KPI again.")
    at = {(row.period_start, row.member): row for row in rows}
    old, new = ([at.get((start, name)) for name in members] for start in (before.period_start, after.period_start))
    if base_of(version) in QUOTIENTS:
        return _mix_and_rate(members, old, new, before, after, float(scale_of(version)))
    return _contributions(members, old, new, before, after)


def _mix_and_rate(members, old, new, before: Row, after: Row, scale: float) -> dict:
    from analytics.drivers.mix import NotAdditive, mix_rate
    from analytics.inputs import BadInput

    whole = (before.numerator, before.denominator, after.numerator, after.denominator)
    if None in whole:
        raise Refusal("The whole has no numerator or no denominator, so there is nothing to split.")
    columns = [[getattr(row, name) or 0.0 if row else 0.0 for row in side]
               for side in (old, new) for name in ("numerator", "denominator")]  # fmt: skip
    try:
        made = mix_rate(members, *columns, reference="overall", totals=whole)
    except NotAdditive:
        raise Refusal(_truncated())
    except BadInput as fault:
        raise Refusal(str(fault))
    parts = [
        Part(
            member=part.member,
            total=part.total * scale,
            before=None if part.rate_before is None else part.rate_before * scale,
            after=None if part.rate_after is None else part.rate_after * scale,
            rate=part.rate * scale,
            mix=part.mix * scale,
            joint=part.joint * scale,
            weight_before=part.share_before,
            weight_after=part.share_after,
        )
        for part in made.parts
    ]
    sums = {"rate": made.rate * scale, "mix": made.mix * scale, "joint": made.joint * scale}
    return {"method": "mix_rate", "notes": made.notes, **sums, "parts": _arranged(parts, after.value - before.value)}


def _contributions(members, old, new, before: Row, after: Row) -> dict:
    from analytics.drivers.contribution import contributions
    from analytics.drivers.mix import NotAdditive

    columns = [[row.value or 0.0 if row else 0.0 for row in side] for side in (old, new)]
    try:
        made = contributions(members, *columns, totals=(before.value, after.value))
    except NotAdditive:
        raise Refusal(_truncated())
    parts = [Part(one.member, one.change, one.before, one.after) for one in made.members]
    notes = list(made.notes)
    days = [(row.period_end - row.period_start).days for row in (before, after)]
    if days[0] != days[1]:
        notes.append(f"{days[0]} days against {days[1]}: part of a sum's change is the calendar's.")
    return {"method": "contribution", "notes": tuple(notes), "parts": _arranged(parts, after.value - before.value)}


def _truncated() -> str:
    return (
        "The members do not add up to the whole: some rows have no member, or members were cut off. "
        "Their parts would explain another change than this one."
    )


def _arranged(parts: Sequence[Part], change: float) -> tuple[Part, ...]:
    """The largest parts first, those beyond SHOWN as one; shares of the change where it is clear."""
    ordered = sorted(parts, key=lambda part: (-abs(part.total), part.member))
    if len(ordered) > SHOWN:
        ordered = [*ordered[: SHOWN - 1], _together(ordered[SHOWN - 1 :])]
    clear = abs(change) >= CLEAR * sum(abs(part.total) for part in parts)
    return tuple(_with_share(part, change) for part in ordered) if clear else tuple(ordered)


def _with_share(part: Part, change: float) -> Part:
    from dataclasses import replace

    return replace(part, share_pct=100 * part.total / change)


def _together(rest: Sequence[Part]) -> Part:
    def summed(name: str) -> float | None:
        values = [getattr(part, name) for part in rest]
        return None if any(value is None for value in values) else sum(values)

    is_ratio = rest[0].rate is not None
    return Part(
        member=f"{len(rest)} others",
        total=sum(part.total for part in rest),
        before=None if is_ratio else summed("before"),
        after=None if is_ratio else summed("after"),
        rate=summed("rate"),
        mix=summed("mix"),
        joint=summed("joint"),
        weight_before=summed("weight_before"),
        weight_after=summed("weight_after"),
        members=len(rest),
    )


def rounded_parts(moved: Moved, decimals: int) -> list[float]:
    """The parts rounded so that, as shown, they add up to the change as shown: the largest remainders round up."""
    unit = 10.0**-decimals
    shown_change = round(round(moved.change, decimals) / unit)
    exact = [part.total / unit for part in moved.parts]
    floors = [int(value // 1) for value in exact]
    missing = shown_change - sum(floors)
    by_remainder = sorted(range(len(exact)), key=lambda place: floors[place] - exact[place])
    step = 1 if missing > 0 else -1
    for turn in range(abs(missing)):
        place = by_remainder[turn % len(exact)] if step > 0 else by_remainder[-1 - turn % len(exact)]
        floors[place] += step
    return [value * unit for value in floors]
