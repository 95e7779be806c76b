from django.urls import path

from . import views

urlpatterns = [
    path("as-of/", views.as_of, name="as_of"),
    path("api/schema/", views.ApiDescription.as_view(), name="schema"),
    path("api/docs/", views.ApiPage.as_view(url_name="api_page_schema"), name="api_docs"),
    path("api/docs/schema/", views.PageDescription.as_view(), name="api_page_schema"),
]
