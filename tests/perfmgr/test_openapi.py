"""The description of the API is complete: every operation is described, without a warning."""

from io import StringIO

import pytest
import yaml
from django.core.management import call_command
from jsonschema import Draft202012Validator

from tests.matrix.description import described

pytestmark = pytest.mark.django_db


def test_the_openapi_description_is_valid_and_free_of_warnings():
    text = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=text)
    schema = yaml.safe_load(text.getvalue())
    assert schema["openapi"].startswith("3.1")
    assert len(schema["paths"]) > 60
    assert not list(impossible_defaults(schema))


def test_every_operation_and_parameter_is_described_and_filters_have_plain_names():
    """No lookup of our tables, `versions__state` or `at__gte`, is a name of the API."""
    undescribed, with_lookups = set(), set()
    for path, operations in described()["paths"].items():
        for method, operation in operations.items():
            if not (operation.get("description") and operation.get("summary")):
                undescribed.add((method, path))
            for parameter in operation.get("parameters", ()):
                if not parameter.get("description"):
                    undescribed.add((method, path, parameter["name"]))
                if "__" in parameter["name"]:
                    with_lookups.add((path, parameter["name"]))
    assert (undescribed, with_lookups) == (set(), set())


def test_every_json_answer_says_what_it_holds():
    """No answer is "any object", and no list holds just anything."""
    silent = [
        (method, path, status)
        for path, operations in described()["paths"].items()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        for kind, body in answer.get("content", {}).items()
        if status in ("200", "201", "202") and "json" in kind and not says_what_it_holds(body.get("schema", {}))
    ]
    assert silent == []


def test_a_log_in_name_is_said_to_be_one_and_whose():
    """Words about how to choose one would say nothing of the field, and no field that names somebody is left bare."""
    schemas = described()["components"]["schemas"]
    assert schemas["Kpi"]["properties"]["owner"]["description"] == "Log-in name of who answers for it."
    assert schemas["Kpi"]["properties"]["steward"]["description"] == "Log-in name of who looks after the data."
    assert schemas["KpiVersion"]["properties"]["certified_by"]["description"] == "Log-in name of who certified it."
    assert schemas["AlertRule"]["properties"]["people"]["description"] == "Log-in names of those who are told."
    assert schemas["User"]["properties"]["username"]["description"] == "Log-in name of the person."
    named = {"owner", "steward", "username", "people", "reviewer", "analyst"}
    fields = [(of, name, it) for of, schema in schemas.items() for name, it in schema.get("properties", {}).items()]
    assert [(of, name) for of, name, it in fields if "150 characters" in str(it)] == []
    theirs = [one for one in fields if one[1] in named or (one[1].endswith("_by") and "string" in one[2]["type"])]
    bare = [(of, name, it) for of, name, it in theirs if "Log-in name" not in it.get("description", "")]
    assert [(of, name) for of, name, it in bare if it.get("format") != "date"] == []  # notice by a day


def test_a_unit_that_a_body_names_is_said_to_be_named_by_its_code():
    """Words about how to choose a code belong to the unit's own."""
    schemas = described()["components"]["schemas"]
    said = {of: schemas[of]["properties"]["unit"]["description"] for of in ("NewKpiRequest", "Kpi", "MemberRequest")}
    assert said == {"NewKpiRequest": "Its code.", "Kpi": "Its code.", "MemberRequest": "Its code, or its id."}
    about_codes = "As extracts spell it, unless an alias says otherwise."
    assert schemas["NewUnitRequest"]["properties"]["code"]["description"] == about_codes


def test_a_filter_from_a_number_on_is_not_described_as_one_of_days():
    runs = described()["paths"]["/api/v1/runs/"]["get"]["parameters"]
    said = {parameter["name"]: parameter["description"] for parameter in runs}
    assert said["data_version_from"] == "Those whose `data_version` is this or greater."


def test_a_change_of_a_definition_need_not_say_its_kind():
    schemas = described()["components"]["schemas"]
    assert "required" not in schemas["VersionChangeRequest"]
    assert schemas["VersionWordsRequest"]["required"] == ["kind"]


def says_what_it_holds(schema: dict) -> bool:
    """Whether it names properties, lists plain values or what names them, or leaves the choice between such."""
    if "$ref" in schema:
        schema = described()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return all(map(says_what_it_holds, choices))
    if "items" in schema:
        return schema["items"].get("type") in ("string", "integer", "number") or says_what_it_holds(schema["items"])
    return bool(schema.get("properties"))


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
