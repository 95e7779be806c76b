"""Closed rows that two people let change, and the closed period of an agreement that rests on them."""

from datetime import date

import pytest
from django.utils import timezone

from datasets.models import Dataset
from slas import closing, periods
from tests.datasets.closing.orders import let_in
from tests.factories import member, upload_csv

from .sample import DAY, Desk, deliveries, deliveries_csv

pytestmark = pytest.mark.django_db


def test_who_asked_for_the_rows_to_change_does_not_decide_on_the_figures_either(settings):
    """The upload is a third person's and the approval a fourth's: the asker had a part in it all the same."""
    settings.AS_OF = DAY.isoformat()
    desk = Desk()
    dataset = deliveries(desk.unit)
    agreement = desk.signed(dataset).agreement
    periods.refresh(agreement, day=DAY)
    january = agreement.periods.get(period_start=date(2025, 1, 1))
    closing.close_period(january, by=desk.signer, day=DAY, now=timezone.now())
    Dataset.objects.filter(pk=dataset.pk).update(closed_through=date(2025, 1, 31))
    dataset.refresh_from_db()
    refused = upload_csv(dataset, deliveries_csv(late=(3,), months=(1,)), name="late.csv")
    above = member("manager", desk.unit)
    let_in(refused, by=above, asker=desk.signer)
    periods.refresh(agreement, day=DAY)
    proposed = january.restatements.get(state="proposed")
    assert set(proposed.caused_by.all()) == {dataset.owner, desk.signer, above}
    assert periods.second_person_needed(proposed, desk.signer).startswith("You changed what this restatement")
