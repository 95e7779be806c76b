"""Jobs: what came of work that was asked for, and trying parked work again."""

from __future__ import annotations

import django_filters
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets.jobs_seen import dismiss, jobs_seen, require_held, try_again
from doors.filters import OneOfFilter
from jobs.models import Job
from jobs.work import kinds
from organization.access import UPLOAD, VIEW

from .base import DatasetsViewSet


class JobSerializer(serializers.ModelSerializer):
    asked_by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Job
        fields = (
            "id", "kind", "key", "state", "attempts", "max_attempts", "progress", "progress_note", "fault", "asked_by",
            "asked_at", "started_at", "done_at",
        )  # fmt: skip


class AskedJobSerializer(serializers.Serializer):
    """The job that was queued, or that does the same work already."""

    job = serializers.IntegerField()
    state = serializers.ChoiceField(Job.State.choices)
    address = serializers.CharField(help_text="GET it until `state` is done, parked or cancelled.")


def job_asked(job: Job) -> Response:
    """202 with the job and the address that tells how it goes on."""
    address = reverse("api-job-detail", args=[job.pk])
    return Response({"job": job.pk, "state": job.state, "address": address}, status=202, headers={"Location": address})


class JobFilter(django_filters.FilterSet):
    kind = OneOfFilter(field_name="kind", known=kinds, help_text="Those that do this, such as `datasets.load`.")

    class Meta:
        model = Job
        fields = ("state",)


class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DatasetsViewSet):
    """Work in the background: one's own, and that of the datasets and uploads that the caller sees.

    It goes from `queued` over `running` to `done`; what failed three times is `parked`, with its fault.
    """

    queryset = Job.objects.select_related("asked_by")
    serializer_class = JobSerializer
    filterset_class = JobFilter
    needs = {"read": VIEW, "write": UPLOAD}

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Job.objects.none()
        return jobs_seen(self.request.access).select_related("asked_by")

    @extend_schema(request=None, responses=JobSerializer)
    @action(methods=["post"], detail=True)
    def retry(self, request, pk):
        """Try a parked job again; 403 for any other."""
        job = self._held()
        try_again(job, by=request.user)
        return Response(self.get_serializer(job).data)

    @extend_schema(request=None, responses=JobSerializer)
    @action(methods=["post"], detail=True)
    def dismiss(self, request, pk):
        """Leave a parked job undone for good; 403 for any other."""
        job = self._held()
        dismiss(job, by=request.user)
        job.refresh_from_db()
        return Response(self.get_serializer(job).data)

    def _held(self) -> Job:
        job = self.get_object()
        require_held(job, self.request.access)
        return job
