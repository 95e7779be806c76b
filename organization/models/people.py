"""Members and their roles per subtree; tokens for integrations."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q

from .units import DatedQuerySet, Unit


class PeopleQuerySet(models.QuerySet):
    def visible_to(self, access):
        """Whoever administers a unit may see whom to give a role; others only themselves."""
        return self.all() if access.anywhere("administer") else self.filter(pk=access.user_id)


class PeopleManager(UserManager.from_queryset(PeopleQuerySet)):
    """Django's own, with the querysets of ours."""


class User(AbstractUser):
    """A person, or an integration that calls the API."""

    timezone = models.CharField(max_length=60, blank=True, help_text="IANA name; empty: the unit's.")
    theme = models.CharField(
        max_length=8, default="auto", choices=[("auto", "As the device"), ("light", "Light"), ("dark", "Dark")]
    )

    objects = PeopleManager()

    def __str__(self):
        return self.get_full_name() or self.username


class Role(models.TextChoices):
    """What each role may do: `organization.access.PERMISSIONS`."""

    VIEWER = "viewer", "Viewer"
    ANALYST = "analyst", "Analyst"
    MANAGER = "manager", "Manager"
    EXECUTIVE = "executive", "Executive"
    FINANCE = "finance", "Finance"
    ADMINISTRATOR = "administrator", "Administrator"
    VENDOR_CONTACT = "vendor_contact", "Vendor contact"
    INTEGRATION = "integration", "Integration"


class MembershipQuerySet(DatedQuerySet):
    def visible_to(self, access):
        """Roles at the units that the person administers, and their own."""
        return self.filter(Q(unit__in=access.units("administer")) | Q(user=access.user_id))


class Membership(models.Model):
    """`user` holds `role` at `unit` and everything below it, in the given days."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "unit", "role", "valid_from"], name="one_membership_per_role_and_start"
            )
        ]

    def __str__(self):
        return f"{self.user}: {self.get_role_display()} of {self.unit}"


class ApiTokenQuerySet(models.QuerySet):
    def usable(self, now: datetime):
        """Neither expired nor revoked, of a user who may sign in."""
        return self.filter(Q(expires_at__gt=now), revoked_at=None, user__is_active=True)

    def visible_to(self, access):
        """One's own."""
        return self.filter(user=access.user_id)


class ApiToken(models.Model):
    """`pm_<prefix>_<secret>`: only the SHA-256 of the whole is kept; it is shown once."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        UPLOAD = "upload", "Upload"
        DEFINE = "define", "Define"
        ADMINISTER = "administer", "Administer"

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, blank=True, help_text="Narrows the token to a subtree.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self):
        return f"pm_{self.prefix}_…"
