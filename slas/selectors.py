"""What pages and API read, in plain values and a constant number of queries."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from organization.access import VIEW, Access
from organization.models import AuditEntry

from . import claims, forecast, periods
from .figures import Figure, read_figures
from .models import Agreement, AgreementVersion, CreditClaim, PeriodResult
from .models.targets import CLOCKED
from .supports import backing_of, hours

SHOWN = 24  # periods of a trend
Order = Callable[[tuple[str, Figure]], tuple]
OPEN_CLAIMS = ("calculated", "claimed", "agreed")


@dataclass(frozen=True)
class Listed:
    """A line of the list: how the newest complete period went, and what is still to be credited."""

    agreement: Agreement
    version: AgreementVersion | None
    period: PeriodResult | None
    kept: int = 0
    broken: int = 0
    to_credit: tuple[tuple[str, Decimal], ...] = ()

    @property
    def status(self) -> str:
        if not self.kept + self.broken:
            return "no_data"
        return "red" if self.broken else "green"


@dataclass(frozen=True)
class Promise:
    """One promise in one period, with its way there. status: green, red, no_data; open while the period runs."""

    code: str
    name: str
    figure: Figure
    kpi_code: str = ""
    trend: tuple[float | None, ...] = ()
    landing: object = None
    is_open: bool = False

    @property
    def status(self) -> str:
        return status_of(self.figure)

    @property
    def is_clocked(self) -> bool:
        return self.figure.metric in CLOCKED

    @property
    def within(self) -> str:
        return hours(self.figure.threshold) if self.figure.threshold else ""

    @property
    def required(self) -> Decimal:
        return Decimal(self.figure.required)

    @property
    def margin(self) -> Decimal | None:
        """Points above what is required."""
        attained = self.figure.attainment
        return None if attained is None else attained - self.required


@dataclass(frozen=True)
class Overview:
    """An agreement as its page shows it. period: the one that is looked at."""

    agreement: Agreement
    version: AgreementVersion | None
    draft: AgreementVersion | None
    period: PeriodResult | None
    promises: tuple[Promise, ...]
    periods: tuple[PeriodResult, ...]
    credit: object = None
    claim: CreditClaim | None = None
    backing: tuple = ()
    trail: tuple = field(default=())

    @property
    def by_code(self) -> dict[str, Promise]:
        return {promise.code: promise for promise in self.promises}


def status_of(figure: Figure) -> str:
    return {True: "green", False: "red", None: "no_data"}[figure.is_met]


def listed(agreements, access: Access) -> list[Listed]:
    """For a page of agreements. Four queries."""
    ids = [agreement.pk for agreement in agreements]
    versions = defaultdict(list)
    for version in AgreementVersion.objects.filter(agreement__in=ids).order_by("-number"):
        versions[version.agreement_id].append(version)
    complete = PeriodResult.objects.filter(agreement__in=ids).exclude(state=PeriodResult.State.OPEN)
    newest = (
        complete.order_by("agreement_id", "-period_start").distinct("agreement_id").prefetch_related("restatements")
    )
    last = {period.agreement_id: period for period in newest}
    owed: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for claim in CreditClaim.objects.filter(agreement__in=ids, state__in=OPEN_CLAIMS):
        amount = claim.amount if claim.agreed_amount is None else claim.agreed_amount
        owed[claim.agreement_id][claim.currency] += amount
    return [_line(a, versions[a.pk], last.get(a.pk), tuple(owed[a.pk].items())) for a in agreements]


def standing(versions: list[AgreementVersion]) -> AgreementVersion | None:
    """The version that speaks for an agreement: the newest signed one that has days, or else the newest draft."""
    signed = [v for v in versions if not v.is_editable and (v.valid_to is None or v.valid_to > v.valid_from)]
    begun = [v for v in signed if v.state != AgreementVersion.State.SIGNED]
    return next(iter(begun or signed or versions), None)


def overview(agreement: Agreement, *, day: date, start: date | None = None) -> Overview:
    """Everything on an agreement's page. day: today; start: of the chosen period (None: the newest with a case)."""
    versions = list(agreement.versions.select_related("calendar", "signed_by").order_by("-number"))
    version = standing(versions)
    kept = list(agreement.periods.select_related("version").prefetch_related("restatements").order_by("-period_start"))
    period = _chosen(kept, start)
    shown = {}
    if period:
        shown = read_figures(periods.standing_figures(period))
    codes = dict(agreement.attainment_kpis.values_list("target_code", "kpi__code"))
    earlier = [one for one in kept if period and one.period_start < period.period_start]
    landings = forecast.forecast(period, earlier, periods.as_of(agreement, day)) if period else {}
    trends = _trends(kept)
    promises = tuple(
        Promise(
            code,
            figure.name,
            figure,
            codes.get(code, ""),
            trends.get(code, ()),
            landings.get(code),
            period.state == "open",
        )
        for code, figure in sorted(shown.items(), key=order_of(agreement))
    )
    return Overview(
        agreement=agreement,
        version=version,
        draft=next((v for v in versions if v.is_editable and v is not version), None),
        period=period,
        promises=promises,
        periods=tuple(kept),
        credit=_credit(period, earlier) if period else None,
        claim=CreditClaim.objects.filter(period=period).first() if period else None,
        backing=tuple(backing_of(version)) if version else (),
        trail=tuple(trail_of(agreement)),
    )


