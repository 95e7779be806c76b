"""Addresses of this room under /api/v1/."""

from rest_framework.routers import SimpleRouter

from .api import agreements, clocks, periods, slos

router = SimpleRouter()
router.register("agreements", agreements.AgreementViewSet, "api-agreement")
router.register("agreement-versions", agreements.VersionViewSet, "api-agreement-version")
router.register("service-targets", agreements.TargetViewSet, "api-service-target")
router.register("agreement-periods", periods.PeriodViewSet, "api-agreement-period")
router.register("restatements", periods.RestatementViewSet, "api-restatement")
router.register("exclusions", periods.ExclusionViewSet, "api-exclusion")
router.register("service-credits", periods.CreditViewSet, "api-service-credit")
router.register("clocks", clocks.ClocksViewSet, "api-clocks")
router.register("slos", slos.SloViewSet, "api-slo")

urlpatterns = router.urls
