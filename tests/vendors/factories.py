"""Vendors for tests: a small buying unit with vendors below it, their KPIs, scorecard and results."""

from datetime import UTC, date, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from organization.models import Role, Unit
from tests.factories import KpiFactory, ResultFactory, UnitFactory, UserFactory, member
from vendors import contacts, templates
from vendors.models import Contract, ScorecardTemplate, SurveyQuestion, Vendor

DAY = date(2025, 12, 14)  # the third quarter of 2025 is the last complete one
NOW = datetime(2025, 12, 14, 9, tzinfo=UTC)
LONG_AGO = date(2000, 1, 1)
THIRD = date(2025, 7, 1)


class VendorFactory(DjangoModelFactory):
    """A vendor below `parent` (none: at the top), reviewed by quarter since the start of 2025."""

    class Meta:
        model = Vendor

    unit = factory.LazyAttribute(lambda vendor: UnitFactory(kind=Unit.Kind.VENDOR))
    manager = factory.SubFactory(UserFactory)
    cadence = Vendor.Cadence.QUARTER
    cadence_from = date(2025, 1, 1)


class ContractFactory(DjangoModelFactory):
    class Meta:
        model = Contract

    vendor = factory.SubFactory(VendorFactory)
    code = factory.Sequence(lambda n: f"C-{n}")
    title = "Supply of test kits"
    value = Decimal("250000.00")
    currency = "USD"
    starts_on = date(2025, 1, 1)
    ends_on = date(2025, 12, 31)
    owner = factory.LazyAttribute(lambda contract: contract.vendor.manager)


def a_vendor_below(parent: Unit, name: str = "Orgenics", **values) -> Vendor:
    unit = UnitFactory(kind=Unit.Kind.VENDOR, name=name, parent=parent)
    return VendorFactory(unit=unit, **values)


def a_contact(vendor: Vendor, username: str = ""):
    """A contact of the vendor who is let in; returns the user."""
    user = UserFactory(**({"username": username} if username else {}))
    contact = contacts.add_contact(vendor, name=str(user), by=vendor.manager)
    contacts.let_in(contact, username=user.username, on=LONG_AGO, by=vendor.manager)
    return user


def two_kpis(unit: Unit) -> tuple:
    """On-time share (higher) and freight share (lower), kept by month and quarter."""
    on_time = KpiFactory(unit=unit, name="On time", unit_of_measure="percent", decimals=1, direction="higher")
    freight = KpiFactory(unit=unit, name="Freight share", unit_of_measure="percent", decimals=1, direction="lower")
    return on_time, freight


def a_template(unit: Unit, kpis=None, *, by=None, publish: bool = True, survey: bool = False) -> ScorecardTemplate:
    """On time 60 % (0 at 80, 100 at 95; a gate at 85), freight 40 % (lowest over own); or 20 % of it a survey."""
    on_time, freight = kpis or two_kpis(unit)
    by = by or UserFactory()
    made = templates.create_template(code=f"card-of-{unit.code}", name="Vendors", unit=unit, by=by)
    draft = made.versions.get()
    templates.set_criterion(
        draft, by=by, code="on_time", name="On time", weight=Decimal(60), kpi=on_time, floor=Decimal(80),
        target=Decimal(95), gate_at=Decimal(85), gate_grade="C",
    )  # fmt: skip
    templates.set_criterion(
        draft, by=by, code="freight", name="Freight", weight=Decimal(20 if survey else 40), kpi=freight,
        curve="price_ratio", direction="lower",
    )  # fmt: skip
    if survey:
        question = SurveyQuestion.objects.create(code=f"quick-{unit.code}", text="Answers quickly?", unit=unit)
        templates.set_criterion(
            draft, by=by, code="quick", name="Quick", weight=Decimal(20), source="survey", question=question,
            floor=Decimal(1), target=Decimal(5),
        )  # fmt: skip
    if publish:
        templates.publish(draft, from_day=LONG_AGO, now=NOW, by=by)
    return made


def a_result(kpi, vendor: Vendor, value: float, start: date = THIRD, grain: str = "quarter", **more):
    months = {"month": 1, "quarter": 3, "year": 12}[grain]
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return ResultFactory(
        kpi=kpi, unit=vendor.unit, grain=grain, period_start=start, period_end=date(year, month + 1, 1), value=value,
        **more,
    )  # fmt: skip


def a_manager(unit: Unit, **user):
    return member(Role.MANAGER, unit, **user)
