"""Addresses of this room. Nothing but a code stands directly under agreements/ and slos/."""

from django.urls import path

from . import urls_clocks
from .views import agreements, credits, document, editor, exclusions, periods, slos

VERSION = "agreements/<slug:code>/versions/<int:number>/"
PERIOD = "agreements/<slug:code>/periods/<str:start>/"

urlpatterns = [
    *urls_clocks.urlpatterns,
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements-export/", agreements.agreements_export, name="agreements_export"),
    path("agreement-designer/", editor.agreement_new, name="agreement_new"),
    path("agreements/<slug:code>/", agreements.agreement, name="agreement"),
    path("agreements/<slug:code>/change/", editor.agreement_change, name="agreement_change"),
    path("agreements/<slug:code>/document/", document.document, name="agreement_document"),
    path(VERSION, document.version, name="agreement_version"),
    path(f"{VERSION}edit/", editor.version_edit, name="agreement_version_edit"),
    path(f"{VERSION}tiers/", editor.tiers, name="agreement_tiers"),
    path(f"{VERSION}steps/<str:name>/", document.step, name="agreement_step"),
    path(f"{VERSION}target-choice/", editor.target_choose, name="agreement_target_choose"),
    path(f"{VERSION}target-new/", editor.target_add, name="agreement_target_add"),
    path(f"{VERSION}targets/<slug:target>/", editor.target_edit, name="agreement_target"),
    path(f"{VERSION}targets/<slug:target>/remove/", editor.target_remove, name="agreement_target_remove"),
    path("agreements/<slug:code>/periods/", periods.period_list, name="agreement_periods"),
    path(PERIOD, periods.period, name="agreement_period"),
    path(f"{PERIOD}steps/<str:name>/", periods.period_step, name="agreement_period_step"),
    path(
        f"{PERIOD}restatements/<int:number>/<str:decision>/", periods.restatement_decide, name="agreement_restatement"
    ),
    path("agreements/<slug:code>/exclusions/", exclusions.exclusion_list, name="agreement_exclusions"),
    path("agreements/<slug:code>/exclusions/new/", exclusions.exclusion_new, name="agreement_exclusion_new"),
    path("exclusions/<int:pk>/<str:decision>/", exclusions.exclusion_decide, name="exclusion_decide"),
    path("agreements/<slug:code>/credits/", credits.agreement_credits, name="agreement_credits"),
    path("service-credits/", credits.service_credits, name="service_credits"),
    path("service-credits-export/", credits.service_credits_export, name="service_credits_export"),
    path("service-credits/<int:pk>/", credits.service_credit, name="service_credit"),
    path("service-credits/<int:pk>/<str:name>/", credits.service_credit_step, name="service_credit_step"),
    path("slos/", slos.slo_list, name="slos"),
    path("slo-designer/", slos.slo_new, name="slo_new"),
    path("slo-exchange/", slos.slo_import, name="slo_import"),
    path("slo-exchange/slos.yaml", slos.slo_yaml, name="slo_yaml"),
    path("slos/<slug:code>/", slos.slo, name="slo"),
    path("slos/<slug:code>/edit/", slos.slo_edit, name="slo_edit"),
    path("slos/<slug:code>/remove/", slos.slo_remove, name="slo_remove"),
]