def promises_of(plain: dict, codes: dict[str, str], order: Order, is_open: bool = False) -> list[Promise]:
    """The promises of kept figures, for the page of one period."""
    figures = sorted(read_figures(plain).items(), key=order)
    return [Promise(code, figure.name, figure, codes.get(code, ""), is_open=is_open) for code, figure in figures]


def order_of(agreement: Agreement) -> Order:
    """Sorts (code, figure) as the document has its targets; kept figures have no order of their own."""
    versions = agreement.versions.order_by("number").values_list("targets__code", "targets__position", "targets__pk")
    places = {code: (position, pk) for code, position, pk in versions if code}
    return lambda item: (places.get(item[0], (1000, 0)), item[0])


def trail_of(thing: Agreement | PeriodResult) -> list[AuditEntry]:
    """The newest entries of the audit trail about an agreement, or about one of its periods."""
    entries = AuditEntry.objects.filter(object_type=thing._meta.label_lower, object_id=str(thing.pk))
    return list(entries.order_by("-seq")[:30])


def visible_parties(agreement: Agreement, access: Access) -> list:
    """The units of its parties that the person may see, as (role, unit)."""
    parties = [("Answers for it", agreement.unit), ("Customer", agreement.customer)]
    parties += [("Provider", unit) for unit in agreement.providers.all()]
    return [(role, unit) for role, unit in parties if unit and access.allows(VIEW, unit)]


def _line(agreement: Agreement, versions, period: PeriodResult | None, owed) -> Listed:
    for one in [*versions, *([period] if period else [])]:
        one.agreement = agreement
    verdicts = [f.is_met for f in read_figures(periods.standing_figures(period)).values()] if period else []
    return Listed(agreement, standing(versions), period, verdicts.count(True), verdicts.count(False), owed)


def _chosen(kept: list[PeriodResult], start: date | None) -> PeriodResult | None:
    if start:
        return next((one for one in kept if one.period_start == start), None)
    with_cases = (one for one in kept if any(Decimal(f.total) for f in read_figures(one.figures).values()))
    return next(with_cases, next(iter(kept), None))


def _trends(kept: list[PeriodResult]) -> dict[str, tuple[float | None, ...]]:
    found: dict[str, list[float | None]] = defaultdict(list)
    for period in reversed(kept[:SHOWN]):
        for code, figure in read_figures(periods.standing_figures(period)).items():
            attained = figure.attainment
            found[code].append(None if attained is None else float(attained))
    return {code: tuple(values) for code, values in found.items()}


def _credit(period: PeriodResult, earlier: list[PeriodResult]):
    """What the period would owe by its standing figures."""
    before = [periods.standing_figures(one) for one in earlier[:SHOWN]]
    version = AgreementVersion.objects.prefetch_related("tiers", "targets").get(pk=period.version_id)
    return claims.preview(version, periods.standing_figures(period), before).credit
