"""Django's admin shows; it changes nothing, for every change goes through a verb that writes the audit trail."""

from django.contrib import admin

from . import models


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(models.Unit)
class UnitAdmin(ReadOnly):
    list_display = ("code", "name", "kind", "is_active")
    search_fields = ("code", "name")


@admin.register(models.User)
class UserAdmin(ReadOnly):
    list_display = ("username", "first_name", "last_name", "is_active", "last_login")
    search_fields = ("username",)
    exclude = ("password",)


@admin.register(models.Membership)
class MembershipAdmin(ReadOnly):
    list_display = ("user", "unit", "role", "valid_from", "valid_to")
    list_select_related = ("user", "unit")
    list_filter = ("role",)


@admin.register(models.ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ("prefix", "user", "name", "scopes", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("user",)
    exclude = ("digest",)


@admin.register(models.AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("seq", "at", "actor_name", "action", "object_name")
    search_fields = ("actor_name", "object_name", "action")


admin.site.register([models.BusinessCalendar, models.FiscalCalendar, models.UnitAlias], ReadOnly)
