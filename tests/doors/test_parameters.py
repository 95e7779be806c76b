"""What an address takes behind its ? is what the description names; anything else is refused, with the nearest."""

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from organization.models import Role
from tests.factories import KpiFactory, TargetFactory, UnitFactory, member
from tests.matrix.description import described


@pytest.fixture
def asked(db):
    """The faults of a request by a manager of `north`, who has a KPI there: {parameter: words}."""
    north = UnitFactory(code="north")
    KpiFactory(code="on_time", unit=north)
    client = APIClient()
    client.force_authenticate(member(Role.MANAGER, north))

    def ask(address, method="get"):
        answer = getattr(client, method)(f"/api/v1/{address}")
        assert answer.status_code == 400, answer.content
        return {fault["field"]: (fault["code"], fault["message"]) for fault in answer.json()["errors"]}

    return ask


def operations():
    """(method, path, view, described operation) of every address of the API."""
    generator = SchemaGenerator()
    generator._initialise_endpoints()
    for path, _, method, view in generator._get_paths_and_endpoints():
        if operation := described()["paths"].get(path, {}).get(method.lower()):
            yield method, path, view, operation


def test_every_operation_takes_the_parameters_that_its_description_names_and_no_others():
    told = {
        (method, path): ({one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}, view)
        for method, path, view, operation in operations()
    }
    assert len(told) > 300
    assert {key: names for key, (names, view) in told.items() if names != view.known_parameters()} == {}


def test_an_unknown_parameter_is_refused_with_the_nearest(asked):
    assert asked("targets/?from=2025-01-01")["from"] == (
        "unknown_parameter",
        "There is no such parameter. Did you mean valid_from? Known are: comparator, cursor, kpi, page_size, unit, "
        "valid_before, valid_from.",
    )
    assert "Did you mean period_from or period_before?" in asked("results/?period_form=2025-01-01")["period_form"][1]


def test_what_belongs_to_one_address_of_a_thing_is_not_taken_by_another(asked):
    """A version in the list of datasets, or a period in that of vendors, was passed over in silence."""
    for address in (
        "datasets/?version=1",
        "vendors/?period=2025-01-01",
        "clocks/?target=p1",
        "inbox/count/?is_read=true",
    ):
        name = address.partition("?")[2].partition("=")[0]
        assert asked(address)[name][0] == "unknown_parameter"


def test_a_change_takes_no_parameters_but_those_that_it_names(asked):
    """What belongs into the body, or is misspelt beside a removal, would be passed over."""
    assert asked("targets/?kpi=on_time", "post")["kpi"] == (
        "unknown_parameter", "There is no such parameter. Known are: none. What a change says stands in its body."
    )  # fmt: skip
    target = TargetFactory(kpi__code="calls")
    words = "There is no such parameter. Did you mean reason? Known are: reason."
    assert asked(f"targets/{target.pk}/?reasons=late", "delete")["reasons"] == ("unknown_parameter", words)


@pytest.mark.parametrize("address", ["results/?kpi=", "results/?unit=%20", "results/?dimension=", "units/?day="])
def test_an_empty_value_is_refused_where_it_would_have_been_left_out(asked, address):
    """A script whose variable is empty read the results of all KPIs."""
    name = address.partition("?")[2].partition("=")[0]
    assert asked(address)[name] == ("blank", "It is empty: write a value, or leave the parameter out.")
