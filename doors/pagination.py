"""Cursor pages: stable while rows are added, cheap at any depth."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """`?page_size=` up to 500; `next` and `previous` are whole addresses."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering = "-pk"
