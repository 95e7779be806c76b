"""The register, its contacts, contracts and papers."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from alerts.models import InboxEntry
from organization.access import access_of
from organization.models import AuditEntry, Role
from tests.factories import MembershipFactory, UnitFactory, UserFactory, member
from vendors import contacts, contracts, documents, register
from vendors.models import Document, Reminder, Vendor

from .factories import DAY, ContractFactory, VendorFactory, a_contact

pytestmark = pytest.mark.django_db


def at(*day) -> datetime:
    return datetime(*day, 6, tzinfo=UTC)


def actions_of(thing) -> list[str]:
    entries = AuditEntry.objects.filter(object_type=thing._meta.label_lower, object_id=str(thing.pk))
    return list(entries.order_by("seq").values_list("action", flat=True))


def test_a_vendor_is_a_unit_of_that_kind_and_is_registered_once():
    manager, unit = UserFactory(), UnitFactory(kind="vendor")
    vendor = register.register(unit, manager=manager, by=manager, tier=1)
    assert (str(vendor), vendor.tier, actions_of(vendor)) == (unit.name, 1, ["vendor registered"])
    with pytest.raises(register.NotAVendor, match="registered already"):
        register.register(unit, manager=manager, by=manager)
    with pytest.raises(register.NotAVendor, match="is a department"):
        register.register(UnitFactory(), manager=manager, by=manager)


def test_a_cadence_needs_its_first_day():
    vendor = VendorFactory(cadence="", cadence_from=None)
    with pytest.raises(ValidationError, match="from which day on"):
        register.change(vendor, by=vendor.manager, cadence="month")


def test_a_risk_is_likelihood_times_impact_and_the_newest_holds():
    vendor = VendorFactory()
    register.assess_risk(vendor, by=vendor.manager, on=date(2025, 1, 1), likelihood=2, impact=2, risk="One plant")
    newest = register.assess_risk(vendor, by=vendor.manager, on=date(2025, 6, 1), likelihood=3, impact=5, risk="Fire")
    assert (vendor.risks.first(), newest.rating, newest.level) == (newest, 15, "critical")
    with pytest.raises(ValidationError):
        register.assess_risk(vendor, by=vendor.manager, on=DAY, likelihood=6, impact=1, risk="x")


def test_a_contact_is_let_in_and_shut_out_with_a_trail():
    vendor = VendorFactory()
    contact = contacts.add_contact(vendor, name="Vic Vendor", by=vendor.manager)
    contacts.let_in(contact, username="vic", password="a-long-password-1", on=date(2025, 1, 1), by=vendor.manager)
    access = access_of(contact.user, DAY)
    assert (access.is_vendor_only, access.units("view")) == (True, {vendor.unit_id})
    assert not access.anywhere("oversee")
    contacts.shut_out(contact, on=DAY, by=vendor.manager)
    assert not access_of(contact.user, DAY).anywhere("view")
    assert actions_of(contact) == ["vendor contact added", "vendor contact let in", "vendor contact shut out"]


def test_a_contact_leaves_and_is_shut_out_at_once():
    vendor = VendorFactory()
    user = a_contact(vendor)
    contacts.remove_contact(vendor.contacts.get(), on=DAY, by=vendor.manager)
    assert not access_of(user, DAY).anywhere("view")


def test_nobody_of_our_own_becomes_a_contact():
    vendor = VendorFactory()
    contact = contacts.add_contact(vendor, name="Ada", by=vendor.manager)
    own = member(Role.VIEWER, UnitFactory())
    with pytest.raises(contacts.CannotLetIn, match="role of our own people"):
        contacts.let_in(contact, username=own.username, on=DAY, by=vendor.manager)
    with pytest.raises(contacts.CannotLetIn, match="first password"):
        contacts.let_in(contact, username="nobody-yet", on=DAY, by=vendor.manager)
    stranger = UserFactory()
    with pytest.raises(contacts.CannotLetIn, match="password of their own"):
        contacts.let_in(contact, username=stranger.username, password="reset-it-1234", on=DAY, by=vendor.manager)
    assert stranger.check_password("a-password-for-tests")


def test_notice_is_given_once_and_the_owner_is_reminded_once():
    contract = ContractFactory(renew_months=12, notice_days=90)
    MembershipFactory(user=contract.owner, unit=contract.vendor.unit, role=Role.MANAGER)
    assert [r.kind for r in contracts.remind(at(2025, 9, 5))] == ["notice"]
    assert contracts.remind(at(2025, 9, 5)) == contracts.remind(at(2025, 9, 6)) == []
    (told,) = InboxEntry.objects.filter(user=contract.owner)
    assert told.notice.subject == f"{contract}: last day for notice on 2 Oct 2025"
    assert Reminder.objects.get().day == date(2025, 10, 2)
    contracts.give_notice(contract, on=date(2025, 10, 1), reason="Too late too often", by=contract.owner)
    with pytest.raises(contracts.ContractRefused, match="nothing to give notice of"):
        contracts.give_notice(contract, on=date(2025, 10, 2), reason="again", by=contract.owner)
    assert [(r.kind, r.day) for r in contracts.remind(at(2025, 12, 10))] == [("end", date(2025, 12, 31))]


def test_money_of_a_contract_is_exact_and_has_a_currency():
    contract = ContractFactory(value=Decimal("1234567890123.45"))
    contract.refresh_from_db()
    assert contract.value == Decimal("1234567890123.45")
    with pytest.raises(ValidationError, match="three letters"):
        contracts.change_contract(contract, by=contract.owner, currency="Euro")
    with pytest.raises(ValidationError, match="must end after"):
        contracts.change_contract(contract, by=contract.owner, ends_on=date(2024, 1, 1))


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [("virus.exe", b"x", "A document is one of"), ("page.html", b"x", "one of"), ("empty.pdf", b"", "something in it")],
)
def test_a_paper_of_another_kind_is_refused(name, content, fault):
    vendor = VendorFactory()
    with pytest.raises(documents.DocumentRefused, match=fault):
        documents.add_document(vendor, file=SimpleUploadedFile(name, content), title="x", by=vendor.manager)


def test_a_paper_is_kept_under_a_name_of_ours(django_capture_on_commit_callbacks):
    contract = ContractFactory()
    file = SimpleUploadedFile("../../etc/Vertrag 1.pdf", b"%PDF-1.4 x")
    paper = documents.add_document(contract.vendor, file=file, title="Signed", contract=contract, by=contract.owner)
    assert paper.file_name == "Vertrag 1.pdf"
    assert "Vertrag" not in paper.file.name and paper.file.name.startswith("vendors/")
    assert paper.sha256 == hashlib.sha256(b"%PDF-1.4 x").hexdigest()
    storage, kept = paper.file.storage, paper.file.name
    with django_capture_on_commit_callbacks(execute=True):
        documents.remove_document(paper, by=contract.owner, reason="Wrong file")
    assert not storage.exists(kept) and not Document.objects.exists()


def test_who_may_see_what():
    group = UnitFactory()
    mine, other = (VendorFactory(unit=UnitFactory(kind="vendor", parent=group)) for _ in range(2))
    contact = a_contact(mine)
    access = access_of(contact, DAY)
    assert list(Vendor.objects.visible_to(access)) == [mine]
    assert not Vendor.objects.overseen_by(access).exists()
    ContractFactory(vendor=mine)
    assert not mine.contracts.visible_to(access).exists()
    assert mine.contracts.visible_to(access_of(member(Role.FINANCE, group), DAY)).exists()
    assert not mine.contracts.visible_to(access_of(member(Role.VIEWER, group), DAY)).exists()
    assert set(Vendor.objects.visible_to(access_of(member(Role.VIEWER, group), DAY))) == {mine, other}
