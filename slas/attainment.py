"""The attainment of each promise as an ordinary ratio KPI, made and kept by the agreement through the verbs of `kpis`.

A clock's cases lie in the agreement's derived dataset, so that KPI can only be made once the first run wrote it; the
others are measured on their source. The KPI outlives versions: its target follows what the version in force requires.
"""

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from datasets.facts import contract_of
from datasets.models import Dataset
from kpis import definitions, targets, workflow
from kpis.models import Kpi, KpiVersion, Target

from .measures import good_and_total
from .models import Agreement, AgreementVersion, AttainmentKpi, ServiceTarget

REVIEW_AFTER = timedelta(days=365)
PASSPORT = {
    "decision": "Talk to the provider, claim the credit, or change the promise.",
    "financial_link": "Attainment below a tier's bound earns a service credit.",
    "gaming_risk": "Pausing or closing cases to stop the clock; excluding what was not agreed. Explain each breach.",
    "target_basis": "The signed agreement",
    "reporting_lag_days": 10,
}


def derived_dataset(agreement: Agreement) -> Dataset | None:
    """The dataset of its cases, once a clock run has written it."""
    return agreement.dataset or Dataset.objects.filter(code=agreement.dataset_code).first()


def agreement_code(dataset: Dataset) -> str:
    """The code of the agreement whose cases a dataset holds; empty for any other dataset."""
    return dataset.code.removeprefix("sla-") if dataset.code.startswith("sla-") else ""


def kpi_code(agreement: Agreement, target_code: str) -> str:
    return f"sla_{agreement.code}_{target_code}".replace("-", "_")[:80]


@transaction.atomic
def keep(agreement: Agreement, *, by) -> list[Kpi]:
    """Make the KPIs that are missing and bring the others in line with what the signed versions say.

    by: who signed. What cannot be computed yet (no case was timed so far) is left for the next call.
    """
    kept = []
    for target in _promises(agreement):
        words = _definition(agreement, target)
        if words is not None:
            kept.append(_kept(agreement, target, words, by))
    for link in agreement.attainment_kpis.select_related("kpi"):
        _follow(agreement, link, by)
    return kept


def _promises(agreement: Agreement) -> list[ServiceTarget]:
    """The newest signed wording of each promise."""
    found: dict[str, ServiceTarget] = {}
    for version in agreement.versions.governing().order_by("valid_from", "number"):
        found |= {t.code: t for t in version.targets.select_related("clock__dataset", "measure__dataset")}
    return list(found.values())


def _definition(agreement: Agreement, target: ServiceTarget) -> dict | None:
    """What the KPI's version says; None while there is no dataset to compute it on."""
    dataset = derived_dataset(agreement) if target.is_clocked else target.measure.dataset
    if dataset is None or not dataset.contract:
        return None
    good, total = good_and_total(target)
    condition = case_condition(dataset, target.code) if target.is_clocked else row_condition(agreement, target)
    return {
        "kind": KpiVersion.Kind.RATIO,
        "dataset": dataset,
        "formula": good,
        "denominator": total,
        "condition": condition,
        "time_column": "counted_at" if target.is_clocked else target.measure.time_column,
        "unit_of_measure": "percent",
        "decimals": decimals_of(target.required_pct),
        "direction": KpiVersion.Direction.HIGHER,
        "dimensions": [column.name for column in contract_of(dataset).dimensions if column.name != "verdict"],
        "purpose": f"Shows whether {agreement.name} keeps what it promises: {target.name}.",
        "description": f"{good} ÷ {total}{f', where {condition}' if condition else ''}, without what was excluded.",
        **PASSPORT,
    }


def decimals_of(required: Decimal) -> int:
    """As many as what is required has, and one at least: 80.5 % beside 80 %, 99.93 % beside 99.95 %."""
    return max(1, -required.normalize().as_tuple().exponent)


def case_condition(dataset: Dataset, target_code: str) -> str:
    """The cases of a promise that count; see `slas.clocks` for the columns of the derived dataset."""
    return f"target = '{target_code}' and {counts(dataset)}"


