"""Addresses of this room under /api/v1/."""

from rest_framework.routers import SimpleRouter

from .api import clocks

router = SimpleRouter()
router.register("clocks", clocks.ClocksViewSet, "api-clocks")

urlpatterns = router.urls
