"""Is the process alive, is it ready, how is it doing."""

from datetime import timedelta

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Database and queue answer; a worker has been heard of in the last two minutes (a warning only)."""
    checks = {"database": _answers(_ask_database), "queue": _answers(_ask_queue)}
    ready = all(answer == "ok" for answer in checks.values())
    if checks["database"] == "ok":
        checks["worker"] = "ok" if _worker_heard() else "not heard of in the last two minutes"
    return JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format: jobs by state, uploads by state, results, seconds since the last recompute."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

    from perfmgr.metrics import PerfmgrCollector

    registry = CollectorRegistry()
    registry.register(PerfmgrCollector(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _answers(ask) -> str:
    try:
        ask()
        return "ok"
    except Exception as fault:
        return f"does not answer ({type(fault).__name__})"


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1")


def _ask_queue() -> None:
    cache.set("readyz", 1, 5)


def _worker_heard() -> bool:
    from jobs.models import Heartbeat

    return Heartbeat.objects.filter(at__gte=timezone.now() - timedelta(minutes=2)).exists()
