"""The description says what every part of a request and of an answer holds; what it leaves open is listed here."""

from collections.abc import Iterator

from tests.matrix.description import described

SAYS = {"type", "$ref", "oneOf", "anyOf", "allOf", "enum", "const", "not"}
FROZEN = "As it was frozen, by whichever edition: kept for its hash, and read by people. `attainment` has its numbers."
OF_FUNCTION = "Of any of the functions under analysis/, whose own address describes it."
OF_SQL = "A cell of an answer: what a statement selects, a list or a structure too."
BY_KIND = "By the kind of the rule: the limits, the values, the expression."
OPEN = {
    "AgreementPeriod.figures": FROZEN,
    "AgreementPeriod.sources": FROZEN,
    "Restatement.before": FROZEN,
    "Restatement.after": FROZEN,
    "Restatement.sources": FROZEN,
    "Credit.breakdown": FROZEN,
    "Review.pack": FROZEN,
    "AuditEntry.details": "By the action, of which each has its own.",
    "DatasetRestatement.details": "By what is to be restated: an upload or an undo.",
    "Difference.before": "An entry of a contract, of any type.",
    "Difference.after": "An entry of a contract, of any type.",
    "KpisDifference.fields[]": "A field of a definition, of any type, before and after.",
    "Upload.dialect": "As it was read then: entries of older editions stay.",
    "Rule.parameters": BY_KIND,
    "NewRuleRequest.parameters": BY_KIND,
    "PatchedRuleChangeRequest.parameters": BY_KIND,
    "Study.parameters": OF_FUNCTION,
    "NewStudyRequest.parameters": OF_FUNCTION,
    "StudyRun.parameters": OF_FUNCTION,
    "StudyRun.result": OF_FUNCTION,
    "Result.sample": "Rows that broke a quality rule, by the columns that it looks at.",
    "Answer.rows[][]": OF_SQL,
    "Answer.all_rows[]": OF_SQL,
    "Answer.all_columns[]": OF_SQL,
    "Pivot.rows[][]": OF_SQL,
    "Pivot.all_rows[]": OF_SQL,
    "Pivot.all_columns[]": OF_SQL,
}


def untyped(schema: dict, where: str) -> Iterator[str]:
    """Where the schema takes anything: no type, an object without properties, an array without items."""
    if not (SAYS & schema.keys()):
        yield where
    kinds = schema.get("type", ())
    is_object = "object" in kinds and not schema.get("properties") and "maxProperties" not in schema
    if is_object and schema.get("additionalProperties") in (None, {}, True) and "A JSON schema." not in str(schema):
        yield where
    if "array" in kinds and not schema.get("items") and "prefixItems" not in schema:
        yield f"{where}[]"
    items = [schema["items"]] if schema.get("items") else []
    inner = [(one, where) for kind in ("oneOf", "anyOf", "allOf") for one in schema.get(kind, ())]
    inner += [(one, f"{where}[]") for one in (*items, *schema.get("prefixItems", ()))]
    inner += [(one, f"{where}.{name}") for name, one in schema.get("properties", {}).items()]
    if isinstance(more := schema.get("additionalProperties"), dict) and more:
        inner.append((more, where))
    for one, place in inner:
        yield from untyped(one, place)


def test_nothing_is_described_as_any_json_without_a_reason():
    """A function's arrays of NumPy hold numbers, flags or texts as its own words say, and lists of them."""
    found = {place for name, schema in described()["components"]["schemas"].items() for place in untyped(schema, name)}
    for path, operations in described()["paths"].items():
        for operation in operations.values() if not path.startswith("/api/v1/analysis/") else ():
            contents = [operation.get("requestBody", {}), *operation["responses"].values()]
            for kind in (kind for content in contents for kind in content.get("content", {}).values()):
                found |= set(untyped(kind["schema"], path))
    assert found == set(OPEN)


def test_the_bands_of_a_kpi_are_described_as_they_are_taken():
    band = described()["components"]["schemas"]["Kpi"]["properties"]["bands"]["items"]
    assert (list(band["properties"]), band["required"]) == (["status", "at", "basis"], ["status"])
    asked = described()["components"]["schemas"]["NewKpiRequest"]["properties"]["bands"]
    assert (asked["items"], asked["maxItems"]) == (band, 10)
