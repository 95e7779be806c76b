"""The demo's agreements and error budgets, by the verbs of the pages: drafted by one, signed by another."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils import timezone

from datasets.models import Dataset
from organization.models import Unit, User
from slas import claims, closing, drafting, exclusions, lifecycle, slos
from slas.models import Agreement, CreditClaim, PeriodResult, Slo

Users = Mapping[str, User]


def define(definition: Mapping, users: Users, today: date) -> None:
    """What is missing of the agreements whose datasets are loaded; their clocks and periods are asked for."""
    for vendor in definition["delivery"]["vendors"]:
        if not _exists(vendor["code"]):
            _delivery(definition["delivery"], vendor, users, today)
    if not _exists(definition["due_date"]["code"]):
        _due_date(definition["due_date"], users, today)
    if Dataset.objects.filter(code="flights").exists() and not _exists(definition["flights"]["code"]):
        _flights(definition["flights"], users, today)
    for words in definition["slos"]:
        if not Slo.objects.filter(code=words["code"]).exists():
            _slo(words, users)


def close(definition: Mapping, users: Users, today: date) -> None:
    """Close the quarters that are named, claim and agree the first credit of each vendor, propose one exclusion."""
    words = definition["delivery"]
    for vendor in words["vendors"]:
        agreement = Agreement.objects.get(code=vendor["code"])
        for start in words["closed"]:
            period = agreement.periods.filter(period_start=start, state=PeriodResult.State.PROVISIONAL).first()
            if period:
                closing.close_period(period, by=users["manager"], day=today, now=timezone.now())
        first = agreement.claims.order_by("period__period_start").first()
        if first and first.state == CreditClaim.State.CALCULATED:
            claims.claim_credit(first, by=users["finance"], day=today)
            claims.agree(first, by=users["manager"], day=today)
    asked = words["exclusion"]
    agreement = Agreement.objects.get(code=asked["agreement"])
    if not agreement.exclusions.exists():
        own = {name: asked[name] for name in ("kind", "reason", "cases")}
        exclusions.propose(agreement, by=users["analyst"], **own)


def _delivery(words: Mapping, vendor: Mapping, users: Users, today: date) -> None:
    by, dataset = users["analyst"], Dataset.objects.get(code=words["dataset"])
    of_vendor = f"vendor = '{vendor['vendor']}'"
    money = ("at_risk_pct", "minimum_credit", "repeat_multiplier", "earn_back_pct")
    version = drafting.create_agreement(
        code=vendor["code"],
        name=vendor["name"],
        kind=Agreement.Kind.UC,
        unit=Unit.objects.get(code=words["unit"]),
        customer=Unit.objects.get(code=words["customer"]),
        providers=[Unit.objects.get(code=vendor["unit"])],
        service=words["service"],
        owner=users["manager"],
        by=by,
        valid_from=words["valid_from"],
        period="quarter",
        currency="USD",
        charge_basis="measured",
        charge_dataset=dataset,
        charge_formula="sum(freight_usd)",
        charge_condition=of_vendor,
        earn_back_periods=words["earn_back_periods"],
        terms=words["terms"],
        **{name: Decimal(str(words[name])) for name in money},
    )
    _due(version, dataset, words["required_pct"], by, condition=of_vendor, case="id", due="scheduled_on",
         stopped="delivered_on", name="Delivered by the scheduled day")  # fmt: skip
    tiers = [
        {"target": None, "below_pct": Decimal(bound), "side": side, "credit_pct": Decimal(credit)}
        for bound, side, credit in words["tiers"]
    ]
    drafting.set_tiers(version, tiers, by=by)
    _sign(version, users, today)


def _due_date(words: Mapping, users: Users, today: date) -> None:
    by, dataset = users["analyst"], Dataset.objects.get(code=words["dataset"])
    version = _draft(words, users, providers=[Unit.objects.get(code=code) for code in words["providers"]])
    _due(version, dataset, words["required_pct"], by, case="request", due="due_at", stopped="closed_at",
         started="created_at", name="Closed by the due date")  # fmt: skip
    _sign(version, users, today)


def _flights(words: Mapping, users: Users, today: date) -> None:
    dataset = Dataset.objects.get(code=words["dataset"])
    version = _draft(words, users, customer=Unit.objects.get(code=words["customer"]))
    for position, target in enumerate(words["targets"]):
        own = {name: target[name] for name in ("name", "metric", "threshold_seconds") if name in target}
        drafting.set_target(
            version,
            target["code"],
            by=users["analyst"],
            required_pct=Decimal(target["required_pct"]),
            position=position,
            measure=target["measure"] | {"dataset": dataset},
            **own,
        )
    _sign(version, users, today)


def _draft(words: Mapping, users: Users, **parties):
    own = {name: words[name] for name in ("code", "name", "service", "valid_from")}
    unit = Unit.objects.get(code=words["unit"])
    return drafting.create_agreement(
        kind=Agreement.Kind.SLA,
        unit=unit,
        owner=users["manager"],
        by=users["analyst"],
        terms=words.get("terms", ""),
        **own,
        **parties,
    )


def _due(version, dataset: Dataset, required: int, by: User, *, name, case, due, stopped, started="", condition=""):
    clock = {
        "source": "columns",
        "dataset": dataset,
        "case_column": case,
        "started_column": started,
        "due_column": due,
        "stopped_column": stopped,
    }
    words = {"name": name, "metric": "delivery", "condition": condition, "required_pct": Decimal(required)}
    drafting.set_target(version, "due-date", by=by, clock=clock, **words)


def _sign(version, users: Users, today: date) -> None:
    lifecycle.sign(lifecycle.offer(version, by=users["analyst"]), by=users["manager"], day=today, now=timezone.now())


def _slo(words: Mapping, users: Users) -> None:
    own = {name: value for name, value in words.items() if name not in ("dataset", "unit", "agreement")}
    for name in ("objective_pct", "slice_pct"):
        if name in own:
            own[name] = Decimal(str(own[name]))
    slos.create(
        by=users["analyst"],
        owner=users["manager"],
        unit=Unit.objects.get(code=words["unit"]),
        dataset=Dataset.objects.get(code=words["dataset"]),
        agreement=Agreement.objects.filter(code=words.get("agreement")).first(),
        **own,
    )


def _exists(code: str) -> bool:
    return Agreement.objects.filter(code=code).exists()
