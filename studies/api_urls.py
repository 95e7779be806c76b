"""Addresses of this room under /api/v1/."""

from django.urls import path

from studies import functions

from .api.functions import FunctionViewSet, IndexViewSet

urlpatterns = [
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
