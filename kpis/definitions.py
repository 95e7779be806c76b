"""Making KPIs and the versions of their definitions.

A version holds from its first day up to the first day of the next one: versions tile time. Editing a draft changes it
in place; editing anything that was certified makes a new draft, which has no certificate until a second person gives it
one. Every change asks for the KPI's results to be computed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest

from django.db import transaction
from django.db.models import Max

from datasets.facts import contract_of
from organization import audit
from organization.models import Unit, User

from . import requests, scoring
from .measures import Fault, faults_of, input_codes
from .models import Kpi, KpiVersion

State = KpiVersion.State
ALWAYS = date(1900, 1, 1)
COMPUTED_FIELDS = frozenset(
    [
        "kind",
        "dataset",
        "formula",
        "denominator",
        "weight",
        "condition",
        "percentile",
        "base_kind",
        "window",
        "window_periods",
        "time_rule",
        "time_column",
        "grain",
        "dimensions",
        "zero_when_empty",
    ]
)
READING_FIELDS = frozenset({"unit_of_measure", "decimals", "direction"})
PASSPORT_FIELDS = frozenset(
    [
        "purpose",
        "decision",
        "description",
        "target_basis",
        "financial_link",
        "gaming_risk",
        "reporting_lag_days",
        "review_date",
    ]
)
FIELDS = COMPUTED_FIELDS | READING_FIELDS | PASSPORT_FIELDS
KPI_FIELDS = frozenset({"name", "unit", "owner", "steward", "counter_kpi", "bands", "webhook_status"})


class DefinitionError(Exception):
    """A definition that cannot be computed; `faults` say what and where."""

    def __init__(self, faults: Sequence[Fault]):
        self.faults = tuple(faults)
        super().__init__(" ".join(fault.message for fault in faults))


class WrongState(Exception):
    """The version is not in the state that the step needs."""


@dataclass(frozen=True)
class Impact:
    """What a change of a KPI reaches."""

    scorecards: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    counter_of: tuple[str, ...] = ()
    targets: int = 0
    results: int = 0


@dataclass(frozen=True)
class Definition:
    """What a person writes down of a KPI: the words of the KPI and those of its version, by field name."""

    kpi: dict = field(default_factory=dict)
    version: dict = field(default_factory=dict)

    @classmethod
    def of(cls, values: dict) -> "Definition":
        """Sort `values` into the two. Raises DefinitionError for a name that is neither."""
        unknown = sorted(set(values) - FIELDS - KPI_FIELDS)
        if unknown:
            raise DefinitionError([Fault(name, f"There is no field {name!r}.") for name in unknown])
        return cls(
            {name: value for name, value in values.items() if name in KPI_FIELDS},
            {name: value for name, value in values.items() if name in FIELDS},
        )


@transaction.atomic
def create_kpi(*, code: str, name: str, unit: Unit, owner: User, by, valid_from: date = ALWAYS, **values) -> KpiVersion:
    """A KPI with its first draft. Raises DefinitionError, ValidationError (a code that is taken, for one)."""
    words = Definition.of(values)
    kpi = Kpi(code=code, name=name, unit=unit, owner=owner, **words.kpi)
    kpi.full_clean()
    kpi.save()
    version = KpiVersion(kpi=kpi, number=1, valid_from=valid_from, created_by=by, **words.version)
    _save(version)
    version.authors.add(by)
    _check_bands(kpi, version)
    audit.record(by, "KPI created", kpi, unit=unit, definition=_plain(words.version))
    requests.definition(kpi, f"definition of {code}", by=by)
    return version


@transaction.atomic
def edit(version: KpiVersion, *, by, valid_from: date | None = None, **values) -> KpiVersion:
    """Change a definition; returns the version that holds the change.

    A draft changes in place, one in review goes back to draft. A certified or deprecated one stays as it is: a new
    draft takes its place from `valid_from` on (not given: for all its days). Raises DefinitionError.
    """
    words = Definition.of(values)
    if words.kpi:
        raise DefinitionError([Fault(name, "This belongs to the KPI, not to its version.") for name in words.kpi])
    kpi = Kpi.objects.select_for_update(no_key=True).get(pk=version.kpi_id)
    version.refresh_from_db()
    if version.state in (State.DRAFT, State.IN_REVIEW):
        return _edit_draft(version, kpi, words.version, valid_from, by)
    return _new_draft(version, kpi, words.version, valid_from, by)


def _edit_draft(version: KpiVersion, kpi: Kpi, values: dict, valid_from: date | None, by) -> KpiVersion:
    before = {name: getattr(version, name) for name in values if getattr(version, name) != values[name]}
    for name, value in values.items():
        setattr(version, name, value)
    if valid_from and valid_from != version.valid_from:
        before["valid_from"], version.valid_from = version.valid_from, valid_from
    version.state, version.submitted_by = State.DRAFT, None
    _save(version)
    version.authors.add(by)
    _check_bands(kpi, version)
    tile(kpi)
    audit.record(by, "KPI draft changed", kpi, version=version.number, before=_plain(before), after=_plain(values))
    _ask_again(kpi, set(before), by)
    return version


def _new_draft(version: KpiVersion, kpi: Kpi, values: dict, valid_from: date | None, by) -> KpiVersion:
    newest = kpi.versions.aggregate(Max("number"))["number__max"]
    copied = {name: getattr(version, name) for name in FIELDS}
    draft = KpiVersion(
        kpi=kpi,
        number=newest + 1,
        valid_from=valid_from or version.valid_from,
        created_by=by,
        **{**copied, **values},
    )
    _save(draft)
    draft.authors.add(by)
    _check_bands(kpi, draft)
    tile(kpi)
    audit.record(
        by,
        "KPI definition changed",
        kpi,
        version=draft.number,
        instead_of=version.number,
        certificate="dropped" if version.state == State.CERTIFIED else "none",
        before=_plain({name: copied[name] for name in values}),
        after=_plain(values),
    )
    requests.definition(kpi, f"definition of {kpi.code}", by=by)
    return draft


@transaction.atomic
def change_kpi(kpi: Kpi, *, by, **values) -> Kpi:
    """Change the KPI's own words: name, unit, owner, steward, counter KPI, bands; what is so already is no change.

    Other bands drop the certificate, or take what is in review back, as an edit does. Raises DefinitionError.
    """
    words = Definition.of(values)
    if words.version:
        raise DefinitionError([Fault(name, "This belongs to the KPI's version.") for name in words.version])
    kpi = Kpi.objects.select_for_update(no_key=True).get(pk=kpi.pk)
    before = {name: getattr(kpi, name) for name in words.kpi if getattr(kpi, name) != words.kpi[name]}
    if not before:
        return kpi
    for name, value in words.kpi.items():
        setattr(kpi, name, value)
    if kpi.counter_kpi_id == kpi.pk:
        raise DefinitionError([Fault("counter_kpi", "A KPI cannot be its own counter KPI.")])
    kpi.full_clean()
    newest = kpi.versions.newest()
    if newest:
        _check_bands(kpi, newest)
    kpi.save()
    audit.record(
        by, "KPI changed", kpi, before=_plain(before), after=_plain({name: words.kpi[name] for name in before})
    )
    if "unit" in before:
        requests.definition(kpi, f"unit of {kpi.code}", by=by)
    elif "bands" in before:
        requests.rescore(kpi, f"bands of {kpi.code}", by=by)
    if "bands" in before and newest and newest.state != State.DEPRECATED:
        edit(newest, by=by)  # bands say what is red: a certificate is of them as well
    return kpi


@transaction.atomic
def discard(version: KpiVersion, *, by) -> None:
    """Give a draft up: it has no days any more, and the version before it holds again. What it said stays known.

    Raises WrongState for anything but a draft.
    """
    kpi = Kpi.objects.select_for_update(no_key=True).get(pk=version.kpi_id)
    version.refresh_from_db()
    if version.state != State.DRAFT or kpi.versions.count() == 1:
        raise WrongState(f"{version} is {version.get_state_display().lower()} or the only one: it cannot be discarded.")
    audit.record(by, "KPI draft discarded", kpi, version=version.number)
    requests.definition(kpi, f"definition of {kpi.code}", by=by)
    version.state, version.valid_to = State.DEPRECATED, version.valid_from
    version.save(update_fields=["state", "valid_to"])
    tile(kpi)


def impact_of(kpi: Kpi) -> Impact:
    """What reads this KPI: scorecards, derived KPIs, objectives, targets. A constant number of queries."""
    return Impact(
        scorecards=tuple(kpi.nodes.order_by("scorecard__name").values_list("scorecard__name", flat=True).distinct()),
        derived=tuple(kpi.derived_versions.order_by("kpi__code").values_list("kpi__code", flat=True).distinct()),
        objectives=tuple(kpi.links.order_by("objective__name").values_list("objective__name", flat=True)),
        counter_of=tuple(Kpi.objects.filter(counter_kpi=kpi).values_list("code", flat=True)),
        targets=kpi.targets.count(),
        results=kpi.results.current().count(),
    )


def _save(version: KpiVersion) -> None:
    """Check the formulas and keep which KPIs a derived one reads. Raises DefinitionError, ValidationError."""
    version.full_clean(exclude=["kpi"])
    if faults := faults_of(version):
        raise DefinitionError(faults)
    version.save()
    codes = input_codes(version.formula) if version.kind == KpiVersion.Kind.DERIVED else ()
    version.inputs.set(Kpi.objects.filter(code__in=codes))


def _check_bands(kpi: Kpi, version: KpiVersion) -> None:
    try:
        scoring.read_bands(kpi.bands, version.direction)
    except scoring.BandError as fault:
        raise DefinitionError([Fault("bands", str(fault))]) from None


def tile(kpi: Kpi) -> None:
    """Let each version end where the next one starts; of several with one start only the newest has days.

    One that was taken out of use ends on that day if it is earlier.
    """
    versions = list(kpi.versions.kept().order_by("valid_from", "number"))
    for version, following in zip_longest(versions, versions[1:]):
        end = following.valid_from if following else None
        last = version.deprecated_from
        if last and (end is None or last < end):
            end = max(last, version.valid_from)
        if version.valid_to != end:
            version.valid_to = end
            version.save(update_fields=["valid_to"])


def _ask_again(kpi: Kpi, changed: set[str], by) -> None:
    if changed & (COMPUTED_FIELDS | {"valid_from", "unit_of_measure"}):  # a ratio in percent is kept times 100
        requests.definition(kpi, f"definition of {kpi.code}", by=by)
    elif "direction" in changed:
        requests.rescore(kpi, f"direction of {kpi.code}", by=by)


def _plain(values: dict) -> dict:
    return {name: _word(value) for name, value in values.items()}


def _word(value) -> object:
    """A value as the audit trail keeps it: things by their code or name."""
    return getattr(value, "code", None) or str(value) if hasattr(value, "pk") else value


def columns_of(version: KpiVersion) -> list:
    """The columns that its formulas may name."""
    return list(contract_of(version.dataset).columns) if version.dataset and version.dataset.contract else []
