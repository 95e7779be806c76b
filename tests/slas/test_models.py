"""What the database itself refuses about agreements, and who sees which."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from organization.access import access_of
from organization.models import Unit
from slas.models import Agreement, AgreementVersion, ClockWarning, CreditTier
from tests.factories import UnitFactory, UserFactory, member

from .factories import (
    SIGNED_AT,
    AgreementFactory,
    AgreementVersionFactory,
    CreditTierFactory,
    ExclusionFactory,
    PeriodResultFactory,
    SloFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2025, 6, 1)


def refused(make) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make()
    return str(refusal.value)


def test_nobody_signs_what_they_offered():
    one = UserFactory()
    offer = {"submitted_by": one, "signed_by": one, "signed_at": SIGNED_AT}
    assert "second_person" in refused(lambda: AgreementVersionFactory(**offer))


def test_an_active_version_was_signed():
    unsigned = {"signed_by": None, "signed_at": None}
    assert "binds_once_signed" in refused(lambda: AgreementVersionFactory(**unsigned))


def test_who_proposed_an_exclusion_does_not_decide_on_it():
    exclusion = ExclusionFactory()
    exclusion.state, exclusion.decided_by, exclusion.decided_at = "approved", exclusion.proposed_by, SIGNED_AT
    assert "second_person" in refused(exclusion.save)


def test_a_closed_period_is_frozen_with_its_hashes():
    assert "frozen" in refused(lambda: PeriodResultFactory(state="closed"))


def test_a_warning_is_one_row_per_case_target_and_threshold():
    warning = {"agreement": AgreementFactory(), "target_code": "p1", "case": "C-1", "reached_at": SIGNED_AT}
    ClockWarning.objects.create(threshold=75, **warning)
    ClockWarning.objects.create(threshold=90, **warning)
    assert "one_warning" in refused(lambda: ClockWarning.objects.create(threshold=75, **warning))


def test_two_tiers_for_every_target_do_not_share_a_bound():
    tier = CreditTierFactory()
    assert "one_credit_tier" in refused(
        lambda: CreditTier.objects.create(version=tier.version, below_pct=95, credit_pct=9)
    )


def test_an_objective_of_100_percent_leaves_no_budget():
    assert "budget" in refused(lambda: SloFactory(objective_pct=100))


def test_the_version_that_governs_a_day_is_a_signed_one():
    agreement = AgreementFactory(version={"valid_to": date(2025, 7, 1)})
    following = AgreementVersionFactory(agreement=agreement, number=2, valid_from=date(2025, 7, 1), state="draft")
    assert agreement.version_on(date(2025, 6, 30)).number == 1
    assert agreement.version_on(date(2025, 7, 1)) is None
    AgreementVersion.objects.filter(pk=following.pk).update(
        state="signed", signed_by=UserFactory(), signed_at=SIGNED_AT
    )
    assert agreement.version_on(date(2025, 7, 1)) == following


def seen_by(person) -> set[str]:
    return {agreement.code for agreement in Agreement.objects.visible_to(access_of(person, TODAY))}


def test_a_vendors_contact_sees_the_agreements_of_that_vendor_alone():
    group = UnitFactory()
    acme, other = (UnitFactory(parent=group, kind=Unit.Kind.VENDOR) for _ in range(2))
    AgreementFactory(code="with-acme", unit=group, providers=[acme])
    AgreementFactory(code="with-both", unit=group, providers=[acme, other])
    AgreementFactory(code="with-other", unit=group, providers=[other])
    AgreementFactory(code="for-acme", unit=group, customer=acme, providers=[other])
    assert seen_by(member("vendor_contact", acme)) == {"with-acme"}
    assert seen_by(member("viewer", acme)) == {"with-acme", "with-both", "for-acme"}
    assert seen_by(member("viewer", group)) == {"with-acme", "with-both", "with-other", "for-acme"}
