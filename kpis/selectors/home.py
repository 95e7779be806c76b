"""What needs this person: reds, new reds, stale data, own drafts, and what waits for a second person."""

from collections import Counter
from datetime import date, datetime

from django.db.models import Exists, OuterRef

from datasets.models import Dataset
from kpis import scoring
from kpis.models import Kpi, KpiVersion, ManualEntry, Result, StatusChange
from organization.access import CERTIFY, VIEW, Access
from organization.models import User

from .catalogue import places_of
from .manual import written
from .readings import Book
from .results import last_rows
from .signals import proposals, special
from .units import unit_ref, units_by_id
from .words import SPARKLINE_PERIODS, Home, NewRed, Reading, Stale, Waiting

LONGEST = 20
STILL_RED = Result.objects.filter(
    kpi=OuterRef("kpi"),
    unit=OuterRef("unit"),
    grain=OuterRef("grain"),
    period_start=OuterRef("period_start"),
    dimension="",
    superseded_at=None,
    status=scoring.RED,
)


def home(user: User, access: Access, day: date, now: datetime) -> Home:
    """Each visible KPI in use counts once, at the unit that answers for it or else the first that the person may see.

    A constant number of queries.
    """
    readings = _readings(access, day)
    reds = sorted((r for r in readings if r.status == scoring.RED), key=lambda r: (r.score or 0, r.kpi.name))
    return Home(
        reds=tuple(reds[:LONGEST]),
        new_reds=_new_reds(access, day),
        stale=stale_datasets(access, now),
        my_drafts=_drafts(user),
        to_approve=_to_approve(user, access, day),
        counts=dict(Counter(r.status for r in readings)),
        special=special(readings),
        rebases=tuple(proposals(access, user)),
    )


def _readings(access: Access, day: date) -> list[Reading]:
    seen = access.units(VIEW)
    places = places_of(list(Kpi.objects.in_use(day).visible_to(access)), access)
    homes = {kpi: unit for kpi, unit in places.items() if unit in seen}
    book, units = Book(homes, day), units_by_id(homes.values(), access)
    pairs = [(kpi, homes[kpi], ref.grain) for kpi, ref in book.refs.items()]
    rows = last_rows(pairs, day, SPARKLINE_PERIODS + 2)
    book.load_verdicts(pairs)
    return [book.reading(kpi, units[homes[kpi]], rows.get((kpi, homes[kpi]), []), period=None) for kpi in book.refs]


def _new_reds(access: Access, day: date) -> tuple[NewRed, ...]:
    """The last changes to red, of periods that had begun on `day` and still are red.

    One that had no target before did not turn: it was told for the first time how it stands.
    """
    changes = StatusChange.objects.filter(
        Exists(STILL_RED),
        kpi__in=Kpi.objects.in_use(day),
        unit__in=access.units(VIEW),
        after=scoring.RED,
        period_start__lte=day,
    ).exclude(before=scoring.NO_TARGET)
    changes = changes.select_related("kpi", "unit", "result")
    changes = list(changes.order_by("-period_start", "-pk")[:LONGEST])
    book = Book({change.kpi_id for change in changes}, day)
    return tuple(
        NewRed(book.refs[c.kpi_id], unit_ref(c.unit), book.period(c.result), c.before, c.at)
        for c in changes
        if c.kpi_id in book.refs
    )


def stale_datasets(access: Access, now: datetime) -> tuple[Stale, ...]:
    """Datasets that were promised fresher, the latest first. One query."""
    promised = Dataset.objects.visible_to(access).exclude(refresh_promise_hours=None)
    stale = []
    for dataset in promised:
        age = (now - (dataset.loaded_at or dataset.created_at)).total_seconds() / 3600
        late = int(age - dataset.refresh_promise_hours)
        if late > 0:
            through = dataset.complete_through
            stale.append(Stale(dataset.pk, dataset.code, dataset.name, dataset.loaded_at, late, through))
    return tuple(sorted(stale, key=lambda s: -s.hours_late))


def _drafts(user: User) -> tuple[Waiting, ...]:
    drafts = KpiVersion.objects.filter(created_by=user, state=KpiVersion.State.DRAFT).select_related("kpi")
    return tuple(
        Waiting("draft", v.pk, v.kpi.code, str(v), v.created_at) for v in drafts.order_by("-created_at")[:LONGEST]
    )


def _to_approve(user: User, access: Access, day: date) -> tuple[Waiting, ...]:
    """What others did and this person may decide."""
    versions = (
        KpiVersion.objects.filter(state=KpiVersion.State.IN_REVIEW, kpi__unit__in=access.units(CERTIFY))
        .exclude(submitted_by=user)
        .exclude(created_by=user)
        .exclude(authors=user)
        .select_related("kpi", "submitted_by")
    )
    entries = (
        ManualEntry.objects.filter(state=ManualEntry.State.ENTERED, unit__in=access.units(CERTIFY))
        .exclude(entered_by=user)
        .select_related("kpi", "entered_by")
    )
    return (
        *(
            Waiting("in_review", v.pk, v.kpi.code, str(v), v.created_at, str(v.submitted_by))
            for v in versions[:LONGEST]
        ),
        *(
            Waiting("manual_entry", e.pk, e.kpi.code, f"{e.kpi}, {label}", e.entered_at, str(e.entered_by))
            for e, label, _ in written(entries[:LONGEST], day)
        ),
    )
