"""Addresses of alerts, their rules and the inbox."""

from django.urls import path

from .views import alerts, inbox, rules

urlpatterns = [
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/rules/", rules.alert_rules, name="alert_rules"),
    path("alerts/rules/new/", rules.alert_rule_new, name="alert_rule_new"),
    path("alerts/rules/form/", rules.alert_rule_form, name="alert_rule_form"),
    path("alerts/rules/preview/", rules.alert_rule_preview, name="alert_rule_preview"),
    path("alerts/rules/<int:pk>/", rules.alert_rule, name="alert_rule"),
    path("alerts/rules/<int:pk>/switch/", rules.alert_rule_switch, name="alert_rule_switch"),
    path("alerts/<int:pk>/", alerts.alert, name="alert"),
    path("alerts/<int:pk>/acknowledge/", alerts.acknowledge, name="alert_acknowledge"),
    path("alerts/<int:pk>/snooze/", alerts.snooze, name="alert_snooze"),
    path("alerts/<int:pk>/resolve/", alerts.resolve, name="alert_resolve"),
    path("alerts/<int:pk>/follow-up/", alerts.follow_up, name="alert_follow_up"),
    path("follow-ups/<int:pk>/done/", alerts.follow_up_done, name="follow_up_done"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/bell/", inbox.bell, name="inbox_bell"),
    path("inbox/read/", inbox.inbox_read, name="inbox_read"),
    path("inbox/settings/", inbox.inbox_settings, name="inbox_settings"),
    path("inbox/<int:pk>/open/", inbox.inbox_open, name="inbox_open"),
]
