"""Writing an agreement: the agreement itself, its versions, their targets with clock or measure, and the credit tiers.

A draft or a version in negotiation changes in place; whatever was signed stays as it is, and `new_version` copies it.
Every verb takes effect in one transaction with an audit entry.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Max

from kpis.measures import Fault
from organization import audit
from organization.models import Unit, User

from .checks import faults_of_target
from .models import Agreement, AgreementVersion, ClockRule, CreditTier, MeasureRule, ServiceTarget

State = AgreementVersion.State
AGREEMENT_WORDS = frozenset(["name", "customer", "service", "owner"])
# Who serves whom with what, as it was signed, and what it is called.
SIGNED = {"customer": "The customer", "providers": "The provider", "service": "The service"}
VERSION_WORDS = frozenset(
    [
        "valid_from", "valid_to", "period", "calendar", "currency", "charge_basis", "monthly_charge", "charge_dataset",
        "charge_formula", "charge_condition", "charge_time_column", "at_risk_pct", "minimum_credit",
        "repeat_multiplier", "repeat_misses", "earn_back_pct", "earn_back_periods", "claim_days", "notice_days",
        "terms",
    ]
)  # fmt: skip
COPIED = VERSION_WORDS - {"valid_from", "valid_to"}
TARGET_WORDS = frozenset(
    [
        "name", "metric", "condition", "threshold_seconds", "required_pct", "percentile", "counted_in", "warn_at",
        "weight", "position",
    ]
)  # fmt: skip
CLOCK_WORDS = frozenset(
    [
        "source", "dataset", "case_column", "time_column", "start", "pause", "resume", "stop", "cancel", "reset",
        "started_column", "due_column", "stopped_column", "holder_column", "priority_column", "reason_column",
        "on_priority_change", "after_stop",
    ]
)  # fmt: skip
MEASURE_WORDS = frozenset(
    [
        "dataset", "time_column", "good", "total", "agreed", "excluded", "downtime", "contact_formula", "answered",
        "abandoned", "waited", "short_seconds",
    ]
)  # fmt: skip
TIER_WORDS = ("target", "below_pct", "side", "credit_pct")


class AgreementRefused(Exception):
    """What was written cannot hold; `faults` say which field, why, and which word."""

    def __init__(self, faults: Sequence[Fault]):
        self.faults = tuple(faults)
        super().__init__(" ".join(fault.message for fault in faults))


class WrongState(Exception):
    """The version is not in the state that the step needs."""


@transaction.atomic
def create_agreement(
    *,
    code: str,
    name: str,
    kind: str,
    unit: Unit,
    owner: User,
    by,
    valid_from: date,
    customer: Unit | None = None,
    providers: Iterable[Unit] = (),
    supports: Iterable[Agreement] = (),
    service: str = "",
    **words,
) -> AgreementVersion:
    """An agreement with its first draft. Raises AgreementRefused, ValidationError (a code that is taken, for one)."""
    _only(words, VERSION_WORDS)
    agreement = Agreement(code=code, name=name, kind=kind, unit=unit, owner=owner, customer=customer, service=service)
    agreement.full_clean()
    agreement.save()
    _link(agreement, providers, supports)
    version = AgreementVersion(agreement=agreement, number=1, valid_from=valid_from, created_by=by, **words)
    version.full_clean()
    version.save()
    version.authors.add(by)
    audit.record(by, "agreement drafted", agreement, unit=unit, kind=kind, valid_from=valid_from)
    return version


@transaction.atomic
def change_agreement(
    agreement: Agreement,
    *,
    by,
    providers: Iterable[Unit] | None = None,
    supports: Iterable[Agreement] | None = None,
    **words,
) -> Agreement:
    """Change what does not belong to a version: name, owner, what it supports; until it is signed, parties and service.

    It takes an offer back: who signs sees the parties as well. Raises AgreementRefused.
    """
    _only(words, AGREEMENT_WORDS)
    agreement = Agreement.objects.select_for_update().get(pk=agreement.pk)
    before = _parties(agreement)
    for name, value in words.items():
        setattr(agreement, name, value)
    agreement.full_clean()
    agreement.save()
    _link(agreement, providers, supports)
    after = _parties(agreement)
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return agreement
    if faults := _of_signed(agreement, changed):
        raise AgreementRefused(faults)
    kept = ({name: found[name] for name in changed} for found in (before, after))
    audit.record(by, "agreement changed", agreement, **dict(zip(("before", "after"), kept, strict=True)))
    if offered := agreement.versions.filter(state=State.IN_NEGOTIATION).first():
        _noted(offered, by, "parties changed")
    return agreement


def is_signed(agreement: Agreement) -> bool:
    """Whether any version of it binds or bound its parties."""
    return agreement.versions.governing().exists()


def _of_signed(agreement: Agreement, changed: Sequence[str]) -> list[Fault]:
    """A contract with other parties, or about something else, is another contract: two people signed this one."""
    if not is_signed(agreement):
        return []
    otherwise = "was signed by two people: with another one it is another agreement. End this one, and draft that one."
    return [Fault(name, f"{SIGNED[name]} {otherwise}") for name in changed if name in SIGNED]


def _parties(agreement: Agreement) -> dict[str, str]:
    """What does not belong to a version, in words."""
    found = {name: str(getattr(agreement, name)) for name in sorted(AGREEMENT_WORDS)}
    found["providers"] = ", ".join(sorted(agreement.providers.values_list("code", flat=True)))
    found["supports"] = ", ".join(sorted(agreement.supports.values_list("code", flat=True)))
    return found


@transaction.atomic
def change_version(version: AgreementVersion, *, by, **words) -> AgreementVersion:
    """Change the document of a version that nobody has signed. Raises WrongState, AgreementRefused, ValidationError."""
    _only(words, VERSION_WORDS)
    version = editable(version)
    before = {name: str(getattr(version, name)) for name in words}
    for name, value in words.items():
        setattr(version, name, value)
    version.full_clean()
    version.save()
    _noted(version, by, "agreement version changed", before=before, after={n: str(v) for n, v in words.items()})
    return version


@transaction.atomic
def new_version(version: AgreementVersion, *, by, valid_from: date) -> AgreementVersion:
    """A draft that copies `version` with its targets and tiers, to hold from `valid_from` on. Raises WrongState."""
    agreement = Agreement.objects.select_for_update().get(pk=version.agreement_id)
    if draft := agreement.versions.filter(state__in=[State.DRAFT, State.IN_NEGOTIATION]).first():
        raise WrongState(f"{draft} is {draft.get_state_display().lower()}: change or discard that one first.")
    number = agreement.versions.aggregate(Max("number"))["number__max"] + 1
    words = {name: getattr(version, name) for name in COPIED}
    made = AgreementVersion(agreement=agreement, number=number, valid_from=valid_from, created_by=by, **words)
    made.full_clean()
    made.save()
    made.authors.add(by)
    targets = {old.pk: _copied_target(old, made) for old in version.targets.select_related("clock", "measure")}
    for tier in version.tiers.all():
        _copy(tier, version=made, target=targets.get(tier.target_id))
    audit.record(by, "agreement version drafted", agreement, version=number, instead_of=version.number)
    return made


@transaction.atomic
def discard(version: AgreementVersion, *, by) -> None:
    """Give a draft up; the last version of an agreement cannot be. Raises WrongState."""
    version = editable(version)
    if version.agreement.versions.count() == 1:
        raise WrongState(f"{version} is the only version: an agreement is not without one.")
    audit.record(by, "agreement version discarded", version.agreement, version=version.number)
    version.delete()


@transaction.atomic
def set_target(
    version: AgreementVersion,
    code: str,
    *,
    by,
    clock: Mapping | None = None,
    measure: Mapping | None = None,
    new_only: bool = False,
    **words,
) -> ServiceTarget:
    """Add or change the target of this code with its clock (or measure). Raises WrongState, AgreementRefused.

    What is not given stays as it was; a changed metric drops a rule that it does not use.
    """
    _only(words, TARGET_WORDS)
    version = editable(version)
    target = version.targets.filter(code=code).first() or ServiceTarget(version=version, code=code)
    if new_only and target.pk:
        raise AgreementRefused([Fault("code", f"There is a target {code} already.")])
    is_new = target.pk is None
    for name, value in words.items():
        setattr(target, name, value)
    if target.metric == ServiceTarget.Metric.PERCENTILE and target.percentile is not None:
        target.required_pct = target.percentile * 100
    target.full_clean(exclude=["version"])
    target.save()
    timed, measured = _rules(target, clock, measure)
    if faults := faults_of_target(target, timed, measured):
        raise AgreementRefused(faults)
    _noted(version, by, "target added" if is_new else "target changed", target=code)
    return target


@transaction.atomic
def remove_target(target: ServiceTarget, *, by) -> None:
    """Take a target out of a version that nobody has signed. Raises WrongState."""
    version = editable(target.version)
    _noted(version, by, "target removed", target=target.code)
    target.delete()


@transaction.atomic
def set_tiers(version: AgreementVersion, tiers: Sequence[Mapping], *, by) -> list[CreditTier]:
    """Replace the version's credit tiers; each says target (None: every), below_pct, side, credit_pct.

    Raises WrongState, ValidationError.
    """
    version = editable(version)
    version.tiers.all().delete()
    made = []
    for words in tiers:
        _only(words, frozenset(TIER_WORDS))
        tier = CreditTier(version=version, **words)
        tier.full_clean(exclude=["version"])
        tier.save()
        made.append(tier)
    _noted(version, by, "credit tiers set", tiers=[str(tier) for tier in made])
    return made


def editable(version: AgreementVersion) -> AgreementVersion:
    """The version, locked with its agreement, if nobody has signed it; in negotiation an edit is a counter-offer.

    Raises WrongState.
    """
    Agreement.objects.select_for_update().get(pk=version.agreement_id)
    version = AgreementVersion.objects.select_related("agreement__unit").get(pk=version.pk)
    if not version.is_editable:
        state = version.get_state_display().lower()
        raise WrongState(f"{version} is {state}: signed text stays as it is. Draft a new version.")
    return version


def _noted(version: AgreementVersion, by, action: str, **details) -> None:
    """An edit of what is in negotiation takes the offer back: it must be offered again as it now reads.

    Who edits is one of its authors, and does not sign it.
    """
    version.authors.add(by)
    if version.state == State.IN_NEGOTIATION:
        version.state, version.submitted_by = State.DRAFT, None
        version.save(update_fields=["state", "submitted_by"])
        details["offer"] = "taken back"
    audit.record(by, action, version.agreement, version=version.number, **details)


def _rules(target: ServiceTarget, clock: Mapping | None, measure: Mapping | None):
    if target.is_clocked:
        MeasureRule.objects.filter(target=target).delete()
        return _rule(ClockRule, target, clock, CLOCK_WORDS), None
    ClockRule.objects.filter(target=target).delete()
    return None, _rule(MeasureRule, target, measure, MEASURE_WORDS)


def _rule(model, target: ServiceTarget, words: Mapping | None, known: frozenset[str]):
    _only(words or {}, known)
    rule = model.objects.filter(target=target).first()
    if words:
        rule = rule or model(target=target)
        for name, value in words.items():
            setattr(rule, name, value)
        if rule.dataset_id is None:
            raise AgreementRefused([Fault("dataset", "Choose the dataset that it reads.")])
        rule.full_clean(exclude=["target"])
        rule.save()
    return rule


def _link(agreement: Agreement, providers: Iterable[Unit] | None, supports: Iterable[Agreement] | None) -> None:
    if providers is not None:
        agreement.providers.set(providers)
    if supports is not None:
        supports = list(supports)
        if agreement in supports or any(_rests_on(agreement, other) for other in supports):
            message = "Agreements cannot support each other in a circle."
            raise AgreementRefused([Fault("supports", message)])
        agreement.supports.set(supports)


def _rests_on(agreement: Agreement, other: Agreement) -> bool:
    """Whether `agreement` relies, over any steps, on `other`."""
    seen: set[int] = set()
    ahead = [agreement.pk]
    while ahead:
        found = set(
            Agreement.supports.through.objects.filter(to_agreement__in=ahead).values_list("from_agreement", flat=True)
        )
        if other.pk in found:
            return True
        ahead = list(found - seen)
        seen |= found
    return False


def _copied_target(old: ServiceTarget, version: AgreementVersion) -> ServiceTarget:
    target = _copy(old, version=version)
    for name in ("clock", "measure"):
        if rule := getattr(old, name, None):
            _copy(rule, target=target)
    return target


def _copy(row, **changed):
    """A new row with the old one's values, but for what is changed."""
    values = {field.name: getattr(row, field.name) for field in row._meta.concrete_fields if not field.primary_key}
    return type(row).objects.create(**{**values, **changed})


def _only(words: Mapping, known: frozenset[str]) -> None:
    if unknown := sorted(set(words) - known):
        raise AgreementRefused([Fault(name, f"There is no field {name!r} here.") for name in unknown])
