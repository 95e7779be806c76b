"""Addresses of this room under /api/v1/."""

from rest_framework.routers import SimpleRouter

from .api import register, reviews, scorecards, selection

router = SimpleRouter()
router.register("vendors", register.VendorViewSet, "api-vendor")
router.register("vendor-contacts", register.ContactViewSet, "api-vendor-contact")
router.register("vendor-contracts", register.ContractViewSet, "api-vendor-contract")
router.register("vendor-documents", register.DocumentViewSet, "api-vendor-document")
router.register("vendor-scorecards", scorecards.TemplateViewSet, "api-vendor-scorecard")
router.register("vendor-questions", scorecards.QuestionViewSet, "api-vendor-question")
router.register("vendor-respondents", scorecards.RespondentViewSet, "api-vendor-respondent")
router.register("vendor-answers", scorecards.AnswerViewSet, "api-vendor-answer")
router.register("vendor-reviews", reviews.ReviewViewSet, "api-vendor-review")
router.register("vendor-actions", reviews.ActionViewSet, "api-vendor-action")
router.register("vendor-plans", reviews.PlanViewSet, "api-vendor-plan")
router.register("selection-rounds", selection.RoundViewSet, "api-selection-round")

urlpatterns = router.urls
