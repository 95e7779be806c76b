"""All KPIs that a person may see, each with its newest number: the list page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from kpis.models import Kpi, Result
from organization.access import VIEW, Access

from .readings import Book
from .results import last_rows
from .units import units_by_id
from .words import SPARKLINE_PERIODS, Reading

SORTS = {"name": ("name",), "unit": ("unit__name", "name"), "owner": ("owner__last_name", "owner__username", "name")}
WORST_FIRST = ("red", "amber", "green", "no_target", "info", "no_data", "open")


@dataclass(frozen=True, slots=True)
class Entry:
    """A KPI of the list. reading: at the unit that answers for it, or at the first that the person may see."""

    reading: Reading
    state: str
    kind: str
    dataset: str


def catalogue(
    access: Access, *, words: str = "", state: str = "", kind: str = "", dataset: str = "", owner: int | None = None
) -> QuerySet[Kpi]:
    """The visible KPIs that match. state, kind and dataset (its code) are those of the newest version."""
    found = Kpi.objects.visible_to(access)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(code__icontains=words))
    if owner:
        found = found.filter(owner=owner)
    wanted = {"state": state, "kind": kind, "dataset__code": dataset}
    wanted = {name: value for name, value in wanted.items() if value}
    return found.whose_newest(**wanted) if wanted else found


def entries(kpis: Iterable[Kpi], day: date, access: Access) -> list[Entry]:
    """Each KPI's reading of the last complete period. Seven queries, whatever the number."""
    kpis = list(kpis)
    places = places_of(kpis, access)
    units = units_by_id(places.values(), access)
    book = Book(places, day)
    shown = [kpi for kpi in kpis if kpi.pk in book.refs and places[kpi.pk] in units]
    pairs = [(kpi.pk, places[kpi.pk], book.refs[kpi.pk].grain) for kpi in shown]
    rows = last_rows(pairs, day, SPARKLINE_PERIODS + 2)
    book.load_verdicts(pairs)
    return [
        Entry(
            reading=book.reading(kpi.pk, units[place], rows.get((kpi.pk, place), []), period=None),
            state=book.versions[kpi.pk].state,
            kind=book.versions[kpi.pk].get_kind_display(),
            dataset=book.versions[kpi.pk].dataset.name if book.versions[kpi.pk].dataset else "",
        )
        for kpi in shown
        for place in [places[kpi.pk]]
    ]


def worst_first(found: Iterable[Entry]) -> list[Entry]:
    """By status, the worst first, then by score."""

    def rank(entry: Entry):
        reading = entry.reading
        place = WORST_FIRST.index(reading.status) if reading.status in WORST_FIRST else len(WORST_FIRST)
        return place, reading.score if reading.score is not None else 101, reading.kpi.name

    return sorted(found, key=rank)


def first_unit(kpi: Kpi, access: Access) -> int | None:
    """The unit at which this person looks at the KPI when none is named."""
    return places_of([kpi], access)[kpi.pk]


def places_of(kpis: list[Kpi], access: Access) -> dict[int, int]:
    """KPI id -> unit id: the answering unit, or the first visible one with a result."""
    seen = access.units(VIEW)
    elsewhere = [kpi.pk for kpi in kpis if kpi.unit_id not in seen]
    found = {kpi.pk: kpi.unit_id for kpi in kpis}
    results = Result.objects.current().filter(kpi__in=elsewhere, unit__in=seen if elsewhere else (), dimension="")
    found |= dict(results.order_by("kpi", "-unit").values_list("kpi", "unit").distinct())
    return found
