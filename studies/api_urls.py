"""Addresses of this room under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from studies import functions

from .api.functions import FunctionViewSet, IndexViewSet
from .api.studies import StudyViewSet

router = SimpleRouter()
router.register("studies", StudyViewSet, "api-study")

urlpatterns = [
    *router.urls,
    path("analysis/", IndexViewSet.as_view({"get": "list"}), name="api-analysis"),
    *(
        path(
            f"analysis/{function.path}/",
            FunctionViewSet.as_view({"post": "create"}, function=function),
            name=f"api-analysis-{function.family}-{function.name}",
        )
        for function in functions.every()
    ),
]
