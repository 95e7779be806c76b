"""People at a vendor: who they are, and letting them in to see their own scorecard and answer their actions."""

from datetime import date

from django.db import transaction
from django.db.models import Q

from organization import audit, members
from organization.models import Membership, Role, User

from .models import Contact, Vendor
from .refusals import Refusal


class CannotLetIn(Refusal):
    """The person may not become a contact who sees the scorecard."""


@transaction.atomic
def add_contact(vendor: Vendor, *, name: str, by, **values) -> Contact:
    """Raises ValidationError."""
    contact = Contact(vendor=vendor, name=name, **values)
    contact.full_clean()
    contact.save()
    audit.record(by, "vendor contact added", contact, unit=vendor.unit)
    return contact


@transaction.atomic
def remove_contact(contact: Contact, *, on: date, by) -> None:
    """Take the person off the list, and shut them out first if they are in."""
    if contact.user_id and is_in(contact, on):
        shut_out(contact, on=on, by=by)
    audit.record(by, "vendor contact removed", contact, unit=contact.vendor.unit)
    contact.delete()


@transaction.atomic
def let_in(contact: Contact, *, username: str, on: date, by, password: str = "") -> Contact:
    """Let the contact sign in as `username`, made with `password` where nobody has that name yet.

    From `on` on they see the vendor's scorecard and answer their actions. Raises CannotLetIn, ValidationError.
    """
    vendor = contact.vendor
    user = User.objects.filter(username=username).first()
    if user is None:
        if not password:
            raise CannotLetIn(f"Nobody signs in as {username} yet: give a first password for them.", "password")
        first, _, last = contact.name.rpartition(" ")
        user = members.add_user(
            username=username, password=password, by=by, first_name=first[:150], last_name=last[:150],
            email=contact.email,
        )  # fmt: skip
    elif password:
        raise CannotLetIn(f"{username} has a password of their own: leave the field empty.", "password")
    _require_an_outsider(user, on)
    if vendor.contacts.filter(user=user).exclude(pk=contact.pk).exists():
        raise CannotLetIn(f"{username} is another contact of {vendor} already.", "username")
    contact.user = user
    if not is_in(contact, on):
        _grant(user, vendor, on, by)
    contact.save(update_fields=["user"])
    audit.record(by, "vendor contact let in", contact, unit=vendor.unit, username=username, on=on)
    return contact


@transaction.atomic
def shut_out(contact: Contact, *, on: date, by) -> None:
    """From `on` on the contact sees nothing more of the vendor; what they answered stays."""
    for membership in _roles(contact).filter(Q(valid_to=None) | Q(valid_to__gt=on)):
        members.end(membership, on=on, by=by)
    audit.record(by, "vendor contact shut out", contact, unit=contact.vendor.unit, on=on)


def is_in(contact: Contact, day: date) -> bool:
    return _roles(contact).in_force(day).exists()


def people_inside(vendor: Vendor, day: date) -> set[int]:
    """Ids of the users who are let in on `day` as contacts of the vendor. One query."""
    roles = Membership.objects.in_force(day).filter(unit=vendor.unit_id, role=Role.VENDOR_CONTACT)
    return set(roles.values_list("user_id", flat=True))


def _grant(user: User, vendor: Vendor, on: date, by) -> None:
    try:
        members.grant(user=user, unit=vendor.unit, role=Role.VENDOR_CONTACT, from_day=on, by=by)
    except members.RoleRefused as refusal:
        raise CannotLetIn(str(refusal), "username") from None


def _roles(contact: Contact):
    return Membership.objects.filter(user=contact.user_id, unit=contact.vendor.unit_id, role=Role.VENDOR_CONTACT)


def _require_an_outsider(user: User, day: date) -> None:
    """Who works here would keep their other roles, and look like a contact who sees too much."""
    if not user.is_active:
        raise CannotLetIn(f"{user.username} is disabled: enable the account first.", "username")
    if user.is_staff or user.memberships.in_force(day).exclude(role=Role.VENDOR_CONTACT).exists():
        raise CannotLetIn(f"{user.username} has a role of our own people: choose another log-in.", "username")
