"""The description of the API is complete: every operation is described, without a warning."""

from io import StringIO

import pytest
import yaml
from django.core.management import call_command
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.django_db


def test_the_openapi_description_is_valid_and_free_of_warnings():
    text = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=text)
    schema = yaml.safe_load(text.getvalue())
    assert schema["openapi"].startswith("3.1")
    assert len(schema["paths"]) > 60
    assert not list(impossible_defaults(schema))


def impossible_defaults(part, path=""):
    """Where a default is no value of the schema beside it."""
    if isinstance(part, list):
        part = dict(enumerate(part))
    if not isinstance(part, dict):
        return
    if "type" in part and "default" in part and not Draft202012Validator(part).is_valid(part["default"]):
        yield path
    for name, inner in part.items():
        yield from impossible_defaults(inner, f"{path}/{name}")
