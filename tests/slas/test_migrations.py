"""What migrations fill in of what was there before them."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from organization import audit
from slas import closing, periods
from slas.models import CreditClaim
from tests.factories import UserFactory, member, upload_csv

from .factories import AgreementFactory, AgreementVersionFactory, CreditClaimFactory, PeriodResultFactory
from .sample import DAY, Desk, deliveries, deliveries_csv

pytestmark = pytest.mark.django_db


def filled(migration: str, function: str) -> None:
    getattr(import_module(f"slas.migrations.{migration}"), function)(apps, None)


def test_who_changed_rows_since_the_close_is_a_cause_of_what_waits():
    """0005: whoever loaded rows since then, of what the agreement reads; not who had loaded it before."""
    desk = Desk()
    dataset = deliveries(desk.unit)
    agreement = desk.signed(dataset).agreement
    periods.refresh(agreement, day=DAY)
    january = agreement.periods.get(period_start=date(2025, 1, 1))
    closing.close_period(january, by=desk.signer, day=DAY, now=timezone.now())
    late = member("analyst", desk.unit)
    upload_csv(dataset, deliveries_csv(late=(3,), months=(1,)), name="late.csv", by=late)
    periods.refresh(agreement, day=DAY)
    waits = january.restatements.get()
    waits.caused_by.clear()
    filled("0005_restatement_causes", "name_causes")
    assert set(waits.caused_by.all()) == {late}
    waits.caused_by.clear()
    periods.decide_restatement(waits, by=desk.signer, is_approved=True, now=timezone.now())
    filled("0005_restatement_causes", "name_causes")
    assert not waits.caused_by.exists()  # decided on: nobody asks any more


def test_who_changed_a_draft_of_before_is_named_by_the_trail():
    """0006: the maker, and who changed its targets or tiers; not who changed another version, or only offered it."""
    maker, helper, stranger = (UserFactory(username=name) for name in ("maker", "helper", "stranger"))
    agreement = AgreementFactory(version=None)
    signed = AgreementVersionFactory(agreement=agreement, number=1, created_by=maker, valid_to=date(2025, 1, 1))
    draft = AgreementVersionFactory(
        agreement=agreement, number=2, state="draft", created_by=maker, valid_from=date(2025, 1, 1)
    )
    audit.record(helper, "credit tiers set", agreement, version=2)
    audit.record(stranger, "target changed", agreement, version=1)
    audit.record(stranger, "agreement offered", agreement, version=2)
    filled("0006_authors", "name_authors")
    assert set(draft.authors.all()) == {maker, helper}
    assert not signed.authors.exists()


def test_who_decided_on_credits_of_before_is_named_by_the_trail():
    """0008: the last who did; what a rejection said was its reason, what a claim said stays with the claim."""
    first, manager, finance = (UserFactory(username=name) for name in ("first", "manager", "finance"))
    agreement = AgreementFactory()

    def claim(month: int, **words) -> CreditClaim:
        days = {"period_start": date(2025, month, 1), "period_end": date(2025, month + 1, 1)}
        return CreditClaimFactory(period=PeriodResultFactory(agreement=agreement, **days), **words)

    told = {"claimed_on": "2025-02-03", "claimed_by": first, "agreed_amount": 500, "note": "As claimed"}
    credited, rejected, owed = claim(1, state="credited", **told), claim(2, state="rejected", note="Strike"), claim(3)
    trail = (
        (finance, "credit agreed", credited), (manager, "credit agreed", credited),
        (finance, "credit credited", credited),
        (manager, "credit rejected", rejected), (first, "credit claimed", owed), (None, "credit agreed", owed),
    )  # fmt: skip
    for who, action, thing in trail:
        audit.record(who, action, thing)
    filled("0008_who_decided_on_credits", "take_over")
    found = CreditClaim.objects.order_by("pk").values_list("decided_by", "credited_by", "decision_note", "note")
    assert list(found) == [
        (manager.pk, finance.pk, "", "As claimed"),
        (manager.pk, None, "Strike", ""),
        (None, None, "", ""),
    ]
