"""The scorecard of a vendor in a period: each criterion with its number, score and weight, and what follows from them.

Numbers are results, attainment and survey answers as they stand in the database; a constant number of queries for any
number of vendors. A review that is published keeps the card as it was (`Card.to_dict`), and so does the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from django.db.models import Max, Q

from kpis.calendars import calendars_of, period_of
from kpis.models import Result

from .models import Criterion, Review, TemplateVersion, Vendor
from .numbers import Number, Numbers
from .scoring import HIGHER, Measured, card_score, is_closed, score_of

NO_TEMPLATE = "The vendor has no scorecard: choose one for it."
NOT_IN_FORCE = "No version of the scorecard was in force when the period began."


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion. `weight` is the template's; `used` is the weight it had after missing ones were left out."""

    code: str
    name: str
    category: str
    source: str
    weight: float
    used: float | None
    value: float | None
    format: str
    score: float | None
    curve: str
    gate: str
    gate_is_closed: bool
    kpi: str
    grain: str
    period_start: date | None
    period_label: str
    note: str
    rows: int = 0

    @property
    def points(self) -> float | None:
        """What it adds to the score."""
        return None if self.used is None else self.used * (self.score or 0.0) / 100


@dataclass(frozen=True, slots=True)
class Card:
    """`review`: id of the published review that keeps it; None: computed now."""

    vendor: int
    vendor_name: str
    unit: str
    template: int | None
    template_name: str
    version: int | None
    grain: str
    period_start: date
    period_end: date
    period_label: str
    score: float | None
    grade: str
    coverage_pct: float
    missing: str
    note: str
    lines: tuple[Line, ...] = ()
    review: int | None = None

    @property
    def gates(self) -> list[Line]:
        """Those that hold the grade."""
        return [line for line in self.lines if line.gate_is_closed]

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict, review: int | None = None) -> "Card":
        lines = tuple(Line(**{**line, "period_start": _day(line["period_start"])}) for line in plain["lines"])
        days = {name: _day(plain[name]) for name in ("period_start", "period_end")}
        return cls(**{**plain, **days, "lines": lines, "review": review})


def newest_period_start(vendors: Sequence[Vendor], grain: str, day: date) -> date | None:
    """The first day of the newest period of `grain`, complete by `day`, in which a KPI of their scorecards has a value.

    Where no KPI has results of so coarse a grain, the newest of any grain counts. Two queries.
    """
    templates = {vendor.template_id for vendor in vendors if vendor.template_id}
    kpis = Criterion.objects.filter(version__template__in=templates, kpi__isnull=False).values_list("kpi", flat=True)
    found = Result.objects.current().filter(
        kpi__in=set(kpis),
        unit__in={vendor.unit_id for vendor in vendors},
        dimension="",
        is_open=False,
        period_end__lte=day,
        value__isnull=False,
    )
    newest = found.aggregate(same=Max("period_start", filter=Q(grain=grain)), any=Max("period_start"))
    return newest["same"] or newest["any"]


def cards_of(vendors: Iterable[Vendor], *, grain: str, at: date, day: date) -> dict[int, Card]:
    """vendor id -> its card for the period of `grain` that holds `at`, with what is known and complete by `day`."""
    vendors = list(vendors)
    calendars = calendars_of({vendor.unit_id for vendor in vendors}, day)
    periods = {vendor.pk: period_of(calendars[vendor.unit_id], at, grain) for vendor in vendors}
    versions = _versions({vendor.template_id for vendor in vendors if vendor.template_id})
    chosen = {v.pk: _in_force(versions.get(v.template_id, []), periods[v.pk].start) for v in vendors}
    in_use = {version.pk: version for version in chosen.values() if version}
    numbers = Numbers(vendors, in_use.values(), grain, periods.values(), day)
    return {
        vendor.pk: _card(vendor, chosen[vendor.pk], periods[vendor.pk], numbers, has_template=bool(vendor.template_id))
        for vendor in vendors
    }


def card_of(vendor: Vendor, *, grain: str, at: date, day: date, live: bool = False) -> Card:
    """The vendor's card: the one that a published review keeps, or (`live`, or without one) computed now."""
    card = cards_of([vendor], grain=grain, at=at, day=day)[vendor.pk]
    if live:
        return card
    return frozen(vendor, grain, card.period_start) or card


