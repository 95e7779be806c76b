"""Cursor pages: stable while rows are added, cheap at any depth."""

from urllib.parse import parse_qsl

from django.core import signing
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.utils.urls import replace_query_param


class CursorPages(CursorPagination):
    """`?page_size=` from 1 to 500; `next` and `previous` are whole addresses. Cursors are signed."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering = "-pk"
    parameters = frozenset({"cursor", "page_size"})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        address = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": address, "previous": address, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_page_size(self, request) -> int:
        asked = request.query_params.get(self.page_size_query_param)
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and len(asked) < 6 and 1 <= int(asked) <= self.max_page_size):
            raise ValidationError({"page_size": f"Write a whole number from 1 to {self.max_page_size}."})
        return int(asked)

    def decode_cursor(self, request) -> Cursor | None:
        given = request.query_params.get(self.cursor_query_param)
        if given is None:
            return None
        try:
            offset, reverse, position = signing.loads(given, salt=self._salt(request))
        except (signing.BadSignature, ValueError):
            raise ValidationError(
                {"cursor": "This cursor is not one of ours, or of another list: start at the first page."}
            ) from None
        return Cursor(offset=offset, reverse=reverse, position=position)

    def encode_cursor(self, cursor: Cursor) -> str:
        text = signing.dumps((cursor.offset, cursor.reverse, cursor.position), salt=self._salt(self.request))
        return replace_query_param(self.base_url, self.cursor_query_param, text)

    def _salt(self, request) -> str:
        """A cursor continues only the list that gave it: the same address and the same filters."""
        filters = sorted(
            pair for pair in parse_qsl(request.META.get("QUERY_STRING", "")) if pair[0] not in self.parameters
        )
        return f"cursor:{request.path}:{filters}"
