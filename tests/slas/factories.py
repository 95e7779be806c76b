"""Factories of agreements: `AgreementFactory()` has one active version; a test states only what matters to it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from slas.models import (
    Agreement,
    AgreementVersion,
    ClockRule,
    CreditClaim,
    CreditTier,
    Exclusion,
    PeriodResult,
    ServiceTarget,
    Slo,
)
from tests.factories import DatasetFactory, UnitFactory, UserFactory

SIGNED_AT = datetime(2024, 12, 20, 12, tzinfo=UTC)


class AgreementVersionFactory(DjangoModelFactory):
    """An active version, signed, in force since 2025; AgreementVersionFactory(state="draft") is unsigned."""

    class Meta:
        model = AgreementVersion

    agreement = factory.SubFactory("tests.slas.factories.AgreementFactory", version=None)
    number = 1
    valid_from = date(2025, 1, 1)
    state = AgreementVersion.State.ACTIVE
    currency = "EUR"
    monthly_charge = Decimal("10000.00")
    at_risk_pct = Decimal("10")
    created_by = factory.LazyAttribute(lambda version: version.agreement.owner)

    @classmethod
    def _create(cls, model_class, *args, **values):
        if values["state"] not in ("draft", "in_negotiation"):
            values = {"signed_by": UserFactory(), "signed_at": SIGNED_AT} | values
        return model_class.objects.create(**values)


class AgreementFactory(DjangoModelFactory):
    """An agreement with one version; AgreementFactory(version={"state": "draft"}) says how it is, None: without one."""

    class Meta:
        model = Agreement

    code = factory.Sequence(lambda n: f"agreement-{n}")
    name = factory.LazyAttribute(lambda agreement: f"Agreement {agreement.code}")
    unit = factory.SubFactory(UnitFactory)
    owner = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class, *args, version=(), providers=(), supports=(), **values):
        agreement = model_class.objects.create(**values)
        agreement.providers.set(providers)
        agreement.supports.set(supports)
        if version is not None:
            AgreementVersionFactory(agreement=agreement, **dict(version))
        return agreement


class ServiceTargetFactory(DjangoModelFactory):
    """Resolution within eight business hours in 95 % of the cases."""

    class Meta:
        model = ServiceTarget

    version = factory.SubFactory(AgreementVersionFactory)
    code = factory.Sequence(lambda n: f"target-{n}")
    name = factory.LazyAttribute(lambda target: f"Target {target.code}")
    metric = ServiceTarget.Metric.RESOLUTION
    threshold_seconds = 8 * 3600
    required_pct = Decimal("95")


class ClockRuleFactory(DjangoModelFactory):
    class Meta:
        model = ClockRule

    target = factory.SubFactory(ServiceTargetFactory)
    dataset = factory.SubFactory(DatasetFactory)
    case_column = "case"


class CreditTierFactory(DjangoModelFactory):
    class Meta:
        model = CreditTier

    version = factory.SubFactory(AgreementVersionFactory)
    below_pct = Decimal("95")
    credit_pct = Decimal("5")


class PeriodResultFactory(DjangoModelFactory):
    """An open January 2025."""

    class Meta:
        model = PeriodResult

    agreement = factory.SubFactory(AgreementFactory)
    version = factory.LazyAttribute(lambda period: period.agreement.versions.first())
    period_start = date(2025, 1, 1)
    period_end = date(2025, 2, 1)


class ExclusionFactory(DjangoModelFactory):
    class Meta:
        model = Exclusion

    agreement = factory.SubFactory(AgreementFactory)
    kind = Exclusion.Kind.MAINTENANCE
    reason = "Planned maintenance of the data centre."
    cases = factory.LazyFunction(lambda: ["C-1"])
    proposed_by = factory.SubFactory(UserFactory)


class CreditClaimFactory(DjangoModelFactory):
    class Meta:
        model = CreditClaim

    agreement = factory.LazyAttribute(lambda claim: claim.period.agreement)
    period = factory.SubFactory(PeriodResultFactory)
    currency = "EUR"
    charge = Decimal("10000.00")
    amount = Decimal("500.00")
    claim_by = date(2025, 3, 31)
    calculated_at = datetime(2025, 2, 3, tzinfo=UTC)


class SloFactory(DjangoModelFactory):
    class Meta:
        model = Slo

    code = factory.Sequence(lambda n: f"slo-{n}")
    name = factory.LazyAttribute(lambda slo: f"SLO {slo.code}")
    unit = factory.SubFactory(UnitFactory)
    owner = factory.SubFactory(UserFactory)
    dataset = factory.SubFactory(DatasetFactory)
    good = "count()"
    total = "count()"
    objective_pct = Decimal("99")