def frozen(vendor: Vendor, grain: str, period_start: date) -> Card | None:
    """The card as the published review of that period keeps it. One query."""
    reviews = Review.objects.filter(vendor=vendor, grain=grain, period_start=period_start)
    review = reviews.filter(state=Review.State.PUBLISHED).first()
    return Card.from_dict(review.pack["card"], review.pk) if review else None


def differs(kept: Card, now: Card) -> bool:
    """Whether the numbers say something else now than when the review kept them."""
    return replace(kept, review=None).to_dict() != replace(now, review=None).to_dict()


def _card(vendor: Vendor, version, period, numbers: Numbers, *, has_template: bool) -> Card:
    frame = {
        "vendor": vendor.pk,
        "vendor_name": vendor.name,
        "unit": vendor.code,
        "grain": period.grain,
        "period_start": period.start,
        "period_end": period.end,
        "period_label": period.label,
    }
    if version is None:
        note = NOT_IN_FORCE if has_template else NO_TEMPLATE
        template = vendor.template if has_template else None
        return Card(
            **frame, template=template and template.pk, template_name=str(template or ""), version=None, score=None,
            grade="", coverage_pct=0.0, missing="", note=note,
        )  # fmt: skip
    rows = [(c, numbers.of(c, vendor, period)) for c in version.criteria_list]
    measured = [_measured(c, number, numbers.lowest(c, period)) for c, number in rows]
    scored = card_score(measured, version.missing, version.minimum_coverage_pct)
    return Card(
        **frame,
        template=version.template_id,
        template_name=version.template.name,
        version=version.number,
        score=scored.score,
        grade=scored.grade,
        coverage_pct=scored.coverage_pct,
        missing=version.missing,
        note=scored.note,
        lines=tuple(
            _line(criterion, number, part, scored.used.get(criterion.code))
            for (criterion, number), part in zip(rows, measured, strict=True)
        ),
    )


def _measured(criterion: Criterion, number: Number, lowest: float | None) -> Measured:
    return Measured(
        key=criterion.code,
        weight=float(criterion.weight),
        score=score_of(number.value, criterion.as_curve(), lowest),
        value=number.value,
        direction=criterion.direction,
        gate_at=None if criterion.gate_at is None else float(criterion.gate_at),
        gate_grade=criterion.gate_grade,
    )


def _line(criterion: Criterion, number: Number, measured: Measured, used: float | None) -> Line:
    return Line(
        code=criterion.code,
        name=criterion.name,
        category=criterion.category,
        source=criterion.source,
        weight=float(criterion.weight),
        used=used,
        value=number.value,
        format=number.format,
        score=measured.score,
        curve=curve_words(criterion),
        gate=gate_words(criterion),
        gate_is_closed=is_closed(measured),
        kpi=number.kpi,
        grain=number.grain,
        period_start=number.period_start,
        period_label=number.period_label,
        note=number.note,
        rows=number.rows,
    )


def curve_words(criterion: Criterion) -> str:
    """How the number becomes a score, in words."""
    if criterion.curve == Criterion.Kind.LINEAR:
        return f"0 at {_plain(criterion.floor)}, 100 at {_plain(criterion.target)}"
    if criterion.curve == Criterion.Kind.STEP:
        word = "from" if criterion.direction == HIGHER else "up to"
        return ", ".join(f"{score:g} {word} {limit:g}" for limit, score in criterion.steps)
    return "100 x lowest / own"


def gate_words(criterion: Criterion) -> str:
    if criterion.gate_at is None:
        return ""
    side = "below" if criterion.direction == HIGHER else "above"
    return f"{side} {_plain(criterion.gate_at)}: {criterion.gate_grade} at best"


def _plain(number) -> str:
    return f"{number.normalize():f}" if number is not None else "–"


def _versions(templates: set[int]) -> dict[int, list[TemplateVersion]]:
    """template id -> its versions that are or were in force, with `criteria_list`. Two queries."""
    found: dict[int, list[TemplateVersion]] = {}
    versions = TemplateVersion.objects.filter(template__in=templates, state=TemplateVersion.State.IN_FORCE)
    for version in versions.select_related("template"):
        version.criteria_list = []
        found.setdefault(version.template_id, []).append(version)
    by_id = {version.pk: version for listed in found.values() for version in listed}
    for criterion in Criterion.objects.filter(version__in=by_id).select_related("kpi", "question"):
        by_id[criterion.version_id].criteria_list.append(criterion)
    return found


def _in_force(versions: list[TemplateVersion], day: date) -> TemplateVersion | None:
    return next((version for version in versions if version.holds_on(day)), None)


def _day(text: str | date | None) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else text
