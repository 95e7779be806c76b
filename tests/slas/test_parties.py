"""Who serves whom, with what: signed by two people, and changed by nobody afterwards."""

import pytest
from django.urls import reverse
from django.utils import timezone

from organization.models import AuditEntry
from slas import drafting, lifecycle
from slas.drafting import AgreementRefused
from tests.factories import ApiTokenFactory, UnitFactory, member

from .sample import DAY, Desk, described

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def signed(desk):
    """Supply is served by its own fleet."""
    draft = desk.agreement(described(desk.unit))
    fleet = UnitFactory(code="fleet", parent=desk.unit)
    drafting.change_agreement(draft.agreement, by=desk.author, customer=desk.unit, providers=[fleet], service="Freight")
    draft = lifecycle.offer(draft.agreement.versions.get(), by=desk.author)
    return lifecycle.sign(draft, by=desk.signer, day=DAY, now=timezone.now()).agreement


CHANGES = {"customer": lambda other: other, "providers": lambda other: [other], "service": lambda other: "Parcels"}


@pytest.mark.parametrize(("field", "value"), CHANGES.items(), ids=CHANGES)
def test_what_was_signed_stays_and_the_refusal_says_what_to_do(desk, signed, field, value):
    other, before = UnitFactory(code="other", parent=desk.unit), drafting._parties(signed)
    with pytest.raises(AgreementRefused, match="End this one, and draft that one") as refusal:
        drafting.change_agreement(signed, by=desk.author, name="Renamed", **{field: value(other)})
    assert [fault.field for fault in refusal.value.faults] == [field]
    signed.refresh_from_db()
    assert drafting._parties(signed) == before


def test_a_draft_of_a_next_version_opens_nothing(desk, signed):
    drafting.new_version(signed.versions.get(), by=desk.author, valid_from=DAY)
    with pytest.raises(AgreementRefused):
        drafting.change_agreement(signed, by=desk.author, providers=[])


def test_name_owner_and_what_it_supports_change_and_the_same_parties_are_no_change(desk, signed):
    words = {"name": "Renamed", "owner": desk.signer, "customer": desk.unit, "providers": signed.providers.all()}
    drafting.change_agreement(signed, by=desk.author, **words)
    assert AuditEntry.objects.filter(action="agreement changed").order_by("seq").last().details["after"] == {
        "name": "Renamed",
        "owner": str(desk.signer),
    }


def test_the_page_offers_only_what_may_change(client, desk, signed):
    client.force_login(desk.author)
    page = reverse("agreement_change", args=["acme"])
    shown = client.get(page).content.decode()
    assert "with others it is another agreement" in shown
    assert 'name="name"' in shown and not any(f'name="{field}"' in shown for field in CHANGES)
    assert client.post(page, {"name": "Renamed", "owner": desk.author.username}).status_code == 302
    signed.refresh_from_db()
    assert (signed.name, signed.service, signed.customer) == ("Renamed", "Freight", desk.unit)


def test_over_rest(client, desk, signed):
    token = ApiTokenFactory(user=member("analyst", desk.unit), scopes=["read", "define"])
    options = {"headers": {"Authorization": f"Bearer {token.secret}"}, "content_type": "application/json"}
    answer = client.patch(f"/api/v1/agreements/{signed.pk}/", {"service": "Parcels"}, **options)
    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    assert fault["field"] == "service" and "it is another agreement" in fault["message"]
