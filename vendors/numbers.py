"""The numbers that criteria are scored by, for many vendors at once: results, attainment, survey answers."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Avg, Count

from kpis.calendars import period_of
from kpis.selectors.readings import Book
from kpis.selectors.results import Row, last_rows
from slas.models import Agreement, AttainmentKpi

from .models import Criterion, Respondent, SurveyAnswer, TemplateVersion, Vendor

Source = Criterion.Source
ONE_DAY = timedelta(days=1)
NEWEST = 4  # the period itself, or the one before a coarser one; more where vendors keep different calendars


@dataclass(frozen=True, slots=True)
class Number:
    """`value` None: missing, and `note` says why. `kpi`: the code of its page; empty where it has none."""

    value: float | None
    format: str = ""
    kpi: str = ""
    grain: str = ""
    period_start: date | None = None
    period_label: str = ""
    rows: int = 0
    note: str = ""


class Numbers:
    """All numbers of `versions` for `vendors` in `periods` of `grain`, complete by `day`.

    A KPI of a coarser grain than the period gives its last value that is complete at the period's end.
    """

    def __init__(
        self, vendors: list[Vendor], versions: Iterable[TemplateVersion], grain: str, periods: Iterable, day: date
    ):
        periods = list(periods)
        versions = list(versions)
        criteria = [criterion for version in versions for criterion in version.criteria_list]
        self.grain, self.day = grain, day
        self.peers = self._peers(vendors, versions)
        units = {vendor.unit_id for vendor in vendors}
        self.attainment = _attainment(units) if any(c.source == Source.ATTAINMENT for c in criteria) else {}
        kpis = {criterion.kpi_id for criterion in criteria if criterion.kpi_id}
        self.book = Book(kpis | {kpi for listed in self.attainment.values() for kpi in listed}, day)
        self.rows = last_rows(self._pairs(criteria, units), _last_day(periods), NEWEST, complete_by=day)
        self.answers, self.asked = _answers(vendors, criteria, periods)

    def of(self, criterion: Criterion, vendor: Vendor, period) -> Number:
        if criterion.source == Source.KPI:
            return self._of_kpi(criterion.kpi_id, vendor.unit_id, period)
        if criterion.source == Source.ATTAINMENT:
            return self._of_attainment(vendor, period)
        return self._of_survey(criterion, vendor, period)

    def lowest(self, criterion: Criterion, period) -> float | None:
        """The lowest number above 0 among all vendors on the template; only a price ratio wants it."""
        if criterion.curve != Criterion.Kind.PRICE_RATIO or not criterion.kpi_id:
            return None
        units = self.peers[criterion.version_id]
        values = [self._of_kpi(criterion.kpi_id, unit, period).value for unit in units]
        return min((value for value in values if value is not None and value > 0), default=None)

    def _pairs(self, criteria: list[Criterion], units: set[int]) -> list[tuple[int, int, str]]:
        pairs = [(kpi, unit) for unit, kpis in self.attainment.items() for kpi in kpis]
        for criterion in criteria:
            if criterion.kpi_id:
                pairs += [(criterion.kpi_id, unit) for unit in units | self.peers.get(criterion.version_id, set())]
        return [(kpi, unit, self.book.grain(kpi, self.grain)) for kpi, unit in pairs if kpi in self.book.refs]

    def _row(self, kpi: int, unit: int, period) -> tuple[Row | None, object]:
        """The result that counts in `period`, and the KPI's own period that was looked for."""
        calendar, grain = self.book.calendar(kpi), self.book.grain(kpi, self.grain)
        wanted = period_of(calendar, period.end - ONE_DAY, grain)
        if wanted.end > period.end:
            wanted = calendar.previous(wanted)
        rows = self.rows.get((kpi, unit), [])
        return next((row for row in rows if row.period_start == wanted.start), None), wanted

    def _of_kpi(self, kpi: int, unit: int, period) -> Number:
        ref = self.book.refs.get(kpi)
        if ref is None:
            return Number(None, note="The KPI has no definition.")
        row, wanted = self._row(kpi, unit, period)
        return Number(
            value=row.value if row else None,
            format=f"{ref.unit_of_measure}:{ref.decimals}",
            kpi=ref.code,
            grain=wanted.grain,
            period_start=wanted.start,
            period_label=wanted.label,
            rows=row.rows if row else 0,
            note="" if row and row.value is not None else _why(row, wanted, self.day),
        )

    def _of_attainment(self, vendor: Vendor, period) -> Number:
        """Met over counted cases of all its agreements: sums over sums, never a mean of percentages."""
        kpis = self.attainment.get(vendor.unit_id, [])
        rows = [self._row(kpi, vendor.unit_id, period)[0] for kpi in kpis if kpi in self.book.refs]
        rows = [row for row in rows if row and row.numerator is not None and row.denominator]
        if not rows:
            note = f"No attainment in {period.label}." if kpis else "No agreement with attainment."
            return Number(None, "percent:1", period_label=period.label, note=note)
        counted = sum(row.denominator for row in rows)
        return Number(
            value=100 * sum(row.numerator for row in rows) / counted,
            format="percent:1",
            kpi=self.book.refs[kpis[0]].code if len(kpis) == 1 else "",
            grain=self.grain,
            period_start=period.start,
            period_label=period.label,
            rows=sum(row.rows for row in rows),
        )

    def _of_survey(self, criterion: Criterion, vendor: Vendor, period) -> Number:
        given = [
            (mean, count)
            for start, end, mean, count in self.answers.get((vendor.pk, criterion.question_id), [])
            if start >= period.start and end <= period.end
        ]
        asked, count = self.asked.get(vendor.pk, 0), sum(count for _, count in given)
        if not count:
            return Number(None, "number:1", period_label=period.label, note=f"None of {asked} asked has answered.")
        mean = sum(mean * count for mean, count in given) / count
        return Number(mean, "number:1", period_label=period.label, rows=count, note=f"{count} answers, {asked} asked.")

    @staticmethod
    def _peers(vendors: list[Vendor], versions: list[TemplateVersion]) -> dict[int, set[int]]:
        """version id -> units of all vendors on its template, where a criterion compares prices. At most one query."""
        priced = {
            version.template_id: version.pk
            for version in versions
            if any(c.curve == Criterion.Kind.PRICE_RATIO for c in version.criteria_list)
        }
        found: dict[int, set[int]] = defaultdict(set)
        if priced:
            for template, unit in Vendor.objects.filter(template__in=priced).values_list("template_id", "unit_id"):
                found[priced[template]].add(unit)
        return found


