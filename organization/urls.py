from django.urls import path

from .views import calendars, people, profile, trail, units

urlpatterns = [
    path("administration/", people.administration, name="administration"),
    path("units/", units.units, name="units"),
    path("units/add/", units.unit_add, name="unit_add"),
    path("units/import/", units.units_import, name="units_import"),
    path("units/<int:pk>/", units.unit, name="unit"),
    path("units/<int:pk>/change/", units.unit_change, name="unit_change"),
    path("units/<int:pk>/move/", units.unit_move, name="unit_move"),
    path("units/<int:pk>/close/", units.unit_close, name="unit_close"),
    path("units/<int:pk>/codes/add/", units.alias_add, name="alias_add"),
    path("unit-codes/<int:pk>/remove/", units.alias_remove, name="alias_remove"),
    path("members/", people.member_list, name="members"),
    path("members/add/", people.member_grant, name="member_grant"),
    path("members/<int:pk>/role/", people.member_role, name="member_role"),
    path("members/<int:pk>/end/", people.member_end, name="member_end"),
    path("people/add/", people.user_add, name="user_add"),
    path("people/<int:pk>/disable/", people.user_disable, name="user_disable"),
    path("profile/", profile.profile, name="profile"),
    path("profile/tokens/add/", profile.token_add, name="token_add"),
    path("profile/tokens/<int:pk>/revoke/", profile.token_revoke, name="token_revoke"),
    path("calendars/", calendars.calendars, name="business_calendars"),
    path("calendars/add/", calendars.calendar_add, name="business_calendar_add"),
    path("calendars/<int:pk>/", calendars.calendar, name="business_calendar"),
    path("calendars/<int:pk>/versions/add/", calendars.version_add, name="calendar_version_add"),
    path("calendars/<int:pk>/ics/", calendars.ics_add, name="calendar_ics"),
    path("fiscal-calendars/add/", calendars.fiscal_add, name="fiscal_calendar_add"),
    path("fiscal-calendars/<int:pk>/change/", calendars.fiscal_change, name="fiscal_calendar_change"),
    path("audit/", trail.trail, name="audit"),
    path("audit/verify/", trail.verify, name="audit_verify"),
]
