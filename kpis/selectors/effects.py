"""What a run changed: each result that it wrote beside the one that stood there before, and those that went."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from kpis import scoring
from kpis.alike import alike
from kpis.models import Result, Run
from organization.access import Access

from .readings import Book
from .units import unit_ref
from .words import KpiRef, PeriodRef, UnitRef

SHOWS = {
    "changed": "Changed",
    "status": "With another status",
    "new": "For the first time",
    "gone": "No longer computed",
    "written": "All that were written",
}
KEY = ("kpi", "unit", "grain", "period_start", "dimension", "member")
NUMBERS = {"value": ("value",), "target": ("target", "target_low", "target_high", "red_limit", "stretch")}
FACTS = {"rows": "rows", "definition": "version_id", "days of the period": "period_end"}
AS_READ = (
    "kpi__name",
    "grain",
    "-period_start",
    "dimension",
    "-rows",
    "unit__name",
    "member",
    "pk",
)  # large units first


@dataclass(frozen=True, slots=True)
class Effect:
    """One result before and after a run. before None: it came for the first time; after None: it is gone."""

    before: Result | None
    after: Result | None

    @property
    def result(self) -> Result:
        return self.after or self.before

    @property
    def what(self) -> tuple[str, ...]:
        """In words, what the two say differently."""
        if self.before is None:
            return ("for the first time",)
        if self.after is None:
            return ("no longer computed",)
        return tuple(_differences(self.before, self.after))


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An effect as a page writes it."""

    effect: Effect
    kpi: KpiRef
    unit: UnitRef
    period: PeriodRef


def effects_of(run: Run, access: Access, *, show: str = "changed", grain: str = "", members: bool = False) -> QuerySet:
    """The results that stand for the effects of the run on units that the person may see, those of note first.

    show: a key of SHOWS. members: results of dimensions' members too. `paired` makes Effects of a part of them.
    """
    found = _gone(run) if show == "gone" else _written(run, show)
    if not members:
        found = found.filter(dimension="")
    if grain:
        found = found.filter(grain=grain)
    return found.visible_to(access).select_related("kpi", "unit", "version")


def paired(results: Iterable[Result], *, gone: bool = False) -> list[Effect]:
    """Each result of `effects_of` as an Effect. One query."""
    if gone:
        return [Effect(result, None) for result in results]
    results = list(results)
    before = [result.before for result in results if result.before]
    earlier = Result.objects.ever().select_related("kpi", "unit", "version").in_bulk(before)
    return [Effect(earlier.get(result.before), result) for result in results]


def turned(run: Run, access: Access) -> dict[str, int]:
    """status -> how many of the run's results over all rows have it now and had another before. One query."""
    if run.results_changed == 0:
        return {}
    other = effects_of(run, access, show="status").order_by().values("status").annotate(count=Count("pk"))
    return {one["status"]: one["count"] for one in other}


def rows_of(effects: Iterable[Effect], day: date) -> list[EffectRow]:
    """With names and labels as they are on `day`. Two queries."""
    effects = list(effects)
    book = Book({effect.result.kpi_id for effect in effects}, day)
    return [
        EffectRow(effect, book.refs[effect.result.kpi_id], unit_ref(effect.result.unit), book.period(effect.result))
        for effect in effects
    ]


def _written(run: Run, show: str) -> QuerySet:
    """What the run wrote, with `before`: the id of the result whose place it took. None: it took none.

    Which it took is asked of `Result.status_before`, not of the superseded results: a run may write 300,000.
    """
    found = Result.objects.ever().filter(run=run).exclude(status_before=None)
    as_rated_before = Q(status=F("status_before"))
    if show == "new":
        found = found.filter(status_before="")
    elif show in ("changed", "status"):
        found = found.exclude(status_before="")
    if show == "status":
        found = found.exclude(as_rated_before)
    same = Result.objects.filter(superseded_at=run.written_at, **_same_key())
    place = Case(When(as_rated_before, then=Value(2)), When(status=scoring.RED, then=Value(0)), default=Value(1))
    return found.annotate(before=Subquery(same.values("pk")[:1]), place=place).order_by("place", *AS_READ)


def _gone(run: Run) -> QuerySet:
    """What the run superseded without anything in its place; none where it did not count them."""
    if not run.results_gone:
        return Result.objects.none()
    after = Result.objects.ever().filter(run=run, **_same_key())
    found = Result.objects.filter(superseded_at=run.written_at).exclude(run=run).filter(~Exists(after))
    return found.order_by(*AS_READ)


def _same_key() -> dict:
    return {name: OuterRef(name) for name in KEY}


def _differences(before: Result, after: Result) -> Iterator[str]:
    for word, names in NUMBERS.items():
        if not all(alike(getattr(before, name), getattr(after, name)) for name in names):
            yield word
    for word, name in FACTS.items():
        if getattr(before, name) != getattr(after, name):
            yield word
    if before.is_open != after.is_open:
        yield "open again" if after.is_open else "complete now"
    if before.is_provisional != after.is_provisional:
        yield "provisional now" if after.is_provisional else "no longer provisional"
