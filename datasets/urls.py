"""Addresses of this room's pages."""

from django.urls import path

from .views import closing, datasets, explore, jobs, rejects, restatements, statements, uploads, wizard

urlpatterns = [
    path("datasets/", datasets.dataset_list, name="datasets"),
    path("datasets/<slug:code>/", datasets.dataset, name="dataset"),
    path("datasets/<slug:code>/contract/", datasets.contract, name="dataset_contract"),
    path("datasets/<slug:code>/about/", datasets.describe, name="dataset_describe"),
    path("datasets/<slug:code>/quality/", datasets.quality_page, name="dataset_quality"),
    path("datasets/<slug:code>/closing/", closing.closed_periods, name="dataset_closing"),
    path("dataset-closings/<int:pk>/<slug:decision>/", closing.closing_decide, name="closing_decide"),
    path("datasets/<slug:code>/history/", datasets.history, name="dataset_history"),
    path("datasets/<slug:code>/views/", explore.save_view, name="view_save"),
    path("quality-rules/<int:pk>/change/", datasets.change_rule, name="rule_change"),
    path("quality-rules/<int:pk>/override/", datasets.override_rule, name="rule_override"),
    path("quality-rules/<int:pk>/retire/", datasets.retire_rule, name="rule_retire"),
    path("uploads/new/", wizard.upload_new, name="upload_new"),
    path("uploads/<uuid:public_id>/", uploads.upload, name="upload"),
    path("uploads/<uuid:public_id>/confirm/", wizard.upload_confirm, name="upload_confirm"),
    path("uploads/<uuid:public_id>/load/", uploads.upload_load, name="upload_load"),
    path("uploads/<uuid:public_id>/undo/", uploads.upload_undo, name="upload_undo"),
    path("uploads/<uuid:public_id>/undo-look/", restatements.upload_undo_look, name="upload_undo_look"),
    path("uploads/<uuid:public_id>/restatement/", restatements.restatement_ask, name="restatement_ask"),
    path("dataset-restatements/<int:pk>/<slug:decision>/", restatements.restatement_decide, name="restatement_decide"),
    path("uploads/<uuid:public_id>/removed/", uploads.upload_removed, name="upload_removed"),
    path("uploads/<uuid:public_id>/rejects/", rejects.reject_list, name="rejects"),
    path("uploads/<uuid:public_id>/rejects/<int:row>/", rejects.reject_correct, name="reject_correct"),
    path("uploads/<uuid:public_id>/rejects/list/", rejects.reject_list_upload, name="reject_list_upload"),
    path("uploads/<uuid:public_id>/replay/", rejects.reject_replay, name="reject_replay"),
    path("explore/", explore.explore_page, name="explore"),
    path("explore/views/<int:pk>/", explore.saved_view, name="saved_view"),
    path("explore/views/<int:pk>/remove/", explore.remove_view, name="view_remove"),
    path("sql/", statements.sql_page, name="sql"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/retry/", jobs.job_retry, name="job_retry"),
    path("jobs/<int:pk>/dismiss/", jobs.job_dismiss, name="job_dismiss"),
]
