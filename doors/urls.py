from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from . import views

urlpatterns = [
    path("as-of/", views.as_of, name="as_of"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", views.ApiPage.as_view(url_name="schema"), name="api_docs"),
]
