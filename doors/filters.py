"""Filters of lists over REST: a thing is named as in a body, `?kpi=on_time&unit=north`, by its code or log-in name."""

import re

from django_filters.rest_framework import ChoiceFilter, DjangoFilterBackend, ModelChoiceFilter

NO_SUCH_ID = "Nothing that you see has this id: write one that the list of those things shows."
BY_ITS_NAME = re.compile(r"(?:\w+__)?(\w+?)__(?:code|username)\Z")


class FiltersByName(DjangoFilterBackend):
    """`kpi__code` and `version__agreement__code` of `filterset_fields` are asked for as `kpi` and `agreement`.

    A choice that there is not is refused with those that there are.
    """

    def get_filterset_class(self, view, queryset=None):
        found = super().get_filterset_class(view, queryset)
        if found is not None:
            found.base_filters = {BY_ITS_NAME.sub(r"\1", name): one for name, one in found.base_filters.items()}
            for one in found.base_filters.values():
                if isinstance(one, ChoiceFilter) and "choices" in one.extra:
                    one.extra["error_messages"] = {"invalid_choice": _wrong_choice(one)}
                elif isinstance(one, ModelChoiceFilter):
                    one.extra["error_messages"] = {"invalid_choice": NO_SUCH_ID}
        return found


def _wrong_choice(one: ChoiceFilter) -> str:
    known = ", ".join(str(value) for value, _ in one.extra["choices"])
    return '"%(value)s" is none of the choices. Choose one of: ' + known.replace("%", "%%") + "."
