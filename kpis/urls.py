from .urls_kpis import urlpatterns as kpi_urls
from .urls_scorecards import scorecard_urls

urlpatterns = [*kpi_urls, *scorecard_urls]
