"""Addresses of clocks, under their agreement."""

from django.urls import path

from .views import cases, clocks, clocks_replay

urlpatterns = [
    path("agreements/<slug:code>/board/", clocks.agreement_board, name="agreement_board"),
    path("agreements/<slug:code>/cases/", cases.agreement_cases, name="agreement_cases"),
    path("agreements/<slug:code>/explain/", clocks.clock_explain, name="clock_explain"),
    path("agreements/<slug:code>/compare/", clocks.clock_compare, name="clock_compare"),
    path("agreements/<slug:code>/replay/", clocks_replay.agreement_replay, name="agreement_replay"),
    path("agreements/<slug:code>/run/", clocks.clock_run, name="clock_run"),
]
