"""`Idempotency-Key`: a request that is sent again, because its answer was lost, has its effect once."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from .models import Answered
from .problems import Problem

HEADER = "Idempotency-Key"
# For `extend_schema(parameters=[...])` of what takes the header.
AGAIN = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Of your choice. The same request with the same key has its effect once and is answered again.",
)
LONGEST = 200
KEPT = timedelta(days=2)


def once(request, do: Callable[[], Response], *, fingerprint: str = "") -> Response:
    """The answer of `do`, or the answer that it gave to the same caller's first request with the same key.

    Both happen in one transaction with what `do` writes: if it fails, the key is free again. Two requests at once wait
    for each other. fingerprint: of the content when that is a file; otherwise the JSON body is taken.
    Raises Problem 422 when the key came with another content before, and 400 for an unusable key.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return do()
    if not key.isascii() or not key.isprintable() or not 1 <= len(key) <= LONGEST:
        raise Problem(400, "idempotency_key", f"{HEADER} has 1 to {LONGEST} printable ASCII characters.")
    content = fingerprint or json.dumps(request.data, sort_keys=True, default=str)
    digest = hashlib.sha256(f"{request.method} {request.path}\n{content}".encode()).hexdigest()
    Answered.objects.filter(user=request.user, at__lt=timezone.now() - KEPT).delete()
    with transaction.atomic():
        answered, is_first = Answered.objects.get_or_create(user=request.user, key=key, defaults={"digest": digest})
        if not is_first:
            return _again(answered, digest)
        answer = do()
        answered.status, answered.body = answer.status_code, answer.data
        answered.save(update_fields=["status", "body"])
    return answer


def _again(answered: Answered, digest: str) -> Response:
    if answered.digest != digest:
        raise Problem(422, "idempotency_key_reused", f"This {HEADER} came with another request before: use a new one.")
    return Response(answered.body, status=answered.status, headers={"Idempotent-Replayed": "true"})
