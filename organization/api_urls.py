"""Addresses of this room under /api/v1/."""

from rest_framework.routers import SimpleRouter

from .api import calendars, people, trail, units

router = SimpleRouter()
router.register("units", units.UnitViewSet, "api-unit")
router.register("unit-aliases", units.UnitAliasViewSet, "api-unit-alias")
router.register("users", people.UserViewSet, "api-user")
router.register("members", people.MemberViewSet, "api-member")
router.register("tokens", people.TokenViewSet, "api-token")
router.register("business-calendars", calendars.CalendarViewSet, "api-business-calendar")
router.register("fiscal-calendars", calendars.FiscalViewSet, "api-fiscal-calendar")
router.register("audit-entries", trail.AuditViewSet, "api-audit-entry")

urlpatterns = router.urls
