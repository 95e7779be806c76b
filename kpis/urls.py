from .urls_scorecards import scorecard_urls

urlpatterns = [*scorecard_urls]
