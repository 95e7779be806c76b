"""Is the process alive, is it ready, how is it doing."""

import select
import time
from datetime import timedelta

import psycopg2
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from psycopg2 import extensions

PATIENCE = 3  # seconds that the database has for its answer: whoever asks whether it is ready is asking with a deadline


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
    """A question over a connection of its own that does not wait: one that hangs is as good as one that is away."""
    until = time.monotonic() + PATIENCE
    asking = psycopg2.connect(**connection.get_connection_params(), async_=True)
    try:
        _wait(asking, until)
        question = asking.cursor()  # named, since the connection holds it only weakly
        question.execute("select 1")
        _wait(asking, until)
    finally:
        asking.close()


def _wait(asking: extensions.connection, until: float) -> None:
    """Until the server has answered.

    Raises:
        TimeoutError: it has not by `until`, in seconds of the monotonic clock.
    """
    while (state := asking.poll()) != extensions.POLL_OK:
        reading, writing = ([asking], []) if state == extensions.POLL_READ else ([], [asking])
        if not any(select.select(reading, writing, [], max(until - time.monotonic(), 0))):
            raise TimeoutError


def _ask_queue() -> None:
    cache.set("readyz", 1, 5)


def _worker_heard() -> bool:
    from jobs.models import Heartbeat

    return Heartbeat.objects.filter(at__gte=timezone.now() - timedelta(minutes=2)).exists()
