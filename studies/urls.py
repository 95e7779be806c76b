"""Pages of this room."""

from django.urls import path, re_path

from .views import bench, studies

urlpatterns = [
    path("analysis/", studies.studies, name="studies"),
    path("analysis/new/", bench.study_new, name="study_new"),
    path("analysis/save/", bench.study_save, name="study_save"),
    path("analysis/<int:pk>/", studies.study, name="study"),
    path("analysis/<int:pk>/runs/<int:number>.csv", studies.study_csv, name="study_csv"),
    path("analysis/<int:pk>/again/", studies.study_again, name="study_again"),
    path("analysis/<int:pk>/conclude/", studies.study_conclude, name="study_conclude"),
    path("analysis/<int:pk>/submit/", studies.study_submit, name="study_submit"),
    re_path(r"^analysis/(?P<pk>[0-9]+)/(?P<decision>accept|send-back)/$", studies.study_review, name="study_review"),
]
