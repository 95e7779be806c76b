"""Whether an answer of the API is as its OpenAPI description has it."""

import re
from functools import cache

import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator


@cache
def described() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def _addresses() -> list[tuple[re.Pattern, str]]:
    """Every address as a pattern; those without a parameter come first, as `kpis/export/` before `kpis/{code}/`."""
    ordered = sorted(described()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + r"\Z"), path) for path in ordered]


@cache
def _validator(path: str, method: str, status: str):
    """Of the body that the description promises; None where it promises none, or one that is no JSON."""
    answers = described()["paths"][path][method]["responses"]
    content = answers.get(status, answers["default"]).get("content", {})
    kinds = [described_as["schema"] for kind, described_as in content.items() if "json" in kind]
    if not kinds:
        return None
    return jsonschema_rs.Draft202012Validator({**kinds[0], "components": described()["components"]})


def as_described(method: str, address: str, answer):
    """The answer, which is as the description has it."""
    faults = faults_of(method, address, answer)
    assert faults == [], faults
    return answer


def faults_of(method: str, address: str, answer) -> list[str]:
    """What in the answer is not as described: an unknown address (less its parameters), status or body."""
    address = address.partition("?")[0]
    path = next((path for pattern, path in _addresses() if pattern.match(address)), None)
    if path is None or method not in described()["paths"][path]:
        return [f"{method} {address} is not described"]
    if "json" not in answer.get("Content-Type", ""):
        return []
    status = str(answer.status_code)
    answers = described()["paths"][path][method]["responses"]
    if answer.status_code < 400 and status not in answers:
        return [f"{method} {path} answers {status}, described are {', '.join(answers)}"]
    validator = _validator(path, method, status)
    if validator is None:
        return [f"{method} {path} answers {status} with a body, described is none"]
    return [f"{fault.instance_path}: {fault.message[:300]}" for fault in validator.iter_errors(answer.json())]
