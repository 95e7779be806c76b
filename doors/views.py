"""The day from which all pages look, and the browsable description of the API."""

from functools import cache
from threading import Lock

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from doors.days import day_from


@login_required
@require_POST
def as_of(request):
    """Look at everything as of `day` (YYYY-MM-DD; empty: as of today), then go on to `next`."""
    given = request.POST.get("day", "").strip()
    if not given:
        request.session.pop("as_of", None)
    elif day_from(given):
        request.session["as_of"] = given
    else:
        messages.error(request, f"{given[:20]!r} is not a day: write one such as 2025-03-31.")
    return HttpResponseRedirect(_next(request))


def _next(request) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else "/"


_making = Lock()


class CompactJson(OpenApiJsonRenderer):
    """A quarter of the size of the indented form, which is for programs all the same."""

    def get_indent(self, accepted_media_type, renderer_context):
        return None


class CompactJsonAsJson(CompactJson):
    media_type = "application/json"


@cache
def _description(version: str) -> dict:
    """Made once a process, since it takes seconds and depends on nobody who asks."""
    with _making, patched_settings({"OAS_VERSION": version}):  # which all threads see
        return SchemaGenerator().get_schema(request=None, public=True)


class ApiDescription(SpectacularAPIView):
    """The description as YAML, or as JSON for `?format=json` and for who accepts JSON only."""

    renderer_classes = [OpenApiYamlRenderer, OpenApiYamlRenderer2, CompactJson, CompactJsonAsJson]
    formats = {"json": CompactJson, "yaml": OpenApiYamlRenderer}
    version = "3.1.0"

    def get_renderers(self):
        asked = self.request.GET.get("format")
        return super().get_renderers() if asked is None else [self.formats.get(asked, JSONRenderer)()]

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        if request.GET.get("format", "yaml") not in self.formats:
            raise ValidationError({"format": "Write json or yaml."})
        return super().get(request, *args, **kwargs)

    def _get_schema_response(self, request):
        name = self._get_filename(request, None)
        return Response(_description(self.version), headers={"Content-Disposition": f'inline; filename="{name}"'})


class PageDescription(ApiDescription):
    """The same in the words of OpenAPI 3.0, for Swagger's page.

    One of 3.1 it takes apart, seconds long, before it shows anything; one of 3.0 part by part, as it is opened.
    """

    renderer_classes = [CompactJsonAsJson]
    version = "3.0.3"


# Swagger's page styles itself inline; the page shows nothing but our own schema.
@method_decorator(csp_replace({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class ApiPage(SpectacularSwaggerSplitView):
    """The API to read and to try, from files of our own."""

    title = "REST API · perfmgr"
