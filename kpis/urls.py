from .urls_kpis import urlpatterns as kpi_urls

urlpatterns = [*kpi_urls]
