"""A computed number with everything that stands beside it in the database: targets, status, score, marks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from datasets.models import Dataset
from kpis import scoring
from kpis.measures import adds_up_over_time
from kpis.models import KpiVersion, Result
from kpis.target_book import TargetBook

MEMBER_LENGTH = 200
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Number:
    """What the engine, a derived expression or a person says, before it is scored."""

    version_id: int
    unit_id: int
    grain: str
    period_start: date
    period_end: date
    dimension: str
    member: str
    value: float | None
    numerator: float | None
    denominator: float | None
    rows: int
    reason: str


class Scorer:
    """Scores numbers of some versions against the targets of their KPIs. Two queries when made, none afterwards."""

    def __init__(self, versions: Iterable[KpiVersion], day: date):
        self.versions = {version.pk: version for version in versions}
        self.book = TargetBook({version.kpi_id for version in self.versions.values()})
        self.day = day
        self._bands = {v.pk: _bands(v) for v in self.versions.values()}
        self._sums = {v.pk for v in self.versions.values() if adds_up_over_time(v)}

    def complete_before(self, dataset: Dataset | None) -> date:
        """Periods that end on this day or earlier are complete."""
        if dataset is None or dataset.complete_through is None:
            return self.day
        return min(self.day, dataset.complete_through + ONE_DAY)

    def record(self, number: Number, *, is_open: bool | None = None, is_provisional: bool | None = None) -> tuple:
        """The values of `write.COLUMNS`."""
        version = self.versions[number.version_id]
        dataset = version.dataset
        only_totals = version.pk in self._sums and number.grain != version.grain
        segment = (number.dimension, number.member)
        goals = self.book.goals(
            version.kpi_id, number.unit_id, number.period_start, number.period_end, *segment, only_totals=only_totals
        )
        rating = scoring.rate(number.value, version.direction, goals, self._bands[version.pk])
        if is_open is None:
            is_open = number.period_end > self.complete_before(dataset)
        if is_provisional is None:
            is_provisional = bool(dataset and dataset.is_provisional)
        return (
            version.kpi_id,
            version.pk,
            number.unit_id,
            number.grain,
            number.period_start,
            number.period_end,
            number.dimension,
            number.member,
            number.value,
            number.numerator,
            number.denominator,
            number.rows,
            (number.reason or rating.reason)[:200],
            goals.target,
            goals.low,
            goals.high,
            goals.red_limit,
            goals.stretch,
            rating.status,
            rating.score,
            is_open,
            is_provisional,
        )


def _bands(version: KpiVersion) -> tuple[scoring.Band, ...]:
    try:
        return scoring.read_bands(version.kpi.bands, version.direction)
    except scoring.BandError:  # another version of the KPI has another direction: the default holds
        return ()


def standing(kpis: Iterable[int]) -> Iterator[Number]:
    """The current results of some KPIs as numbers, to be scored again."""
    names = [field for field in Number.__slots__ if field != "version_id"]
    rows = Result.objects.current().filter(kpi__in=kpis).order_by("pk")
    for row in rows.values_list("version_id", *names).iterator(chunk_size=5000):
        yield Number(*row)
