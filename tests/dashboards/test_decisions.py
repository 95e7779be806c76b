"""What waits for one person's decision, from all rooms, on their home."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from dashboards.decisions import decisions
from datasets.models import Upload
from kpis.selectors import home
from organization.access import access_of
from organization.models import Role
from slas.models import Restatement
from studies.models import Study
from tests.dashboards.test_home_review_search import signed_in, text_of
from tests.factories import DatasetFactory, KpiFactory, UnitFactory, member
from tests.slas.factories import (
    AgreementFactory,
    AgreementVersionFactory,
    CreditClaimFactory,
    ExclusionFactory,
    PeriodResultFactory,
)
from tests.vendors.factories import a_vendor_below
from vendors.models import CorrectivePlan, VendorAction

pytestmark = pytest.mark.django_db
DAY = date(2025, 3, 1)


@pytest.fixture
def group():
    return UnitFactory()


@pytest.fixture
def people(group):
    roles = (Role.ANALYST, Role.MANAGER, Role.FINANCE, Role.VIEWER)
    return {role: member(role, group, username=role, first_name="", last_name="") for role in roles}


def asked_of(person) -> list[tuple[str, str]]:
    access = access_of(person, DAY)
    found = decisions(access, home(person, access, DAY, datetime(2025, 3, 1, tzinfo=UTC)), DAY)
    return [(one.name, one.what) for one in found]


def test_versions_exclusions_and_restatements_wait_for_another_one_than_their_author(group, people):
    analyst, manager = people[Role.ANALYST], people[Role.MANAGER]
    agreement = AgreementFactory(name="Incidents", unit=group, version=None)
    AgreementVersionFactory(agreement=agreement, state="in_negotiation", created_by=analyst, submitted_by=analyst)
    ExclusionFactory(agreement=agreement, proposed_by=analyst)
    ExclusionFactory(agreement=agreement, proposed_by=manager)  # their own: not theirs to decide
    for asker in (analyst, manager):
        held = ExclusionFactory(agreement=agreement, state="approved", decided_by=manager, decided_at=timezone.now())
        held.withdrawals.create(asked_by=asker, asked_at=timezone.now(), reason="Wrong month")
    period = PeriodResultFactory(agreement=agreement)
    Restatement.objects.create(period=period, number=1, cause="A late extract", before={}, after={}, proposed_by=None)
    assert asked_of(manager) == [
        ("Incidents", "version 1 to sign, offered by analyst"),
        ("Incidents", "an exclusion (maintenance) by analyst"),
        ("Incidents", "an exclusion to withdraw, asked for by analyst"),
        ("Incidents Jan 2025", "a restatement"),
    ]
    assert asked_of(analyst) == asked_of(people[Role.VIEWER]) == []


def test_rows_of_closed_periods_wait_for_a_second_person(group, people):
    manager = people[Role.MANAGER]
    orders = DatasetFactory(name="Orders", unit=group)
    for sender, asker in (
        (people[Role.ANALYST],) * 2,
        (manager, people[Role.ANALYST]),
        (people[Role.ANALYST], manager),
    ):
        sent = Upload.objects.create(dataset=orders, file_name="x.csv", size=1, uploaded_by=sender)
        words = {"kind": "load", "reason": "A late invoice", "asked_by": asker, "asked_at": timezone.now()}
        sent.restatements.create(dataset=orders, **words)
    first = orders.uploads.order_by("pk").first()
    assert asked_of(manager) == [("Orders", f"load #{first.pk} as a restatement by analyst")]
    assert asked_of(people[Role.FINANCE]) == []  # closes periods, lets no rows in


def test_a_credit_waits_to_be_claimed_in_time_and_then_for_a_second_person(group, people):
    finance, manager = people[Role.FINANCE], people[Role.MANAGER]
    agreement = AgreementFactory(name="Freight", unit=group)
    january, february, march = (
        PeriodResultFactory(agreement=agreement, period_start=date(2025, n, 1), period_end=date(2025, n + 1, 1))
        for n in (1, 2, 3)
    )
    CreditClaimFactory(period=january, claim_by=DAY)  # its last day
    CreditClaimFactory(period=february, claim_by=DAY - timedelta(days=1))  # too late
    CreditClaimFactory(period=march, state="claimed", claimed_on=DAY, claimed_by=finance)
    assert asked_of(finance) == [("Freight Jan 2025", "a credit of €500.00 to claim by 1 Mar 2025")]
    assert asked_of(manager) == [("Freight Mar 2025", "a credit of €500.00 claimed by finance: agreed or rejected?")]


def test_a_study_waits_for_whoever_did_not_make_it(group, people):
    analyst = people[Role.ANALYST]
    made = {"unit": group, "kpi": KpiFactory(unit=group), "analyst": analyst, "state": Study.State.IN_REVIEW}
    Study.objects.create(title="Did it work?", question=Study.Question.INTERRUPTION, **made)
    assert asked_of(people[Role.MANAGER]) == [("Did it work?", "a study to review by analyst")]
    assert asked_of(analyst) == asked_of(people[Role.VIEWER]) == []


def test_answers_and_plans_of_vendors_wait_for_those_who_buy(group, people):
    manager, analyst = people[Role.MANAGER], people[Role.ANALYST]
    vendor = a_vendor_below(group, name="Orgenics")
    given = {"vendor": vendor, "due_on": DAY, "given_by": manager}
    VendorAction.objects.create(title="Explain February", owner=analyst, state="answered", **given)
    VendorAction.objects.create(title="Explain March", owner=analyst, **given)
    asked = VendorAction.objects.create(title="Corrective plan", owner=analyst, state="answered", **given)
    CorrectivePlan.objects.create(
        vendor=vendor, kpi=KpiFactory(unit=group, name="On time"), reason="Late", issued_by=manager, issued_on=DAY,
        plan_due_on=DAY, state="submitted", asked=asked,
    )  # fmt: skip
    assert asked_of(manager) == [
        ("Orgenics: On time", "a corrective plan to accept or send back"),
        ("Explain February", "Orgenics: answered by analyst, to close or send back"),
    ]
    assert asked_of(analyst) == [("Explain March", "Orgenics: your answer by 1 Mar 2025")]


def test_home_lists_them_with_the_page_on_which_one_decides(group, people):
    KpiFactory(unit=group)
    agreement = AgreementFactory(code="freight", unit=group)
    for _ in range(12):
        ExclusionFactory(agreement=agreement, proposed_by=people[Role.ANALYST])
    page = signed_in(people[Role.MANAGER]).get("/", {"as_of": timezone.now().date().isoformat()})
    assert "Waits for you 12" in text_of(page)
    assert "2 more" in text_of(page)
    assert 'href="/agreements/freight/exclusions/"' in page.content.decode()
