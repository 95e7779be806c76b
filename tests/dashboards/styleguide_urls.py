"""The style guide alone, for tests of what its scripts do."""

from django.urls import path

from dashboards.views.styleguide import styleguide

urlpatterns = [path("styleguide/", styleguide)]
