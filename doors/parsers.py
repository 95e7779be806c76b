"""JSON as the standard has it: no NaN, no Infinity, no key twice, no half characters, not too deep, not too long."""

import json
import math
import re

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from .problems import Problem

DEEPEST = 50
A_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class StrictJSONParser(JSONParser):
    """Answers 413 to a body over DATA_UPLOAD_MAX_MEMORY_SIZE and 400 to anything that is not plain JSON."""

    def parse(self, stream, media_type=None, parser_context=None):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        request = (parser_context or {}).get("request")
        announced = int(request.META.get("CONTENT_LENGTH") or 0) if request else 0
        text = b"" if announced > limit else stream.read(limit + 1)
        if request:
            request._request._body = text  # for an attempt after a deadlock: see conflicts
        if max(announced, len(text)) > limit:
            raise Problem(413, "too_large", f"The request is larger than {limit / 1e6:.1f} MB: send fewer at a time.")
        try:
            _check_depth(text)
            value = json.loads(
                text.decode("utf-8"),
                parse_constant=_no_constant,
                parse_float=_finite,
                object_pairs_hook=_unique_keys,
            )
            _check_texts(value)
            return value
        except (ValueError, RecursionError) as fault:
            raise ParseError(f"The request is not valid JSON: {fault}") from None


def _check_depth(text: bytes) -> None:
    depth = 0
    for byte in A_STRING.sub(b"", text):
        if byte in b"[{":
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"it is nested deeper than {DEEPEST}")
        elif byte in b"]}":
            depth -= 1


def _check_texts(value) -> None:
    """Neither a NUL nor half of a surrogate pair, which no database stores."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("a text holds a NUL or half of a character")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_texts(key)
            _check_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_texts(inner)


def _no_constant(name):
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is too large a number")
    return number


def _unique_keys(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return dict(pairs)
