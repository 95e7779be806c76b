"""Addresses of this room under /api/v1/."""

from rest_framework.routers import SimpleRouter

from .api import charts, definitions, results, scorecards, stories, targets

router = SimpleRouter()
router.register("kpis", definitions.KpiViewSet, "api-kpi")
router.register("targets", targets.TargetViewSet, "api-target")
router.register("annual-targets", targets.AnnualTargetViewSet, "api-annual-target")
router.register("late-targets", targets.LateTargetViewSet, "api-late-target")
router.register("results", results.ResultViewSet, "api-result")
router.register("signals", charts.SignalViewSet, "api-signal")
router.register("chart-verdicts", charts.VerdictViewSet, "api-chart-verdict")
router.register("chart-settings", charts.ChartSettingViewSet, "api-chart-setting")
router.register("chart-phases", charts.ChartPhaseViewSet, "api-chart-phase")
router.register("excluded-points", charts.ExcludedPointViewSet, "api-excluded-point")
router.register("forecasts", charts.ForecastViewSet, "api-forecast")
router.register("runs", results.RunViewSet, "api-run")
router.register("scorecards", scorecards.ScorecardViewSet, "api-scorecard")
router.register("themes", stories.ThemeViewSet, "api-theme")
router.register("objectives", stories.ObjectiveViewSet, "api-objective")
router.register("kpi-links", stories.LinkViewSet, "api-kpi-link")
router.register("annotations", stories.AnnotationViewSet, "api-annotation")
router.register("manual-entries", stories.ManualEntryViewSet, "api-manual-entry")
router.register("webhooks", stories.WebhookViewSet, "api-webhook")

urlpatterns = router.urls
