"""JSON as the standard has it: no NaN, no Infinity, no key twice, not too deep."""

import json

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

DEEPEST = 50


class StrictJSONParser(JSONParser):
    def parse(self, stream, media_type=None, parser_context=None):
        try:
            text = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            if len(text) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                raise ParseError("The request is larger than 2.5 MB: send fewer things at a time.")
            _check_depth(text)
            return json.loads(text.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_unique_keys)
        except (ValueError, RecursionError) as fault:
            raise ParseError(f"The request is not valid JSON: {fault}") from None


def _check_depth(text: bytes) -> None:
    depth = 0
    for byte in text:
        if byte in b"[{":
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"it is nested deeper than {DEEPEST}")
        elif byte in b"]}":
            depth -= 1


def _no_constant(name):
    raise ValueError(f"{name} is not a number")


def _unique_keys(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return dict(pairs)
