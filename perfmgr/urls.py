"""All addresses. Each room keeps its own in `urls.py` and `api_urls.py`; the API's are gathered under /api/v1/."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from perfmgr import health

# The admin's own form would neither count failures nor ask for the second factor.
admin.site.login = secure_admin_login(admin.site.login)

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("doors.urls")),
    path("", include("organization.urls")),
    path("api/v1/", include("organization.api_urls")),
    path("", include("datasets.urls")),
    path("api/v1/", include("datasets.api_urls")),
    path("api/v1/", include("kpis.api_urls")),
    path("", include("kpis.urls")),
    path("", include("alerts.urls")),
    path("api/v1/", include("alerts.api_urls")),
    path("", include("studies.urls")),
    path("api/v1/", include("studies.api_urls")),
    path("", include("slas.urls")),
    path("api/v1/", include("slas.api_urls")),
    path("", include("vendors.urls")),
    path("api/v1/", include("vendors.api_urls")),
    path("", include("dashboards.urls")),
]

handler400 = "doors.errors.bad_request"
handler500 = "doors.errors.server_error"
