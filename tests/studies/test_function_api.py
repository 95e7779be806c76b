"""The functions over REST: in a limited child process, plain numbers, problem details that name the parameter."""

import pytest

from organization.models import Role
from tests.factories import ApiTokenFactory, UnitFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client):
    person = member(Role.VIEWER, UnitFactory())
    token = ApiTokenFactory(user=person)

    def post(path: str, body):
        headers = {"Authorization": f"Bearer {token.secret}"}
        return client.post(f"/api/v1/analysis/{path}/", body, content_type="application/json", headers=headers)

    post.get = lambda: client.get("/api/v1/analysis/", headers={"Authorization": f"Bearer {token.secret}"})
    return post


def test_welch_as_scipy_computes_it(call):
    from scipy import stats

    first, second = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9], [27.1, 22.0, 20.8, 23.4, 23.4, 23.5]
    answer = call("hypothesis/t_test", {"first": first, "second": second})
    assert answer.status_code == 200, answer.content
    result = answer.json()["result"]
    plain = stats.ttest_ind(first, second, equal_var=False)
    assert result["statistic"] == pytest.approx(plain.statistic)
    assert result["p"] == pytest.approx(plain.pvalue)
    assert result["is_significant"] is False


def test_a_chart_is_named_by_its_function_and_its_signals_come_back(call, in_this_process):
    chart = {"function": "individuals", "parameters": {"values": [1, 2, 1, 2, 1, 2, 1, 2, 9]}}
    result = call("spc/signals", {"chart": chart, "rules": "nelson"}).json()["result"]
    assert [one["position"] for one in result["found"] if one["rule"] == "nelson1"] == [8]


def test_numbers_without_an_answer_are_refused_with_their_parameter(call, in_this_process):
    answer = call("capability/capability", {"values": [1, 2, 3, 4], "lsl": 9, "usl": 1})
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    body = answer.json()
    assert (body["code"], body["parameter"]) == ("limits_reversed", "lsl")
    assert "swap them" in body["detail"]


def test_what_cannot_be_read_is_a_400_beside_its_field(call, in_this_process):
    answer = call("hypothesis/t_test", {"first": [1, 2], "second": ["x"]})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "second"
    assert call("hypothesis/t_test", [1]).status_code == 400
    assert call("hypothesis/z_test", {}).status_code == 404


def test_a_call_that_needs_too_much_is_stopped(call, monkeypatch):
    from lake import sandbox
    from studies import limited

    tight = sandbox.Limits(memory_bytes=1536 * 2**20, cpu_seconds=5, wall_seconds=0.01)
    monkeypatch.setattr(limited, "LIMITS", tight)
    answer = call("process/dpmo", {"defects": 1, "units": 10})
    assert (answer.status_code, answer.json()["code"]) == (422, "needs_too_much")


def test_the_index_lists_every_function_with_its_parameters(call):
    from studies import functions

    families = call.get().json()
    listed = {f"{family['family']}/{one['function']}": one for family in families for one in family["functions"]}
    assert set(listed) == {function.path for function in functions.every()}
    assert listed["percentiles/percentile"]["parameters"]["required"] == ["values", "share"]


def test_every_function_is_described_in_openapi():
    from drf_spectacular.generators import SchemaGenerator

    from studies import functions

    paths = SchemaGenerator().get_schema(public=True)["paths"]
    for function in functions.every():
        described = paths[f"/api/v1/analysis/{function.path}/"]["post"]
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        assert set(schema["properties"]) == {parameter.name for parameter in function.parameters}
        assert described["summary"] == function.summary
