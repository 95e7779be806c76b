"""Addresses of this room under /api/v1/."""

from rest_framework.routers import SimpleRouter

from .api import closing, datasets, jobs, quality, uploads

router = SimpleRouter()
router.register("datasets", datasets.DatasetViewSet, "api-dataset")
router.register("uploads", uploads.UploadViewSet, "api-upload")
router.register("dataset-closings", closing.ClosingViewSet, "api-dataset-closing")
router.register("dataset-restatements", closing.DatasetRestatementViewSet, "api-dataset-restatement")
router.register("jobs", jobs.JobViewSet, "api-job")
router.register("quality-rules", quality.QualityRuleViewSet, "api-quality-rule")

urlpatterns = router.urls
