"""The service levels that read a dataset's columns or keep a KPI: this room's part of the lineage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from datasets.models import Dataset
from datasets.readers import Reader, columns_in
from kpis.models import Kpi
from kpis.uses import Use

from .clocks.reading import CONDITIONS, MOMENTS, TEXTS
from .models import Agreement, AgreementVersion, ClockRule, MeasureRule, Slo

if TYPE_CHECKING:
    from organization.access import Access

MEASURES = ("good", "total", "agreed", "excluded", "downtime", "answered", "abandoned", "waited")
CHARGES = ("charge_formula", "charge_condition")


def of_columns(dataset: Dataset, access: Access | None) -> list[Reader]:
    """Each agreement with the columns of its clocks, measures and charges, and each objective with its own."""
    columns: dict[Agreement, frozenset[str]] = {}
    for agreement, read in _named(dataset):
        columns[agreement] = columns.get(agreement, frozenset()) | read
    objectives: Iterable[Slo] = Slo.objects.filter(dataset=dataset)
    if access is not None:
        seen = set(Agreement.objects.visible_to(access).values_list("pk", flat=True))
        columns = {agreement: read for agreement, read in columns.items() if agreement.pk in seen}
        objectives = Slo.objects.visible_to(access).filter(dataset=dataset)
    return [
        *(Reader("service level", str(one), one.get_absolute_url(), read) for one, read in columns.items()),
        *(
            Reader(
                "service level objective",
                one.name,
                one.get_absolute_url(),
                columns_in(one.good, one.total, one.condition) | _small(one.time_column),
            )
            for one in objectives
        ),
    ]


def of_kpi(kpi: Kpi, access: Access) -> Iterable[Use]:
    """The agreement that keeps the KPI for one of its promises."""
    for agreement in Agreement.objects.visible_to(access).filter(attainment_kpis__kpi=kpi):
        yield Use("Service levels", agreement.name, agreement.get_absolute_url())


def _named(dataset: Dataset) -> Iterator[tuple[Agreement, frozenset[str]]]:
    of_agreement = "target__version__agreement"
    for clock in ClockRule.objects.filter(dataset=dataset).select_related(of_agreement):
        named = (clock.case_column, clock.time_column, *(getattr(clock, name) for name in (*MOMENTS, *TEXTS)))
        formulas = (clock.target.condition, *(getattr(clock, name) for name in CONDITIONS))
        yield clock.target.version.agreement, columns_in(*formulas) | _small(*named)
    for rule in MeasureRule.objects.filter(dataset=dataset).select_related(of_agreement):
        formulas = (rule.target.condition, *(getattr(rule, name) for name in MEASURES))
        yield rule.target.version.agreement, columns_in(*formulas) | _small(rule.time_column)
    for version in AgreementVersion.objects.filter(charge_dataset=dataset).select_related("agreement"):
        formulas = (getattr(version, name) for name in CHARGES)
        yield version.agreement, columns_in(*formulas) | _small(version.charge_time_column)


def _small(*names: str) -> frozenset[str]:
    return frozenset(name.lower() for name in names if name)
