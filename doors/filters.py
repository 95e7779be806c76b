"""Filters of lists over REST: a thing is named as in a body, `?kpi=on_time&unit=north`, by its code or log-in name."""

import re

from django_filters.rest_framework import DjangoFilterBackend

BY_ITS_NAME = re.compile(r"(?:\w+__)?(\w+?)__(?:code|username)\Z")


class FiltersByName(DjangoFilterBackend):
    """`kpi__code` and `version__agreement__code` of `filterset_fields` are asked for as `kpi` and `agreement`."""

    def get_filterset_class(self, view, queryset=None):
        found = super().get_filterset_class(view, queryset)
        if found is not None:
            found.base_filters = {BY_ITS_NAME.sub(r"\1", name): one for name, one in found.base_filters.items()}
        return found
