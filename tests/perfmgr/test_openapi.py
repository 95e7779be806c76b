"""The description of the API is complete: every operation is described, without a warning."""

from io import StringIO

import pytest
import yaml
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_the_openapi_description_is_valid_and_free_of_warnings():
    text = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=text)
    schema = yaml.safe_load(text.getvalue())
    assert schema["openapi"].startswith("3.1")
    assert len(schema["paths"]) > 60
