"""Addresses of KPIs, their targets, runs and entered numbers. Nothing but a code stands directly under kpis/."""

from django.urls import path

from .views import (
    exchange,
    kpi_definition,
    kpi_designer,
    kpi_export,
    kpi_list,
    kpi_origin,
    kpi_page,
    manual,
    runs,
    targets,
)

urlpatterns = [
    path("kpis/", kpi_list.kpis, name="kpis"),
    path("kpis-export/<str:kind>/", kpi_list.kpis_export, name="kpis_export"),
    path("kpi-designer/", kpi_designer.kpi_new, name="kpi_new"),
    path("kpi-designer/form/", kpi_designer.kpi_form, name="kpi_form"),
    path("kpi-designer/preview/", kpi_designer.kpi_preview, name="kpi_preview"),
    path("kpi-exchange/", exchange.kpi_exchange, name="kpi_exchange"),
    path("kpi-exchange/kpis.yaml", exchange.kpi_yaml, name="kpi_yaml"),
    path("kpis/<slug:code>/", kpi_page.kpi, name="kpi"),
    path("kpis/<slug:code>/rows/", kpi_origin.kpi_rows, name="kpi_rows"),
    path("kpis/<slug:code>/provenance/", kpi_origin.kpi_provenance, name="kpi_provenance"),
    path("kpis/<slug:code>/annotations/", kpi_page.annotate, name="kpi_annotate"),
    path("kpis/<slug:code>/definition/", kpi_definition.kpi_definition, name="kpi_definition"),
    path("kpis/<slug:code>/definition/<str:step>/", kpi_definition.kpi_workflow, name="kpi_workflow"),
    path("kpis/<slug:code>/edit/", kpi_designer.kpi_edit, name="kpi_edit"),
    path("kpis/<slug:code>/export/<str:kind>/", kpi_export.kpi_export, name="kpi_export"),
    path("kpis/<slug:code>/progress/", runs.kpi_progress, name="kpi_progress"),
    path("kpis/<slug:code>/recompute/", runs.recompute, name="kpi_recompute"),
    path("targets/", targets.targets, name="targets"),
    path("targets/annual/", targets.target_annual, name="target_annual"),
    path("targets/set/", targets.target_set, name="target_set"),
    path("targets/<int:pk>/<str:step>/", targets.target_change, name="target_change"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/jobs/<int:pk>/retry/", runs.retry, name="run_retry"),
    path("manual-entries/", manual.manual_entries, name="manual_entries"),
    path("manual-entries/<int:pk>/evidence/", manual.manual_evidence, name="manual_evidence"),
    path("manual-entries/<int:pk>/<str:decision>/", manual.manual_decide, name="manual_decide"),
]
