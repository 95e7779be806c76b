"""Whom one may choose: our own people, and the contacts of a vendor who are let in."""

from datetime import date

from django.db.models import Q

from organization.models import Membership, Role, User

from .contacts import people_inside
from .models import Vendor


def our_people(day: date):
    """Users who hold a role other than that of a vendor's contact."""
    roles = Membership.objects.in_force(day).exclude(role__in=[Role.VENDOR_CONTACT, Role.INTEGRATION])
    return User.objects.filter(pk__in=roles.values("user"), is_active=True).order_by("last_name", "username")


def owners_for(vendor: Vendor, day: date):
    """Who can be given an action of the vendor."""
    chosen = Q(pk__in=people_inside(vendor, day)) | Q(pk__in=our_people(day).values("pk"))
    return User.objects.filter(chosen, is_active=True).order_by("last_name", "username")
