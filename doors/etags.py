"""ETags: an unchanged answer is not sent again. What a person may see is part of the tag."""

import hashlib
from collections.abc import Callable

from django.http import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags, quote_etag
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.response import Response

# For `extend_schema` of what answers by `conditional`.
KNOWN = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag of the answer that you have; 304 if it holds."
)
UNCHANGED = OpenApiResponse(description="What you have is unchanged.")


def etag_of(access, *content) -> str:
    """A strong tag of `content` (values whose text tells one state from another) as seen with `access`."""
    text = "\n".join([access.scope_key, *map(str, content)])
    return quote_etag(hashlib.sha256(text.encode()).hexdigest()[:32])


def conditional(request, tag: str, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """304 without a body when the caller has `tag` already, else `answer()` with the tag. Private to the caller."""
    known = {given.removeprefix("W/") for given in parse_etags(request.headers.get("If-None-Match", ""))}  # of a proxy
    response = Response(status=304) if tag in known or "*" in known else answer()
    response["ETag"] = tag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response
