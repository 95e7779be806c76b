"""Addresses of scorecards, the heat map and the strategy."""

from django.urls import path

from .views import heatmap, scorecard_builder, scorecards, strategy, strategy_changes

scorecard_urls = [
    path("scorecards/", scorecards.scorecards, name="scorecards"),
    path("scorecards/new/", scorecard_builder.new, name="scorecard_new"),
    path("scorecards/<slug:code>/", scorecards.scorecard, name="scorecard"),
    path("scorecards/<slug:code>/export/<str:kind>/", scorecards.export, name="scorecard_export"),
    path("scorecards/<slug:code>/edit/", scorecard_builder.edit, name="scorecard_edit"),
    path("heatmap/", heatmap.heatmap, name="heatmap"),
    path("heatmap/export/<str:kind>/", heatmap.export, name="heatmap_export"),
    path("strategy/", strategy.strategy, name="strategy"),
    path("strategy/themes/<int:pk>/", strategy_changes.theme_change, name="theme_change"),
    path("strategy/objectives/<int:pk>/", strategy_changes.objective_change, name="objective_change"),
]