def counts(dataset: Dataset) -> str:
    """Row expression: the case was not excluded."""
    column = next((column for column in contract_of(dataset).columns if column.name == "excluded"), None)
    if column is None:
        return "true"
    return "not coalesce(excluded, false)" if column.type == "boolean" else "coalesce(excluded, '') = ''"


def row_condition(agreement: Agreement, target: ServiceTarget) -> str:
    """The rows that a measured promise is about, without those that approved exclusions take out."""
    from .exclusions import exclusion_conditions

    parts = [f"({target.condition})"] if target.condition else []
    time_column = time_column_of(target)
    excluded = exclusion_conditions(agreement, target.code, target.measure.dataset, time_column)
    parts += [f"not coalesce({text}, false)" for text in excluded]
    return " and ".join(parts)


def time_column_of(target: ServiceTarget) -> str:
    """The column that dates the rows of a measured promise."""
    event_time = contract_of(target.measure.dataset).event_time
    return target.measure.time_column or (event_time.name if event_time else "")


def _kept(agreement: Agreement, target: ServiceTarget, words: dict, by) -> Kpi:
    link = AttainmentKpi.objects.filter(agreement=agreement, target_code=target.code).select_related("kpi").first()
    if link is None:
        version = definitions.create_kpi(
            code=kpi_code(agreement, target.code),
            name=f"{agreement.name}: {target.name}"[:200],
            unit=agreement.unit,
            owner=agreement.owner,
            steward=agreement.owner,
            by=_author(target.version),
            review_date=target.version.valid_from + REVIEW_AFTER,
            **words,
        )
        AttainmentKpi.objects.create(agreement=agreement, target_code=target.code, kpi=version.kpi)
        _certify(version, target.version)
        return version.kpi
    base = _base(link.kpi)
    changed = {name: value for name, value in words.items() if getattr(base, name) != value}
    if changed:
        _certify(definitions.edit(base, by=_author(target.version), **changed), target.version)
    return link.kpi


def _base(kpi: Kpi) -> KpiVersion:
    """What the next wording starts from: the last one that was certified, never a person's draft beside it.

    The signature under the agreement certifies what the agreement says, and not what somebody drafted meanwhile.
    """
    certified = kpi.versions.filter(state=KpiVersion.State.CERTIFIED).order_by("-number").first()
    return certified or kpi.versions.newest()


def _certify(version: KpiVersion, signed: AgreementVersion) -> None:
    """The signature under the agreement is the second person's certificate of how it is measured."""
    workflow.submit(version, by=_author(signed))
    version.refresh_from_db()
    workflow.certify(version, by=signed.signed_by, now=signed.signed_at)


def _author(version: AgreementVersion):
    return version.submitted_by or version.created_by


def keeps_target(kpi_id: int) -> dict[int, str]:
    """Where to change the target of an agreement's KPI, which follows the signed versions; empty for other KPIs."""
    return {
        link.agreement.unit_id: f"This target is what the agreement {link.agreement.name} requires and follows its "
        "signed versions: draft a new version of the agreement to change it."
        for link in AttainmentKpi.objects.filter(kpi=kpi_id).select_related("agreement")
    }


def _follow(agreement: Agreement, link: AttainmentKpi, by) -> None:
    """Let the KPI's target be, day for day, what the governing versions require."""
    wanted: dict[date, tuple[date | None, Decimal]] = {}
    for version in agreement.versions.governing().order_by("number"):
        target = version.targets.filter(code=link.target_code).first()
        if target and (version.valid_to is None or version.valid_to > version.valid_from):
            wanted[version.valid_from] = (version.valid_to, target.required_pct)
    why = f"Agreement {agreement.code} as it was signed"  # by two people, who saw from which day on it holds
    standing = Target.objects.filter(kpi=link.kpi, unit=agreement.unit, dimension="", comparator="target")
    for old in standing:
        if wanted.get(old.valid_from) != (old.valid_to, old.value):
            targets.remove_target(old, by=by, gives_back=False, reason=why, by_keeper=True)
        else:
            del wanted[old.valid_from]
    for start, (end, value) in wanted.items():
        goal = targets.Goal(link.kpi, agreement.unit, start, end, value, basis=f"Agreement {agreement.code}")
        targets.set_target(goal, by=by, reason=why, by_keeper=True)