def _attainment(units: set[int]) -> dict[int, list[int]]:
    """unit id -> attainment KPIs of the agreements that it provides. Two queries."""
    through = Agreement.providers.through.objects.filter(unit__in=units).values_list("agreement_id", "unit_id")
    providers: dict[int, list[int]] = defaultdict(list)
    for agreement, unit in through:
        providers[agreement].append(unit)
    found: dict[int, list[int]] = defaultdict(list)
    kept = AttainmentKpi.objects.filter(agreement__in=list(providers)).order_by("pk")
    for agreement, kpi in kept.values_list("agreement_id", "kpi_id"):
        for unit in providers[agreement]:
            found[unit].append(kpi)
    return found


def _answers(vendors: list[Vendor], criteria: list[Criterion], periods: list) -> tuple[dict, dict[int, int]]:
    """((vendor, question) -> [(start, end, mean, count)], vendor -> number of people asked). At most two queries."""
    questions = {criterion.question_id for criterion in criteria if criterion.question_id}
    if not questions:
        return {}, {}
    answers = SurveyAnswer.objects.filter(
        vendor__in=vendors,
        question__in=questions,
        period_start__gte=min(period.start for period in periods),
        period_end__lte=max(period.end for period in periods),
    )
    found: dict[tuple[int, int], list] = defaultdict(list)
    groups = answers.values("vendor_id", "question_id", "period_start", "period_end").order_by()
    for group in groups.annotate(mean=Avg("rating"), count=Count("pk")):
        words = (group["period_start"], group["period_end"], float(group["mean"]), group["count"])
        found[(group["vendor_id"], group["question_id"])].append(words)
    asked = Respondent.objects.filter(vendor__in=vendors).order_by().values_list("vendor_id")
    return found, dict(asked.annotate(count=Count("pk")))


def _last_day(periods: list) -> date:
    return max((period.end for period in periods), default=date.min + ONE_DAY) - ONE_DAY


def _why(row: Row | None, period, day: date) -> str:
    if row is not None:
        return row.reason or f"No value in {period.label}."
    return f"{period.label} has not ended." if period.end > day else f"No result for {period.label}."
