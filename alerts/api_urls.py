"""Addresses of this room under /api/v1/."""

from rest_framework.routers import SimpleRouter

from .api import alerts, inbox, rules

router = SimpleRouter()
router.register("alert-rules", rules.RuleViewSet, "api-alert-rule")
router.register("alerts", alerts.AlertViewSet, "api-alert")
router.register("follow-ups", alerts.FollowUpViewSet, "api-follow-up")
router.register("inbox", inbox.InboxViewSet, "api-inbox")

urlpatterns = router.urls
